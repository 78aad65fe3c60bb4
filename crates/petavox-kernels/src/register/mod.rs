//! Where one image lies against another that overlaps it.
//!
//! Both are filtered with the Laplacian of a Gaussian, faded out towards the borders of what they may share and cross-correlated without
//! normalising the spectrum, which would give noise the weight of the image. [`search`] finds the shift, [`refine()`] measures it to a hundredth
//! of a sample on exactly the part that both show. A score is the correlation of that part, so that scores of different overlaps compare.

mod fft;
mod filter;
mod glance;
mod refine;
mod search;

pub use fft::Fft;
pub use filter::laplacian_of_gaussian;
pub use refine::{Found, refine};
pub use search::{Search, reach_of, search};

use petavox_core::Region;

/// A filtered part of a tile.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Which part, in the tile's samples.
    pub region: Region,
    /// In C order.
    pub samples: Vec<f32>,
}

#[cfg(test)]
mod tests;
