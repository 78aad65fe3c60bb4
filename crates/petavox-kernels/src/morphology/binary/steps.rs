//! One combination of shifted copies of a packed block.

use super::{n_rows, row_words};
use crate::bits::row::bits_at;
use crate::filter::for_each_index;
use petavox_core::{Region, strides};
use std::collections::BTreeMap;

/// First offset and length.
type Run = (i64, usize);

/// Samples at some offsets are combined by "and" or by "or".
pub(super) struct Step {
    erode: bool,
    /// Samples needed before and after, per axis.
    pub(super) low: Vec<usize>,
    pub(super) high: Vec<usize>,
    /// Runs of offsets along rows, as first offset and length, and the rows (offsets along all other axes) that have them.
    runs: Vec<(Run, Vec<Vec<i64>>)>,
}

impl Step {
    pub(super) fn new(offsets: &[Vec<i64>], erode: bool, ndim: usize) -> Step {
        let last = ndim - 1;
        let reach = |a: usize| {
            offsets.iter().fold((0, 0), |(l, h): (i64, i64), o| (l.min(o[a]), h.max(o[a])))
        };
        let low = (0..ndim).map(|a| -reach(a).0 as usize).collect();
        let high = (0..ndim).map(|a| reach(a).1 as usize).collect();
        let mut rows: BTreeMap<&[i64], Vec<i64>> = BTreeMap::new();
        for offset in offsets {
            rows.entry(&offset[..last]).or_default().push(offset[last]);
        }
        let mut runs: BTreeMap<Run, Vec<Vec<i64>>> = BTreeMap::new();
        for (row, mut places) in rows {
            places.sort_unstable();
            places.dedup();
            let mut start = 0;
            for i in 1..=places.len() {
                if i == places.len() || places[i] != places[i - 1] + 1 {
                    runs.entry((places[start], i - start)).or_default().push(row.to_vec());
                    start = i;
                }
            }
        }
        Step { erode, low, high, runs: runs.into_iter().collect() }
    }

    /// What of a region can be made from it.
    pub(super) fn shrunk(&self, region: &Region) -> Region {
        let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
        for a in 0..region.ndim() {
            start[a] += self.low[a] as i64;
            shape[a] -= self.low[a] + self.high[a];
        }
        Region::new(start, shape)
    }

    /// Makes `to`, the bits of `done`, from the bits of `source`; `windows` is scratch as large as `from`.
    ///
    /// Bits past a row's end are arbitrary afterwards.
    pub(super) fn apply(
        &self,
        from: &[u64],
        source: &Region,
        to: &mut [u64],
        done: &Region,
        windows: &mut [u64],
    ) {
        let (wide, narrow) = (row_words(source), row_words(done));
        let last = source.ndim() - 1;
        let steps = strides(&source.shape()[..last]);
        // Rows that follow one another in both blocks are combined as one run of words.
        let (outer, block) = match last {
            0 => (&[][..], 1),
            _ => (&done.shape()[..last - 1], done.shape()[last - 1]),
        };
        let to = &mut to[..n_rows(done) * narrow];
        to.fill(if self.erode { !0 } else { 0 });
        let mut row = vec![0; wide];
        for ((start, len), rows) in &self.runs {
            let shift = (self.low[last] as i64 + start) as usize;
            let sources = from.chunks_exact(wide).take(n_rows(source));
            for (source, window) in sources.zip(windows.chunks_exact_mut(narrow)) {
                self.window(source, *len, shift, &mut row, window);
            }
            for offset in rows {
                let first: usize =
                    (0..last).map(|a| (self.low[a] as i64 + offset[a]) as usize * steps[a]).sum();
                let mut at = 0;
                for_each_index(outer, &mut |index| {
                    let base: usize = index.iter().zip(&steps).map(|(i, s)| i * s).sum();
                    let others = &windows[(first + base) * narrow..][..block * narrow];
                    let to = &mut to[at..at + block * narrow];
                    at += block * narrow;
                    if self.erode {
                        to.iter_mut().zip(others).for_each(|(t, o)| *t &= o);
                    } else {
                        to.iter_mut().zip(others).for_each(|(t, o)| *t |= o);
                    }
                });
            }
        }
    }

    /// `len` neighbouring bits from bit `shift` on combined, for every bit of `to`.
    fn window(&self, from: &[u64], len: usize, shift: usize, row: &mut [u64], to: &mut [u64]) {
        row.copy_from_slice(from);
        let mut have = 1;
        while have < len {
            let more = have.min(len - have);
            // Ahead of what is written nothing has changed yet, so that a row is combined with itself in place.
            for w in 0..row.len() {
                row[w] = self.combined(row[w], bits_at(row, 64 * w + more));
            }
            have += more;
        }
        to.iter_mut().enumerate().for_each(|(w, t)| *t = bits_at(row, shift + 64 * w));
    }

    #[inline(always)]
    fn combined(&self, a: u64, b: u64) -> u64 {
        if self.erode { a & b } else { a | b }
    }
}
