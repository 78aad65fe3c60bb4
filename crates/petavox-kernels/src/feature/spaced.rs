//! Points that keep their distance from each other.

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Of points in their order, those that are not nearer than `spacing` to one taken before: their numbers, at most `most`. A point is `ndim`
/// coordinates, none of them negative; `p_norm` is the order of the norm that tells distances, as numpy's `norm` takes it.
///
/// ```
/// use petavox_kernels::feature::spaced;
/// let points = [5, 5, 5, 6, 0, 9, 6, 7];
/// assert_eq!(spaced(&points, 2, 2.0, f64::INFINITY, usize::MAX), [0, 2, 3]);
/// ```
///
/// Points lie in cells as wide as the spacing, so that only those of neighbouring cells are looked at.
pub fn spaced(points: &[i64], ndim: usize, spacing: f64, p_norm: f64, most: usize) -> Vec<u64> {
    let mut kept: Vec<u64> = Vec::new();
    if ndim == 0 || spacing.is_nan() || spacing <= 0.0 {
        return (0..points.len().checked_div(ndim).unwrap_or(0).min(most) as u64).collect();
    }
    let cell = |x: i64| (x as f64 / spacing).floor() as i64;
    // Cells have one number each, or nearly: of those that share one, some points too many are looked at.
    let mut widths = vec![1i64; ndim];
    for point in points.chunks_exact(ndim) {
        widths.iter_mut().zip(point).for_each(|(w, x)| *w = (*w).max(cell(*x).saturating_add(3)));
    }
    let mut steps = vec![1i64; ndim];
    for a in (1..ndim).rev() {
        steps[a - 1] = steps[a].wrapping_mul(widths[a]);
    }
    let mut around = vec![0i64];
    for step in &steps {
        let beside = |by: i64| around.iter().map(move |a| a.wrapping_add(step.wrapping_mul(by)));
        around = [-1, 0, 1].into_iter().flat_map(beside).collect();
    }
    let bits = (points.len() / ndim + 1).next_power_of_two().trailing_zeros().clamp(1, 31) + 1;
    let place = |cell: i64| (cell as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - bits);
    // Chains of the points that were taken, by places of their cells.
    let mut last = vec![NONE; 1 << bits];
    let mut before: Vec<u32> = Vec::new();
    for (number, point) in points.chunks_exact(ndim).enumerate() {
        if kept.len() >= most {
            break;
        }
        let own = point
            .iter()
            .zip(&steps)
            .fold(0i64, |sum, (x, step)| sum.wrapping_add((cell(*x) + 1).wrapping_mul(*step)));
        let is_near = |by: &i64| {
            let mut at = last[place(own.wrapping_add(*by)) as usize];
            while at != NONE {
                let other = &points[kept[at as usize] as usize * ndim..][..ndim];
                if distance(point, other, p_norm) < spacing {
                    return true;
                }
                at = before[at as usize];
            }
            false
        };
        if !around.iter().any(is_near) {
            before.push(std::mem::replace(&mut last[place(own) as usize], kept.len() as u32));
            kept.push(number as u64);
        }
    }
    kept
}

fn distance(a: &[i64], b: &[i64], p_norm: f64) -> f64 {
    let apart = a.iter().zip(b).map(|(a, b)| a.abs_diff(*b) as f64);
    if p_norm == f64::INFINITY {
        apart.fold(0.0, f64::max)
    } else if p_norm == f64::NEG_INFINITY {
        apart.fold(f64::INFINITY, f64::min)
    } else if p_norm == 0.0 {
        apart.filter(|d| *d != 0.0).count() as f64
    } else if p_norm == 1.0 {
        apart.sum()
    } else if p_norm == 2.0 {
        apart.map(|d| d * d).sum::<f64>().sqrt()
    } else {
        apart.map(|d| d.powf(p_norm)).sum::<f64>().powf(1.0 / p_norm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..Default::default() })]

        #[test]
        fn every_point_is_compared_with_all_taken_before(
            points in prop::collection::vec(0i64..40, 0..240), ndim in 1usize..4, spacing in 1u32..12, p in 0usize..4,
            most in 0usize..80,
        ) {
            let points = &points[..points.len() / ndim * ndim];
            let p_norm = [1.0, 2.0, 3.0, f64::INFINITY][p];
            let spacing = f64::from(spacing) / 2.0 + 0.5;
            let of = |i: usize| &points[i * ndim..][..ndim];
            let mut want: Vec<u64> = vec![];
            for i in 0..points.len() / ndim {
                if want.len() < most && want.iter().all(|k| distance(of(i), of(*k as usize), p_norm) >= spacing) {
                    want.push(i as u64);
                }
            }
            prop_assert_eq!(spaced(points, ndim, spacing, p_norm, most), want);
        }
    }
}
