//! Corners, blobs, and places that look like a template.

pub mod match_template;
pub mod planar;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "corner_fast", One planar::build, "corner_fast:n=12:threshold=0.15", "corners with many brighter or darker samples in a row around them, in planes (skimage.feature.corner_fast)";
    "corner_moravec", One planar::build, "corner_moravec:window_size=1", "corners that differ from all their shifted copies, in planes (skimage.feature.corner_moravec)";
    "hessian_matrix_det", One planar::build, "hessian_matrix_det:sigma=3", "determinant of the Hessian with boxes for derivatives, in planes (skimage.feature.hessian_matrix_det)";
    "match_template", One match_template::build, "match_template:weights=1,2,1,2,4,2,1,2,1:shape=3,3:pad_input=true", "normalised cross-correlation with a template (skimage.feature.match_template)";
};
