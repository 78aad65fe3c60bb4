//! Thinning a mask of any size: the driver of sweeps over a working volume of one bit per voxel.
//!
//! Each of six directions is a sweep over the volume, slab of planes by slab, and the round of directions is repeated until
//! a whole round changes nothing. In a slab candidates are found on all threads while what is needed of its neighbours is
//! still as it was before the sweep; they are deleted one or two slabs later. A row is looked at again for a direction only
//! if it or one of its eight neighbour rows changed since it was last looked at for that direction, and a slab without such
//! rows is not touched, so that its pages need not be in memory.
//!
//! The result depends neither on the slabs nor on the threads:
//! - `parity` deletes in the order of the parities of (z, y, x); voxels of one class are never neighbours.
//! - `lee` decides on candidates in raster order.
//! - `zhang` deletes all at once.

mod lee;
mod parity;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod zhang;

pub use store::WordStore;

use petavox_core::{CancelToken, Error, Result, Workers};
use petavox_kernels::bits::BitLayout;
use petavox_kernels::skeleton::rows::Direction;
use serde::{Deserialize, Serialize};
use sweep::Sweeper;

/// The rule by which voxels are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThinMethod {
    /// Keeps the topology: components, loops and cavities of mask and skeleton are equal. The default in 3-D.
    ///
    /// The passes of Lee, but only (26,6)-simple voxels are deleted, in eight classes by the parity of their coordinates in
    /// the whole image. Moving the image content by an odd number of voxels may therefore move the skeleton's voxels
    /// within the thickness of the object; moving it by an even number moves the skeleton with it.
    Parity,
    /// Voxel for voxel `skimage.morphology.skeletonize(method="lee")` of scikit-image 0.26, which may lose small parts:
    /// bars of even width without a fixed end vanish there.
    Lee,
    /// Voxel for voxel `skimage.morphology.skeletonize(method="zhang")`; 2-D only, and the default there.
    Zhang,
}

impl ThinMethod {
    /// The usual rule for this number of axes.
    pub fn default_for(ndim: usize) -> ThinMethod {
        if ndim == 2 { ThinMethod::Zhang } else { ThinMethod::Parity }
    }
}

impl std::str::FromStr for ThinMethod {
    type Err = Error;

    fn from_str(name: &str) -> Result<ThinMethod> {
        match name {
            "parity" => Ok(ThinMethod::Parity),
            "lee" => Ok(ThinMethod::Lee),
            "zhang" => Ok(ThinMethod::Zhang),
            _ => Err(Error::argument("method", name, "parity, lee or zhang (2-D only)")),
        }
    }
}

/// How to thin.
#[derive(Clone, Copy, Debug)]
pub struct ThinOptions {
    /// The rule.
    pub method: ThinMethod,
    /// Planes of a slab, rounded up to an even number; of a 2-D mask all is one slab. `None` for about a sixteenth of the
    /// volume, at most 4 MiB. Smaller slabs need less memory beside the volume and less of the volume resident.
    pub slab_planes: Option<usize>,
}

impl ThinOptions {
    /// The rule, with slabs for a volume in memory.
    pub fn new(method: ThinMethod) -> ThinOptions {
        ThinOptions { method, slab_planes: None }
    }

    /// The largest slabs of which no more than `window_bytes` of the mask's words are in use at one time; slabs of two
    /// planes if that is not possible, which [`ThinOptions::resident_bytes`] tells.
    pub fn within(method: ThinMethod, layout: &BitLayout, window_bytes: u64) -> ThinOptions {
        let fits = |n: usize| {
            let options = ThinOptions { method, slab_planes: Some(n) };
            options.resident_bytes(layout) <= window_bytes
        };
        let usual = ThinOptions::new(method).slab_planes(layout);
        let planes = (1..=usual / 2).rev().map(|n| 2 * n).find(|&n| fits(n)).unwrap_or(2);
        ThinOptions { method, slab_planes: Some(planes) }
    }

    /// Planes of a slab of this mask.
    pub fn slab_planes(&self, layout: &BitLayout) -> usize {
        let n_planes = layout.shape()[0];
        // Slabs enough for the threads to run ahead of the deletions, small enough for the processor's cache.
        let plane_bytes = (8 * layout.words_per_plane()).max(1);
        let usual = || n_planes.div_ceil(16).max(16).min((4 << 20) / plane_bytes);
        let planes = self.slab_planes.unwrap_or_else(usual);
        planes.clamp(1, n_planes.max(1)).next_multiple_of(2)
    }

    /// Bytes of memory that [`thin`] takes beside the words of the mask: a bit per row and direction, and the candidates of
    /// the slabs in work.
    pub fn scratch_bytes(&self, layout: &BitLayout) -> u64 {
        Sweeper::n_bytes(layout, self)
    }

    /// Bytes of the mask's words that are in use at one time between two calls of [`WordStore::release`].
    pub fn resident_bytes(&self, layout: &BitLayout) -> u64 {
        let planes = (Sweeper::n_slots(self.method) + 1) * self.slab_planes(layout) + 2;
        let planes = planes.min(layout.shape()[0]);
        (planes * layout.words_per_plane() * 8) as u64
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThinStats {
    /// Rounds of all directions, the last of which changed nothing.
    pub n_rounds: u64,
}

/// Thins the mask in `store` in place.
///
/// # Errors
/// [`Error::InvalidArgument`] for `zhang` on a 3-D mask; [`Error::Internal`] if the store has another size than the layout;
/// [`Error::Cancelled`], the mask then being thinned in part; whatever the store says.
pub fn thin(
    store: &mut dyn WordStore,
    layout: &BitLayout,
    options: &ThinOptions,
    workers: &dyn Workers,
    cancel: &CancelToken,
) -> Result<ThinStats> {
    let n_words = store.words_mut().len();
    if n_words != layout.n_words() {
        let problem = format!("{n_words} words for a mask of {}", layout.n_words());
        return Err(Error::internal("thin", problem));
    }
    if options.method == ThinMethod::Zhang && layout.ndim() != 2 {
        return Err(Error::argument("method", "zhang", "parity or lee for a 3-D mask"));
    }
    if n_words == 0 {
        return Ok(ThinStats::default());
    }
    let mut sweeper = Sweeper::new(*layout, options, workers, cancel)?;
    let mut n_rounds = 0;
    loop {
        let changed = match options.method {
            ThinMethod::Parity => parity::round(&mut sweeper, store)?,
            ThinMethod::Lee => lee::round(&mut sweeper, store)?,
            ThinMethod::Zhang => zhang::round(&mut sweeper, store)?,
        };
        n_rounds += 1;
        if !changed {
            return Ok(ThinStats { n_rounds });
        }
    }
}

/// The directions of a round; a mask of one plane has no borders along z.
fn directions(layout: &BitLayout) -> &'static [Direction] {
    if layout.shape()[0] == 1 { &Direction::ALL[..4] } else { &Direction::ALL }
}
