//! What spreads from seeds until nothing changes: reconstruction, extrema, watersheds.

pub mod attribute;
mod paged;
pub mod reconstruction;
mod settle;
mod slabwise;
mod volume;
pub mod watershed;
pub mod watershed_ift;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "area_closing", Many attribute::build, "area_closing:area_threshold=64", "fill dark regions of few samples (skimage.morphology.area_closing)";
    "area_opening", Many attribute::build, "area_opening:area_threshold=64", "level bright regions of few samples (skimage.morphology.area_opening)";
    "diameter_closing", Many attribute::build, "diameter_closing:diameter_threshold=8", "fill dark regions that are short along every axis (skimage.morphology.diameter_closing)";
    "diameter_opening", Many attribute::build, "diameter_opening:diameter_threshold=8", "level bright regions that are short along every axis (skimage.morphology.diameter_opening)";
    "local_maxima", Many reconstruction::build_extrema, "local_maxima:connectivity=1", "plateaus above all their neighbours (skimage.morphology.local_maxima)";
    "local_minima", Many reconstruction::build_extrema, "local_minima:connectivity=1", "plateaus below all their neighbours (skimage.morphology.local_minima)";
    "reconstruction", Many reconstruction::build, "reconstruction:method=dilation", "let an image spread under a second one (skimage.morphology.reconstruction)";
    "watershed", Many watershed::build, "watershed:connectivity=1", "basins of an image around markers (skimage.segmentation.watershed)";
    "watershed_ift", Many watershed_ift::build, "watershed_ift:connectivity=1", "basins by the image foresting transform (scipy.ndimage.watershed_ift)";
};
