//! What an array's metadata says, the same for v2 and v3.

use super::codecs::BytesCodec;
use super::dtype::Endian;
use super::keys::Keys;
use super::pipeline::Pipeline;
use crate::Limits;
use petavox_core::{Dtype, Error, Result};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// A shard's layer: how it is cut, and how its index is stored.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ShardLayer {
    /// Shape of the shard.
    pub(crate) shape: Vec<usize>,
    /// Shape of the chunks inside.
    pub(crate) inner: Vec<usize>,
    pub(crate) index_endian: Endian,
    pub(crate) index_has_crc: bool,
    pub(crate) index_at_end: bool,
}

/// An array's metadata, checked against the limits.
#[derive(Clone, Debug)]
pub(crate) struct ArrayMeta {
    /// 2 or 3.
    pub(crate) zarr_format: u8,
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: Dtype,
    /// One sample's bytes where a chunk is missing.
    pub(crate) fill: Vec<u8>,
    /// Shape of what one object holds: a chunk, or the outermost shard.
    pub(crate) object_shape: Vec<usize>,
    pub(crate) keys: Keys,
    /// From the outermost shard inwards; empty without sharding.
    pub(crate) layers: Vec<ShardLayer>,
    pub(crate) pipeline: Pipeline,
    pub(crate) dimension_names: Vec<Option<String>>,
    pub(crate) attributes: Map<String, Value>,
}

/// Reads a JSON object; `None` if there is no such file.
///
/// # Errors
/// [`Error::Corrupt`] if it is too large or not a JSON object.
pub(crate) fn read_json(path: &Path, limits: &Limits) -> Result<Option<Map<String, Value>>> {
    let file = match open_file(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Err(Error::corrupt(path, None, "metadata are a file, this is not one")),
        Err(e) if super::is_absent(&e) => return Ok(None),
        Err(e) => return Err(Error::io(path, "open", e)),
    };
    let mut text = Vec::new();
    let read = file.take(limits.metadata_bytes + 1).read_to_end(&mut text);
    read.map_err(|e| Error::io(path, "read", e))?;
    if text.len() as u64 > limits.metadata_bytes {
        let problem = format!("metadata of more than {} bytes", limits.metadata_bytes);
        return Err(Error::corrupt(path, None, problem));
    }
    match parse_json(&text) {
        Ok(Value::Object(map)) => Ok(Some(map)),
        Ok(_) => Err(Error::corrupt(path, None, "a JSON object is expected")),
        Err(e) => Err(Error::corrupt(path, None, format!("not JSON: {e}"))),
    }
}

/// Opens a file and nothing else: opening a pipe would wait for its other end. `None` if it is something else.
pub(crate) fn open_file(path: &Path) -> std::io::Result<Option<File>> {
    if !std::fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    File::open(path).map(Some)
}

/// JSON as Python writes it: `NaN` and `Infinity` stand where only numbers may, and become strings.
fn parse_json(text: &[u8]) -> serde_json::Result<Value> {
    match serde_json::from_slice(text) {
        Ok(value) => Ok(value),
        Err(first) => {
            let Ok(text) = std::str::from_utf8(text) else { return Err(first) };
            serde_json::from_str(&quote_bare_words(text)).map_err(|_| first)
        }
    }
}

fn quote_bare_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_string = false;
    let mut rest = text;
    'outer: while let Some(c) = rest.chars().next() {
        if !in_string {
            for word in ["-Infinity", "Infinity", "NaN"] {
                if let Some(after) = rest.strip_prefix(word) {
                    out.push('"');
                    out.push_str(word);
                    out.push('"');
                    rest = after;
                    continue 'outer;
                }
            }
        }
        if c == '"' {
            in_string = !in_string;
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
        if c == '\\'
            && in_string
            && let Some(escaped) = rest.chars().next()
        {
            out.push(escaped);
            rest = &rest[escaped.len_utf8()..];
        }
    }
    out
}

/// A list of extents; `positive` for chunk shapes.
pub(crate) fn extents(value: Option<&Value>, positive: bool) -> Option<Vec<usize>> {
    let one = |v: &Value| {
        let n = usize::try_from(v.as_u64()?).ok()?;
        (n > 0 || !positive).then_some(n)
    };
    value?.as_array()?.iter().map(one).collect()
}

impl ArrayMeta {
    /// Checks what the parsers leave: sizes against limits, and that all parts have as many axes.
    pub(crate) fn checked(self, path: &Path, limits: &Limits) -> Result<ArrayMeta> {
        let n = self.shape.len();
        limits.check_image(path, &self.shape, self.dtype)?;
        let mut shapes = vec![&self.object_shape, &self.pipeline.shape];
        shapes.extend(self.layers.iter().flat_map(|l| [&l.shape, &l.inner]));
        if shapes.iter().any(|s| s.len() != n) {
            return Err(Error::corrupt(
                path,
                None,
                "shape and chunk shape differ in their number of axes",
            ));
        }
        limits.check_chunk(path, &self.pipeline.shape, self.dtype)?;
        for layer in &self.layers {
            if layer.shape.iter().zip(&layer.inner).any(|(s, i)| s % i != 0) {
                let problem =
                    format!("shards of {:?} are not cut evenly by {:?}", layer.shape, layer.inner);
                return Err(Error::corrupt(path, None, problem));
            }
            let entries = layer.shape.iter().zip(&layer.inner);
            let mut entries = entries.map(|(s, i)| (s / i) as u64);
            let bytes = entries.try_fold(16u64, u64::checked_mul);
            if bytes.is_none_or(|b| b > limits.index_bytes) {
                let problem = format!(
                    "a shard's index is larger than the limit of {} bytes",
                    limits.index_bytes
                );
                return Err(Error::corrupt(path, None, problem));
            }
        }
        let counts = self.shape.iter().zip(&self.pipeline.shape);
        let count = counts.fold(1u64, |n, (s, c)| n.saturating_mul(s.div_ceil(*c) as u64));
        limits.check_count(path, count)?;
        Ok(self)
    }

    /// Codecs in encoding order, for people.
    pub(crate) fn codec_names(&self) -> Vec<String> {
        let mut names = vec![];
        if !self.layers.is_empty() {
            names.push("sharding_indexed".to_owned());
        }
        if self.pipeline.order.is_some() {
            names.push("transpose".to_owned());
        }
        if self.pipeline.endian == Endian::Big && self.dtype.size() > 1 {
            names.push("bytes:big".to_owned());
        }
        names.extend(self.pipeline.codecs.iter().map(BytesCodec::name));
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pythons_json_is_read() {
        let v =
            parse_json(br#"{"a": NaN, "b": [-Infinity, Infinity], "NaN \" NaN": "NaN"}"#).unwrap();
        assert_eq!(v["a"], "NaN");
        assert_eq!(v["b"][0], "-Infinity");
        assert_eq!(v["NaN \" NaN"], "NaN");
        assert!(parse_json(b"{").is_err());
    }
}
