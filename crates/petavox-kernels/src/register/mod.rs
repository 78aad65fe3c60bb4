//! Where one image lies against another that overlaps it.
//!
//! Both are filtered with the Laplacian of a Gaussian, faded out towards the borders of what they may share and cross-correlated without
//! normalising the spectrum, which would give noise the weight of the image. [`search`] finds the shift, [`refine()`] measures it to a hundredth
//! of a sample on exactly the part that both show. A score is the correlation of that part, so that scores of different overlaps compare. [`coherence()`]
//! tells how much each frequency should count.

mod coherence;
mod fft;
mod filter;
mod glance;
mod masked;
mod refine;
mod search;
mod warp;

pub use coherence::{Coherence, Weights, coherence};
pub use fft::Fft;
pub use filter::laplacian_of_gaussian;
pub use masked::laplacian_where;
pub use refine::{Found, refine};
pub use search::{Search, reach_of, search};
pub use warp::{WARP_TAPS, warped};

use petavox_core::Region;

/// A filtered part of a tile.
#[derive(Clone, Debug)]
pub struct Patch {
    /// Which part, in the tile's samples.
    pub region: Region,
    /// In C order; 0 where they do not count.
    pub samples: Vec<f32>,
    /// How much every sample counts, from 0 to 1; all as much without. Two patches are compared where samples of both count.
    pub counts: Option<Vec<f32>>,
}

impl Patch {
    /// How much the samples of a row from `point` on count.
    fn counts_of(&self, point: &[i64], len: usize) -> Option<&[f32]> {
        let at = self.region.offset_of(point);
        self.counts.as_ref().map(|c| &c[at..at + len])
    }
}

#[cfg(test)]
mod tests;
