//! Eigenvalues of the symmetric matrix that every sample has, and measures of ridges made of them.

use super::rows::{load, store};
use crate::wide::widest;
use petavox_core::{Block, Error, Result};

/// Samples that are worked on side by side.
const LANES: usize = 16;
/// Rounds of rotations: after four, the elements off the diagonal are below the last bit of a double.
const ROUNDS: usize = 5;

/// What is made of the eigenvalues of a sample's matrix.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Eigen {
    /// One of them, by its number from the largest.
    Value(usize),
    /// Frangi's measure of tubes (or lines, in two dimensions) without its last factor, that of the norm.
    Frangi {
        /// How much plates are unlike tubes.
        alpha: f64,
        /// How much blobs are unlike tubes.
        beta: f64,
    },
    /// Sato's measure without the scale: the root of the product of all but the smallest, none below 0.
    Sato,
    /// Meijering's measure before it is divided by its maximum.
    Meijering {
        /// How much of the other eigenvalues is added to each.
        alpha: f64,
    },
}

/// Fills `output` from the elements of the matrices' upper triangle, row by row: three blocks for 2 x 2 matrices, six for 3 x 3. All
/// blocks cover the same region. Takes every dtype and no scratch; computes in double, every sample alike.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together.
pub fn eigen(elements: &[&Block], output: &mut Block, what: Eigen) -> Result<()> {
    let fits = |b: &&Block| b.shape() == output.shape();
    let n = if elements.len() == 3 { 2 } else { 3 };
    if !matches!(elements.len(), 3 | 6)
        || !elements.iter().all(fits)
        || matches!(what, Eigen::Value(k) if k >= n)
    {
        return Err(Error::internal("eigen", "blocks that are no symmetric matrices"));
    }
    every_sample(elements, output, what);
    Ok(())
}

widest! {
    fn every_sample(elements: &[&Block], output: &mut Block, what: Eigen) {
        any_samples(elements, output, what);
    }
}

type Lanes = [f64; LANES];

#[inline(always)]
fn any_samples(elements: &[&Block], output: &mut Block, what: Eigen) {
    let len = output.region().len();
    let (dtype, size) = (output.dtype(), output.dtype().size());
    let mut m = [[0.0; LANES]; 6];
    let mut at = 0;
    while at < len {
        let n = LANES.min(len - at);
        for (row, block) in m.iter_mut().zip(elements) {
            let size = block.dtype().size();
            load(block.dtype(), &block.bytes()[at * size..(at + n) * size], &mut row[..n]);
        }
        let made =
            if elements.len() == 3 { measured(two(&m), what) } else { measured(three(&m), what) };
        store(dtype, &made[..n], &mut output.bytes_mut()[at * size..(at + n) * size]);
        at += n;
    }
}

/// Of `a b; b c`, the larger first.
#[inline(always)]
fn two(m: &[Lanes; 6]) -> [Lanes; 2] {
    let mut e = [[0.0; LANES]; 2];
    for k in 0..LANES {
        let (a, b, c) = (m[0][k], m[1][k], m[2][k]);
        let half = (a - c) / 2.0;
        let root = (b * b + half * half).sqrt();
        e[0][k] = (a + c) / 2.0 + root;
        e[1][k] = (a + c) / 2.0 - root;
    }
    e
}

/// Of three by three, the largest first: Jacobi's rotations, always the same number of them.
#[inline(always)]
fn three(m: &[Lanes; 6]) -> [Lanes; 3] {
    let mut d = [m[0], m[3], m[5]];
    // Element k of these stands in the row and column that are not k.
    let mut off = [m[4], m[2], m[1]];
    for _ in 0..ROUNDS {
        rotate(&mut d, &mut off, 0, 1, 2);
        rotate(&mut d, &mut off, 0, 2, 1);
        rotate(&mut d, &mut off, 1, 2, 0);
    }
    exchange(&mut d, 0, 1);
    exchange(&mut d, 1, 2);
    exchange(&mut d, 0, 1);
    d
}

/// Turns axes `p` and `q` so that the element between them vanishes; `r` is the third axis.
#[inline(always)]
fn rotate(d: &mut [Lanes; 3], off: &mut [Lanes; 3], p: usize, q: usize, r: usize) {
    for k in 0..LANES {
        let between = off[r][k];
        let theta = (d[q][k] - d[p][k]) / (2.0 * between);
        let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
        let t = if between == 0.0 { 0.0 } else { t };
        let c = 1.0 / (t * t + 1.0).sqrt();
        let s = t * c;
        d[p][k] -= t * between;
        d[q][k] += t * between;
        off[r][k] = 0.0;
        // Axis p's element with r is off[q], that of q is off[p].
        let (with_p, with_q) = (off[q][k], off[p][k]);
        off[q][k] = c * with_p - s * with_q;
        off[p][k] = s * with_p + c * with_q;
    }
}

#[inline(always)]
fn exchange(d: &mut [Lanes; 3], i: usize, j: usize) {
    for k in 0..LANES {
        let (a, b) = (d[i][k], d[j][k]);
        let swap = a < b;
        d[i][k] = if swap { b } else { a };
        d[j][k] = if swap { a } else { b };
    }
}

#[inline(always)]
fn measured<const N: usize>(e: [Lanes; N], what: Eigen) -> Lanes {
    let mut out = [0.0; LANES];
    for k in 0..LANES {
        let mut values = [0.0; N];
        (0..N).for_each(|i| values[i] = e[i][k]);
        out[k] = match what {
            Eigen::Value(i) => values[i],
            Eigen::Frangi { alpha, beta } => frangi(values, alpha, beta),
            Eigen::Sato => {
                let product: f64 = values[..N - 1].iter().map(|v| v.max(0.0)).product();
                if N == 2 { product } else { product.sqrt() }
            }
            Eigen::Meijering { alpha } => meijering(values, alpha),
        };
    }
    out
}

#[inline(always)]
fn frangi<const N: usize>(mut e: [f64; N], alpha: f64, beta: f64) -> f64 {
    // By their absolute values, equal ones as they were.
    for i in 1..N {
        let mut j = i;
        while j > 0 && e[j].abs() < e[j - 1].abs() {
            e.swap(j, j - 1);
            j -= 1;
        }
    }
    let least = e[0].abs();
    let (plate, blob) = if N == 2 {
        (1.0, least / e[1].max(1e-10))
    } else {
        let (second, third) = (e[1].max(1e-10), e[N - 1].max(1e-10));
        let ratio = second / third;
        (1.0 - (-ratio * ratio / (2.0 * alpha * alpha)).exp(), least / (second * third).sqrt())
    };
    plate * (-blob * blob / (2.0 * beta * beta)).exp()
}

#[inline(always)]
fn meijering<const N: usize>(e: [f64; N], alpha: f64) -> f64 {
    let mut largest = 0.0f64;
    for i in 0..N {
        let others: f64 = (0..N).filter(|j| *j != i).map(|j| e[j]).sum();
        let value = e[i] + alpha * others;
        if i == 0 || value.abs() > largest.abs() {
            largest = value;
        }
    }
    largest.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{Dtype, Region};

    fn values(matrix: [f64; 6]) -> Vec<f64> {
        let region = Region::whole(&[1]);
        let blocks = matrix.map(|v| Block::from_vec(region.clone(), vec![v]).unwrap());
        let elements: Vec<&Block> = blocks.iter().collect();
        let value = |k| {
            let mut out = Block::zeros(region.clone(), Dtype::Float64).unwrap();
            eigen(&elements, &mut out, Eigen::Value(k)).unwrap();
            out.typed::<f64>().unwrap()[0]
        };
        (0..3).map(value).collect()
    }

    #[test]
    fn eigenvalues_have_the_trace_the_norm_and_the_determinant_of_the_matrix() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as f64 / 2f64.powi(30) - 1.0
        };
        for i in 0..2000 {
            let mut m = [0.0; 6].map(|_| next());
            if i % 3 == 0 {
                // Nearly a multiple of the identity.
                m = [
                    1.0 + m[0] * 1e-9,
                    m[1] * 1e-9,
                    m[2] * 1e-9,
                    1.0 + m[3] * 1e-9,
                    m[4] * 1e-9,
                    1.0,
                ];
            }
            let [a, b, c, d, e, f] = m;
            let v = values(m);
            assert!(v[0] >= v[1] && v[1] >= v[2]);
            let squares = a * a + d * d + f * f + 2.0 * (b * b + c * c + e * e);
            let determinant = a * (d * f - e * e) - b * (b * f - e * c) + c * (b * e - d * c);
            let near = |x: f64, y: f64| (x - y).abs() < 1e-14 * (1.0 + squares);
            assert!(near(v.iter().sum(), a + d + f), "{m:?}");
            assert!(near(v.iter().map(|x| x * x).sum(), squares), "{m:?}");
            assert!(near(v.iter().product(), determinant), "{m:?}");
        }
    }

    #[test]
    fn simple_matrices_have_their_eigenvalues_to_the_bit() {
        assert_eq!(values([3.0, 0.0, 0.0, -1.0, 0.0, 2.0]), [3.0, 2.0, -1.0]);
        assert_eq!(values([0.0; 6]), [0.0; 3]);
        assert_eq!(values([0.0, 1.0, 0.0, 0.0, 0.0, 5.0]), [5.0, 1.0, -1.0]);
        assert!(values([f64::NAN, 0.0, 0.0, 1.0, 0.0, 1.0])[0].is_nan());
    }
}
