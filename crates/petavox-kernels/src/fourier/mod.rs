//! Fourier transforms, line by line: what transforms of n axes are made of.

mod lines;
mod points;
mod power;

pub use lines::{LineKind, Lines, Precision};
pub use points::{Mirrored, Points, at_points, point_weights};
pub use power::{Normalization, cross_power};
