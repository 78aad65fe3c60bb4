//! Filters: weighted sums over a neighbourhood.

mod gaussian;
mod separable;
mod taps;

pub use gaussian::{GaussianOptions, gaussian, gaussian_scratch_bytes, gaussian_weights};
pub(crate) use separable::for_each_index;
pub use separable::{correlate_axes, correlate_axes_scratch_bytes};
pub use taps::Weights;
