//! `.zarray` and `.zattrs`.

use super::codecs::{BytesCodec, Checksum};
use super::dtype::{DTYPES_READ, parse_fill, parse_v2};
use super::keys::Keys;
use super::meta::{ArrayMeta, extents};
use super::meta_v3::{CODECS_READ, blosc_inner};
use super::pipeline::Pipeline;
use crate::Limits;
use petavox_core::{Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// Parses `.zarray`; `attributes` is `.zattrs`.
///
/// # Errors
/// [`Error::Corrupt`] for what contradicts the format, [`Error::Unsupported`] for what is not read.
pub(crate) fn parse(
    doc: &Map<String, Value>,
    attributes: Map<String, Value>,
    path: &Path,
    limits: &Limits,
) -> Result<ArrayMeta> {
    let bad = |what: &str| Error::corrupt(path, Some(what.to_owned()), "missing or malformed");
    let unsupported = |feature: String, expected: &str| Error::unsupported(path, feature, expected);
    let shape = extents(doc.get("shape"), false).ok_or_else(|| bad("shape"))?;
    let chunks = extents(doc.get("chunks"), true).ok_or_else(|| bad("chunks"))?;
    let (dtype, endian) = match doc.get("dtype") {
        Some(Value::String(s)) => {
            parse_v2(s).ok_or_else(|| unsupported(format!("the data type {s}"), DTYPES_READ))?
        }
        Some(Value::Array(_)) => {
            return Err(unsupported("a structured data type".into(), DTYPES_READ));
        }
        _ => return Err(bad("dtype")),
    };
    let fill = parse_fill(doc.get("fill_value").unwrap_or(&Value::Null), dtype);
    let order = match doc.get("order").map(Value::as_str) {
        None | Some(Some("C")) => None,
        Some(Some("F")) if shape.len() < 2 => None,
        Some(Some("F")) => Some((0..shape.len()).rev().collect()),
        _ => return Err(bad("order")),
    };
    let separator = match doc.get("dimension_separator").map_or(Some("."), Value::as_str) {
        Some(".") => '.',
        Some("/") => '/',
        _ => return Err(bad("dimension_separator")),
    };
    let none = Value::Null;
    let filters = match doc.get("filters") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(list)) => list,
        Some(_) => return Err(bad("filters")),
    };
    let mut codecs = vec![];
    for codec in filters.iter().chain([doc.get("compressor").unwrap_or(&none)]) {
        match codec {
            Value::Null => {}
            Value::Object(map) => codecs.extend(parse_codec(map, dtype.size(), path)?),
            _ => return Err(bad("compressor")),
        }
    }
    let names = attributes.get("_ARRAY_DIMENSIONS").and_then(Value::as_array);
    let names = names.map(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect());
    let meta = ArrayMeta {
        zarr_format: 2,
        shape,
        dtype,
        fill: fill.ok_or_else(|| bad("fill_value"))?,
        object_shape: chunks.clone(),
        keys: Keys { has_prefix: false, separator },
        layers: vec![],
        pipeline: Pipeline { shape: chunks, dtype, order, endian, codecs },
        dimension_names: names.unwrap_or_default(),
        attributes,
    };
    meta.checked(path, limits)
}

/// One filter or compressor; none for a filter that changed the samples when they were written and is not undone.
fn parse_codec(map: &Map<String, Value>, size: usize, path: &Path) -> Result<Option<BytesCodec>> {
    let id = map.get("id").and_then(Value::as_str).unwrap_or("(no id)");
    let integer = |key: &str, default: i64| map.get(key).and_then(Value::as_i64).unwrap_or(default);
    let at_end = map.get("location").and_then(Value::as_str) == Some("end");
    Ok(Some(match id {
        "zstd" => BytesCodec::Zstd {
            level: integer("level", 0) as i32,
            checksum: map.get("checksum").and_then(Value::as_bool).unwrap_or(false),
        },
        "gzip" => BytesCodec::Gzip { level: integer("level", 6).clamp(0, 9) as u32 },
        "zlib" => BytesCodec::Zlib { level: integer("level", 6).clamp(0, 9) as u32 },
        "lz4" => BytesCodec::Lz4,
        "blosc" => BytesCodec::Blosc {
            inner: blosc_inner(map.get("cname").and_then(Value::as_str).unwrap_or("lz4")),
            level: integer("clevel", 5).clamp(0, 9) as u32,
            typesize: size,
        },
        "shuffle" => {
            BytesCodec::Shuffle { size: integer("elementsize", size as i64).clamp(1, 255) as usize }
        }
        "crc32c" => BytesCodec::Checksum(Checksum::Crc32c),
        "crc32" if at_end => BytesCodec::Checksum(Checksum::Crc32Last),
        "crc32" => BytesCodec::Checksum(Checksum::Crc32First),
        "adler32" if at_end => BytesCodec::Checksum(Checksum::Adler32Last),
        "adler32" => BytesCodec::Checksum(Checksum::Adler32First),
        "fletcher32" => BytesCodec::Checksum(Checksum::Fletcher32),
        "bitround" => return Ok(None),
        _ => return Err(Error::unsupported(path, format!("the codec {id}"), CODECS_READ)),
    }))
}
