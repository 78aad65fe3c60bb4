//! Connected components, and what is decided by their size.

mod components;

pub(crate) use components::cell_grid;
pub mod expand_labels;
pub mod label;
pub mod map_array;
pub mod slic;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "count_components", One label::build_count, "count_components:connectivity=1", "the number of connected components";
    "expand_labels", One expand_labels::build, "expand_labels:distance=3", "grow labels into the background around them (skimage.segmentation.expand_labels)";
    "label", One label::build, "label:connectivity=1", "number connected components (scipy.ndimage.label)";
    "map_array", One map_array::build, "map_array:input_vals=1,2:output_vals=5,7", "new values for the values of an integer image (skimage.util.map_array)";
    "remove_small_holes", One label::build_remove_small_holes, "remove_small_holes:area_threshold=64:connectivity=1", "fill small holes of a mask (skimage.morphology.remove_small_holes)";
    "remove_small_objects", One label::build_remove_small_objects, "remove_small_objects:min_size=64:connectivity=1", "remove small components of a mask (skimage.morphology.remove_small_objects)";
    "slic", One slic::build, "slic:n_segments=200:compactness=500:max_num_iter=1", "superpixels: k-means in space and colour (skimage.segmentation.slic)";
};
