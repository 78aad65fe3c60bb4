//! Reports: a table of branches as a page that a person reads.
//!
//! [`skeleton_report`] tells about one run, [`compare_report`] lays several tables side by side. Both are pure functions from
//! numbers to one string of HTML that needs nothing else: pictures and drawings are inside, no script, no network. The same
//! input gives the same bytes. The page follows the reader's light or dark setting, and prints.

mod branches;
mod compare;
mod density;
mod facts;
mod histogram;
mod markup;
mod mosaic;
mod numbers;
mod orientation;
mod page;
mod raster;
mod scale;
mod skeleton;
mod stats;
mod violin;

#[cfg(test)]
mod tests;

pub use compare::{CompareOptions, compare_report};
pub use facts::{Projection, RunFacts, SkeletonReport};
pub use mosaic::mosaic_report;
pub use orientation::{orientation_report, orientation_verdict};
pub use raster::{Raster, branch_color};
pub use skeleton::skeleton_report;
pub use stats::{RankTest, Summary, rank_test, summary};
