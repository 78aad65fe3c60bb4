//! What spreads from seeds until nothing changes: reconstruction, extrema, watersheds.

pub mod reconstruction;
mod spread;
pub mod watershed;
pub mod watershed_ift;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "local_maxima", Many reconstruction::build_extrema, "local_maxima:connectivity=1", "plateaus above all their neighbours (skimage.morphology.local_maxima)";
    "local_minima", Many reconstruction::build_extrema, "local_minima:connectivity=1", "plateaus below all their neighbours (skimage.morphology.local_minima)";
    "reconstruction", Many reconstruction::build, "reconstruction:method=dilation", "let an image spread under a second one (skimage.morphology.reconstruction)";
    "watershed", Many watershed::build, "watershed:connectivity=1", "basins of an image around markers (skimage.segmentation.watershed)";
    "watershed_ift", Many watershed_ift::build, "watershed_ift:connectivity=1", "basins by the image foresting transform (scipy.ndimage.watershed_ift)";
};
