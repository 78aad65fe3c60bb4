//! `zarr.json` of an array.

use super::codecs::{BytesCodec, Checksum};
use super::dtype::{DTYPES_READ, Endian, parse_fill};
use super::keys::Keys;
use super::meta::{ArrayMeta, ShardLayer, extents};
use super::pipeline::Pipeline;
use crate::{BloscInner, Limits};
use petavox_core::{Dtype, Error, Result};
use serde_json::{Map, Value};
use std::path::Path;

/// An extension point: a name with a configuration, or only a name.
struct Named<'a> {
    name: &'a str,
    config: Option<&'a Map<String, Value>>,
}

impl<'a> Named<'a> {
    fn parse(value: &'a Value) -> Option<Named<'a>> {
        match value {
            Value::String(name) => Some(Named { name, config: None }),
            Value::Object(map) => Some(Named {
                name: map.get("name")?.as_str()?,
                config: map.get("configuration").and_then(Value::as_object),
            }),
            _ => None,
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.config?.get(key)
    }

    fn integer(&self, key: &str) -> Option<i64> {
        self.get(key)?.as_i64()
    }
}

/// Parses an array's document.
///
/// # Errors
/// [`Error::Corrupt`] for what contradicts the format, [`Error::Unsupported`] for what is not read.
pub(crate) fn parse(doc: &Map<String, Value>, path: &Path, limits: &Limits) -> Result<ArrayMeta> {
    let bad = |what: &str| Error::corrupt(path, Some(what.to_owned()), "missing or malformed");
    let shape = extents(doc.get("shape"), false).ok_or_else(|| bad("shape"))?;
    let data_type = doc.get("data_type").ok_or_else(|| bad("data_type"))?;
    let name = Named::parse(data_type).ok_or_else(|| bad("data_type"))?.name;
    let dtype = Dtype::parse(name)
        .map_err(|_| Error::unsupported(path, format!("the data type {name}"), DTYPES_READ))?;
    let fill = doc.get("fill_value").ok_or_else(|| bad("fill_value"))?;
    let fill = parse_fill(fill, dtype).ok_or_else(|| bad("fill_value"))?;
    if let Some(Value::Array(list)) = doc.get("storage_transformers")
        && !list.is_empty()
    {
        return Err(Error::unsupported(path, "a storage transformer", "arrays without are read"));
    }
    let grid = doc.get("chunk_grid").and_then(Named::parse).ok_or_else(|| bad("chunk_grid"))?;
    if grid.name != "regular" {
        let feature = format!("the chunk grid {}", grid.name);
        return Err(Error::unsupported(path, feature, "regular grids are read"));
    }
    let object_shape = extents(grid.get("chunk_shape"), true).ok_or_else(|| bad("chunk_grid"))?;
    let codecs = doc.get("codecs").and_then(Value::as_array).ok_or_else(|| bad("codecs"))?;
    let mut layers = vec![];
    let pipeline = parse_codecs(codecs, &object_shape, dtype, &mut layers, path)?;
    let names = doc.get("dimension_names").and_then(Value::as_array);
    let names = names.map(|list| list.iter().map(|v| v.as_str().map(str::to_owned)).collect());
    let attributes = doc.get("attributes").and_then(Value::as_object).cloned();
    let meta = ArrayMeta {
        zarr_format: 3,
        shape,
        dtype,
        fill,
        object_shape,
        keys: parse_keys(doc.get("chunk_key_encoding"), path)?,
        layers,
        pipeline,
        dimension_names: names.unwrap_or_default(),
        attributes: attributes.unwrap_or_default(),
    };
    meta.checked(path, limits)
}

fn parse_keys(value: Option<&Value>, path: &Path) -> Result<Keys> {
    let bad = || Error::corrupt(path, Some("chunk_key_encoding".into()), "missing or malformed");
    let named = value.and_then(Named::parse).ok_or_else(bad)?;
    let (has_prefix, default) = match named.name {
        "default" => (true, "/"),
        "v2" => (false, "."),
        other => {
            let feature = format!("the chunk key encoding {other}");
            return Err(Error::unsupported(path, feature, "default and v2 are read"));
        }
    };
    match named.get("separator").map_or(Some(default), Value::as_str) {
        Some("/") => Ok(Keys { has_prefix, separator: '/' }),
        Some(".") => Ok(Keys { has_prefix, separator: '.' }),
        _ => Err(bad()),
    }
}

/// Parses a list of codecs for chunks of `shape`; shards add their layers.
fn parse_codecs(
    list: &[Value],
    shape: &[usize],
    dtype: Dtype,
    layers: &mut Vec<ShardLayer>,
    path: &Path,
) -> Result<Pipeline> {
    let bad = |what: &str| Error::corrupt(path, Some(what.to_owned()), "missing or malformed");
    let unsupported = |feature: String, expected: &str| Error::unsupported(path, feature, expected);
    let mut order: Option<Vec<usize>> = None;
    let mut endian = None;
    let mut codecs = vec![];
    for (k, value) in list.iter().enumerate() {
        let codec = Named::parse(value).ok_or_else(|| bad("codecs"))?;
        if endian.is_some() {
            codecs.push(parse_bytes_codec(&codec, dtype, path)?);
            continue;
        }
        match codec.name {
            "transpose" => {
                let given = transpose_order(codec.get("order"), shape.len())
                    .ok_or_else(|| bad("transpose"))?;
                order = Some(match order {
                    None => given,
                    Some(first) => given.iter().map(|&a| first[a]).collect(),
                });
            }
            // Rounding was done when the array was written; the samples are read as they are.
            "bitround" | "numcodecs.bitround" => {}
            "bytes" | "endian" => endian = Some(parse_endian(codec.get("endian"), dtype, path)?),
            "sharding_indexed" if list.len() == 1 => {
                if layers.len() == 4 {
                    return Err(unsupported(
                        "shards nested more than four deep".into(),
                        "fewer are read",
                    ));
                }
                let inner =
                    extents(codec.get("chunk_shape"), true).ok_or_else(|| bad("chunk_shape"))?;
                if inner.len() != shape.len() {
                    return Err(bad("chunk_shape"));
                }
                layers.push(parse_layer(&codec, shape, &inner, path)?);
                let list =
                    codec.get("codecs").and_then(Value::as_array).ok_or_else(|| bad("codecs"))?;
                return parse_codecs(list, &inner, dtype, layers, path);
            }
            "sharding_indexed" => {
                let feature = format!("sharding beside other codecs ({} of {})", k + 1, list.len());
                return Err(unsupported(feature, "sharding is read where it is the only codec"));
            }
            other => return Err(unsupported(format!("the codec {other}"), CODECS_READ)),
        }
    }
    let endian = endian.ok_or_else(|| bad("codecs"))?;
    let is_plain = order.as_ref().is_some_and(|o| o.iter().enumerate().all(|(i, &a)| i == a));
    let order = order.filter(|_| !is_plain);
    Ok(Pipeline { shape: shape.to_vec(), dtype, order, endian, codecs })
}

pub(crate) const CODECS_READ: &str = "bytes, transpose, sharding_indexed, zstd, gzip, zlib, blosc, lz4, shuffle, crc32c, \
     crc32, adler32 and fletcher32 are read";

fn transpose_order(value: Option<&Value>, n: usize) -> Option<Vec<usize>> {
    let order: Vec<usize> = match value? {
        Value::String(s) if s == "C" => (0..n).collect(),
        Value::String(s) if s == "F" => (0..n).rev().collect(),
        other => extents(Some(other), false)?,
    };
    let mut sorted = order.clone();
    sorted.sort_unstable();
    (sorted == (0..n).collect::<Vec<_>>()).then_some(order)
}

fn parse_endian(value: Option<&Value>, dtype: Dtype, path: &Path) -> Result<Endian> {
    match value.and_then(Value::as_str) {
        Some("little") => Ok(Endian::Little),
        Some("big") => Ok(Endian::Big),
        None if dtype.size() == 1 => Ok(Endian::Little),
        _ => Err(Error::corrupt(path, Some("bytes".into()), "endian is little or big")),
    }
}

fn parse_layer(
    codec: &Named<'_>,
    shape: &[usize],
    inner: &[usize],
    path: &Path,
) -> Result<ShardLayer> {
    let index = codec.get("index_codecs").and_then(Value::as_array);
    let mut layer = ShardLayer {
        shape: shape.to_vec(),
        inner: inner.to_vec(),
        index_endian: Endian::Little,
        index_has_crc: false,
        index_at_end: true,
    };
    match codec.get("index_location").map(Value::as_str) {
        None | Some(Some("end")) => {}
        Some(Some("start")) => layer.index_at_end = false,
        _ => return Err(Error::corrupt(path, Some("index_location".into()), "is start or end")),
    }
    for value in index.map_or(&[][..], Vec::as_slice) {
        match Named::parse(value) {
            Some(c) if c.name == "bytes" || c.name == "endian" => {
                layer.index_endian = parse_endian(c.get("endian"), Dtype::UInt64, path)?;
            }
            Some(c) if c.name == "crc32c" => layer.index_has_crc = true,
            Some(c) => {
                let feature = format!("a shard index stored with {}", c.name);
                return Err(Error::unsupported(path, feature, "bytes and crc32c are read"));
            }
            None => return Err(Error::corrupt(path, Some("index_codecs".into()), "malformed")),
        }
    }
    Ok(layer)
}

fn parse_bytes_codec(codec: &Named<'_>, dtype: Dtype, path: &Path) -> Result<BytesCodec> {
    let bad = |what: &str| Error::corrupt(path, Some(what.to_owned()), "missing or malformed");
    let level = |default: i64| codec.integer("level").unwrap_or(default);
    let at_end = || codec.get("location").and_then(Value::as_str) == Some("end");
    Ok(match codec.name.strip_prefix("numcodecs.").unwrap_or(codec.name) {
        "zstd" => BytesCodec::Zstd {
            level: level(0) as i32,
            checksum: codec.get("checksum").and_then(Value::as_bool).unwrap_or(false),
        },
        "gzip" => BytesCodec::Gzip { level: level(6).clamp(0, 9) as u32 },
        "zlib" => BytesCodec::Zlib { level: level(6).clamp(0, 9) as u32 },
        "lz4" => BytesCodec::Lz4,
        "crc32c" => BytesCodec::Checksum(Checksum::Crc32c),
        "crc32" if at_end() => BytesCodec::Checksum(Checksum::Crc32Last),
        "crc32" => BytesCodec::Checksum(Checksum::Crc32First),
        "adler32" if at_end() => BytesCodec::Checksum(Checksum::Adler32Last),
        "adler32" => BytesCodec::Checksum(Checksum::Adler32First),
        "fletcher32" => BytesCodec::Checksum(Checksum::Fletcher32),
        "shuffle" => {
            let size = codec.integer("elementsize").unwrap_or(dtype.size() as i64);
            BytesCodec::Shuffle {
                size: usize::try_from(size)
                    .ok()
                    .filter(|&s| s > 0)
                    .ok_or_else(|| bad("shuffle"))?,
            }
        }
        "blosc" => {
            let cname = codec.get("cname").and_then(Value::as_str).unwrap_or("lz4");
            let typesize = codec.integer("typesize").unwrap_or(dtype.size() as i64).clamp(1, 255);
            BytesCodec::Blosc {
                inner: blosc_inner(cname),
                level: codec.integer("clevel").unwrap_or(5).clamp(0, 9) as u32,
                typesize: typesize as usize,
            }
        }
        other => return Err(Error::unsupported(path, format!("the codec {other}"), CODECS_READ)),
    })
}

/// The compressor that stands for a name; each Blosc buffer says itself how it is decoded, so this is for information.
pub(crate) fn blosc_inner(cname: &str) -> BloscInner {
    match cname {
        "zstd" => BloscInner::Zstd,
        "zlib" => BloscInner::Zlib,
        _ => BloscInner::Lz4,
    }
}
