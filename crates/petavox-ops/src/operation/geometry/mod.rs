//! Images on other grids of samples.

pub mod affine_transform;
pub mod downscale;
pub mod integral_image;
pub mod map_coordinates;
pub mod resize_local_mean;
mod sampled;
pub mod spline_filter;
pub mod zoom_shift;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "affine_transform", One affine_transform::build, "affine_transform:matrix=1,0,0,0,0.8,-0.6,0,0.6,0.8:order=1", "samples where a matrix says (scipy.ndimage.affine_transform)";
    "downscale", One downscale::build, "downscale:factors=1,2,2:method=mean", "fewer samples by whole factors: mean, max, min or mode";
    "integral_image", One integral_image::build, "integral_image", "sums of everything up to each sample (skimage.transform.integral_image)";
    "map_coordinates", Many map_coordinates::build, "map_coordinates:coordinates=1,4,2,9.5,3,3:order=1", "the first image's samples at the second's points (scipy.ndimage.map_coordinates)";
    "resize", One zoom_shift::resize, "resize:output_shape=8,8,8:order=1", "other extents, the edges staying where they are (skimage.transform.resize)";
    "resize_local_mean", One resize_local_mean::build, "resize_local_mean:output_shape=8,8,8", "other extents: means of the parts that the new samples cover (skimage.transform.resize_local_mean)";
    "rotate", One affine_transform::rotate, "rotate:angle=30:axes=1,2:order=1", "turn in a plane (scipy.ndimage.rotate)";
    "shift", One zoom_shift::shift, "shift:shift=0,1.5,-2:order=3:mode=nearest", "move by samples and fractions (scipy.ndimage.shift)";
    "spline_filter", One spline_filter::build, "spline_filter:order=3:mode=mirror", "coefficients of splines (scipy.ndimage.spline_filter)";
    "warp", One affine_transform::warp, "warp:matrix=1,0,0,0,0,1,0,0,0,0,1,0,0,0.01,0,1:order=1", "samples where a homogeneous matrix says (skimage.transform.warp)";
    "zoom", One zoom_shift::zoom, "zoom:zoom=1,2,2:order=3:mode=reflect", "more or fewer samples (scipy.ndimage.zoom)";
    "zoom_shift", One zoom_shift::build, "zoom_shift:zoom=1,0.5,0.5:shift=0,1,1:order=1", "samples on a grid along the axes";
};
