//! Exact Euclidean distances to the background.

pub mod brute;
pub mod chamfer;
mod euclidean;
pub mod features;
mod window;

pub use euclidean::{
    FAR, distance_first_pass, distance_pass, distance_pass_scratch_bytes, distance_root,
    distance_start,
};
