//! Connected components, and what is decided by their size.

mod components;
pub mod label;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "label", One label::build, "label:connectivity=1", "number connected components (scipy.ndimage.label)";
    "remove_small_holes", One label::build_remove_small_holes, "remove_small_holes:area_threshold=64:connectivity=1", "fill small holes of a mask (skimage.morphology.remove_small_holes)";
    "remove_small_objects", One label::build_remove_small_objects, "remove_small_objects:min_size=64:connectivity=1", "remove small components of a mask (skimage.morphology.remove_small_objects)";
};
