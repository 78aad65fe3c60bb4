//! Shapes of masks: erosion and its kin, distances, skeletons.

pub mod binary_morphology;
pub mod binary_sweep;
pub mod distance_transform_bf;
pub mod distance_transform_cdt;
pub mod distance_transform_edt;
pub mod edge_maxima;
pub mod medial_axis;
pub(crate) mod planes;
pub mod skeletonize;
pub(crate) mod structure;
pub mod thin;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "binary_closing", Many binary_morphology::build, "binary_closing:connectivity=1:iterations=2", "close: dilate, then erode (scipy.ndimage.binary_closing)";
    "binary_dilation", Many binary_morphology::build, "binary_dilation:connectivity=1:iterations=2", "dilate a mask (scipy.ndimage.binary_dilation)";
    "binary_erosion", Many binary_morphology::build, "binary_erosion:connectivity=1:iterations=2", "erode a mask (scipy.ndimage.binary_erosion)";
    "binary_fill_holes", One binary_sweep::build_fill_holes, "binary_fill_holes:connectivity=1", "fill holes: background that is not joined with the outside (scipy.ndimage.binary_fill_holes)";
    "binary_opening", Many binary_morphology::build, "binary_opening:connectivity=1:iterations=2", "open: erode, then dilate (scipy.ndimage.binary_opening)";
    "binary_propagation", Many binary_sweep::build_propagation, "binary_propagation:connectivity=1", "let a mask grow into a second one until nothing changes (scipy.ndimage.binary_propagation)";
    "distance_transform_bf", One distance_transform_bf::build, "distance_transform_bf:metric=taxicab", "distance to the background by trying all of it; slow (scipy.ndimage.distance_transform_bf)";
    "distance_transform_cdt", One distance_transform_cdt::build, "distance_transform_cdt:metric=chessboard", "steps to the background (scipy.ndimage.distance_transform_cdt)";
    "distance_transform_edt", One distance_transform_edt::build, "distance_transform_edt:sampling=2,1,1", "exact Euclidean distance to the background (scipy.ndimage.distance_transform_edt); sampling=image takes the image's spacing";
    "edge_maxima", One edge_maxima::build, "edge_maxima:low_threshold=0.1", "where the gradient is largest along its direction: Canny's edges before their thresholds";
    "flood", One binary_sweep::build_flood, "flood:seed_point=0,0,0:connectivity=1", "what paths in a mask lead to from a sample (skimage.morphology.flood)";
    "medial_axis", Many medial_axis::build, "medial_axis", "the ridge of the distance to the background of a 2-D mask (skimage.morphology.medial_axis)";
    "skeletonize", One skeletonize::build, "skeletonize:method=parity", "thin a mask to its skeleton; parity keeps the topology, lee and zhang are skimage.morphology.skeletonize's";
    "thin", One thin::build, "thin:max_num_iter=2", "thin the planes of a mask (skimage.morphology.thin)";
};
