//! Exposure: what is decided by the histogram or by the order of all samples.

pub mod adapthist;
pub mod interp;
pub mod order_statistics;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "equalize_adapthist", One adapthist::build, "equalize_adapthist:kernel_size=8:clip_limit=0.01:nbins=256", "contrast equalised region by region, of grey levels below 16384 (inside of skimage.exposure.equalize_adapthist)";
    "equalize_hist", One interp::build_equalize_hist, "equalize_hist:nbins=256", "every sample the share of samples up to it (skimage.exposure.equalize_hist)";
    "interp", One interp::build, "interp:xp=0,100:fp=0,1", "samples by a table of points and straight lines between them (numpy.interp)";
    "order_statistics", One order_statistics::build, "order_statistics:ranks=0,3", "the samples at these places of the sorted image, exactly; what percentiles are made of (numpy.sort)";
};
