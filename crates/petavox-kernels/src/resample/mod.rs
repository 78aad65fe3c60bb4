//! Fewer samples, or more: of whole boxes, or of parts.

mod downscale;
mod halves;
mod local_mean;

pub use downscale::{DownscaleMethod, downscale, downscale_input, downscaled_shape};
pub use local_mean::{Cover, local_mean, local_mean_input, local_mean_scratch_bytes};
