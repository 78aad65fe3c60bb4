//! Each sample from the order of its neighbourhood: least, greatest, median; and grey morphology, which is made of those.

pub mod extreme;
pub mod grey;
pub mod local_statistic;
pub mod local_threshold;
pub mod rank;
mod window;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "black_tophat", One grey::build, "black_tophat:size=5", "what closing adds: dark details (scipy.ndimage.black_tophat)";
    "grey_closing", One grey::build, "grey_closing:ball=3", "dilate, then erode (scipy.ndimage.grey_closing)";
    "grey_dilation", One grey::build, "grey_dilation:ball=3", "the greatest neighbour (scipy.ndimage.grey_dilation)";
    "grey_erosion", One grey::build, "grey_erosion:size=1,3,3", "the least neighbour (scipy.ndimage.grey_erosion)";
    "grey_opening", One grey::build, "grey_opening:ball=3", "erode, then dilate (scipy.ndimage.grey_opening)";
    "local_statistic", Many local_statistic::build, "local_statistic:statistic=mean:size=5", "mean, median, entropy, autolevel ... of the neighbours inside the image (skimage.filters.rank)";
    "maximum_filter", One extreme::build, "maximum_filter:size=3:mode=nearest", "the greatest neighbour (scipy.ndimage.maximum_filter)";
    "median_filter", One rank::build, "median_filter:size=3", "the median of the neighbours (scipy.ndimage.median_filter)";
    "minimum_filter", One extreme::build, "minimum_filter:size=3:origin=1", "the least neighbour (scipy.ndimage.minimum_filter)";
    "morphological_gradient", One grey::build, "morphological_gradient:size=3", "dilation less erosion (scipy.ndimage.morphological_gradient)";
    "morphological_laplace", One grey::build, "morphological_laplace:size=3", "dilation plus erosion, less the image twice (scipy.ndimage.morphological_laplace)";
    "percentile_filter", One rank::build, "percentile_filter:percentile=90:size=5", "a percentile of the neighbours (scipy.ndimage.percentile_filter)";
    "rank_filter", One rank::build, "rank_filter:rank=-2:ball=2", "the neighbour of a rank (scipy.ndimage.rank_filter)";
    "threshold_niblack", One local_threshold::build, "threshold_niblack:window_size=15:k=0.2", "Niblack's threshold around each sample (skimage.filters.threshold_niblack)";
    "threshold_sauvola", One local_threshold::build, "threshold_sauvola:window_size=15:k=0.2", "Sauvola's threshold around each sample (skimage.filters.threshold_sauvola)";
    "white_tophat", One grey::build, "white_tophat:size=5", "what opening takes away: bright details (scipy.ndimage.white_tophat)";
};
