//! Numbers that follow from a region's moments, as scikit-image derives them.

use std::f64::consts::PI;

/// The inertia tensor, row by row, of a region with these sums of products of deviations (upper triangle) and this spacing.
pub(super) fn inertia_tensor(seconds: &[f64], area: f64, spacing: &[f64]) -> Vec<f64> {
    let n = spacing.len();
    let mut tensor = vec![0.0; n * n];
    let mut k = 0;
    for a in 0..n {
        for b in a..n {
            let moment = seconds[k] * spacing[a] * spacing[b] / area;
            if a == b {
                // A diagonal element has the moments along all other axes.
                (0..n).filter(|c| *c != a).for_each(|c| tensor[c * n + c] += moment);
            } else {
                (tensor[a * n + b], tensor[b * n + a]) = (-moment, -moment);
            }
            k += 1;
        }
    }
    tensor
}

/// The eigenvalues of a symmetric matrix, largest first, negative ones as 0; C. G. J. Jacobi's rotations.
pub(super) fn eigenvalues(matrix: &[f64], n: usize) -> Vec<f64> {
    let mut m = matrix.to_vec();
    for _ in 0..64 {
        let off: f64 =
            (0..n).flat_map(|a| (0..a).map(move |b| (a, b))).map(|(a, b)| m[a * n + b].abs()).sum();
        if off == 0.0 || !off.is_finite() {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                let apq = m[p * n + q];
                if apq == 0.0 {
                    continue;
                }
                let theta = (m[q * n + q] - m[p * n + p]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for k in 0..n {
                    let (kp, kq) = (m[k * n + p], m[k * n + q]);
                    (m[k * n + p], m[k * n + q]) = (c * kp - s * kq, s * kp + c * kq);
                }
                for k in 0..n {
                    let (pk, qk) = (m[p * n + k], m[q * n + k]);
                    (m[p * n + k], m[q * n + k]) = (c * pk - s * qk, s * pk + c * qk);
                }
                (m[p * n + q], m[q * n + p]) = (0.0, 0.0);
            }
        }
    }
    let mut values: Vec<f64> =
        (0..n).map(|a| if m[a * n + a] < 0.0 { 0.0 } else { m[a * n + a] }).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// The longest and the shortest axis of the ellipse or ellipsoid with these eigenvalues.
pub(super) fn axis_lengths(eigenvalues: &[f64]) -> (f64, f64) {
    match eigenvalues {
        [first, last] => (4.0 * first.sqrt(), 4.0 * last.sqrt()),
        [a, b, c] => ((10.0 * (a + b - c)).max(0.0).sqrt(), (10.0 * (b + c - a)).max(0.0).sqrt()),
        _ => (f64::NAN, f64::NAN),
    }
}

/// How far an ellipse is from a circle.
pub(super) fn eccentricity(eigenvalues: &[f64]) -> f64 {
    match eigenvalues {
        [first, ..] if *first == 0.0 => 0.0,
        [first, last] => (1.0 - last / first).sqrt(),
        _ => f64::NAN,
    }
}

/// The angle between the first axis and the ellipse's longest.
pub(super) fn orientation(tensor: &[f64]) -> f64 {
    let (a, b, c) = (tensor[0], tensor[1], tensor[3]);
    if a - c == 0.0 {
        return if b < 0.0 { PI / 4.0 } else { -PI / 4.0 };
    }
    0.5 * f64::atan2(-2.0 * b, c - a)
}

/// The diameter of a circle or ball of this area, as scikit-image defines it.
pub(super) fn diameter(area: f64, ndim: usize) -> f64 {
    let x = 2.0 * ndim as f64 * area / PI;
    match ndim {
        1 => x,
        2 => x.sqrt(),
        3 => x.cbrt(),
        n => x.powf(1.0 / n as f64),
    }
}

/// Central moments (4 per axis) made independent of scale; NaN where the powers add up to less than 2.
pub(super) fn normalized(central: &[f64], spacing: &[f64]) -> Vec<f64> {
    let n = spacing.len();
    let scale = spacing.iter().copied().fold(f64::INFINITY, f64::min);
    let value = |(k, m): (usize, &f64)| {
        let powers: usize = (0..n).map(|a| k / 4usize.pow(a as u32) % 4).sum();
        if powers < 2 {
            return f64::NAN;
        }
        let powers = powers as f64;
        (m / scale.powf(powers)) / central[0].powf(powers / n as f64 + 1.0)
    };
    central.iter().enumerate().map(value).collect()
}

/// M.-K. Hu's seven moments, of normalized ones.
pub(super) fn hu(nu: &[f64]) -> [f64; 7] {
    let at = |y: usize, x: usize| nu[4 * y + x];
    let (sum, difference) = (at(2, 0) + at(0, 2), at(2, 0) - at(0, 2));
    let mixed = at(1, 1);
    let (a, b) = (at(3, 0) + at(1, 2), at(2, 1) + at(0, 3));
    let (c, d) = (at(3, 0) - 3.0 * at(1, 2), 3.0 * at(2, 1) - at(0, 3));
    let (aa, bb) = (a * a, b * b);
    [
        sum,
        difference * difference + 4.0 * mixed * mixed,
        c * c + d * d,
        aa + bb,
        c * a * (aa - 3.0 * bb) + d * b * (3.0 * aa - bb),
        difference * (aa - bb) + 4.0 * mixed * a * b,
        d * a * (aa - 3.0 * bb) - c * b * (3.0 * aa - bb),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_are_those_of_the_characteristic_polynomial() {
        assert_eq!(eigenvalues(&[2.0, 0.0, 0.0, 5.0], 2), [5.0, 2.0]);
        let m = [4.0, 1.0, -2.0, 1.0, 3.0, 0.5, -2.0, 0.5, 6.0];
        let e = eigenvalues(&m, 3);
        assert!((e.iter().sum::<f64>() - 13.0).abs() < 1e-13);
        let det = 4.0 * (18.0 - 0.25) - (6.0 + 1.0) + -2.0 * (0.5 + 6.0);
        assert!((e.iter().product::<f64>() - det).abs() < 1e-12);
    }

    #[test]
    fn equivalent_diameters_are_those_of_circles_and_balls() {
        assert!((diameter(PI, 2) - 2.0).abs() < 1e-15);
        assert!((diameter(PI / 6.0, 3) - 1.0).abs() < 1e-15);
    }
}
