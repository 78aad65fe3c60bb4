//! Thresholds found from a histogram, or around each sample: the numbers of scikit-image's `threshold_*`.
//!
//! scikit-image counts in single precision and, for `float32` images, computes in it; so do these, operation by operation, because
//! which bin wins can hang on the last bit. An image of one value has that value as its threshold.

mod box_sums;
mod local;
mod methods;
mod several;

pub use local::{LocalThreshold, local_threshold, local_threshold_scratch_bytes};
pub use methods::{
    threshold_isodata, threshold_li, threshold_otsu, threshold_triangle, threshold_yen,
};
pub use several::{threshold_minimum, thresholds_isodata, thresholds_multiotsu};
