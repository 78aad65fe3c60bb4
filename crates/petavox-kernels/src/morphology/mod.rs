//! Erosion, dilation and what is made of them.

mod binary;
mod footprint;

pub use binary::{BinaryOp, BinaryOptions, binary_morphology, binary_morphology_scratch_bytes};
pub use footprint::Footprint;
