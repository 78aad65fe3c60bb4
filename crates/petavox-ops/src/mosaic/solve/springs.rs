//! Weighted least squares over pairs, by conjugate gradients.

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
    let scaled = |r: &[f64]| -> Vec<f64> { r.iter().zip(&diagonal).map(|(r, d)| r / d).collect() };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let mut z = scaled(&left);
    let mut direction = z.clone();
    let mut rz = dot(&left, &z);
    let mut product = vec![0.0; n];
    for _ in 0..(4 * n).clamp(20, 2000) {
        // The largest move that is still wanted says how far it may be from the end.
        if rz <= 0.0 || z.iter().all(|z| z.abs() < accuracy * 0.1) && dot(&z, &z).sqrt() < accuracy
        {
            break;
        }
        product.iter_mut().zip(&direction).for_each(|(p, d)| *p = pull * d);
        for l in links {
            let off = l.weight * (direction[l.second] - direction[l.first]);
            product[l.first] -= off;
            product[l.second] += off;
        }
        let along = dot(&direction, &product);
        if along <= 0.0 {
            break;
        }
        let step = rz / along;
        x.iter_mut().zip(&direction).for_each(|(x, d)| *x += step * d);
        left.iter_mut().zip(&product).for_each(|(r, p)| *r -= step * p);
        z = scaled(&left);
        let next = dot(&left, &z);
        let by = next / rz;
        direction.iter_mut().zip(&z).for_each(|(d, z)| *d = z + by * *d);
        rz = next;
    }
}
