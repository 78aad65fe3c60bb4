//! A shift to a hundredth of a sample.

use super::coherence::Weights;
use super::glance::counting;
use super::{Fft, Patch};
use petavox_core::Region;
use petavox_fft::Complex;

/// Less than this along an axis tells nothing.
pub(super) const LEAST: usize = 6;
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

/// The shift near `about` (within a sample and a half), measured on the part that both patches show, with every frequency as it is or as
/// `weights` say; `None` where they share too little.
pub fn refine(
    first: &Patch,
    second: &Patch,
    about: &[f64],
    weights: Option<&Weights>,
    fft: &mut Fft,
) -> Option<Found> {
    let whole = |s: &[f64]| -> Vec<f64> { s.iter().map(|s| s.round()).collect() };
    let found = measured(first, second, about, weights, fft)?;
    // What both show depends on where one looks.
    match whole(&found.shift) == whole(about) {
        true => Some(found),
        false => measured(first, second, &found.shift, weights, fft),
    }
}

/// The spectra of what two patches both show.
pub(super) struct Pair {
    pub(super) a: Vec<Complex<f32>>,
    pub(super) b: Vec<Complex<f32>>,
    pub(super) shape: Vec<usize>,
    /// The geometric mean of the sums of their squares.
    pub(super) energy: f64,
    /// How many samples count in both.
    pub(super) n: usize,
}

/// The half spectra of the part that both show if the second lies at `near`, faded out.
pub(super) fn spectra(first: &Patch, second: &Patch, near: &[i64], fft: &mut Fft) -> Option<Pair> {
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
    let of_second = common.translate(&back);
    let mut a = faded(first, &common, &fades, fft.room());
    let mut b = faded(second, &of_second, &fades, fft.room());
    // Each counts as far as the other does.
    times_counts(&mut a, second, &of_second);
    times_counts(&mut b, first, &common);
    let n = counting_in(first, second, &common, &back);
    if n < common.len() && n < LEAST * LEAST {
        return None;
    }
    let sum = |v: &[f32]| v.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>();
    let energy = (sum(&a) * sum(&b)).sqrt();
    let pair =
        Pair { a: fft.forward(&mut a, &shape), b: fft.forward(&mut b, &shape), shape, energy, n };
    fft.keep(a);
    fft.keep(b);
    Some(pair)
}

fn measured(
    first: &Patch,
    second: &Patch,
    about: &[f64],
    weights: Option<&Weights>,
    fft: &mut Fft,
) -> Option<Found> {
    let near: Vec<i64> = about.iter().map(|s| s.round() as i64).collect();
    let Pair { mut a, mut b, shape, mut energy, n: n_counting } =
        spectra(first, second, &near, fft)?;
    let n: usize = shape.iter().product();
    if energy.is_nan() || energy <= 0.0 {
        return Some(Found { shift: near.iter().map(|d| *d as f64).collect(), score: 0.0, n });
    }
    let half = shape[shape.len() - 1] / 2 + 1;
    let even = shape[shape.len() - 1].is_multiple_of(2);
    // The half that is not stored is that of the conjugates.
    let twice = |i: usize| {
        let k = i % half;
        if k == 0 || even && k == half - 1 { 1.0 } else { 2.0 }
    };
    if let Some(weights) = weights {
        // What was weighed against what was not.
        let (mut of_a, mut of_b) = (0.0, 0.0);
        weights.each(&shape, |i, w| {
            of_a += twice(i) * f64::from(a[i].norm_sqr() * w);
            of_b += twice(i) * f64::from(b[i].norm_sqr() * w);
            b[i] *= w;
        });
        energy = (of_a * of_b).sqrt() / n as f64;
        if energy.is_nan() || energy <= 0.0 {
            return None;
        }
    }
    for (i, (x, y)) in a.iter_mut().zip(&b).enumerate() {
        *x = *x * y.conj() * twice(i) as f32;
    }
    fft.keep_spectrum(b);
    let spectrum = a;
    // About is mostly right; if it is not, all around.
    let begin: Vec<f64> = about.iter().zip(&near).map(|(a, n)| a - *n as f64).collect();
    let mut grid = Grid::of(&spectrum, &shape, &begin, 0.3, 5);
    if grid.at_border() {
        let middle = Grid::of(&spectrum, &shape, &vec![0.0; shape.len()], 0.5, 7).best();
        grid = Grid::of(&spectrum, &shape, &middle, 0.3, 5);
    }
    let (at, most) = Grid::of(&spectrum, &shape, &grid.summit().0, 0.08, 5).summit();
    fft.keep_spectrum(spectrum);
    let score = most / n as f64 / energy;
    let shift = near.iter().zip(&at).map(|(d, s)| *d as f64 + s).collect();
    Some(Found { shift, score, n: n_counting })
}

/// The place of the top of a parabola through three values, in their distance from the middle one, and how much higher it is.
pub(super) fn summit(low: f64, middle: f64, high: f64) -> (f64, f64) {
    let bend = 2.0 * middle - low - high;
    if bend <= 0.0 {
        return (0.0, 0.0);
    }
    let at = ((high - low) / (2.0 * bend)).clamp(-1.0, 1.0);
    (at, (high - low) * at / 2.0 - bend * at * at / 2.0)
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

pub(super) fn fade(n: usize) -> Vec<f32> {
    let width = (n as f64 * FADE / 2.0).max(1.0);
    let at = |i: usize| {
        let d = (i.min(n - 1 - i) as f64 + 0.5) / width;
        if d < 1.0 { 0.5 - 0.5 * (d * std::f64::consts::PI).cos() } else { 1.0 }
    };
    // One plane has no borders that could be seen.
    if n == 1 { vec![1.0] } else { (0..n).map(|i| at(i) as f32).collect() }
}

fn faded(patch: &Patch, part: &Region, fades: &[Vec<f32>], mut out: Vec<f32>) -> Vec<f32> {
    out.reserve(part.len());
    let last = part.ndim() - 1;
    part.for_each_row(|point| {
        let by: f32 = (0..last).map(|a| fades[a][(point[a] - part.start()[a]) as usize]).product();
        let row = &patch.samples[patch.region.offset_of(point)..][..part.row_len()];
        out.extend(row.iter().zip(&fades[last]).map(|(s, f)| s * f * by));
    });
    out
}

/// Multiplies by how much the samples of a part of a patch count.
fn times_counts(samples: &mut [f32], of: &Patch, part: &Region) {
    if of.counts.is_none() {
        return;
    }
    let width = part.row_len();
    let mut rows = samples.chunks_exact_mut(width.max(1));
    part.for_each_row(|point| {
        if let (Some(row), Some(counts)) = (rows.next(), of.counts_of(point, width)) {
            row.iter_mut().zip(counts).for_each(|(s, c)| *s *= c);
        }
    });
}

/// How many samples of a part of the first patch count in both, the second's lying `back` from there.
fn counting_in(first: &Patch, second: &Patch, part: &Region, back: &[i64]) -> usize {
    if first.counts.is_none() && second.counts.is_none() {
        return part.len();
    }
    let width = part.row_len();
    let mut n = 0.0;
    part.for_each_row(|point| {
        let there: Vec<i64> = point.iter().zip(back).map(|(p, b)| p + b).collect();
        n += counting([first.counts_of(point, width), second.counts_of(&there, width)], width);
    });
    n as usize
}

/// Correlations on a grid of places around one.
struct Grid {
    values: Vec<f64>,
    counts: Vec<usize>,
    center: Vec<f64>,
    step: f64,
    top: usize,
}

impl Grid {
    /// Times the number of samples, of `count` places per axis.
    fn of(
        spectrum: &[Complex<f32>],
        shape: &[usize],
        center: &[f64],
        step: f64,
        count: usize,
    ) -> Grid {
        let ndim = shape.len();
        let mut data: Vec<Complex<f64>> = Vec::new();
        let mut sizes: Vec<usize> = shape.to_vec();
        sizes[ndim - 1] = shape[ndim - 1] / 2 + 1;
        // From the last axis on, which is the longest and contiguous; an axis of one sample stays.
        let counts: Vec<usize> = shape.iter().map(|&n| if n == 1 { 1 } else { count }).collect();
        for a in (0..ndim).rev() {
            let n = sizes[a];
            let inner: usize = counts[a + 1..].iter().product();
            let outer: usize = sizes[..a].iter().product();
            let place = |q: usize| {
                let off = (q as f64 - (counts[a] / 2) as f64) * step;
                if shape[a] == 1 { 0.0 } else { center[a] + off }
            };
            let angle = |q: usize, k: usize| {
                let f = if a + 1 < ndim && k > shape[a] / 2 {
                    k as f64 - shape[a] as f64
                } else {
                    k as f64
                };
                std::f64::consts::TAU * f * place(q) / shape[a] as f64
            };
            let mut next = vec![Complex::new(0.0, 0.0); outer * counts[a] * inner];
            for q in 0..counts[a] {
                if a + 1 == ndim {
                    let (cos, sin): (Vec<f32>, Vec<f32>) = (0..n)
                        .map(|k| angle(q, k))
                        .map(|p| (p.cos() as f32, p.sin() as f32))
                        .unzip();
                    for o in 0..outer {
                        next[o * counts[a] + q] = turned(&spectrum[o * n..(o + 1) * n], &cos, &sin);
                    }
                    continue;
                }
                let phase: Vec<Complex<f64>> =
                    (0..n).map(|k| Complex::from_polar(1.0, angle(q, k))).collect();
                for o in 0..outer {
                    let to = &mut next[(o * counts[a] + q) * inner..][..inner];
                    for (k, p) in phase.iter().enumerate() {
                        let from = &data[(o * n + k) * inner..][..inner];
                        to.iter_mut().zip(from).for_each(|(t, f)| *t += f * p);
                    }
                }
            }
            data = next;
        }
        let values: Vec<f64> = data.iter().map(|d| d.re).collect();
        let top = (0..values.len()).max_by(|&i, &j| values[i].total_cmp(&values[j])).unwrap_or(0);
        Grid { values, counts, center: center.to_vec(), step, top }
    }

    /// Per axis: which place the largest is at, and how far apart its neighbours are in the values.
    fn places(&self) -> Vec<(usize, usize)> {
        let mut rest = self.top;
        let mut by = 1;
        let mut out = vec![(0, 1); self.counts.len()];
        for a in (0..self.counts.len()).rev() {
            out[a] = (rest % self.counts[a], by);
            rest /= self.counts[a];
            by *= self.counts[a];
        }
        out
    }

    fn at_border(&self) -> bool {
        let ends = |((k, _), n): (&(usize, usize), &usize)| *n > 1 && (*k == 0 || k + 1 == *n);
        self.places().iter().zip(&self.counts).any(ends)
    }

    fn best(&self) -> Vec<f64> {
        let place = |(a, (k, _)): (usize, (usize, usize))| match self.counts[a] {
            1 => self.center[a],
            n => self.center[a] + (k as f64 - (n / 2) as f64) * self.step,
        };
        self.places().into_iter().enumerate().map(place).collect()
    }

    /// The place and value of the top between the places, of the paraboloid through those around the best one.
    fn summit(&self) -> (Vec<f64>, f64) {
        let mut at = self.best();
        let Some(&middle) = self.values.get(self.top) else { return (at, 0.0) };
        let places = self.places();
        let inside: Vec<usize> = (0..places.len())
            .filter(|&a| places[a].0 > 0 && places[a].0 + 1 < self.counts[a])
            .collect();
        // An index beside the best one, one step along two axes.
        let value = |a: usize, up: bool, b: usize, right: bool| {
            let moved = |i: usize, a: usize, up: bool| {
                if up { i + places[a].1 } else { i - places[a].1 }
            };
            let i = moved(self.top, a, up);
            self.values[if a == b { i } else { moved(i, b, right) }]
        };
        let slope = |a: usize| (value(a, true, a, true) - value(a, false, a, true)) / 2.0;
        let bend = |a: usize| value(a, true, a, true) + value(a, false, a, true) - 2.0 * middle;
        let twist = |a: usize, b: usize| {
            (value(a, true, b, true) + value(a, false, b, false)
                - value(a, true, b, false)
                - value(a, false, b, true))
                / 4.0
        };
        let mut off = vec![0.0f64; places.len()];
        // A few rounds, axis by axis, solve what is nearly separate anyway.
        for _ in 0..20 {
            for &a in &inside {
                let others = inside.iter().filter(|b| **b != a);
                let pull: f64 = slope(a) + others.map(|&b| twist(a, b) * off[b]).sum::<f64>();
                let bend = bend(a);
                off[a] = if bend < 0.0 { (-pull / bend).clamp(-1.0, 1.0) } else { 0.0 };
            }
        }
        let more: f64 = inside.iter().map(|&a| slope(a) * off[a] / 2.0).sum();
        at.iter_mut().zip(&off).for_each(|(x, o)| *x += o * self.step);
        (at, middle + more.max(0.0))
    }
}

/// The sum of a line of a spectrum, each frequency turned: in lanes, because the order of sums keeps processors waiting.
fn turned(line: &[Complex<f32>], cos: &[f32], sin: &[f32]) -> Complex<f64> {
    const LANES: usize = 8;
    let (mut re, mut im) = ([0.0f32; LANES], [0.0f32; LANES]);
    for ((x, c), s) in line.chunks(LANES).zip(cos.chunks(LANES)).zip(sin.chunks(LANES)) {
        for (k, ((x, c), s)) in x.iter().zip(c).zip(s).enumerate() {
            re[k] += x.re * c - x.im * s;
            im[k] += x.re * s + x.im * c;
        }
    }
    let sum = |v: [f32; LANES]| v.iter().map(|v| f64::from(*v)).sum();
    Complex::new(sum(re), sum(im))
}
