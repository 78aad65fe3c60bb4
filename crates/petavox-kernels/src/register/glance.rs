//! How well two patches agree at a shift, without any transform.

use super::refine::{Found, LEAST, fade};
use super::{Patch, refine};
use crate::wide::widest;
use petavox_core::Region;

/// Steps uphill that are gone from where one begins.
const STEPS: usize = 4;

/// The agreement at the best of the shifts near `near`, between samples by parabolas; `None` where both share too little. What [`refine`]
/// measures with transforms, near enough to tell shifts apart and cheaper by far.
pub(super) fn glance(first: &Patch, second: &Patch, near: &[i64]) -> Option<Found> {
    let mut at = near.to_vec();
    let mut here = Around::of(first, second, &at)?;
    for _ in 0..STEPS {
        let Some((axis, by)) = here.uphill() else { break };
        let mut next = at.clone();
        next[axis] += by;
        let Some(there) = Around::of(first, second, &next).filter(|t| t.middle > here.middle)
        else {
            break;
        };
        (at, here) = (next, there);
    }
    let (mut shift, mut score) = (Vec::with_capacity(at.len()), here.middle);
    for (axis, d) in at.iter().enumerate() {
        let (off, more) = match here.sides[axis] {
            Some([low, high]) => refine::summit(low, here.middle, high),
            None => (0.0, 0.0),
        };
        shift.push(*d as f64 + off);
        score += more;
    }
    Some(Found { shift, score: score.min(1.0), n: here.n })
}

/// Correlations at a shift and beside it.
struct Around {
    middle: f64,
    /// One sample less and one more, per axis.
    sides: Vec<Option<[f64; 2]>>,
    n: usize,
}

impl Around {
    fn of(first: &Patch, second: &Patch, near: &[i64]) -> Option<Around> {
        let common = first.region.intersect(&second.region.translate(near))?;
        let ndim = near.len();
        if common.shape().iter().zip(first.region.shape()).any(|(c, f)| *c < LEAST.min(*f)) {
            return None;
        }
        // One sample less all around, so that one can look beside.
        let wide: Vec<bool> = common.shape().iter().map(|n| *n > 4).collect();
        let start: Vec<i64> = (0..ndim).map(|a| common.start()[a] + i64::from(wide[a])).collect();
        let shape: Vec<usize> =
            (0..ndim).map(|a| common.shape()[a] - 2 * usize::from(wide[a])).collect();
        let part = Region::new(start, shape.clone());
        let fades: Vec<Vec<f32>> = shape.iter().map(|&n| fade(n)).collect();
        let last = ndim - 1;
        let steps = petavox_core::strides(second.region.shape());
        let squared: Vec<f32> = fades[last].iter().map(|f| f * f).collect();
        let width = part.row_len();
        let mut row_by = vec![0.0f32; width];
        let is_masked = first.counts.is_some() || second.counts.is_some();
        let (mut n_counting, mut by_other) = (0.0f64, [vec![0.0f32; width], vec![0.0f32; width]]);
        let beside: Vec<usize> = (0..ndim).filter(|&a| wide[a]).map(|a| steps[a]).collect();
        let mut sums = vec![0.0f64; 2 * beside.len() + 3];
        let mut of_row = sums.clone();
        let mut of_second = vec![0i64; ndim];
        part.for_each_row(|point| {
            let by: f32 =
                (0..last).map(|a| fades[a][(point[a] - part.start()[a]) as usize]).product();
            let by = by * by;
            let a = &first.samples[first.region.offset_of(point)..][..width];
            for (axis, to) in of_second.iter_mut().enumerate() {
                *to = point[axis] - near[axis];
            }
            let at = second.region.offset_of(&of_second);
            let (mut of_a, mut of_b) = (&squared, &squared);
            if is_masked {
                // Each counts as far as the other does.
                let counts = [first.counts_of(point, width), second.counts_of(&of_second, width)];
                n_counting += counting(counts, width);
                for (to, other) in by_other.iter_mut().zip([counts[1], counts[0]]) {
                    to.copy_from_slice(&squared);
                    let other = other.into_iter().flatten();
                    to.iter_mut().zip(other).for_each(|(t, c)| *t *= c);
                }
                (of_a, of_b) = (&by_other[0], &by_other[1]);
            }
            row_sums(a, (&second.samples, at), [of_a, of_b], &beside, &mut row_by, &mut of_row);
            let by = f64::from(by);
            sums.iter_mut().zip(&of_row).for_each(|(s, r)| *s += by * r);
        });
        let energy = (sums[0] * sums[1]).sqrt();
        let by = |s: f64| if energy > 0.0 { s / energy } else { 0.0 };
        let mut pairs = sums[3..].chunks_exact(2).map(|s| [by(s[0]), by(s[1])]);
        let sides = wide.iter().map(|wide| if *wide { pairs.next() } else { None }).collect();
        let n = if is_masked { n_counting as usize } else { common.len() };
        if is_masked && n < LEAST * LEAST {
            return None;
        }
        Some(Around { middle: by(sums[2]), sides, n })
    }

    /// The axis and direction of the best shift beside, if it is better.
    fn uphill(&self) -> Option<(usize, i64)> {
        let beside = self.sides.iter().enumerate().filter_map(|(a, s)| s.map(|s| (a, s)));
        beside
            .flat_map(|(a, [low, high])| [(low, a, -1), (high, a, 1)])
            .filter(|(v, _, _)| *v > self.middle)
            .max_by(|x, y| x.0.total_cmp(&y.0))
            .map(|(_, a, by)| (a, by))
    }
}

/// How many samples of a row count in both.
pub(super) fn counting(counts: [Option<&[f32]>; 2], width: usize) -> f64 {
    let sum = |c: &[f32]| c.iter().map(|c| f64::from(*c)).sum::<f64>();
    match counts {
        [None, None] => width as f64,
        [Some(c), None] | [None, Some(c)] => sum(c),
        [Some(a), Some(b)] => a.iter().zip(b).map(|(a, b)| f64::from(a * b)).sum(),
    }
}

const LANES: usize = 16;

widest! {
    /// Of a row: the energy of both, their correlation, and that with rows `beside` after and before; `row_by` is room for one.
    fn row_sums(
        a: &[f32],
        second: (&[f32], usize),
        weights: [&[f32]; 2],
        beside: &[usize],
        row_by: &mut [f32],
        sums: &mut [f64],
    ) {
        let (all, at) = second;
        let b = |from: usize| &all[from..][..a.len()];
        sums[0] = weighted(a, a, weights[0]);
        sums[1] = weighted(b(at), b(at), weights[1]);
        row_by.iter_mut().zip(a.iter().zip(weights[0])).for_each(|(r, (a, f))| *r = a * f);
        sums[2] = dot(row_by, b(at));
        for (step, to) in beside.iter().zip(sums[3..].chunks_exact_mut(2)) {
            // A shift of one more looks one sample before.
            (to[0], to[1]) = (dot(row_by, b(at + step)), dot(row_by, b(at - step)));
        }
    }
}

/// The sum of products, in lanes.
#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [0.0f32; LANES];
    let (x, y) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = x.remainder().iter().zip(y.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in x.zip(y) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k];
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}

/// The sum of products with weights, in lanes.
#[inline(always)]
fn weighted(a: &[f32], b: &[f32], w: &[f32]) -> f64 {
    let mut sums = [0.0f32; LANES];
    let (x, y, z) = (a.chunks_exact(LANES), b.chunks_exact(LANES), w.chunks_exact(LANES));
    let last = x.remainder().iter().zip(y.remainder()).zip(z.remainder());
    let rest: f32 = last.map(|((a, b), w)| a * b * w).sum();
    for ((a, b), w) in x.zip(y).zip(z) {
        for k in 0..LANES {
            sums[k] += a[k] * b[k] * w[k];
        }
    }
    f64::from(sums.iter().sum::<f32>() + rest)
}
