//! What the virtual Zarrs say of themselves.

use crate::policy::Packing;
use crate::served::{Served, Variant};
use petavox::{Codec, CreateOptions, ImageSpec, Result, zarr_metadata};
use serde_json::{Value as Json, json};

/// The metadata of the group: `zarr.json`, or `.zattrs` of version 2.
pub(crate) fn group(variant: &Variant, served: &Served, zarr_format: u8) -> Json {
    let specs: Vec<ImageSpec> = variant.levels.iter().map(|l| l.image.spec().clone()).collect();
    let has_channels = specs.first().is_some_and(|s| s.axes.position('c').is_some());
    let opened = served.opened();
    let channels = if has_channels { opened.channels.clone() } else { vec![] };
    let is_labels = opened.is_labels;
    let options = CreateOptions { zarr_format, is_labels, channels, ..CreateOptions::default() };
    let exact: Vec<Json> = variant
        .levels
        .iter()
        .map(|l| json!({ "exact": l.how.is_exact(), "made": l.how.name() }))
        .collect();
    zarr_metadata::group(&served.name, &specs, &options, json!({ "levels": exact }))
}

/// The metadata of a level: `zarr.json`, or `.zarray` of version 2.
///
/// # Errors
/// Never for the codecs there are.
pub(crate) fn array(variant: &Variant, level: usize, zarr_format: u8) -> Result<Option<Json>> {
    let Some(at) = variant.levels.get(level) else { return Ok(None) };
    let packing = variant.policy.packing;
    let codec = if packing == Packing::Plain { Codec::None } else { Codec::Gzip(1) };
    let own = json!({ "exact": at.how.is_exact(), "made": at.how.name() });
    let spec = at.image.spec();
    let mut document = zarr_metadata::array(spec, at.grid.chunk(), &codec, zarr_format, own)?;
    if packing == Packing::Shuffled {
        shuffled(&mut document, spec.dtype.size());
    }
    Ok(Some(document))
}

/// Says that the bytes of samples are shuffled, by the names that numcodecs gives this.
fn shuffled(document: &mut Json, size: usize) {
    if let Some(codecs) = document["codecs"].as_array_mut() {
        let shuffle =
            json!({ "name": "numcodecs.shuffle", "configuration": { "elementsize": size } });
        let before = codecs.iter().position(|c| c["name"] == "gzip").unwrap_or(codecs.len());
        codecs.insert(before, shuffle);
    } else {
        document["filters"] = json!([{ "id": "shuffle", "elementsize": size }]);
    }
}

/// What is sent in one go is read at once.
const SHORT_BYTES: usize = 4000;

/// The metadata of the group with those of all arrays in it, where that does not make it long: one request less per level, and what
/// clients need that would list the folder otherwise.
///
/// # Errors
/// As [`array`].
pub(crate) fn consolidated(variant: &Variant, served: &Served) -> Result<Json> {
    let plain = group(variant, served, 3);
    let mut metadata = serde_json::Map::new();
    for level in 0..variant.levels.len() {
        metadata.extend(array(variant, level, 3)?.map(|m| (level.to_string(), m)));
    }
    let mut whole = plain.clone();
    whole["consolidated_metadata"] =
        json!({ "kind": "inline", "must_understand": false, "metadata": metadata });
    Ok(if whole.to_string().len() <= SHORT_BYTES { whole } else { plain })
}

/// `.zmetadata` of version 2. Where that would be long it leaves out what the documents themselves tell and nobody needs of so many levels:
/// how each is made, and the names of its axes (for xarray, which wants arrays of one size).
///
/// # Errors
/// As [`array`].
pub(crate) fn consolidated_2(variant: &Variant, served: &Served) -> Result<Json> {
    let mut metadata = serde_json::Map::new();
    metadata.insert(".zgroup".to_owned(), json!({ "zarr_format": 2 }));
    metadata.insert(".zattrs".to_owned(), group(variant, served, 2));
    let mut names = serde_json::Map::new();
    for level in 0..variant.levels.len() {
        metadata.extend(array(variant, level, 2)?.map(|m| (format!("{level}/.zarray"), m)));
        names.extend(dimensions(variant, level).map(|m| (format!("{level}/.zattrs"), m)));
    }
    let whole = |metadata| json!({ "zarr_consolidated_format": 1, "metadata": metadata });
    let mut all = metadata.clone();
    all.extend(names);
    let all = whole(all);
    if all.to_string().len() <= SHORT_BYTES {
        return Ok(all);
    }
    if let Some(group) = metadata.get_mut(".zattrs").and_then(Json::as_object_mut) {
        group.remove("petavox");
    }
    Ok(whole(metadata))
}

/// `.zattrs` of a level of version 2: the names of its axes, as xarray wants them.
pub(crate) fn dimensions(variant: &Variant, level: usize) -> Option<Json> {
    let axes = variant.levels.get(level)?.image.spec().axes.to_string();
    let names: Vec<String> = axes.chars().map(String::from).collect();
    Some(json!({ "_ARRAY_DIMENSIONS": names }))
}
