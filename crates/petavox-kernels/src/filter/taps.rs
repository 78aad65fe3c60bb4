//! The innermost loop of all separable filters: weighted sums of doubles at equal distances.
//!
//! The additions are done in the order of scipy.ndimage's `correlate1d` and never fused, so that every instruction set
//! and every cut into blocks gives the same bits.

/// Weights of a one-dimensional correlation with an odd number of taps, and how they mirror.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    values: Vec<f64>,
    symmetry: Symmetry,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Symmetry {
    Even,
    Odd,
    None,
}

impl Weights {
    /// Takes the weights of a correlation, `values[radius]` being the centre's; symmetry is found with scipy's tolerance.
    ///
    /// # Errors
    /// [`petavox_core::Error::InvalidArgument`] if their number is even.
    pub fn new(values: Vec<f64>) -> petavox_core::Result<Weights> {
        if values.len().is_multiple_of(2) {
            return Err(petavox_core::Error::argument("weights", values.len(), "an odd number"));
        }
        let r = values.len() / 2;
        let mirrors = |sign: f64| {
            (1..=r).all(|i| (values[r + i] - sign * values[r - i]).abs() <= f64::EPSILON)
        };
        let symmetry = if mirrors(1.0) {
            Symmetry::Even
        } else if mirrors(-1.0) {
            Symmetry::Odd
        } else {
            Symmetry::None
        };
        Ok(Weights { values, symmetry })
    }

    /// The weights, left to right.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// How many samples on each side of the centre are needed.
    pub fn radius(&self) -> usize {
        self.values.len() / 2
    }
}

const LANES: usize = 32;

/// `out[i] = sum over j of weights[j] * line[i + j * step]`: `line` holds `out.len() + 2 * radius * step` doubles.
pub(crate) fn correlate(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    assert!(line.len() >= out.len() + 2 * weights.radius() * step, "a line shorter than its taps");
    #[cfg(target_arch = "x86_64")]
    {
        if std::arch::is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has AVX-512F.
            return unsafe { correlate_avx512(line, step, weights, out) };
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { correlate_avx2(line, step, weights, out) };
        }
    }
    correlate_any(line, step, weights, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn correlate_avx512(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    correlate_any(line, step, weights, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn correlate_avx2(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    correlate_any(line, step, weights, out);
}

/// Plain loops of a fixed length, which the compiler turns into the vectors of whatever function this is inlined in.
#[inline(always)]
fn correlate_any(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    let whole = out.len() - out.len() % LANES;
    let (vectors, rest) = out.split_at_mut(whole);
    for (i, chunk) in vectors.chunks_exact_mut(LANES).enumerate() {
        sum_lanes::<LANES>(&line[i * LANES..], step, weights, chunk);
    }
    let whole_8 = rest.len() - rest.len() % 8;
    let (eights, ones) = rest.split_at_mut(whole_8);
    for (i, chunk) in eights.chunks_exact_mut(8).enumerate() {
        sum_lanes::<8>(&line[whole + i * 8..], step, weights, chunk);
    }
    for (i, one) in ones.chunks_exact_mut(1).enumerate() {
        sum_lanes::<1>(&line[whole + whole_8 + i..], step, weights, one);
    }
}

#[inline(always)]
fn sum_lanes<const N: usize>(line: &[f64], step: usize, weights: &Weights, out: &mut [f64]) {
    let w = &weights.values[..];
    let r = weights.radius();
    let mut acc = [0.0f64; N];
    match weights.symmetry {
        Symmetry::Even => {
            start(&mut acc, &line[r * step..], w[r]);
            for j in 0..r {
                let left = &line[j * step..][..N];
                let right = &line[(2 * r - j) * step..][..N];
                for k in 0..N {
                    acc[k] += (left[k] + right[k]) * w[j];
                }
            }
        }
        Symmetry::Odd => {
            start(&mut acc, &line[r * step..], w[r]);
            for j in 0..r {
                let left = &line[j * step..][..N];
                let right = &line[(2 * r - j) * step..][..N];
                for k in 0..N {
                    acc[k] += (left[k] - right[k]) * w[j];
                }
            }
        }
        Symmetry::None => {
            // scipy begins with the last tap.
            start(&mut acc, &line[2 * r * step..], w[2 * r]);
            for j in 0..2 * r {
                let tap = &line[j * step..][..N];
                for k in 0..N {
                    acc[k] += tap[k] * w[j];
                }
            }
        }
    }
    out.copy_from_slice(&acc);
}

#[inline(always)]
fn start<const N: usize>(acc: &mut [f64; N], line: &[f64], weight: f64) {
    let line = &line[..N];
    for k in 0..N {
        acc[k] = line[k] * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_instruction_set_gives_the_definition_to_the_bit() {
        let line: Vec<f64> = (0..400).map(|i| ((i * 7919) % 1013) as f64 / 7.0 - 60.0).collect();
        for taps in
            [vec![0.25, 0.5, 0.25], vec![-0.1, 0.3, 0.0, -0.3, 0.1], vec![0.1, 0.7, 0.3], vec![2.0]]
        {
            let weights = Weights::new(taps.clone()).unwrap();
            let (r, n) = (weights.radius(), taps.len());
            for (step, len) in [(1, 301), (3, 100), (7, 41), (1, 8), (1, 1)] {
                let want: Vec<f64> = (0..len)
                    .map(|i| {
                        let x = |j: usize| line[i + j * step];
                        let symmetric = (0..n).all(|j| taps[j] == taps[n - 1 - j]);
                        let odd = !symmetric && (0..n).all(|j| taps[j] == -taps[n - 1 - j]);
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
                correlate_any(&line, step, &weights, &mut out);
                assert_eq!(out, want);
                correlate(&line, step, &weights, &mut out);
                assert_eq!(out, want);
                #[cfg(target_arch = "x86_64")]
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    unsafe { correlate_avx2(&line, step, &weights, &mut out) };
                    assert_eq!(out, want);
                }
            }
        }
    }
}
