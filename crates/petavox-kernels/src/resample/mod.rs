//! Fewer samples.

mod downscale;

pub use downscale::{DownscaleMethod, downscale, downscale_input, downscaled_shape};
