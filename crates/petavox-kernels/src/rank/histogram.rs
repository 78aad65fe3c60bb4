//! The sample of a rank from counts that slide with the window: what leaves it is counted out, what enters is counted in.
//!
//! T. Huang, G. Yang and G. Tang, "A fast two-dimensional median filtering algorithm", IEEE Trans. ASSP 27, 1979; with counts of sixteen
//! bins at a time, of sixteen such, and so on, so that a rank is found in few steps.

use crate::window::Key;

/// Counts of keys of one or two bytes, on levels of sixteenths.
pub(super) struct Counts<'a> {
    levels: Vec<&'a mut [u32]>,
}

/// Counters for keys of this size.
pub(super) fn n_counters(key_bytes: usize) -> usize {
    (1..=2 * key_bytes as u32).map(|level| 16usize.pow(level)).sum()
}

impl<'a> Counts<'a> {
    /// Empty counts over `memory`, which has [`n_counters`].
    pub(super) fn new(mut memory: &'a mut [u32], key_bytes: usize) -> Counts<'a> {
        memory.fill(0);
        let mut levels = vec![];
        for level in 1..=2 * key_bytes as u32 {
            let (counts, rest) = memory.split_at_mut(16usize.pow(level));
            levels.push(counts);
            memory = rest;
        }
        Counts { levels }
    }

    #[inline(always)]
    fn change(&mut self, key: usize, by: u32) {
        let n = self.levels.len();
        for (i, level) in self.levels.iter_mut().enumerate() {
            let count = &mut level[key >> (4 * (n - 1 - i))];
            *count = count.wrapping_add(by);
        }
    }

    #[inline(always)]
    fn find(&self, mut rank: u32) -> usize {
        let mut at = 0;
        for level in &self.levels {
            at *= 16;
            while rank >= level[at] {
                rank -= level[at];
                at += 1;
            }
        }
        at
    }

    /// The sample of rank `rank` in the window at each of the first `used` places of `samples`, written from `found` on; a window is
    /// made of runs, each with its place and its length.
    pub(super) fn slide<K: Key>(
        &mut self,
        memory: &mut [K],
        found: usize,
        used: usize,
        runs: &[(usize, usize)],
        rank: usize,
        to_key: fn(usize) -> K,
    ) {
        let (samples, results) = memory.split_at_mut(found);
        let cells = |runs: &[(usize, usize)], at: usize| -> Vec<usize> {
            runs.iter().flat_map(|&(s, n)| (s..s + n).map(move |i| i + at)).collect()
        };
        cells(runs, 0).into_iter().for_each(|i| self.change(samples[i].index(), 1));
        for (at, result) in results[..used].iter_mut().enumerate() {
            *result = to_key(self.find(rank as u32));
            if at + 1 < used {
                for &(start, n) in runs {
                    let (leaves, enters) = (samples[start + at], samples[start + n + at]);
                    if leaves != enters {
                        self.change(leaves.index(), u32::MAX);
                        self.change(enters.index(), 1);
                    }
                }
            }
        }
        // The counts are left empty for the next tile.
        cells(runs, used - 1).into_iter().for_each(|i| self.change(samples[i].index(), u32::MAX));
    }
}
