//! Histograms and exposure: values by rank, tables of values, contrast by regions.

mod adapthist;
mod order;
mod table;

pub use adapthist::{
    AdaptHist, N_GREY, adapt_histogram, adapt_histogram_bytes, count_regions, grey_maps,
};
pub use order::{Rank, Ranks, count_digits, n_digits, narrow};
pub use table::{Table, look_up};
