//! The inverse transform at evenly spaced points that are finer than samples, by its definition: a product with a matrix.

use num_complex::Complex;
use petavox_core::Element;
use std::ops::Range;

/// Where along an axis an inverse transform is wanted, and of what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Points {
    /// Samples of the whole transform along the axis.
    pub n: usize,
    /// The first point, in samples.
    pub start: f64,
    /// From point to point, in samples.
    pub step: f64,
    /// Every frequency is taken for its opposite; those that are their own opposite count nothing.
    pub mirrored: Mirrored,
}

/// How half a transform stands for the other half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirrored {
    /// It does not.
    No,
    /// Frequencies are taken for their opposites.
    All,
    /// The same, without those that are their own opposites: of the axis that only half is there of.
    Others,
}

/// What the `n` samples of a transform are multiplied by for each of some points: a row of weights for each point.
pub fn point_weights(points: &Points, n: usize, which: Range<usize>) -> Vec<Complex<f64>> {
    let whole = points.n as f64;
    let mut weights = Vec::with_capacity(which.len() * n);
    for j in which {
        let x = points.start + points.step * j as f64;
        for k in 0..n {
            let opposite = (points.n - k) % points.n.max(1);
            let k = match points.mirrored {
                Mirrored::No => k,
                Mirrored::Others if opposite == k => {
                    weights.push(Complex::new(0.0, 0.0));
                    continue;
                }
                _ => opposite,
            };
            // Frequencies from the middle on are negative.
            let k = if k < points.n.div_ceil(2) { k as f64 } else { k as f64 - whole };
            let angle = std::f64::consts::TAU * (x * k / whole);
            weights.push(Complex::new(angle.cos(), angle.sin()));
        }
    }
    weights
}

/// Sums along an axis with weights, a sum for each row of them. `input` holds `n` samples of `inner` complex ones each, again and again,
/// as interleaved real and imaginary parts; `output` gets `inner` sums for each row of weights.
pub fn at_points<T: Element>(
    input: &[T],
    output: &mut [T],
    n: usize,
    inner: usize,
    weights: &[Complex<f64>],
    cut: fn(f64) -> T,
) {
    if n == 0 || inner == 0 || weights.is_empty() {
        return;
    }
    let n_points = weights.len() / n;
    let mut sums = vec![Complex::new(0.0, 0.0); inner];
    let blocks =
        input.chunks_exact(2 * n * inner).zip(output.chunks_exact_mut(2 * n_points * inner));
    for (from, to) in blocks {
        for (weights, to) in weights.chunks_exact(n).zip(to.chunks_exact_mut(2 * inner)) {
            sums.fill(Complex::new(0.0, 0.0));
            for (weight, from) in weights.iter().zip(from.chunks_exact(2 * inner)) {
                for (sum, sample) in sums.iter_mut().zip(from.chunks_exact(2)) {
                    *sum += weight * Complex::new(sample[0].to_f64(), sample[1].to_f64());
                }
            }
            for (to, sum) in to.chunks_exact_mut(2).zip(&sums) {
                (to[0], to[1]) = (cut(sum.re), cut(sum.im));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fourier::{LineKind, Lines, Precision};

    /// A real line, its transform and the first half of that.
    fn line(n: usize) -> (Vec<f64>, Vec<f64>) {
        let real: Vec<f64> = (0..n).map(|i| (i as f64 * 1.3).sin() + 0.2 * i as f64).collect();
        let mut both: Vec<f64> = real.iter().flat_map(|r| [*r, 0.0]).collect();
        let lines = Lines::new(n, LineKind::Forward, Precision::Double, 1.0 / n as f64);
        lines.run(bytemuck::cast_slice_mut(&mut both), &[n], 0).unwrap();
        (real, both)
    }

    #[test]
    fn at_the_samples_it_is_the_inverse_transform() {
        for n in [1usize, 5, 8] {
            let (real, spectrum) = line(n);
            let points = Points { n, start: 0.0, step: 1.0, mirrored: Mirrored::No };
            let mut out = vec![0.0; 2 * n];
            at_points(&spectrum, &mut out, n, 1, &point_weights(&points, n, 0..n), |v| v);
            for (got, want) in out.chunks(2).zip(&real) {
                assert!((got[0] - want).abs() < 1e-12 && got[1].abs() < 1e-12, "{n}");
            }
        }
    }

    #[test]
    fn half_a_transform_and_its_mirror_are_the_whole() {
        for n in [6usize, 7] {
            let (_, spectrum) = line(n);
            let half = n / 2 + 1;
            let at = |samples: &[f64], n_here: usize, mirrored| {
                let points = Points { n, start: -0.7, step: 0.3, mirrored };
                let mut out = vec![0.0; 10];
                at_points(
                    samples,
                    &mut out,
                    n_here,
                    1,
                    &point_weights(&points, n_here, 0..5),
                    |v| v,
                );
                out
            };
            let whole = at(&spectrum, n, Mirrored::No);
            let direct = at(&spectrum[..2 * half], half, Mirrored::No);
            let conjugate: Vec<f64> =
                spectrum[..2 * half].chunks(2).flat_map(|c| [c[0], -c[1]]).collect();
            let mirror = at(&conjugate, half, Mirrored::Others);
            for i in 0..10 {
                assert!((direct[i] + mirror[i] - whole[i]).abs() < 1e-12, "{n} {i}");
            }
        }
    }
}
