//! The components of one cell of an image, found by joining runs of rows.

use super::Neighbours;
use crate::filter::for_each_index;
use crate::sample::{CastTo, dispatch_integers};
use petavox_core::{Block, Dtype, Element, Error, Region, Result, strides};

/// One component of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Offset of its first sample in the cell, in C order.
    pub first: u64,
    /// Samples in the cell.
    pub size: u64,
    /// The bits of its samples: 1 for masks.
    pub value: u64,
}

/// Which samples are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those that are not 0.
    Foreground,
    /// Those that are 0, to find holes.
    Background,
    /// Those of equal values, but for this one; its bits are those of a sample.
    Values(Option<u64>),
}

/// The components of one cell as runs of rows: a fraction of the samples.
pub struct Runs {
    region: Region,
    /// First and one past the last sample within the row.
    starts: Vec<u32>,
    ends: Vec<u32>,
    /// Disjoint sets of runs at first (the first run stands for its set), the components' numbers from 1 in the end.
    parents: Vec<u32>,
    /// The runs' samples, where they differ.
    values: Vec<u64>,
    /// The first run of every row, and the number of runs.
    row_begins: Vec<u32>,
    components: Vec<Component>,
}

/// Bytes that the runs of a cell of this shape take at most.
pub fn runs_bytes(shape: &[usize]) -> usize {
    shape.iter().product::<usize>() * 6 + 1024
}

/// Finds the components of a cell of a block: of a mask (`bool`), or of equal values (any integer dtype).
///
/// # Errors
/// [`Error::UnsupportedDtype`] for floats, and for integers as a mask; [`Error::Internal`] if the block does not hold the cell or the
/// cell has 2^32 samples and more.
pub fn label_block(block: &Block, cell: &Region, of: Of, neighbours: &Neighbours) -> Result<Runs> {
    let place = "label_block";
    let dtype = block.dtype();
    if dtype.is_float() || (dtype != Dtype::Bool && !matches!(of, Of::Values(_))) {
        let accepted = if matches!(of, Of::Values(_)) { "bool and integers" } else { "bool" };
        return Err(Error::dtype("label", dtype, accepted));
    }
    if !block.region().contains(cell)
        || cell.len() > u32::MAX as usize
        || neighbours.ndim() != cell.ndim()
    {
        return Err(Error::internal(place, format!("{cell} of {}", block.region())));
    }
    let mut runs = Runs {
        region: cell.clone(),
        starts: vec![],
        ends: vec![],
        parents: vec![],
        values: vec![],
        row_begins: vec![],
        components: vec![],
    };
    let apart = !neighbours.in_rows();
    match of {
        Of::Foreground => runs.find_mask(block, 0, apart),
        Of::Background => runs.find_mask(block, u64::MAX, apart),
        Of::Values(background) => match dtype.size() {
            1 => runs.find_values::<u8>(block, background, apart)?,
            2 => runs.find_values::<u16>(block, background, apart)?,
            4 => runs.find_values::<u32>(block, background, apart)?,
            _ => runs.find_values::<u64>(block, background, apart)?,
        },
    }
    runs.parents.extend(0..runs.starts.len() as u32);
    runs.join_rows(neighbours);
    runs.number();
    Ok(runs)
}

impl Runs {
    /// The cell.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// The components, in the raster order of their first samples.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    fn n_rows(&self) -> usize {
        self.row_begins.len() - 1
    }

    fn find_mask(&mut self, block: &Block, turned: u64, apart: bool) {
        let n = self.region.row_len();
        let bytes = block.bytes();
        let cell = self.region.clone();
        cell.for_each_row(|point| {
            self.row_begins.push(self.starts.len() as u32);
            let row = &bytes[block.region().offset_of(point)..][..n];
            let mut before = 0;
            for (k, piece) in row.chunks(64).enumerate() {
                let wanted = u64::MAX >> (64 - piece.len());
                let bits = (bits_of(piece) ^ turned) & wanted;
                let at = 64 * k as u32;
                // Where a sample differs from the one before it.
                let mut changes = (bits ^ (bits << 1 | before)) & wanted;
                while changes != 0 {
                    let x = at + changes.trailing_zeros();
                    if self.starts.len() == self.ends.len() {
                        self.starts.push(x);
                    } else {
                        self.ends.push(x);
                    }
                    changes &= changes - 1;
                }
                before = bits >> (piece.len() - 1) & 1;
            }
            if self.starts.len() > self.ends.len() {
                self.ends.push(n as u32);
            }
            if apart {
                self.split_last_row();
            }
        });
        self.row_begins.push(self.starts.len() as u32);
    }

    fn find_values<T: Element + CastTo<u64>>(
        &mut self,
        block: &Block,
        background: Option<u64>,
        apart: bool,
    ) -> Result<()> {
        let n = self.region.row_len();
        let samples: &[T] = bytemuck::try_cast_slice(block.bytes())
            .map_err(|e| Error::internal("label_block", e))?;
        let cell = self.region.clone();
        cell.for_each_row(|point| {
            self.row_begins.push(self.starts.len() as u32);
            let row = &samples[block.region().offset_of(point)..][..n];
            let mut x = 0;
            while x < n {
                let value = row[x];
                let mut end = x + 1;
                while end < n && row[end] == value {
                    end += 1;
                }
                if Some(value.cast_to()) != background {
                    self.starts.push(x as u32);
                    self.ends.push(end as u32);
                    self.values.push(value.cast_to());
                }
                x = end;
            }
            if apart {
                self.split_last_row();
            }
        });
        self.row_begins.push(self.starts.len() as u32);
        Ok(())
    }

    /// Makes every sample of the last row a run of its own.
    fn split_last_row(&mut self) {
        let first = self.row_begins.last().map_or(0, |b| *b as usize);
        let runs: Vec<(u32, u32)> =
            self.starts.drain(first..).zip(self.ends.drain(first..)).collect();
        let values: Vec<u64> = self.values.drain(first.min(self.values.len())..).collect();
        for (k, (start, end)) in runs.into_iter().enumerate() {
            self.starts.extend(start..end);
            self.ends.extend(start + 1..=end);
            if let Some(value) = values.get(k) {
                self.values.extend((start..end).map(|_| *value));
            }
        }
    }

    /// Joins every row with the neighbouring rows before it.
    fn join_rows(&mut self, neighbours: &Neighbours) {
        let outer = self.region.shape()[..self.region.ndim() - 1].to_vec();
        let steps = strides(&outer);
        let before: Vec<(Vec<i64>, i64, Vec<i64>)> = neighbours
            .before()
            .into_iter()
            .map(|b| {
                (
                    b.offset.clone(),
                    (0..outer.len()).map(|a| b.offset[a] * steps[a] as i64).sum(),
                    b.along,
                )
            })
            .collect();
        let mut r = 0i64;
        for_each_index(&outer, &mut |index| {
            for (offset, away, along) in &before {
                let inside = (0..outer.len())
                    .all(|a| (0..outer[a] as i64).contains(&(index[a] as i64 + offset[a])));
                if !inside {
                    continue;
                }
                let (from, to) = ((r + away) as usize, r as usize);
                match along[..] {
                    [0] => self.join_pair(from, to, 0, 0),
                    [-1, 0, 1] => self.join_pair(from, to, -1, 1),
                    _ => along.iter().for_each(|x| self.join_pair(from, to, *x, *x)),
                }
            }
            r += 1;
        });
    }

    /// Joins runs of two rows where a sample of the first lies `low` to `high` after one of the second.
    #[inline(always)]
    fn join_pair(&mut self, before: usize, row: usize, low: i64, high: i64) {
        let (mut a, a_end) =
            (self.row_begins[before] as usize, self.row_begins[before + 1] as usize);
        let (mut b, b_end) = (self.row_begins[row] as usize, self.row_begins[row + 1] as usize);
        let by_value = !self.values.is_empty();
        while a < a_end && b < b_end {
            let (a_from, a_to) = (i64::from(self.starts[a]), i64::from(self.ends[a]));
            let (b_from, b_to) = (i64::from(self.starts[b]), i64::from(self.ends[b]));
            if a_from < b_to + high
                && b_from + low < a_to
                && (!by_value || self.values[a] == self.values[b])
            {
                self.join(a as u32, b as u32);
            }
            // Runs of one row may follow each other without a gap: then each of two that end together meets the other's next one.
            if low < high
                && a_to == b_to
                && a + 1 < a_end
                && i64::from(self.starts[a + 1]) == a_to
                && (!by_value || self.values[a + 1] == self.values[b])
            {
                self.join(a as u32 + 1, b as u32);
            }
            // What reaches less far meets nothing more.
            if a_to - low < b_to + if low == high { 0 } else { high - low - 1 } {
                a += 1
            } else {
                b += 1
            }
        }
    }

    #[inline(always)]
    fn join(&mut self, a: u32, b: u32) {
        let (x, y) = (self.root(a), self.root(b));
        if x != y {
            self.parents[x.max(y) as usize] = x.min(y);
        }
    }

    #[inline(always)]
    fn root(&mut self, mut run: u32) -> u32 {
        while self.parents[run as usize] != run {
            let up = self.parents[run as usize];
            self.parents[run as usize] = self.parents[up as usize];
            run = up;
        }
        run
    }

    /// Gives numbers to sets in the order of their first runs.
    fn number(&mut self) {
        let n = self.region.row_len() as u64;
        for r in 0..self.n_rows() {
            for run in self.row_begins[r] as usize..self.row_begins[r + 1] as usize {
                // A set's first run comes before its others, so that parents can be overwritten by numbers.
                let parent = self.parents[run] as usize;
                let size = u64::from(self.ends[run] - self.starts[run]);
                let number = if parent == run {
                    let first = r as u64 * n + u64::from(self.starts[run]);
                    let value = self.values.get(run).copied().unwrap_or(1);
                    self.components.push(Component { first, size, value });
                    self.components.len() as u32
                } else {
                    let number = self.parents[parent];
                    self.components[number as usize - 1].size += size;
                    number
                };
                self.parents[run] = number;
            }
        }
    }

    /// Writes `lookup[number]` for the number of every sample (0 outside of components) into the part of `output` that the cell meets.
    /// `output` has any integer dtype or `bool` (0 is false).
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for other dtypes, or when a new number does not fit the output's; [`Error::Internal`] if a number
    /// is missing in the table.
    pub fn write(&self, lookup: &[u64], output: &mut Block) -> Result<()> {
        let given = output.dtype();
        if lookup.len() <= self.components.len() {
            return Err(Error::internal("label", format!("a label above {}", lookup.len())));
        }
        let largest = lookup.iter().copied().max().unwrap_or(0);
        let is_mask = given == Dtype::Bool;
        let region = output.region().clone();
        dispatch_integers!(given, T => {
            if !is_mask && largest as i128 > T::MAX as i128 {
                let accepted = format!("dtypes that hold {largest}");
                return Err(Error::dtype("label (output)", given, accepted));
            }
            let table: Vec<T> = lookup
                .iter()
                .map(|l| if is_mask { u64::from(*l != 0).cast_to() } else { (*l).cast_to() })
                .collect();
            self.write_as::<T>(&table, &region, output.typed_mut::<T>()?);
            Ok(())
        }, else Err(Error::dtype("label (output)", given, "bool and integers")))
    }

    fn write_as<T: Element>(&self, table: &[T], region: &Region, samples: &mut [T]) {
        let Some(common) = region.intersect(&self.region) else { return };
        let last = common.ndim() - 1;
        let low = (common.start()[last] - self.region.start()[last]) as u32;
        let high = low + common.row_len() as u32;
        let outer = Region::new(
            [&self.region.start()[..last], &[0][..]].concat(),
            [&self.region.shape()[..last], &[1][..]].concat(),
        );
        common.for_each_row(|point| {
            let mut at = point.to_vec();
            at[last] = 0;
            let r = outer.offset_of(&at);
            let row = &mut samples[region.offset_of(point)..][..common.row_len()];
            let mut done = low;
            for run in self.row_begins[r] as usize..self.row_begins[r + 1] as usize {
                let (start, end) = (self.starts[run].max(low), self.ends[run].min(high));
                if start >= end {
                    continue;
                }
                row[(done - low) as usize..(start - low) as usize].fill(table[0]);
                row[(start - low) as usize..(end - low) as usize]
                    .fill(table[self.parents[run] as usize]);
                done = end;
            }
            row[(done - low) as usize..].fill(table[0]);
        });
    }

    /// The numbers of the first and of the last plane of the cell across an axis.
    ///
    /// # Errors
    /// If there is no memory for them.
    pub fn faces(&self, axis: usize) -> Result<[Block; 2]> {
        let identity: Vec<u32> = (0..=self.components.len() as u32).collect();
        let plane = |at: i64| -> Result<Block> {
            let (mut start, mut shape) =
                (self.region.start().to_vec(), self.region.shape().to_vec());
            (start[axis], shape[axis]) = (at, 1);
            let region = Region::new(start, shape);
            let mut block = Block::zeros(region.clone(), Dtype::UInt32)?;
            self.write_as::<u32>(&identity, &region, block.typed_mut()?);
            Ok(block)
        };
        Ok([plane(self.region.start()[axis])?, plane(self.region.end(axis) - 1)?])
    }
}

/// Up to 64 samples of a mask, which are 0 or not, as bits.
fn bits_of(samples: &[u8]) -> u64 {
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
