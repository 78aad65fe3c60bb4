//! Contours: lines of one level through a plane, by marching squares.

mod lines;
mod squares;

pub use lines::{Line, assemble};
pub use squares::{CHANNELS, Connect, Segment, segments, squares};
