//! Exact Euclidean distances to the background.

mod euclidean;

pub use euclidean::{
    FAR, distance_pass, distance_pass_scratch_bytes, distance_root, distance_start,
};
