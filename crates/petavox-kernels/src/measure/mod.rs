//! Numbers about images: extents, histograms, sums, statistics of labelled regions. Everything here is a part that can be
//! merged with the parts of other blocks.

mod exact_sum;
mod histogram;
mod projection;
mod regions;
mod statistics;

pub use exact_sum::ExactSum;
pub(crate) use histogram::rounding;
pub use histogram::{Binning, Extent, Histogram, accumulate_histogram, extent};
pub use projection::{Projection, project, project_start, projected};
pub use regions::{Intensity, RegionRow, RegionTable};
pub use statistics::Statistics;
