//! The levels of a pyramid, each made from the one before.

use petavox_core::{Dtype, ImageSpec, Result};
use petavox_engine::Node;
use petavox_store::pyramid;
use std::sync::Arc;

/// Level `level` from the one before: the mean of grey samples, the commonest of masks and labels.
///
/// # Errors
/// If there is no such level.
pub fn coarser(
    finer: Arc<Node>,
    is_labels: bool,
    levels: &[ImageSpec],
    level: usize,
) -> Result<Arc<Node>> {
    let [.., before, wanted] = &levels[..levels.len().min(level + 1)] else {
        return Err(petavox_core::Error::argument("level", level, "a level beside the first"));
    };
    let factors = pyramid::factors(before, wanted);
    let factors: Vec<String> = factors.iter().map(usize::to_string).collect();
    let step = format!(
        "downscale:factors={}:method={}",
        factors.join(","),
        if is_labels || finer.spec().dtype == Dtype::Bool { "mode" } else { "mean" }
    );
    crate::apply(&finer, &step)
}
