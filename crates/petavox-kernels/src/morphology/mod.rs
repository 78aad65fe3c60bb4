//! Erosion, dilation and what is made of them.

pub mod aged;
pub mod attribute;
pub mod basins;
mod binary;
pub mod edges;
mod extreme;
pub mod flood;
pub mod foresting;

mod footprint;
pub mod pouring;
pub mod reconstruct;
mod relief;

pub use binary::{BinaryOp, BinaryOptions, binary_morphology, binary_morphology_scratch_bytes};
pub use extreme::{extreme, extreme_scratch_bytes};
pub use footprint::Footprint;
pub use relief::{Relief, raised_extreme, raised_extreme_scratch_bytes};
