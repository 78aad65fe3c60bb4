//! Images on other grids of samples.

pub mod downscale;

use crate::family::{Operation, family};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "downscale", One downscale::build, "downscale:factors=1,2,2:method=mean", "fewer samples by whole factors: mean, max, min or mode";
};
