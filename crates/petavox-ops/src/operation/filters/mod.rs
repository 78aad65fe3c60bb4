//! Filters: each sample from its neighbourhood by weights.

pub mod gaussian;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "gaussian", One gaussian::build, "gaussian:sigma=1,2,2:mode=reflect:truncate=4", "smooth (scipy.ndimage.gaussian_filter)";
};
