//! Means of cells of samples, whole rows of cells at a time.

use crate::wide::widest;
use petavox_core::Element;

/// A sample type with a type in which sums of cells are exact, or, for floats, as they are defined: in double, sample by sample.
pub(super) trait Summed: Element {
    type Sum: Copy;
    /// The sum of nothing; of floats the zero that changes no other.
    const NOTHING: Self::Sum;
    fn add(sum: Self::Sum, sample: Self) -> Self::Sum;
    fn wide(sum: Self::Sum) -> f64;
    /// The mean as a sample: of integers rounded, halves to the even one.
    fn mean(wide: f64) -> Self;
}

macro_rules! summed {
    ($($ty:ident in $sum:ident from $nothing:expr, $v:ident => $by:expr;)*) => {
        $(impl Summed for $ty {
            type Sum = $sum;
            const NOTHING: $sum = $nothing;
            #[inline(always)]
            fn add(sum: $sum, sample: $ty) -> $sum { sum + sample as $sum }
            #[inline(always)]
            fn wide(sum: $sum) -> f64 { sum as f64 }
            #[inline(always)]
            fn mean($v: f64) -> $ty { $by }
        })*
    };
}

// A quotient of such sums is never rounded onto a half that it is not: what it differs by is more than doubles lose.
summed! {
    u8 in u32 from 0, v => v.round_ties_even() as u8;
    i8 in i32 from 0, v => v.round_ties_even() as i8;
    u16 in u32 from 0, v => v.round_ties_even() as u16;
    i16 in i32 from 0, v => v.round_ties_even() as i16;
    u32 in u64 from 0, v => v.round_ties_even() as u32;
    i32 in i64 from 0, v => v.round_ties_even() as i32;
    f32 in f64 from -0.0, v => v as f32;
    f64 in f64 from -0.0, v => v;
}

/// Samples in a cell, beyond which sums might not fit.
pub const LARGEST_CELL: usize = 1 << 16;

/// Adds a row of samples to the sums of the cells that it crosses, `width` to each in turn; the last may get fewer.
pub(super) fn add_row<T: Summed>(sums: &mut [T::Sum], row: &[T], width: usize) {
    let whole = row.len() / width;
    let (cells, cut) = row.split_at(whole * width);
    add_cells(&mut sums[..whole], cells, width);
    if let Some(last) = sums.get_mut(whole) {
        *last = cut.iter().fold(*last, |sum, s| T::add(sum, *s));
    }
}

widest! {
    fn add_cells<T: Summed>(sums: &mut [T::Sum], cells: &[T], width: usize) {
        match width {
            1 => add_cells_of::<T, 1>(sums, cells),
            2 => add_cells_of::<T, 2>(sums, cells),
            3 => add_cells_of::<T, 3>(sums, cells),
            4 => add_cells_of::<T, 4>(sums, cells),
            _ => {
                for (sum, cell) in sums.iter_mut().zip(cells.chunks_exact(width)) {
                    *sum = cell.iter().fold(*sum, |sum, s| T::add(sum, *s));
                }
            }
        }
    }
}

#[inline(always)]
fn add_cells_of<T: Summed, const W: usize>(sums: &mut [T::Sum], cells: &[T]) {
    for (sum, cell) in sums.iter_mut().zip(cells.as_chunks::<W>().0) {
        for s in cell {
            *sum = T::add(*sum, *s);
        }
    }
}

widest! {
    /// The means of cells of `n` samples, as samples.
    pub(super) fn means<T: Summed>(sums: &[T::Sum], n: usize, out: &mut [T]) {
        let n = n as f64;
        for (o, sum) in out.iter_mut().zip(sums) {
            *o = T::mean(T::wide(*sum) / n);
        }
    }
}

widest! {
    /// The means of cells of `n` samples, as doubles.
    pub(super) fn wide_means<T: Summed>(sums: &[T::Sum], n: usize, out: &mut [f64]) {
        // A power of two has a reciprocal without rounding.
        if n.is_power_of_two() {
            let part = 1.0 / n as f64;
            out.iter_mut().zip(sums).for_each(|(o, sum)| *o = T::wide(*sum) * part);
        } else {
            let n = n as f64;
            out.iter_mut().zip(sums).for_each(|(o, sum)| *o = T::wide(*sum) / n);
        }
    }
}
