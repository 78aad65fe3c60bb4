//! One file per operation: a kernel bound to one of the engine's contracts, and its line in the registry.

pub mod astype;
pub mod binary_morphology;
pub mod bits;
pub mod broadcast;
mod components;
pub mod describe;
pub mod distance_transform_edt;
pub mod downscale;
pub mod elementwise;
pub mod gaussian;
pub mod histogram;
pub mod index;
pub mod join;
pub mod label;
pub mod max_projection;
pub mod measure;
pub mod pad;
pub mod reduce;
pub mod reshape;
pub mod roll;
pub mod sample_at;
pub mod select;
pub mod skeletonize;
pub mod take;
pub mod threshold;
pub mod threshold_value;
pub mod transpose;
mod view;

use petavox_core::{Dtype, Error, ImageSpec, Result};
use petavox_engine::Node;
use std::sync::Arc;

/// Refuses an image that is not a mask.
pub(crate) fn needs_mask(op: &str, input: &ImageSpec) -> Result<()> {
    match input.dtype {
        Dtype::Bool => Ok(()),
        other => Err(Error::UnsupportedDtype {
            op: op.to_owned(),
            given: other.to_string(),
            accepted: "bool, a mask: make one with a threshold, or with not_equal:value=0"
                .to_owned(),
        }),
    }
}

/// The image as a mask: every sample other than 0 is true, as scipy.ndimage takes masks.
pub(crate) fn as_mask(input: &Arc<Node>) -> Result<Arc<Node>> {
    astype::cast(input, Dtype::Bool)
}
