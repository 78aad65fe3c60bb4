//! A shift to a hundredth of a sample.

use super::{Fft, Patch};
use petavox_core::Region;
use petavox_fft::Complex;

/// Less than this along an axis tells nothing.
const LEAST: usize = 6;
/// Part of the length, at both ends together, that fades out.
const FADE: f64 = 0.5;

/// Where the second tile's first sample lies in the first tile.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// Per axis.
    pub shift: Vec<f64>,
    /// Correlation of what both show, from -1 to 1.
    pub score: f64,
    /// Samples of what both show.
    pub n: usize,
}

impl Found {
    /// How far from chance: the correlation in units of what as many independent samples would show by chance.
    pub fn strength(&self) -> f64 {
        self.score * (self.n as f64).sqrt()
    }
}

/// The shift near `near` (within a sample and a half), measured on the part that both patches show; `None` where they share too little.
pub fn refine(first: &Patch, second: &Patch, near: &[i64], fft: &mut Fft) -> Option<Found> {
    let moved = second.region.translate(near);
    let common = first.region.intersect(&moved)?;
    if common.shape().iter().zip(first.region.shape()).any(|(c, f)| *c < LEAST.min(*f)) {
        return None;
    }
    // Lengths that are quick, from what there is.
    let shape: Vec<usize> = common.shape().iter().map(|&n| quick_below(n)).collect();
    let start: Vec<i64> = (0..shape.len())
        .map(|a| common.start()[a] + ((common.shape()[a] - shape[a]) / 2) as i64)
        .collect();
    let common = Region::new(start, shape.clone());
    let fades: Vec<Vec<f32>> = shape.iter().map(|&n| fade(n)).collect();
    let back: Vec<i64> = near.iter().map(|d| -d).collect();
    let mut a = faded(first, &common, &fades);
    let mut b = faded(second, &common.translate(&back), &fades);
    let energy = |v: &[f32]| v.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
    let (ea, eb) = (energy(&a), energy(&b));
    let n = common.len();
    if !(ea > 0.0 && eb > 0.0) {
        return Some(Found { shift: near.iter().map(|d| *d as f64).collect(), score: 0.0, n });
    }
    let mut spectrum = fft.forward(&mut a, &shape);
    let other = fft.forward(&mut b, &shape);
    let half = shape[shape.len() - 1] / 2 + 1;
    let even = shape[shape.len() - 1].is_multiple_of(2);
    for (i, (x, y)) in spectrum.iter_mut().zip(&other).enumerate() {
        // The half that is not stored is that of the conjugates.
        let k = i % half;
        let twice = if k == 0 || even && k == half - 1 { 1.0 } else { 2.0 };
        *x = *x * y.conj() * twice;
    }
    let mut at = vec![0.0; shape.len()];
    let mut most = 0.0;
    for (step, count) in [(0.5, 7), (0.1, 11), (0.01, 11)] {
        (at, most) = sharpest(&spectrum, &shape, &at, step, count);
    }
    let score = most / n as f64 / (ea * eb).sqrt();
    Some(Found { shift: near.iter().zip(&at).map(|(d, s)| *d as f64 + s).collect(), score, n })
}

fn quick_below(n: usize) -> usize {
    if n < 16 {
        return n;
    }
    (0..n / 16)
        .map(|k| n - k)
        .find(|m| m.is_multiple_of(2) && Fft::quick_len(*m) == *m)
        .unwrap_or(n)
}

fn fade(n: usize) -> Vec<f32> {
    let width = (n as f64 * FADE / 2.0).max(1.0);
    let at = |i: usize| {
        let d = (i.min(n - 1 - i) as f64 + 0.5) / width;
        if d < 1.0 { 0.5 - 0.5 * (d * std::f64::consts::PI).cos() } else { 1.0 }
    };
    // One plane has no borders that could be seen.
    if n == 1 { vec![1.0] } else { (0..n).map(|i| at(i) as f32).collect() }
}

fn faded(patch: &Patch, part: &Region, fades: &[Vec<f32>]) -> Vec<f32> {
    let mut out = Vec::with_capacity(part.len());
    let last = part.ndim() - 1;
    part.for_each_row(|point| {
        let by: f32 = (0..last).map(|a| fades[a][(point[a] - part.start()[a]) as usize]).product();
        let row = &patch.samples[patch.region.offset_of(point)..][..part.row_len()];
        out.extend(row.iter().zip(&fades[last]).map(|(s, f)| s * f * by));
    });
    out
}

/// The place of the largest correlation on a grid of `count` places per axis around `center`, and its value times the samples.
fn sharpest(
    spectrum: &[Complex<f32>],
    shape: &[usize],
    center: &[f64],
    step: f64,
    count: usize,
) -> (Vec<f64>, f64) {
    let ndim = shape.len();
    let offset = |q: usize| (q as f64 - (count / 2) as f64) * step;
    let mut data: Vec<Complex<f64>> = Vec::new();
    let mut sizes: Vec<usize> = shape.to_vec();
    sizes[ndim - 1] = shape[ndim - 1] / 2 + 1;
    // From the last axis on, which is the longest and contiguous; an axis of one sample stays.
    let counts: Vec<usize> = shape.iter().map(|&n| if n == 1 { 1 } else { count }).collect();
    for a in (0..ndim).rev() {
        let n = sizes[a];
        let inner: usize = counts[a + 1..].iter().product();
        let outer: usize = sizes[..a].iter().product();
        let phases: Vec<Complex<f64>> = (0..counts[a])
            .flat_map(|q| {
                let place = if shape[a] == 1 { 0.0 } else { center[a] + offset(q) };
                (0..n).map(move |k| {
                    let f = if a + 1 < ndim && k > shape[a] / 2 {
                        k as f64 - shape[a] as f64
                    } else {
                        k as f64
                    };
                    Complex::from_polar(1.0, std::f64::consts::TAU * f * place / shape[a] as f64)
                })
            })
            .collect();
        let mut next = vec![Complex::new(0.0, 0.0); outer * counts[a] * inner];
        for o in 0..outer {
            for q in 0..counts[a] {
                let phase = &phases[q * n..(q + 1) * n];
                let to = &mut next[(o * counts[a] + q) * inner..][..inner];
                if a + 1 == ndim {
                    let row = &spectrum[o * n..(o + 1) * n];
                    to[0] = row.iter().zip(phase).fold(Complex::new(0.0, 0.0), |s, (x, p)| {
                        s + Complex::new(f64::from(x.re), f64::from(x.im)) * p
                    });
                } else {
                    for (k, p) in phase.iter().enumerate() {
                        let from = &data[(o * n + k) * inner..][..inner];
                        to.iter_mut().zip(from).for_each(|(t, f)| *t += f * p);
                    }
                }
            }
        }
        data = next;
    }
    let best = (0..data.len()).max_by(|&i, &j| data[i].re.total_cmp(&data[j].re)).unwrap_or(0);
    let mut rest = best;
    let mut at = center.to_vec();
    for a in (0..ndim).rev() {
        if shape[a] > 1 {
            at[a] += offset(rest % counts[a]);
        }
        rest /= counts[a];
    }
    (at, data.get(best).map_or(0.0, |d| d.re))
}
