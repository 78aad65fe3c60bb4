//! The rows of a cell as bits, and the runs in them.

use super::{Neighbours, Of};
use crate::sample::CastTo;
use petavox_core::{Block, Element, Error, Region, Result};

/// Rows of bits. Where every neighbour counts, also those over corners, two rows by two are one group: what is next to each other
/// in a group is connected whatever row it is in, so that a quarter of the rows has to be joined.
pub(super) struct Rows {
    /// Samples of a row, and words.
    pub(super) len: usize,
    pub(super) width: usize,
    pub(super) n_rows: usize,
    pub(super) groups: Groups,
    /// By rows: which samples are labelled.
    pub(super) bits: Vec<u64>,
    /// By groups: where a run of the group's samples starts.
    pub(super) starts: Vec<u64>,
    /// By groups: the number of runs before each word.
    pub(super) ranks: Vec<u32>,
    pub(super) n_runs: usize,
    /// The runs' samples, where they differ.
    pub(super) values: Vec<u64>,
}

/// Which rows belong together.
pub(super) struct Groups {
    /// Groups along all axes but the last.
    pub(super) shape: Vec<usize>,
    /// Rows along the last two of these axes, and how many of them are a group's.
    n: [usize; 2],
    size: [usize; 2],
}

/// The rows of a group that are next to another one.
#[derive(Clone, Copy)]
pub(super) enum Reach {
    First,
    All,
    Last,
}

impl Reach {
    /// Towards a group that lies this far away.
    pub(super) fn towards(away: i64) -> Reach {
        match away {
            0 => Reach::All,
            1.. => Reach::Last,
            _ => Reach::First,
        }
    }
}

impl Groups {
    fn new(outer: &[usize], size: [usize; 2]) -> Groups {
        let mut shape = outer.to_vec();
        let mut n = [1, 1];
        for (k, axis) in (0..outer.len()).rev().take(2).enumerate() {
            n[1 - k] = outer[axis];
            shape[axis] = outer[axis].div_ceil(size[1 - k]);
        }
        Groups { shape, n, size }
    }

    /// The group that a row belongs to.
    #[inline(always)]
    pub(super) fn of_row(&self, row: usize) -> usize {
        if self.size == [1, 1] {
            return row;
        }
        let ([nz, ny], [bz, by]) = (self.n, self.size);
        let (z, y) = (row / ny % nz, row % ny);
        (row / ny / nz * nz.div_ceil(bz) + z / bz) * ny.div_ceil(by) + y / by
    }

    /// The rows of a group: the first, and up to where, along the two axes; and rows from one plane to the next.
    #[inline(always)]
    fn rows_of(&self, group: usize, reach: [Reach; 2]) -> (usize, [usize; 2], usize) {
        if self.size == [1, 1] {
            return (group, [1, 1], 0);
        }
        let ([nz, ny], [bz, by]) = (self.n, self.size);
        let (gz, gy) = (nz.div_ceil(bz), ny.div_ceil(by));
        let side = |first: usize, n: usize, size: usize, reach: Reach| {
            let end = (first + size).min(n);
            match reach {
                Reach::First => (first, 1),
                Reach::All => (first, end - first),
                Reach::Last => (end - 1, 1),
            }
        };
        let (z, n_z) = side(group / gy % gz * bz, nz, bz, reach[0]);
        let (y, n_y) = side(group % gy * by, ny, by, reach[1]);
        ((group / gy / gz * nz + z) * ny + y, [n_z, n_y], ny)
    }
}

impl Rows {
    /// The rows of a cell of a block.
    pub(super) fn new(
        block: &Block,
        cell: &Region,
        of: Of,
        neighbours: &Neighbours,
    ) -> Result<Rows> {
        let outer = &cell.shape()[..cell.ndim() - 1];
        let together = neighbours.is_full() && !matches!(of, Of::Values(_));
        let (len, n_rows) = (cell.row_len(), outer.iter().product::<usize>());
        let width = len.div_ceil(64);
        let groups = Groups::new(outer, if together { [2, 2] } else { [1, 1] });
        let n_groups: usize = groups.shape.iter().product();
        let mut rows = Rows {
            len,
            width,
            n_rows,
            groups,
            bits: vec![0; n_rows * width],
            starts: vec![0; n_groups * width],
            ranks: vec![0; n_groups * width],
            n_runs: 0,
            values: vec![],
        };
        match of {
            Of::Foreground => rows.find_mask(block, cell, 0),
            Of::Background => rows.find_mask(block, cell, u64::MAX),
            Of::Values(background) => match block.dtype().size() {
                1 => rows.find_values::<u8>(block, cell, background)?,
                2 => rows.find_values::<u16>(block, cell, background)?,
                4 => rows.find_values::<u32>(block, cell, background)?,
                _ => rows.find_values::<u64>(block, cell, background)?,
            },
        }
        let by_value = matches!(of, Of::Values(_));
        count_runs(&mut rows, !neighbours.in_rows(), by_value);
        if by_value {
            rows.values = rows.values_at_starts(block, cell)?;
        }
        Ok(rows)
    }

    fn find_mask(&mut self, block: &Block, cell: &Region, turned: u64) {
        let (len, width) = (self.len, self.width);
        let mut words = self.bits.chunks_exact_mut(width.max(1));
        cell.for_each_row(|point| {
            let row = &block.bytes()[block.region().offset_of(point)..][..len];
            let Some(words) = words.next() else { return };
            for (word, piece) in words.iter_mut().zip(row.chunks(64)) {
                *word = (bits_of(piece) ^ turned) & u64::MAX >> (64 - piece.len());
            }
        });
    }

    /// The samples that are labelled, and in `starts` where they differ from the one before.
    fn find_values<T: Element + CastTo<u64>>(
        &mut self,
        block: &Block,
        cell: &Region,
        background: Option<u64>,
    ) -> Result<()> {
        let samples: &[T] = bytemuck::try_cast_slice(block.bytes())
            .map_err(|e| Error::internal("label_block", e))?;
        let (len, width) = (self.len, self.width);
        let mut r = 0;
        cell.for_each_row(|point| {
            let row = &samples[block.region().offset_of(point)..][..len];
            for (k, piece) in row.chunks(64).enumerate() {
                let (mut inside, mut differs) = ([1u8; 64], [0u8; 64]);
                if let Some(background) = background {
                    for (to, v) in inside.iter_mut().zip(piece) {
                        *to = u8::from((*v).cast_to() != background);
                    }
                }
                // What comes before the first sample of a word is the last of another.
                let before = row[(64 * k).saturating_sub(1)];
                differs[0] = u8::from(k == 0 || before != piece[0]);
                for (to, pair) in differs[1..].iter_mut().zip(piece.windows(2)) {
                    *to = u8::from(pair[0] != pair[1]);
                }
                let bits = bits_of(&inside[..piece.len()]);
                self.bits[r * width + k] = bits;
                self.starts[r * width + k] = bits & bits_of(&differs[..piece.len()]);
            }
            r += 1;
        });
        Ok(())
    }

    fn values_at_starts(&self, block: &Block, cell: &Region) -> Result<Vec<u64>> {
        match block.dtype().size() {
            1 => self.values_as::<u8>(block, cell),
            2 => self.values_as::<u16>(block, cell),
            4 => self.values_as::<u32>(block, cell),
            _ => self.values_as::<u64>(block, cell),
        }
    }

    fn values_as<T: Element + CastTo<u64>>(
        &self,
        block: &Block,
        cell: &Region,
    ) -> Result<Vec<u64>> {
        let samples: &[T] = bytemuck::try_cast_slice(block.bytes())
            .map_err(|e| Error::internal("label_block", e))?;
        let mut values = Vec::with_capacity(self.n_runs);
        let mut words = self.starts.chunks_exact(self.width.max(1));
        cell.for_each_row(|point| {
            let row = &samples[block.region().offset_of(point)..][..self.len];
            for (k, word) in words.next().unwrap_or(&[]).iter().enumerate() {
                let mut starts = *word;
                while starts != 0 {
                    values.push(row[64 * k + starts.trailing_zeros() as usize].cast_to());
                    starts &= starts - 1;
                }
            }
        });
        Ok(values)
    }

    /// The bits of the rows of a group that reach towards another, together.
    #[inline(always)]
    pub(super) fn side(&self, group: usize, reach: [Reach; 2], into: &mut [u64]) {
        let width = self.width;
        let (first, [n_z, n_y], step) = self.groups.rows_of(group, reach);
        into.copy_from_slice(&self.bits[first * width..][..width]);
        for k in 1..n_z * n_y {
            let row = first + k / n_y * step + k % n_y;
            let bits = &self.bits[row * width..][..width];
            into.iter_mut().zip(bits).for_each(|(to, b)| *to |= b);
        }
    }

    /// The run that a sample which is labelled belongs to.
    #[inline(always)]
    pub(super) fn run_at(&self, group: usize, x: usize) -> usize {
        let at = group * self.width + x / 64;
        let upto = (2u64 << (x % 64)).wrapping_sub(1);
        (self.ranks[at] + (self.starts[at] & upto).count_ones()) as usize - 1
    }

    /// Tells the runs of a row: the first sample, one past the last, and the group's run.
    #[inline(always)]
    pub(super) fn each_run(&self, row: usize, mut found: impl FnMut(usize, usize, usize)) {
        let (at, group) = (row * self.width, self.groups.of_row(row) * self.width);
        let bits = &self.bits[at..at + self.width];
        let starts = &self.starts[group..group + self.width];
        let ranks = &self.ranks[group..group + self.width];
        let (mut before, mut open, mut from, mut run) = (0, false, 0, 0);
        for (k, ((&b, &s), &rank)) in bits.iter().zip(starts).zip(ranks).enumerate() {
            let moved = b << 1 | before;
            before = b >> 63;
            let begins = b & (!moved | s);
            let mut changes = begins | (moved & !b);
            while changes != 0 {
                let bit = changes & changes.wrapping_neg();
                let x = 64 * k + changes.trailing_zeros() as usize;
                if open {
                    found(from, x, run);
                }
                open = begins & bit != 0;
                from = x;
                run = (rank + (s & (bit | (bit - 1))).count_ones()).wrapping_sub(1) as usize;
                changes ^= bit;
            }
        }
        if open {
            found(from, self.len, run);
        }
    }
}

/// Finds where runs start and counts them; with `apart`, every sample is a run.
fn count_runs(rows: &mut Rows, apart: bool, by_value: bool) {
    let width = rows.width;
    let mut side = vec![0; width];
    let mut n = 0;
    for group in 0..rows.groups.shape.iter().product() {
        rows.side(group, [Reach::All; 2], &mut side);
        let mut before = 0;
        for (k, &bits) in side.iter().enumerate() {
            let at = group * width + k;
            let starts = bits & !(bits << 1 | before);
            before = bits >> 63;
            let differs = if by_value { rows.starts[at] } else { 0 };
            rows.starts[at] = if apart { bits } else { starts | differs };
            rows.ranks[at] = n;
            n += rows.starts[at].count_ones();
        }
    }
    rows.n_runs = n as usize;
}

/// Up to 64 samples of a mask, which are 0 or not, as bits.
fn bits_of(samples: &[u8]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    if let Ok(whole) = <&[u8; 64]>::try_from(samples) {
        return bits_of_64(whole);
    }
    let mut bits = 0;
    for (k, eight) in samples.chunks(8).enumerate() {
        let mut bytes = [0; 8];
        bytes[..eight.len()].copy_from_slice(eight);
        let word = u64::from_le_bytes(bytes);
        // Bytes other than 0 and 1 are true too.
        let low = word & 0x7f7f_7f7f_7f7f_7f7f;
        let ones = ((low + 0x7f7f_7f7f_7f7f_7f7f) | word) >> 7 & 0x0101_0101_0101_0101;
        bits |= (ones.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * k);
    }
    bits
}

/// The same with what every x86-64 has.
#[cfg(target_arch = "x86_64")]
fn bits_of_64(samples: &[u8; 64]) -> u64 {
    use std::arch::x86_64::{
        _mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_setzero_si128,
    };
    let mut zeros = 0;
    for (k, sixteen) in samples.chunks_exact(16).enumerate() {
        // SAFETY: SSE2 is part of x86-64, and sixteen bytes are there to be loaded, from any address.
        let found = unsafe {
            let bytes = _mm_loadu_si128(sixteen.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_setzero_si128()))
        };
        zeros |= u64::from(found as u16) << (16 * k);
    }
    !zeros
}

#[cfg(test)]
mod tests {
    use super::bits_of;

    #[test]
    fn all_bytes_but_zero_are_set() {
        let samples: Vec<u8> = (0..64).map(|i: u8| u8::from(i % 3 != 1) * (1 + 3 * i)).collect();
        for n in [1, 7, 8, 63, 64] {
            let want = (0..n).fold(0, |bits, i| bits | u64::from(samples[i] != 0) << i);
            assert_eq!(bits_of(&samples[..n]), want, "{n} samples");
        }
    }
}
