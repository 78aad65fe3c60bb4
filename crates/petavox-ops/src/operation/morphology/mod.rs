//! Shapes of masks: erosion and its kin, distances, skeletons.

pub mod binary_morphology;
pub mod distance_transform_edt;
pub mod skeletonize;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "binary_closing", One binary_morphology::build, "binary_closing:connectivity=1:iterations=2", "close: dilate, then erode (scipy.ndimage.binary_closing)";
    "binary_dilation", One binary_morphology::build, "binary_dilation:connectivity=1:iterations=2", "dilate a mask (scipy.ndimage.binary_dilation)";
    "binary_erosion", One binary_morphology::build, "binary_erosion:connectivity=1:iterations=2", "erode a mask (scipy.ndimage.binary_erosion)";
    "binary_opening", One binary_morphology::build, "binary_opening:connectivity=1:iterations=2", "open: erode, then dilate (scipy.ndimage.binary_opening)";
    "distance_transform_edt", One distance_transform_edt::build, "distance_transform_edt:sampling=2,1,1", "exact Euclidean distance to the background (scipy.ndimage.distance_transform_edt); sampling=image takes the image's spacing";
    "skeletonize", One skeletonize::build, "skeletonize:method=parity", "thin a mask to its skeleton; parity keeps the topology, lee and zhang are skimage.morphology.skeletonize's";
};
