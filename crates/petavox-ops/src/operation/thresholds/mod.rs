//! Masks and the thresholds that make them, from one exact histogram.

pub mod threshold;
pub mod threshold_value;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "threshold", One threshold::build, "threshold:method=otsu", "mask of samples above a value, given or found by otsu, li, yen, triangle, isodata, minimum (skimage.filters.threshold_*)";
    "threshold_value", One threshold_value::build, "threshold_value:method=otsu", "the threshold that otsu, li, yen, triangle, isodata or minimum finds, as an image of one sample (skimage.filters.threshold_*)";
};
