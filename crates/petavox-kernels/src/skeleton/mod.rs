//! Thinning, on packed bits: the local rules by which a voxel may be deleted, for some rows of a plane.
//!
//! The order of rows, planes and passes is the driver's business; here is what such a band needs: its
//! rows' and their neighbours' [`crate::bits::BitLayout`] words and nothing else. Everything outside the mask is background.
//!
//! - [`neighborhood`]: predicates on the 26 neighbours of a voxel.
//! - [`rows`]: border candidates of a direction and their deletion (`parity` and `lee`).
//! - [`zhang`]: the two half-passes of Zhang and Suen for 2-D masks.
//! - [`guo_hall`]: the two half-passes of Guo and Hall for 2-D masks.
//! - [`medial`]: the medial axis of 2-D masks, sample after sample.
//! - [`radius`]: exact distance of a voxel to the background.

pub mod guo_hall;
pub mod medial;
pub mod neighborhood;
pub mod radius;
pub mod rows;
pub mod zhang;
