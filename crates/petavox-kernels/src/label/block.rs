//! The components of one block, found by joining runs of rows.

use crate::filter::for_each_index;
use petavox_core::{Block, Dtype, Error, Result};

/// One component of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Component {
    /// Offset of its first sample in the block, in C order.
    pub first: u64,
    /// Samples in the block.
    pub size: u64,
}

/// Which samples of a mask are labelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Those that are true.
    Foreground,
    /// Those that are false, to find holes.
    Background,
}

fn most_runs(shape: &[usize]) -> usize {
    let (row, rows) = rows_of(shape);
    rows * row.div_ceil(2)
}

fn rows_of(shape: &[usize]) -> (usize, usize) {
    let row = shape.last().copied().unwrap_or(1);
    (row, shape[..shape.len().saturating_sub(1)].iter().product())
}

/// Bytes of scratch that [`label_block`] needs for a block of this shape: 6 per sample and 4 per row. The list it returns takes
/// 16 bytes per component besides.
pub fn label_block_scratch_bytes(shape: &[usize]) -> usize {
    4 * (3 * most_runs(shape) + rows_of(shape).1 + 1)
}

/// Writes the number of its component (1, 2, ... in the raster order of first samples; 0 for none) at every sample of a `bool` mask
/// into `labels` (`uint32`, same region), and returns the components in that order.
///
/// `connectivity` is the number of axes along which neighbours may differ by one, 1 to the number of axes.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for other dtypes; [`Error::InvalidArgument`] for another connectivity; [`Error::Internal`] if blocks
/// or scratch do not fit together or there are 2^32 samples and more.
pub fn label_block(
    mask: &Block,
    of: Of,
    connectivity: usize,
    labels: &mut Block,
    scratch: &mut [u8],
) -> Result<Vec<Component>> {
    let place = "label_block";
    if mask.dtype() != Dtype::Bool {
        return Err(Error::dtype("label", mask.dtype(), "bool"));
    }
    if labels.dtype() != Dtype::UInt32 {
        return Err(Error::dtype("label (block numbers)", labels.dtype(), "uint32"));
    }
    check_connectivity(connectivity, mask.region().ndim())?;
    if mask.region() != labels.region() || mask.region().len() > u32::MAX as usize {
        return Err(Error::internal(place, format!("{} into {}", mask.region(), labels.region())));
    }
    let shape = mask.shape().to_vec();
    let bytes = label_block_scratch_bytes(&shape);
    let words: &mut [u32] = match scratch.get_mut(..bytes).map(bytemuck::try_cast_slice_mut) {
        Some(Ok(words)) => words,
        _ => return Err(Error::internal(place, "scratch too small or not aligned")),
    };
    let n = most_runs(&shape);
    let (starts, words) = words.split_at_mut(n);
    let (ends, words) = words.split_at_mut(n);
    let (parents, row_begins) = words.split_at_mut(n);
    let mut runs = Runs { starts, ends, parents, row_begins };
    let wanted = of == Of::Foreground;
    let n_runs = runs.find(mask.typed()?, wanted, &shape);
    runs.join_rows(&shape, connectivity);
    Ok(runs.number(n_runs, &shape, labels.typed_mut()?))
}

pub(crate) fn check_connectivity(connectivity: usize, ndim: usize) -> Result<()> {
    if (1..=ndim).contains(&connectivity) {
        return Ok(());
    }
    Err(Error::argument("connectivity", connectivity, format!("1 to {ndim}")))
}

/// Runs of wanted samples in raster order, first and one past last sample within the row.
struct Runs<'a> {
    starts: &'a mut [u32],
    ends: &'a mut [u32],
    /// Disjoint sets of runs; the first run stands for its set.
    parents: &'a mut [u32],
    /// The first run of every row, and the number of runs.
    row_begins: &'a mut [u32],
}

impl Runs<'_> {
    fn find(&mut self, mask: &[u8], wanted: bool, shape: &[usize]) -> usize {
        let (row, rows) = rows_of(shape);
        let mut n = 0;
        for r in 0..rows {
            self.row_begins[r] = n as u32;
            let samples = &mask[r * row..(r + 1) * row];
            let mut x = 0;
            while let Some(skip) = samples[x..].iter().position(|s| (*s != 0) == wanted) {
                let start = x + skip;
                let rest = &samples[start..];
                let end =
                    start + rest.iter().position(|s| (*s != 0) != wanted).unwrap_or(rest.len());
                self.starts[n] = start as u32;
                self.ends[n] = end as u32;
                self.parents[n] = n as u32;
                n += 1;
                x = end;
                if x == row {
                    break;
                }
            }
        }
        self.row_begins[rows] = n as u32;
        n
    }

    /// Joins every row with the neighbouring rows before it.
    fn join_rows(&mut self, shape: &[usize], connectivity: usize) {
        let outer = &shape[..shape.len() - 1];
        let mut back: Vec<(Vec<i64>, u32)> = vec![];
        for_each_index(&vec![3; outer.len()], &mut |index| {
            let offset: Vec<i64> = index.iter().map(|&i| i as i64 - 1).collect();
            let hops = offset.iter().filter(|o| **o != 0).count();
            let earlier = offset.iter().find(|o| **o != 0).is_some_and(|o| *o < 0);
            if earlier && hops <= connectivity {
                // Runs may also meet diagonally if one more hop, along the row, is allowed.
                back.push((offset, u32::from(hops < connectivity)));
            }
        });
        let steps = petavox_core::strides(outer);
        let mut r = 0;
        for_each_index(outer, &mut |index| {
            for (offset, slack) in &back {
                let inside = (0..outer.len())
                    .all(|a| (0..outer[a] as i64).contains(&(index[a] as i64 + offset[a])));
                if inside {
                    let away: i64 = (0..outer.len()).map(|a| offset[a] * steps[a] as i64).sum();
                    self.join_pair((r as i64 + away) as usize, r, *slack);
                }
            }
            r += 1;
        });
    }

    fn join_pair(&mut self, before: usize, row: usize, slack: u32) {
        let (mut a, a_end) = (self.row_begins[before], self.row_begins[before + 1]);
        let (mut b, b_end) = (self.row_begins[row], self.row_begins[row + 1]);
        while a < a_end && b < b_end {
            let (i, j) = (a as usize, b as usize);
            if self.starts[i] < self.ends[j] + slack && self.starts[j] < self.ends[i] + slack {
                let (x, y) = (self.root(a), self.root(b));
                self.parents[x.max(y) as usize] = x.min(y);
            }
            if self.ends[i] < self.ends[j] { a += 1 } else { b += 1 }
        }
    }

    fn root(&mut self, mut run: u32) -> u32 {
        while self.parents[run as usize] != run {
            let up = self.parents[run as usize];
            self.parents[run as usize] = self.parents[up as usize];
            run = up;
        }
        run
    }

    /// Gives numbers to sets in the order of their first runs and writes them.
    fn number(&mut self, n_runs: usize, shape: &[usize], labels: &mut [u32]) -> Vec<Component> {
        let (row, rows) = rows_of(shape);
        let mut found: Vec<Component> = vec![];
        // A set's first run comes before its others and none leads back to a later one, so parents can be overwritten by numbers.
        for run in 0..n_runs {
            let parent = self.parents[run] as usize;
            self.parents[run] = if parent == run {
                found.push(Component { first: u64::MAX, size: 0 });
                found.len() as u32
            } else {
                self.parents[parent]
            };
        }
        labels.fill(0);
        for r in 0..rows {
            for run in self.row_begins[r] as usize..self.row_begins[r + 1] as usize {
                let (start, end) = (self.starts[run] as usize, self.ends[run] as usize);
                let number = self.parents[run];
                let component = &mut found[number as usize - 1];
                component.first = component.first.min((r * row + start) as u64);
                component.size += (end - start) as u64;
                labels[r * row + start..r * row + end].fill(number);
            }
        }
        found
    }
}
