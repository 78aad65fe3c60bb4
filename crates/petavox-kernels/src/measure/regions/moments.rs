//! Moments of regions and of images in them, about origins that suit the regions.

use super::cell::Run;
use serde::{Deserialize, Serialize};

/// The moments of one label in one cell, about the corner of the label's box there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct CellMoments {
    pub(super) origin: Vec<i64>,
    /// Where the cell begins, by which cells are put in order.
    pub(super) cell: Vec<i64>,
    /// Of the mask first, if wanted, then of every image.
    pub(super) sets: Vec<Vec<f64>>,
}

/// Adds a run's samples: `sums[(p0 * powers + p1) * powers + ..]` is the sum of `w x0^p0 x1^p1 ..`, places counted from `lo`.
pub(super) fn add_run(
    sums: &mut [f64],
    powers: usize,
    point: &[u32],
    run: &Run,
    lo: &[u32],
    weights: Option<&[f64]>,
) {
    let mut line = [0.0; 4];
    let first = f64::from(run.from - lo[point.len()]);
    match weights {
        Some(weights) => {
            for (i, w) in weights.iter().enumerate() {
                let x = first + i as f64;
                line[0] += w;
                line[1] += w * x;
                if powers > 2 {
                    line[2] += w * x * x;
                    line[3] += w * x * x * x;
                }
            }
        }
        None => {
            for i in 0..run.len {
                let x = first + f64::from(i);
                line[0] += 1.0;
                line[1] += x;
                line[2] += x * x;
                line[3] += x * x * x;
            }
        }
    }
    // Products of powers of the outer coordinates, the first axis slowest.
    let mut outer = [0.0; 4096];
    outer[0] = 1.0;
    let mut n = 1;
    for (p, l) in point.iter().zip(lo) {
        let x = f64::from(p - l);
        for k in (0..n).rev() {
            let mut product = outer[k];
            for power in 0..powers {
                outer[k * powers + power] = product;
                product *= x;
            }
        }
        n *= powers;
    }
    for (product, sums) in outer[..n].iter().zip(sums.chunks_exact_mut(powers)) {
        sums.iter_mut().zip(&line).for_each(|(s, t)| *s += product * t);
    }
}

/// Moments about another origin, which lies `shift` before the present one.
fn translated(sums: &[f64], powers: usize, shift: &[f64]) -> Vec<f64> {
    const BINOMIAL: [[f64; 4]; 4] =
        [[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 2.0, 1.0, 0.0], [1.0, 3.0, 3.0, 1.0]];
    let mut now = sums.to_vec();
    let mut stride = now.len();
    for s in shift {
        stride /= powers;
        for start in 0..now.len() {
            if !(start / stride).is_multiple_of(powers) {
                continue;
            }
            for p in (1..powers).rev() {
                let mut sum = 0.0;
                let mut factor = 1.0;
                for i in (0..=p).rev() {
                    sum += BINOMIAL[p][i] * factor * now[start + i * stride];
                    factor *= s;
                }
                now[start + p * stride] = sum;
            }
        }
    }
    now
}

/// The sums of all cells about one origin, in the order of the cells.
pub(super) fn joined(
    cells: &mut [CellMoments],
    which: usize,
    powers: usize,
    origin: &[f64],
) -> Vec<f64> {
    cells.sort_unstable_by(|a, b| a.cell.cmp(&b.cell));
    let mut total: Vec<f64> = vec![];
    let mut lost: Vec<f64> = vec![];
    for cell in cells.iter() {
        let shift: Vec<f64> = cell.origin.iter().zip(origin).map(|(o, t)| *o as f64 - t).collect();
        let mine = translated(&cell.sets[which], powers, &shift);
        if total.is_empty() {
            lost = vec![0.0; mine.len()];
            total = mine;
            continue;
        }
        // Compensated after Neumaier.
        for ((t, l), x) in total.iter_mut().zip(&mut lost).zip(mine) {
            let sum = *t + x;
            *l += if t.abs() >= x.abs() { (*t - sum) + x } else { (x - sum) + *t };
            *t = sum;
        }
    }
    total.iter().zip(lost).map(|(t, l)| if (t + l).is_nan() { *t } else { t + l }).collect()
}

/// Moments with coordinates in physical units: `order + 1` values per axis, the first axis slowest.
pub fn raw_moments(moments: &[f64], spacing: &[f64]) -> Vec<f64> {
    scaled(moments, spacing)
}

/// Moments about a centre, from those about another point `centre` before it, in physical units.
pub fn central_moments(moments: &[f64], centre: &[f64], spacing: &[f64]) -> Vec<f64> {
    let shift: Vec<f64> = centre.iter().map(|c| -c).collect();
    scaled(&translated(moments, 4, &shift), spacing)
}

fn scaled(moments: &[f64], spacing: &[f64]) -> Vec<f64> {
    let n = spacing.len() as u32;
    let value = |(k, m): (usize, &f64)| {
        let factor: f64 = spacing
            .iter()
            .enumerate()
            .map(|(a, s)| s.powi((k / 4usize.pow(n - 1 - a as u32) % 4) as i32))
            .product();
        m * factor
    };
    moments.iter().enumerate().map(value).collect()
}
