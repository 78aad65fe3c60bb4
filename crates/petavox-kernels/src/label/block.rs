//! The components of one cell of an image, found by joining runs of rows.

use super::Neighbours;
use super::joining::join_rows;
use super::rows::Rows;
use crate::sample::{CastTo, dispatch_integers};
use crate::wide::counting;
use petavox_core::{Block, Dtype, Element, Error, Region, Result};

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
    rows: Rows,
    /// The components of the runs, from 1.
    numbers: Vec<u32>,
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
    let rows = Rows::new(block, cell, of, neighbours)?;
    let mut runs =
        Runs { numbers: vec![0; rows.n_runs], components: vec![], region: cell.clone(), rows };
    let mut sets = join_rows(&runs.rows, neighbours);
    number(&mut runs, &mut sets);
    runs.numbers = sets;
    Ok(runs)
}

counting! {
    /// Gives numbers to sets of runs in the raster order of their first samples. What stands for a set becomes its number.
    number(runs: &mut Runs, sets: &mut [u32]) = number_body
}

#[inline(always)]
fn number_body(runs: &mut Runs, sets: &mut [u32]) {
    let (rows, components, numbers) = (&runs.rows, &mut runs.components, &mut runs.numbers);
    for r in 0..rows.n_rows {
        rows.each_run(r, |from, to, run| {
            let set = sets[run] as usize;
            if numbers[set] == 0 {
                let first = (r * rows.len + from) as u64;
                let value = rows.values.get(run).copied().unwrap_or(1);
                components.push(Component { first, size: 0, value });
                numbers[set] = components.len() as u32;
            }
            components[numbers[set] as usize - 1].size += (to - from) as u64;
        });
    }
    sets.iter_mut().for_each(|set| *set = numbers[*set as usize]);
}

/// Samples that are written at once.
const AT_ONCE: usize = 16;

counting! {
    /// Writes what becomes of a row's samples; what comes behind them is overwritten too.
    write_row[T: Element](runs: &Runs, table: &[T], r: usize, row: &mut [T]) = write_row_body
}

#[inline(always)]
fn write_row_body<T: Element>(runs: &Runs, table: &[T], r: usize, row: &mut [T]) {
    let mut done = 0;
    // More than is asked for is written at once, from left to right.
    let mut write = |from: usize, to: usize, sample: T| {
        let mut at = from;
        while at < to {
            row[at..at + AT_ONCE].fill(sample);
            at += AT_ONCE;
        }
    };
    runs.rows.each_run(r, |from, to, run| {
        write(done, from, table[0]);
        write(from, to, table[runs.numbers[run] as usize]);
        done = to;
    });
    write(done, runs.rows.len, table[0]);
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
        let low = (common.start()[last] - self.region.start()[last]) as usize;
        let columns = low..low + common.row_len();
        let outer = Region::new(
            [&self.region.start()[..last], &[0][..]].concat(),
            [&self.region.shape()[..last], &[1][..]].concat(),
        );
        let mut at = vec![0; last + 1];
        let mut whole = vec![table[0]; self.rows.len + 2 * AT_ONCE];
        common.for_each_row(|point| {
            at[..last].copy_from_slice(&point[..last]);
            let r = outer.offset_of(&at);
            let row = &mut samples[region.offset_of(point)..][..columns.len()];
            if let [sample] = row {
                *sample = table[self.number_at(r, low)];
                return;
            }
            write_row(self, table, r, &mut whole);
            row.copy_from_slice(&whole[columns.clone()]);
        });
    }

    /// The number of a sample, 0 outside of components.
    fn number_at(&self, r: usize, x: usize) -> usize {
        let rows = &self.rows;
        if rows.bits[r * rows.width + x / 64] >> (x % 64) & 1 == 0 {
            return 0;
        }
        self.numbers[rows.run_at(rows.groups.of_row(r), x)] as usize
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
