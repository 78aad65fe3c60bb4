//! Noise taken away.

pub mod denoise_bilateral;
pub mod denoise_nl_means;
pub mod denoise_tv_chambolle;

use crate::family::{Operation, family};
use crate::operation::arrays::astype::cast;
use petavox_core::{Dtype, Result};
use petavox_engine::Node;
use std::sync::Arc;

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "denoise_bilateral", One denoise_bilateral::build, "denoise_bilateral:win_size=3:sigma_color=40:max_value=600", "means of neighbours that are alike (skimage.restoration.denoise_bilateral)";
    "denoise_nl_means", One denoise_nl_means::build, "denoise_nl_means:patch_size=3:patch_distance=1:h=40", "means of samples whose surroundings are alike (skimage.restoration.denoise_nl_means)";
    "denoise_tv_chambolle", One denoise_tv_chambolle::build, "denoise_tv_chambolle:weight=20:max_num_iter=4", "even areas between edges, by total variation (skimage.restoration.denoise_tv_chambolle)";
};

/// `float32` stays, anything else becomes `float64`.
fn as_float(input: &Arc<Node>) -> Result<Arc<Node>> {
    match input.spec().dtype {
        Dtype::Float32 => Ok(input.clone()),
        _ => cast(input, Dtype::Float64),
    }
}
