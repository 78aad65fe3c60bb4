//! One file per operation: a kernel bound to one of the engine's contracts, and its line in its family's table.

pub mod arrays;
pub mod elementwise;
pub mod exposure;
pub mod feature;
pub mod filters;
pub mod flooding;
pub mod fourier;
pub mod geometry;
pub mod internal;
pub mod labels;
pub(crate) mod lines;
pub mod measures;
pub mod morphology;
pub mod ranks;
pub mod reduce;
pub mod restoration;
pub mod thresholds;

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
    arrays::astype::cast(input, Dtype::Bool)
}
