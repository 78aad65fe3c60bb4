//! What the virtual Zarrs say of themselves.

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
    let codec = if variant.policy.gzip { Codec::Gzip(1) } else { Codec::None };
    let own = json!({ "exact": at.how.is_exact(), "made": at.how.name() });
    let spec = at.image.spec();
    zarr_metadata::array(spec, at.grid.chunk(), &codec, zarr_format, own).map(Some)
}
