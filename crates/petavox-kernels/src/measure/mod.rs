//! Numbers about images: extents, histograms, sums, statistics of labelled regions. Everything here is a part that can be
//! merged with the parts of other blocks.

mod exact_sum;
mod histogram;
pub mod reduce;
mod regions;

pub use exact_sum::ExactSum;
pub(crate) use histogram::rounding;
pub use histogram::{Binning, Extent, Histogram, accumulate_histogram, extent};
pub use regions::{
    CellView, Convex, Intensity, Pairs, Plane, Points, RegionRow, RegionTable, Wants, add_pairs,
    add_points, central_moments, crofton_perimeter, euler_number, perimeter, raw_moments,
};
