//! Weighted least squares over pairs, by conjugate gradients.

use super::gradients::Equations;

/// A pair that pulls.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// The first tile.
    pub first: usize,
    /// The second tile.
    pub second: usize,
    /// How strongly.
    pub weight: f64,
}

/// Moves `x`, one coordinate of all tiles, to where the sum of `weight · (x[second] - x[first] - shift)²` and `pull · (x - pulled)²` is least,
/// to within about `accuracy`.
pub fn settle(
    links: &[Link],
    shifts: &[f64],
    pulled: &[f64],
    pull: f64,
    x: &mut [f64],
    accuracy: f64,
) {
    let n = x.len();
    let mut diagonal = vec![pull; n];
    for l in links {
        diagonal[l.first] += l.weight;
        diagonal[l.second] += l.weight;
    }
    // What is left at x.
    let mut left: Vec<f64> = pulled.iter().zip(x.iter()).map(|(p, x)| pull * (p - x)).collect();
    for (l, s) in links.iter().zip(shifts) {
        let off = l.weight * (x[l.second] - x[l.first] - s);
        left[l.first] += off;
        left[l.second] -= off;
    }
    let product = |direction: &[f64], out: &mut [f64]| {
        out.iter_mut().zip(direction).for_each(|(p, d)| *p = pull * d);
        for l in links {
            let off = l.weight * (direction[l.second] - direction[l.first]);
            out[l.first] -= off;
            out[l.second] += off;
        }
    };
    let undone = |r: &[f64], z: &mut [f64]| {
        z.iter_mut().zip(r).zip(&diagonal).for_each(|((z, r), d)| *z = r / d);
    };
    // No move is large, nor all of them together.
    let enough = |z: &[f64]| {
        let all = || z.iter().map(|z| z * z).sum::<f64>().sqrt();
        z.iter().all(|z| z.abs() < accuracy * 0.1) && all() < accuracy
    };
    Equations { product, undone, enough, most: (4 * n).clamp(20, 2000) }.solve(x, left);
}
