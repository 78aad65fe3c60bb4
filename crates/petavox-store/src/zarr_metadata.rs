//! The metadata of Zarr images that are no files: what a server tells about images whose chunks it makes on request.

use crate::zarr::document;
use crate::zarr::layout::Layout;
use crate::{Codec, CreateOptions};
use petavox_core::{ImageSpec, Result};
use serde_json::{Map, Value, json};

/// True if OME-Zarr has words for these axes: time, channel, then two or three of space, each at most once.
pub fn is_ome(spec: &ImageSpec) -> bool {
    document::is_ome(spec)
}

/// What a group says of the pyramid whose levels lie at `0`, `1` ...: `zarr.json` of version 3 (OME-Zarr 0.5), or `.zattrs` of version 2
/// (0.4). `own` is added under `petavox`.
pub fn group(name: &str, levels: &[ImageSpec], options: &CreateOptions, own: Value) -> Value {
    let ome = document::ome(name, levels, options);
    let mut attributes = Map::new();
    if options.zarr_format == 2 {
        attributes = ome;
    } else {
        attributes.insert("ome".to_owned(), Value::Object(ome));
    }
    attributes.insert("petavox".to_owned(), own);
    if options.zarr_format == 2 {
        return Value::Object(attributes);
    }
    document::group_v3(attributes)
}

/// What an array says of itself, `zarr.json` or `.zarray`: chunks of this shape, gzipped or plain samples. `own` is added under
/// `petavox` (version 3).
///
/// # Errors
/// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) for a codec that Zarr does not have.
pub fn array(
    spec: &ImageSpec,
    chunk: &[usize],
    codec: &Codec,
    zarr_format: u8,
    own: Value,
) -> Result<Value> {
    let layout = Layout { chunk: chunk.to_vec(), shard: None };
    if zarr_format == 2 {
        let mut document = document::array_v2(spec, &layout, codec)?;
        // No chunk is missing; and xarray takes samples of the fill value for samples that are not there.
        document["fill_value"] = Value::Null;
        return Ok(document);
    }
    let attributes = Map::from_iter([("petavox".to_owned(), own)]);
    let mut document = document::array_v3(spec, &layout, codec, attributes)?;
    // Checksums are for disks; TCP has its own.
    if let Some(codecs) = document["codecs"].as_array_mut() {
        codecs.retain(|c| c["name"] != json!("crc32c"));
    }
    Ok(document)
}
