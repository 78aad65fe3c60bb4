//! Filters: each sample from its neighbourhood by weights.

pub mod correlate;
pub mod correlate1d;
pub mod eigenvalues;
pub mod gaussian;
mod lines;
pub mod uniform;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "correlate", One correlate::build, "correlate:weights=1,1,1,1,0,-1,-1,-1,-1:shape=1,3,3", "sums by weights over a window (scipy.ndimage.correlate)";
    "correlate1d", One correlate1d::build, "correlate1d:weights=1,2,1:axis=0", "sums by weights along an axis (scipy.ndimage.correlate1d)";
    "eigenvalues", Many eigenvalues::build, "eigenvalues:sigma=1:which=0", "of the Hessian, or of matrices that are given; ridges (scikit-image's hessian_matrix_eigvals)";
    "gaussian", One gaussian::build, "gaussian:sigma=1,2,2:mode=reflect:truncate=4", "smooth, or derivatives (scipy.ndimage.gaussian_filter)";
    "prewitt", One correlate1d::prewitt, "prewitt:axis=0", "edges across an axis (scipy.ndimage.prewitt)";
    "sobel", One correlate1d::sobel, "sobel:axis=0", "edges across an axis (scipy.ndimage.sobel)";
    "uniform", One uniform::build, "uniform:size=5", "the mean of a box (scipy.ndimage.uniform_filter)";
};
