//! Which voxels a pruned graph still has, and their new numbers.

use super::super::arrays::{Array, Arrays};
use petavox_core::Result;

/// Words that share one entry of the running count.
const WORDS_PER_COUNT: usize = 8;

/// A set of voxels in which each has a number, its position among them.
#[derive(Debug)]
pub(crate) struct Kept {
    bits: Array<u64>,
    /// Voxels before every eighth word.
    counts: Array<u32>,
    n_kept: usize,
}

impl Kept {
    /// The voxels for which `bits` has a one.
    pub(crate) fn new(bits: Array<u64>, arrays: &dyn Arrays) -> Result<Kept> {
        let mut counts = Array::<u32>::zeroed(arrays, bits.get().len().div_ceil(WORDS_PER_COUNT))?;
        let mut n_kept = 0;
        for (count, words) in counts.get_mut().iter_mut().zip(bits.get().chunks(WORDS_PER_COUNT)) {
            *count = n_kept;
            n_kept += words.iter().map(|w| w.count_ones()).sum::<u32>();
        }
        Ok(Kept { bits, counts, n_kept: n_kept as usize })
    }

    pub(crate) fn n_kept(&self) -> usize {
        self.n_kept
    }

    pub(crate) fn contains(&self, voxel: u32) -> bool {
        self.bits.get()[voxel as usize / 64] >> (voxel % 64) & 1 == 1
    }

    /// The number of a kept voxel among those kept.
    pub(crate) fn number(&self, voxel: u32) -> u32 {
        let (bits, word) = (self.bits.get(), voxel as usize / 64);
        let group = word / WORDS_PER_COUNT;
        let before: u32 = bits[group * WORDS_PER_COUNT..word].iter().map(|w| w.count_ones()).sum();
        self.counts.get()[group] + before + (bits[word] & !(!0 << (voxel % 64))).count_ones()
    }
}
