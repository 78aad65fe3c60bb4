//! How well two patches agree at a shift, without any transform.

use super::refine::{Found, LEAST, fade};
use super::{Patch, refine};
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
        let (mut ea, mut eb) = (0.0, 0.0);
        let is_masked = first.counts.is_some() || second.counts.is_some();
        let (mut n_counting, mut by_other) = (0.0f64, [vec![0.0f32; width], vec![0.0f32; width]]);
        let mut sums = vec![0.0f64; 2 * ndim + 1];
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
            let b = |from: usize| &second.samples[from..][..width];
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
            ea += f64::from(by) * weighted(a, a, of_a);
            eb += f64::from(by) * weighted(b(at), b(at), of_b);
            row_by.iter_mut().zip(a.iter().zip(of_a)).for_each(|(r, (a, f))| *r = a * f);
            let by = f64::from(by);
            sums[0] += by * dot(&row_by, b(at));
            for axis in (0..ndim).filter(|&a| wide[a]) {
                // A shift of one more looks one sample before.
                sums[1 + 2 * axis] += by * dot(&row_by, b(at + steps[axis]));
                sums[2 + 2 * axis] += by * dot(&row_by, b(at - steps[axis]));
            }
        });
        let energy = (ea * eb).sqrt();
        let by = |s: f64| if energy > 0.0 { s / energy } else { 0.0 };
        let sides = (0..ndim)
            .map(|a| wide[a].then(|| [by(sums[1 + 2 * a]), by(sums[2 + 2 * a])]))
            .collect();
        let n = if is_masked { n_counting as usize } else { common.len() };
        if is_masked && n < LEAST * LEAST {
            return None;
        }
        Some(Around { middle: by(sums[0]), sides, n })
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

/// The sum of products, in lanes.
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
