//! Sums over a length of samples, three additions for each whatever the length.

use crate::window::lanes;

/// Samples of neighbouring lines that are done together: they stay in the first-level cache.
const TOGETHER: usize = 128;

/// An axis along which samples are summed.
#[derive(Clone, Copy)]
pub(super) struct BoxAxis {
    /// Samples along it.
    pub(super) n: usize,
    /// Samples of a sum.
    pub(super) extent: usize,
    /// Where in the image the first sample lies.
    pub(super) origin: i64,
}

/// Puts in the place of each sample the sum of the `extent` samples from it on, along an axis whose samples lie `line` apart; `line` of
/// them side by side. Samples without as many behind them become anything. `before` and `behind` are memory.
///
/// The axis is cut at multiples of `extent` of the image; a sum is what lies behind its first sample up to the cut, plus what lies from
/// the cut to its last: the same additions wherever the samples begin.
pub(super) fn box_sums(
    samples: &mut [f64],
    before: &mut [f64],
    behind: &mut [f64],
    axis: BoxAxis,
    line: usize,
) {
    if axis.extent <= 1 || axis.n < axis.extent {
        return;
    }
    if line == 1 {
        return row_sums(&mut samples[..axis.n], &mut before[..axis.n], axis);
    }
    let mut start = 0;
    while start < line {
        let width = TOGETHER.min(line - start);
        let before = &mut before[..axis.n * width];
        column_sums::<f64>(&mut samples[start..], before, &mut behind[..width], axis, line);
        start += width;
    }
}

/// The place between two cuts.
fn phase(axis: BoxAxis) -> usize {
    axis.origin.rem_euclid(axis.extent as i64) as usize
}

fn row_sums(samples: &mut [f64], before: &mut [f64], axis: BoxAxis) {
    let (extent, first) = (axis.extent, phase(axis));
    let (mut place, mut sum) = (first, 0.0);
    for (b, v) in before.iter_mut().zip(&*samples) {
        sum = if place == 0 { *v } else { sum + v };
        *b = sum;
        place = if place + 1 == extent { 0 } else { place + 1 };
    }
    let mut sum = 0.0;
    for i in (0..axis.n).rev() {
        place = if place == 0 { extent - 1 } else { place - 1 };
        sum = if place + 1 == extent { samples[i] } else { sum + samples[i] };
        let last = (i + extent - 1).min(axis.n - 1);
        samples[i] = if place == 0 { sum } else { sum + before[last] };
    }
}

trait Real: Copy + std::ops::Add<Output = Self> {}
impl Real for f64 {}

lanes! {
    /// Columns of `behind.len()` samples side by side.
    fn column_sums<K: Real>(
        samples: &mut [K],
        before: &mut [K],
        behind: &mut [K],
        axis: BoxAxis,
        line: usize,
    ) {
        let (extent, width) = (axis.extent, behind.len());
        let mut place = phase(axis);
        for i in 0..axis.n {
            let (done, rest) = before.split_at_mut(i * width);
            let own = &samples[i * line..i * line + width];
            let to = &mut rest[..width];
            if place == 0 || i == 0 {
                to.copy_from_slice(own);
            } else {
                let last = &done[(i - 1) * width..];
                for ((t, l), v) in to.iter_mut().zip(last).zip(own) {
                    *t = *l + *v;
                }
            }
            place = if place + 1 == extent { 0 } else { place + 1 };
        }
        for i in (0..axis.n).rev() {
            place = if place == 0 { extent - 1 } else { place - 1 };
            let own = &mut samples[i * line..i * line + width];
            if place + 1 == extent || i + 1 == axis.n {
                behind.copy_from_slice(own);
            } else {
                for (b, v) in behind.iter_mut().zip(&*own) {
                    *b = *b + *v;
                }
            }
            let last = (i + extent - 1).min(axis.n - 1);
            if place == 0 {
                own.copy_from_slice(behind);
            } else {
                let before = &before[last * width..(last + 1) * width];
                for ((o, b), f) in own.iter_mut().zip(&*behind).zip(before) {
                    *o = *b + *f;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_are_those_of_their_samples_and_the_same_wherever_they_begin(
            values in prop::collection::vec(-1e3f64..1e3, 300), extent in 1usize..9, line in 1usize..4, origin in -20i64..20, later in 0usize..7,
        ) {
            let n = 300 / line;
            let summed = |from: usize| {
                let mut samples = values[from * line..n * line].to_vec();
                let (mut before, mut behind) = (vec![0.0; samples.len()], vec![0.0; line]);
                let axis = BoxAxis { n: n - from, extent, origin: origin + from as i64 };
                box_sums(&mut samples, &mut before, &mut behind, axis, line);
                samples
            };
            let (all, part) = (summed(0), summed(later));
            for i in 0..n - extent + 1 {
                for k in 0..line {
                    let want: f64 = (i..i + extent).map(|j| values[j * line + k]).sum();
                    prop_assert!((all[i * line + k] - want).abs() < 1e-9);
                    if i >= later {
                        prop_assert_eq!(all[i * line + k].to_bits(), part[(i - later) * line + k].to_bits());
                    }
                }
            }
        }
    }
}
