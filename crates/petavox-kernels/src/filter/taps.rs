//! Weighted sums of doubles at equal distances: the innermost loop of all filters along an axis.
//!
//! The additions are done in the order of scipy.ndimage's `correlate1d` and never fused, so that every instruction set
//! and every cut into blocks gives the same bits.

use petavox_core::{Error, Result};

/// Weights of a one-dimensional correlation, where its centre lies, and how they mirror.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    values: Vec<f64>,
    before: usize,
    symmetry: Symmetry,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Symmetry {
    Even,
    Odd,
    None,
}

impl Weights {
    /// Takes the weights of a correlation, of which an odd number centres on its own sample; symmetry is found with scipy's
    /// tolerance.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number is even.
    pub fn new(values: Vec<f64>) -> Result<Weights> {
        if values.len().is_multiple_of(2) {
            return Err(Error::argument("weights", values.len(), "an odd number"));
        }
        Weights::with_origin(values, 0)
    }

    /// Takes any number of weights but none; the one that meets the own sample is number `values.len() / 2 + origin`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is none, or there is no weight of that number.
    pub fn with_origin(values: Vec<f64>, origin: i64) -> Result<Weights> {
        if values.is_empty() {
            return Err(Error::argument("weights", "none", "at least one"));
        }
        let before = centre(values.len(), origin)?;
        let r = values.len() / 2;
        let mirrors = |sign: f64| {
            values.len() % 2 == 1
                && (1..=r).all(|i| (values[r + i] - sign * values[r - i]).abs() <= f64::EPSILON)
        };
        let symmetry = if mirrors(1.0) {
            Symmetry::Even
        } else if mirrors(-1.0) {
            Symmetry::Odd
        } else {
            Symmetry::None
        };
        Ok(Weights { values, before, symmetry })
    }

    /// The weights, left to right.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many samples before and after its own a sum needs.
    pub fn reach(&self) -> (usize, usize) {
        (self.before, self.values.len() - 1 - self.before)
    }
}

/// The number of the sample of a window that is the window's own, `origin` from the middle.
///
/// # Errors
/// [`Error::InvalidArgument`] if the window has no such sample.
pub(crate) fn centre(len: usize, origin: i64) -> Result<usize> {
    let at = (len / 2) as i64 + origin;
    if (0..len as i64).contains(&at) {
        return Ok(at as usize);
    }
    let (low, high) = (-((len / 2) as i64), (len as i64 - 1) / 2);
    Err(Error::argument("origin", origin, format!("{low} to {high} for a window of {len}")))
}

/// Sums that are made side by side: this many vectors of eight.
const VECTORS: usize = 4;

/// `out[i] = sum over j of weights[j] * line[i + j * step]`: `line` holds at least `out.len() + (n - 1) * step` doubles.
#[inline(always)]
pub(crate) fn correlate(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    assert!(
        line.len() >= out.len() + (weights.values.len() - 1) * step,
        "a line shorter than its taps"
    );
    let mut at = 0;
    let (wide, rest) = out.as_chunks_mut::<{ 8 * VECTORS }>();
    for out in wide {
        out.copy_from_slice(sums::<8, VECTORS>(&line[at..], step, weights).as_flattened());
        at += 8 * VECTORS;
    }
    let (eights, ones) = rest.as_chunks_mut::<8>();
    for out in eights {
        [*out] = sums(&line[at..], step, weights);
        at += 8;
    }
    for out in ones {
        [[*out]] = sums(&line[at..], step, weights);
        at += 1;
    }
}

/// Sums of neighbouring samples, `M` vectors of `N`: as values, so that they stay in registers.
#[inline(always)]
fn sums<const N: usize, const M: usize>(line: &[f64], step: usize, w: &Weights) -> [[f64; N]; M] {
    let symmetry = w.symmetry;
    let w = &w.values[..];
    let (last, r) = (w.len() - 1, w.len() / 2);
    let tap = |j: usize| {
        let samples = &line[j * step..][..N * M];
        move |m: usize, n: usize| samples[m * N + n]
    };
    let mut sums;
    match symmetry {
        Symmetry::Even => {
            let own = tap(r);
            sums = each(|m, n| own(m, n) * w[r]);
            for j in 0..r {
                let (left, right) = (tap(j), tap(last - j));
                sums = each(|m, n| sums[m][n] + (left(m, n) + right(m, n)) * w[j]);
            }
        }
        Symmetry::Odd => {
            let own = tap(r);
            sums = each(|m, n| own(m, n) * w[r]);
            for j in 0..r {
                let (left, right) = (tap(j), tap(last - j));
                sums = each(|m, n| sums[m][n] + (left(m, n) - right(m, n)) * w[j]);
            }
        }
        Symmetry::None => {
            // scipy begins with the last tap.
            let end = tap(last);
            sums = each(|m, n| end(m, n) * w[last]);
            for j in 0..last {
                let tap = tap(j);
                sums = each(|m, n| sums[m][n] + tap(m, n) * w[j]);
            }
        }
    }
    sums
}

#[inline(always)]
fn each<const N: usize, const M: usize>(f: impl Fn(usize, usize) -> f64) -> [[f64; N]; M] {
    let mut out = [[0.0; N]; M];
    for m in 0..M {
        for n in 0..N {
            out[m][n] = f(m, n);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::wide::widest! {
        fn correlate_widest(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
            correlate(line, step, weights, out);
        }
    }

    #[test]
    fn every_instruction_set_gives_the_definition_to_the_bit() {
        let line: Vec<f64> = (0..400).map(|i| ((i * 7919) % 1013) as f64 / 7.0 - 60.0).collect();
        for taps in [
            vec![0.25, 0.5, 0.25],
            vec![-0.1, 0.3, 0.0, -0.3, 0.1],
            vec![0.1, 0.7, 0.3],
            vec![0.3, 0.3],
            vec![0.1, 0.2, 0.4, 0.8],
            vec![2.0],
        ] {
            let weights = Weights::with_origin(taps.clone(), 0).unwrap();
            let (r, n) = (taps.len() / 2, taps.len());
            for (step, len) in [(1, 301), (3, 100), (7, 41), (1, 8), (1, 1)] {
                let want: Vec<f64> = (0..len)
                    .map(|i| {
                        let x = |j: usize| line[i + j * step];
                        let symmetric = n % 2 == 1 && (0..n).all(|j| taps[j] == taps[n - 1 - j]);
                        let odd =
                            !symmetric && n % 2 == 1 && (0..n).all(|j| taps[j] == -taps[n - 1 - j]);
                        let mut sum;
                        if symmetric || odd {
                            let sign = if odd { -1.0 } else { 1.0 };
                            sum = x(r) * taps[r];
                            (0..r).for_each(|j| sum += (x(j) + sign * x(n - 1 - j)) * taps[j]);
                        } else {
                            sum = x(n - 1) * taps[n - 1];
                            (0..n - 1).for_each(|j| sum += x(j) * taps[j]);
                        }
                        sum
                    })
                    .collect();
                let mut out = vec![0.0; len];
                correlate(&line, step, &weights, &mut out);
                assert_eq!(out, want);
                correlate_widest(&line, step, &weights, &mut out);
                assert_eq!(out, want);
            }
        }
    }

    #[test]
    fn a_window_has_its_own_sample_inside() {
        assert_eq!(Weights::with_origin(vec![1.0; 4], 1).unwrap().reach(), (3, 0));
        assert_eq!(Weights::with_origin(vec![1.0; 4], -2).unwrap().reach(), (0, 3));
        assert!(Weights::with_origin(vec![1.0; 4], 2).is_err());
        assert!(Weights::with_origin(vec![1.0; 3], -2).is_err());
        assert!(Weights::with_origin(vec![], 0).is_err());
    }
}
