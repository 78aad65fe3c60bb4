//! From samples to what is kept of them.

use super::exact::{Cells, two_product};
use super::lines::Lines;
use super::{Accumulators, Kept};
use crate::pointwise::order::Ordered;
use petavox_core::{Block, Dtype, Element, Result, dispatch};
use std::ops::Range;

/// Cells whose rows are brought together in a buffer before they are widened.
const GROUP: usize = 512;
/// Samples of 16 bits whose sum fits 32 bits.
const MOST_IN_32_BITS: usize = 1 << 15;

pub(super) fn add(
    kept: Kept,
    into: &mut Accumulators,
    block: &Block,
    is_reduced: &[bool],
    whole: &[usize],
) -> Result<()> {
    let is_arg = matches!(kept, Kept::ArgMax | Kept::ArgMin);
    let ranks_of = is_arg.then_some((block.region().start(), whole));
    let lines = Lines::new(block.shape(), is_reduced, ranks_of);
    let n = into.region.len();
    dispatch!(block.dtype(), T => {
        let samples = block.typed::<T>()?;
        match kept {
            Kept::Sum if size_of::<T>() <= 2 => small_sums(&mut into.words, samples, &lines),
            Kept::Sum => lines.each(samples, |cells, row, _| {
                each_cell(&mut into.words, cells, row, |w, x| *w = w.wrapping_add(x.wrapped()));
            }),
            Kept::Product => lines.each(samples, |cells, row, _| {
                each_cell(&mut into.words, cells, row, |w, x| *w = w.wrapping_mul(x.wrapped()));
            }),
            Kept::FloatProduct => lines.each(samples, |cells, row, _| {
                each_cell(&mut into.words, cells, row, |w, x| {
                    *w = (f64::from_bits(*w) * x.to_f64()).to_bits();
                });
            }),
            Kept::Count => {
                let zero = T::from_f64(0.0);
                lines.each(samples, |cells, row, _| {
                    each_cell(&mut into.words, cells, row, |w, x| *w += u64::from(x != zero));
                });
            }
            Kept::Moments => moments(&mut into.words, n, samples, &lines),
            Kept::Max => extremes(&mut into.words, samples, &lines, true),
            Kept::Min => extremes(&mut into.words, samples, &lines, false),
            Kept::Both => {
                let (low, high) = into.words.split_at_mut(n);
                extremes(low, samples, &lines, false);
                extremes(high, samples, &lines, true);
            }
            Kept::ArgMax => arg_extremes(&mut into.words, samples, &lines, true),
            Kept::ArgMin => arg_extremes(&mut into.words, samples, &lines, false),
            Kept::ExactSum => lines.each(samples, |cells, row, _| {
                add_exactly(into, cells, row);
            }),
            Kept::ExactMoments => lines.each(samples, |cells, row, _| {
                add_exactly(into, cells.clone(), row);
                add_squares(into, cells, row);
            }),
        }
    });
    Ok(())
}

/// Joins every sample of a row with its cell: one cell each, or one for all.
#[inline(always)]
fn each_cell<T: Copy>(
    words: &mut [u64],
    cells: Range<usize>,
    row: &[T],
    join: impl Fn(&mut u64, T),
) {
    if let [word] = &mut words[cells.clone()] {
        let mut sum = *word;
        row.iter().for_each(|x| join(&mut sum, *x));
        *word = sum;
    } else {
        words[cells].iter_mut().zip(row).for_each(|(w, x)| join(w, *x));
    }
}

/// Sums of integers of at most 16 bits: in 32 bits first, which is quicker.
fn small_sums<T: Exact>(words: &mut [u64], samples: &[T], lines: &Lines) {
    if lines.last_is_reduced {
        return lines.each(samples, |cells, row, _| {
            for piece in row.chunks(MOST_IN_32_BITS) {
                let sum = piece.iter().fold(0i32, |s, x| s + x.wrapped() as i32);
                words[cells.start] = words[cells.start].wrapping_add(i64::from(sum) as u64);
            }
        });
    }
    let mut sums = [0i32; GROUP];
    for (k, base) in lines.kept.iter().enumerate() {
        let cells = &mut words[lines.cells(k)];
        for (from, cells) in (0..).step_by(GROUP).zip(cells.chunks_mut(GROUP)) {
            for offsets in lines.offsets.chunks(MOST_IN_32_BITS) {
                let sums = &mut sums[..cells.len()];
                sums.fill(0);
                for offset in offsets {
                    let row = &samples[base + offset + from..][..sums.len()];
                    sums.iter_mut().zip(row).for_each(|(s, x)| *s += x.wrapped() as i32);
                }
                cells
                    .iter_mut()
                    .zip(sums)
                    .for_each(|(w, s)| *w = w.wrapping_add(i64::from(*s) as u64));
            }
        }
    }
}

fn moments<T: Exact>(words: &mut [u64], n: usize, samples: &[T], lines: &Lines) {
    let (sums, squares) = words.split_at_mut(n);
    lines.each(samples, |cells, row, _| {
        each_cell(sums, cells.clone(), row, |w, x| *w = w.wrapping_add(x.wrapped()));
        each_cell(squares, cells, row, |w, x| {
            let x = x.wrapped() as i32;
            *w += u64::from(x.unsigned_abs() * x.unsigned_abs());
        });
    });
}

/// Extremes of rows in the samples' own size first, which is quicker, then of cells.
fn extremes<T: Ordered>(words: &mut [u64], samples: &[T], lines: &Lines, largest: bool) {
    if largest {
        extremes_by(words, samples, lines, T::place, Ord::max, Ord::max);
    } else {
        extremes_by(words, samples, lines, T::place_nan_first, Ord::min, Ord::min);
    }
}

#[inline(always)]
fn extremes_by<T: Ordered>(
    words: &mut [u64],
    samples: &[T],
    lines: &Lines,
    place: impl Fn(T) -> T::Place,
    join: impl Fn(T::Place, T::Place) -> T::Place,
    join_cells: impl Fn(u64, u64) -> u64,
) {
    for (k, base) in lines.kept.iter().enumerate() {
        let cells = &mut words[lines.cells(k)];
        if lines.last_is_reduced {
            for offset in &lines.offsets {
                let row = &samples[base + offset..][..lines.width];
                if let Some(found) = row.iter().map(|x| place(*x)).reduce(&join) {
                    cells[0] = join_cells(cells[0], found.into());
                }
            }
            continue;
        }
        for (from, cells) in (0..).step_by(GROUP).zip(cells.chunks_mut(GROUP)) {
            let row = |offset: &usize| &samples[base + offset + from..][..cells.len()];
            let Some((first, others)) = lines.offsets.split_first() else { continue };
            let mut places = [place(samples[0]); GROUP];
            places.iter_mut().zip(row(first)).for_each(|(m, x)| *m = place(*x));
            for offset in others {
                places.iter_mut().zip(row(offset)).for_each(|(m, x)| *m = join(*m, place(*x)));
            }
            cells.iter_mut().zip(places).for_each(|(w, m)| *w = join_cells(*w, m.into()));
        }
    }
}

fn arg_extremes<T: Ordered>(words: &mut [u64], samples: &[T], lines: &Lines, largest: bool) {
    let (keys, ranks) = words.split_at_mut(words.len() / 2);
    lines.each(samples, |cells, row, j| {
        let step = u64::from(lines.last_is_reduced);
        for (i, x) in row.iter().enumerate() {
            let cell = cells.start + if lines.last_is_reduced { 0 } else { i };
            let x = x.plain();
            let key = if largest { x.place() } else { x.place_nan_first() }.into();
            let rank = lines.ranks[j] + step * i as u64;
            better(&mut keys[cell], &mut ranks[cell], key, rank, largest);
        }
    });
}

/// Takes what is more extreme, or as extreme and earlier.
#[inline(always)]
fn better(key: &mut u64, rank: &mut u64, other: u64, other_rank: u64, largest: bool) {
    let is_more = if largest { other > *key } else { other < *key };
    if is_more || (other == *key && other_rank < *rank) {
        (*key, *rank) = (other, other_rank);
    }
}

/// The exact sums of one kind: of samples (0) or of squares (1).
fn exact_cells<'a>(into: &'a mut Accumulators, which: usize, cells: Range<usize>) -> Cells<'a> {
    let n = into.region.len();
    let lanes: &mut [f64] = bytemuck::cast_slice_mut(&mut into.words[3 * which * n..]);
    let (a, rest) = lanes.split_at_mut(n);
    let (b, c) = rest.split_at_mut(n);
    let first = (which * n + cells.start) as u64;
    Cells {
        lanes: [&mut a[cells.clone()], &mut b[cells.clone()], &mut c[cells]],
        lost: &mut into.lost,
        first,
    }
}

fn add_exactly<T: Exact>(into: &mut Accumulators, cells: Range<usize>, row: &[T]) {
    if T::N_PARTS == 1 {
        exact(into, 0, cells, row, |x| [x.parts()[0]]);
    } else {
        exact(into, 0, cells, row, Exact::parts);
    }
}

fn add_squares<T: Exact>(into: &mut Accumulators, cells: Range<usize>, row: &[T]) {
    match T::N_SQUARE_PARTS {
        1 => exact(into, 1, cells, row, |x| [x.squares()[0]]),
        2 => exact(into, 1, cells, row, |x| [x.squares()[0], x.squares()[1]]),
        _ => exact(into, 1, cells, row, Exact::squares),
    }
}

fn exact<T: Copy, const N: usize>(
    into: &mut Accumulators,
    which: usize,
    cells: Range<usize>,
    row: &[T],
    parts: impl Fn(T) -> [f64; N],
) {
    let one = cells.len() == 1;
    let mut cells = exact_cells(into, which, cells);
    if one {
        cells.add_run(row.len(), |j| parts(row[j]));
    } else {
        cells.add_row(|j| parts(row[j]));
    }
}

/// A sample as integers or doubles without any rounding.
trait Exact: Ordered {
    /// Parts that are not 0 for every sample.
    const N_PARTS: usize;
    /// As [`Exact::N_PARTS`], of squares.
    const N_SQUARE_PARTS: usize;
    /// As 64 bits, those of a negative number in two's complement; floats do not come this way.
    fn wrapped(self) -> u64;
    /// Doubles whose sum it is.
    fn parts(self) -> [f64; 2];
    /// Doubles whose sum its square is.
    fn squares(self) -> [f64; 3];
}

/// The parts of an unsigned number below 2^128, 43 bits each.
#[inline(always)]
fn square_parts(square: u128) -> [f64; 3] {
    const MASK: u128 = (1 << 43) - 1;
    [(square & MASK) as f64, (square & MASK << 43) as f64, (square >> 86 << 86) as f64]
}

macro_rules! exact_integers {
    ($($ty:ident $wide:ident)*) => {
        $(impl Exact for $ty {
            const N_PARTS: usize = if size_of::<$ty>() <= 4 { 1 } else { 2 };
            const N_SQUARE_PARTS: usize = if size_of::<$ty>() <= 4 { 2 } else { 3 };
            #[inline(always)]
            fn wrapped(self) -> u64 { $wide::from(self) as u64 }
            #[inline(always)]
            fn parts(self) -> [f64; 2] {
                let wide = i128::from(self);
                if size_of::<$ty>() <= 4 {
                    return [self as f64, 0.0];
                }
                let low = wide & 0xffff_ffff;
                [(wide - low) as f64, low as f64]
            }
            #[inline(always)]
            fn squares(self) -> [f64; 3] {
                let size = i128::from(self).unsigned_abs();
                square_parts(size * size)
            }
        })*
    };
}

exact_integers!(u8 i64 u16 i64 u32 i64 u64 u64 i8 i64 i16 i64 i32 i64 i64 i64);

impl Exact for f32 {
    const N_PARTS: usize = 1;
    const N_SQUARE_PARTS: usize = 1;
    #[inline(always)]
    fn wrapped(self) -> u64 {
        0
    }
    #[inline(always)]
    fn parts(self) -> [f64; 2] {
        [self.into(), 0.0]
    }
    #[inline(always)]
    fn squares(self) -> [f64; 3] {
        // The square of a single is an exact double.
        let x = f64::from(self);
        [x * x, 0.0, 0.0]
    }
}

impl Exact for f64 {
    const N_PARTS: usize = 1;
    const N_SQUARE_PARTS: usize = 2;
    #[inline(always)]
    fn wrapped(self) -> u64 {
        0
    }
    #[inline(always)]
    fn parts(self) -> [f64; 2] {
        [self, 0.0]
    }
    #[inline(always)]
    fn squares(self) -> [f64; 3] {
        let (square, rest) = two_product(self, self);
        // Beyond 1e150 the splitting overflows: what is left over is lost beside such squares.
        [square, if rest.is_finite() { rest } else { 0.0 }, 0.0]
    }
}

/// Adds what was kept elsewhere for some of the cells.
pub(super) fn merge(kept: Kept, into: &mut Accumulators, from: &Accumulators) {
    let (n, m) = (into.region.len(), from.region.len());
    let width = from.region.row_len();
    let (whole, region) = (into.region.clone(), from.region.clone());
    // The cell of `into` where each row of `from` begins.
    let mut starts = Vec::new();
    region.for_each_row(|point| starts.push(whole.offset_of(point)));
    let lanes = |from: &Accumulators, lane: usize, at: usize| {
        lane * m + at..lane * m + at + width.min(from.words.len())
    };
    for (row, &start) in starts.iter().enumerate() {
        let at = row * width;
        let cells = start..start + width;
        match kept {
            Kept::ExactSum | Kept::ExactMoments => {
                for which in 0..kept.n_lanes() / 3 {
                    let theirs: &[f64] = bytemuck::cast_slice(&from.words[3 * which * m..]);
                    let (a, b, c) = (&theirs[at..], &theirs[m + at..], &theirs[2 * m + at..]);
                    exact_cells(into, which, cells.clone()).add_row(|j| [a[j], b[j], c[j]]);
                }
            }
            Kept::ArgMax | Kept::ArgMin => {
                let (keys, ranks) = into.words.split_at_mut(n);
                for i in 0..width {
                    let (key, rank) = (from.words[at + i], from.words[m + at + i]);
                    let (to, largest) = (start + i, kept == Kept::ArgMax);
                    better(&mut keys[to], &mut ranks[to], key, rank, largest);
                }
            }
            _ => {
                for lane in 0..kept.n_lanes() {
                    let theirs = &from.words[lanes(from, lane, at)];
                    let ours = &mut into.words[lane * n + start..lane * n + start + width];
                    let pairs = ours.iter_mut().zip(theirs);
                    match kept {
                        Kept::Product => pairs.for_each(|(a, b)| *a = a.wrapping_mul(*b)),
                        Kept::FloatProduct => pairs.for_each(|(a, b)| {
                            *a = (f64::from_bits(*a) * f64::from_bits(*b)).to_bits();
                        }),
                        Kept::Max => pairs.for_each(|(a, b)| *a = (*a).max(*b)),
                        Kept::Both if lane == 1 => pairs.for_each(|(a, b)| *a = (*a).max(*b)),
                        Kept::Min | Kept::Both => pairs.for_each(|(a, b)| *a = (*a).min(*b)),
                        _ => pairs.for_each(|(a, b)| *a = a.wrapping_add(*b)),
                    }
                }
            }
        }
    }
    for (cell, sum) in &from.lost {
        let (which, cell) = (cell / m as u64, (cell % m as u64) as usize);
        let to = starts[cell / width] + cell % width;
        into.lost.entry(which * n as u64 + to as u64).or_default().merge(sum);
    }
}

/// The dtype's own view of a wrapped sum or product.
pub(super) fn unwrapped(word: u64, dtype: Dtype) -> i128 {
    if dtype == Dtype::UInt64 { word.into() } else { (word as i64).into() }
}
