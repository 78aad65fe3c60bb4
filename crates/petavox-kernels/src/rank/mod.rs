//! Samples by their rank in a window: medians, percentiles.

mod filter;
mod graph;
mod histogram;
mod local;
mod network;
mod program;
mod statistic;

pub use filter::{RankFilter, rank_filter, rank_filter_scratch_bytes};
pub use local::{local_statistic, local_statistic_scratch_bytes};
pub use statistic::{LocalRule, LocalStatistic};
