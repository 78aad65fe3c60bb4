//! Values between samples: B-splines of order 0 to 5, with the boundary rules of scipy.ndimage's interpolation.
//!
//! - [`EdgeMode`]: what stands outside the image; these rules differ from those of filters.
//! - [`spline_filter`]: the coefficients of the spline that runs through the samples.
//! - [`resample_grid`]: output samples on a grid along the input's axes (zoom, shift, resize).
//! - [`resample_points`]: output samples anywhere: affine and projective maps, and points given one by one.
//!
//! Every output sample is made by the same additions in the same order, whatever the block it lies in.

mod edge;
mod grid;
mod linear;
mod points;
mod prefilter;
pub(crate) mod rounding;
mod straight;
mod taps;

pub use edge::EdgeMode;
pub use grid::{AxisMap, grid_reach, grid_scratch_bytes, resample_grid};
pub use points::{PointMap, Points, Sampling, map_reach, points_reach, resample_points};
pub use prefilter::{SplineFilter, spline_filter};
pub use taps::Interpolant;

#[cfg(test)]
mod tests;
