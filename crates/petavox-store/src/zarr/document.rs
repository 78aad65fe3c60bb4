//! The metadata Petavox writes: Zarr v3 with OME-Zarr 0.5, or v2 with 0.4.

use super::dtype::name_v2;
use super::layout::Layout;
use crate::{BloscInner, Channel, Codec, CreateOptions};
use petavox_core::{Dtype, Error, ImageSpec, Result};
use serde_json::{Map, Value, json};

/// A zero of the dtype as JSON wants it.
fn zero(dtype: Dtype) -> Value {
    match dtype {
        Dtype::Bool => json!(false),
        d if d.is_float() => json!(0.0),
        _ => json!(0),
    }
}

/// True if OME-Zarr has words for these axes: time, channel, then two or three of space, each at most once.
pub(crate) fn is_ome(spec: &ImageSpec) -> bool {
    let order = spec.axes.as_str();
    let space = order.strip_prefix('t').unwrap_or(order);
    let space = space.strip_prefix('c').unwrap_or(space);
    matches!(space, "yx" | "zyx")
}

/// `zarr.json` of an array.
///
/// # Errors
/// [`Error::InvalidArgument`] for a codec Zarr does not have.
pub(crate) fn array_v3(
    spec: &ImageSpec,
    layout: &Layout,
    codec: &Codec,
    attributes: Map<String, Value>,
) -> Result<Value> {
    let mut codecs = vec![match spec.dtype.size() {
        1 => json!({"name": "bytes"}),
        _ => json!({"name": "bytes", "configuration": {"endian": "little"}}),
    }];
    let crc = json!({"name": "crc32c"});
    // Each chunk carries one checksum: zstd's, gzip's, or a crc32c where the compressor has none.
    // Bytes of like weight side by side: a sixth smaller and written three times faster than zstd:3 on real 16-bit images.
    let shuffled = Codec::Blosc(BloscInner::Zstd, 1);
    let codec = match codec {
        Codec::Default if spec.dtype.size() > 1 => &shuffled,
        other => other,
    };
    match codec {
        Codec::None => codecs.push(crc.clone()),
        Codec::Default => codecs.push(zstd_v3(1)),
        Codec::Zstd(level) => codecs.push(zstd_v3(*level)),
        Codec::Gzip(level) => {
            codecs.push(json!({"name": "gzip", "configuration": {"level": level}}))
        }
        Codec::Blosc(inner, level) => {
            let size = spec.dtype.size();
            codecs.push(json!({"name": "blosc", "configuration": {
                "cname": blosc_name(*inner), "clevel": level, "typesize": size, "blocksize": 0,
                "shuffle": if size > 1 { "shuffle" } else { "noshuffle" }}}));
            codecs.push(crc.clone());
        }
        Codec::Lzw => return Err(no_lzw()),
    }
    if let Some(shard) = &layout.shard
        && shard.len() == spec.ndim()
    {
        codecs = vec![json!({"name": "sharding_indexed", "configuration": {
            "chunk_shape": layout.chunk,
            "codecs": codecs,
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, crc],
            "index_location": "end"}})];
    }
    let names: Vec<String> = spec.axes.as_str().chars().map(String::from).collect();
    Ok(json!({
        "zarr_format": 3,
        "node_type": "array",
        "shape": spec.shape,
        "data_type": spec.dtype.name(),
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": layout.object()}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": zero(spec.dtype),
        "codecs": codecs,
        "attributes": attributes,
        "dimension_names": names,
    }))
}

fn zstd_v3(level: i32) -> Value {
    json!({"name": "zstd", "configuration": {"level": level, "checksum": true}})
}

fn blosc_name(inner: BloscInner) -> &'static str {
    super::codecs::inner_name(inner)
}

fn no_lzw() -> Error {
    Error::argument("codec", "lzw", "zstd, gzip, blosc or none for Zarr")
}

/// `.zarray`.
///
/// # Errors
/// [`Error::InvalidArgument`] for a codec Zarr does not have.
pub(crate) fn array_v2(spec: &ImageSpec, layout: &Layout, codec: &Codec) -> Result<Value> {
    let compressor = match codec {
        Codec::None => Value::Null,
        // The frames carry their checksum all the same; tensorstore refuses metadata that say so.
        Codec::Default => json!({"id": "zstd", "level": 1}),
        Codec::Zstd(level) => json!({"id": "zstd", "level": level}),
        Codec::Gzip(level) => json!({"id": "gzip", "level": level}),
        Codec::Blosc(inner, level) => {
            json!({"id": "blosc", "cname": blosc_name(*inner), "clevel": level,
            "shuffle": i32::from(spec.dtype.size() > 1), "blocksize": 0})
        }
        Codec::Lzw => return Err(no_lzw()),
    };
    Ok(json!({
        "zarr_format": 2,
        "shape": spec.shape,
        "chunks": layout.chunk,
        "dtype": name_v2(spec.dtype),
        "compressor": compressor,
        "fill_value": zero(spec.dtype),
        "order": "C",
        "filters": null,
        "dimension_separator": "/",
    }))
}

/// What an array without OME-Zarr metadata says about itself, so that Petavox reads it back as it was.
pub(crate) fn own_attributes(spec: &ImageSpec) -> Map<String, Value> {
    let own = json!({"axes": spec.axes.as_str(), "spacing": {"values": spec.spacing.values, "unit": spec.spacing.unit},
        "origin": spec.origin});
    Map::from_iter([("petavox".to_owned(), own)])
}

/// The OME-Zarr metadata of a pyramid whose levels lie at `0`, `1` ...; the caller puts it where its version wants it.
pub(crate) fn ome(name: &str, levels: &[ImageSpec], options: &CreateOptions) -> Map<String, Value> {
    let version = if options.zarr_format == 2 { "0.4" } else { "0.5" };
    let spec = &levels[0];
    let axes: Vec<Value> = spec.axes.as_str().chars().map(|c| axis(c, spec)).collect();
    let datasets: Vec<Value> = levels
        .iter()
        .enumerate()
        .map(|(k, level)| {
            json!({"path": k.to_string(), "coordinateTransformations": [
                {"type": "scale", "scale": level.spacing.values},
                {"type": "translation", "translation": level.origin}]})
        })
        .collect();
    let mut image = json!({"name": name, "axes": axes, "datasets": datasets});
    let mut out = Map::new();
    if options.zarr_format == 2 {
        image["version"] = json!(version);
    } else {
        out.insert("version".into(), json!(version));
    }
    out.insert("multiscales".into(), json!([image]));
    if options.is_labels {
        out.insert(
            "image-label".into(),
            if options.zarr_format == 2 { json!({"version": version}) } else { json!({}) },
        );
    }
    if !options.channels.is_empty() {
        let channels: Vec<Value> =
            options.channels.iter().map(|c| channel(c, spec.dtype)).collect();
        out.insert("omero".into(), json!({"channels": channels}));
    }
    out
}

fn axis(letter: char, spec: &ImageSpec) -> Value {
    let mut axis = match letter {
        't' => json!({"name": "t", "type": "time"}),
        'c' => json!({"name": "c", "type": "channel"}),
        other => json!({"name": other.to_string(), "type": "space"}),
    };
    if matches!(letter, 'z' | 'y' | 'x')
        && let Some(unit) = &spec.spacing.unit
    {
        axis["unit"] = json!(unit);
    }
    axis
}

fn channel(channel: &Channel, dtype: Dtype) -> Value {
    let (min, max) = match dtype {
        Dtype::UInt8 | Dtype::Int8 => (0.0, 255.0),
        Dtype::Bool | Dtype::Float32 | Dtype::Float64 => (0.0, 1.0),
        _ => (0.0, 65_535.0),
    };
    let (start, end) = channel.window.unwrap_or((min, max));
    json!({
        "label": channel.name.clone().unwrap_or_default(),
        "color": channel.color.clone().unwrap_or_else(|| "FFFFFF".into()),
        "active": true,
        "window": {"min": min.min(start), "max": max.max(end), "start": start, "end": end},
    })
}

/// `zarr.json` of a group.
pub(crate) fn group_v3(attributes: Map<String, Value>) -> Value {
    json!({"zarr_format": 3, "node_type": "group", "attributes": attributes})
}
