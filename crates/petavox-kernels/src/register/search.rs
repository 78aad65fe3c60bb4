//! Which of all shifts within reach.

use super::glance::glance;
use super::refine::Found;
use super::{Fft, Patch};
use petavox_core::Region;
use petavox_fft::Complex;

/// Samples at the border of a patch that fade out.
const FADE: usize = 8;
/// Peaks of the correlation that are looked at closely.
const PEAKS: usize = 4;

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The second tile's first sample in the first tile, as it is said to lie.
    pub nominal: Vec<f64>,
    /// How far from there, per axis.
    pub reach: Vec<usize>,
}

/// The parts of two tiles that may show the same: what they share as they are said to lie, and as much more as they may lie elsewhere.
pub fn reach_of(first: &[usize], second: &[usize], search: &Search) -> Option<(Region, Region)> {
    let n = first.len();
    let (mut a, mut b) = ((vec![], vec![]), (vec![], vec![]));
    for k in 0..n {
        let (d, r) = (search.nominal[k].round() as i64, search.reach[k] as i64);
        let (lo, hi) = ((d - r).max(0), (d + r + second[k] as i64).min(first[k] as i64));
        let (low, high) = ((-d - r).max(0), (first[k] as i64 - d + r).min(second[k] as i64));
        if hi <= lo || high <= low {
            return None;
        }
        a.0.push(lo);
        a.1.push((hi - lo) as usize);
        b.0.push(low);
        b.1.push((high - low) as usize);
    }
    Some((Region::new(a.0, a.1), Region::new(b.0, b.1)))
}

/// The shift at which the two patches agree best; `None` where they share too little anywhere within reach. Of shifts that agree as well, the
/// one nearer to where the tile is said to lie. To a tenth of a sample; [`refine`](super::refine()) measures it.
pub fn search(
    first: &Patch,
    second: &Patch,
    shapes: (&[usize], &[usize]),
    how: &Search,
    fft: &mut Fft,
) -> Option<Found> {
    let n = how.nominal.len();
    let nominal: Vec<i64> = how.nominal.iter().map(|d| d.round() as i64).collect();
    // A shift is a lag of the patches and the distance of where they begin.
    let begin: Vec<i64> =
        (0..n).map(|a| first.region.start()[a] - second.region.start()[a]).collect();
    let lag = |a: usize, k: usize| nominal[a] - how.reach[a] as i64 + k as i64 - begin[a];
    let counts: Vec<usize> = how.reach.iter().map(|r| 2 * r + 1).collect();
    let size: Vec<usize> = (0..n)
        .map(|a| {
            let longest = first.region.shape()[a].max(second.region.shape()[a]);
            let lags = lag(a, 0).abs().max(lag(a, counts[a] - 1).abs()) as usize;
            if longest == 1 && lags == 0 { 1 } else { Fft::quick_len(longest + lags) }
        })
        .collect();
    let mut spectrum = spectrum(first, &size, fft);
    let other = self::spectrum(second, &size, fft);
    spectrum.iter_mut().zip(&other).for_each(|(x, y)| *x *= y.conj());
    fft.keep_spectrum(other);
    let all = fft.inverse(spectrum, &size, &looked_at(&size, &counts, lag));
    // A large overlap sums up more by chance: by the square root of its size.
    let window = Region::whole(&counts);
    let steps = petavox_core::strides(&size);
    let mut values = Vec::with_capacity(window.len());
    window.for_each_row(|point| {
        for i in 0..window.row_len() {
            let mut at = 0;
            let mut shared = 1.0;
            for axis in 0..n {
                let k = if axis + 1 == n { i } else { point[axis] as usize };
                let lag = lag(axis, k);
                at += lag.rem_euclid(size[axis] as i64) as usize * steps[axis];
                let d = lag + begin[axis];
                let (f, s) = (shapes.0[axis] as i64, shapes.1[axis] as i64);
                shared *= (f.min(d + s) - d.max(0)).max(0) as f64;
            }
            let value = f64::from(all[at]) / shared.max(64.0).sqrt();
            values.push(if shared > 0.0 { value } else { f64::NEG_INFINITY });
        }
    });
    fft.keep(all);
    let mut best: Option<(f64, Found)> = None;
    for _ in 0..PEAKS {
        let most = (0..values.len()).max_by(|&i, &j| values[i].total_cmp(&values[j]))?;
        if values[most] == f64::NEG_INFINITY {
            break;
        }
        let place = place(most, &counts);
        blot(&mut values, &counts, &place);
        let near: Vec<i64> = (0..n).map(|a| lag(a, place[a]) + begin[a]).collect();
        let Some(found) = glance(first, second, &near) else { continue };
        let off = |a: usize| (found.shift[a] - how.nominal[a]) / how.reach[a].max(1) as f64;
        if (0..n).any(|a| off(a).abs() > 1.0 + 1.0 / how.reach[a].max(1) as f64) {
            continue;
        }
        let doubt = (-0.5 * (0..n).map(|a| off(a) * off(a)).sum::<f64>()).exp();
        let worth = found.strength() * doubt;
        if best.as_ref().is_none_or(|(w, _)| worth > *w) {
            best = Some((worth, found));
        }
    }
    best.map(|(_, found)| found)
}

fn place(mut number: usize, counts: &[usize]) -> Vec<usize> {
    let mut out = vec![0; counts.len()];
    for a in (0..counts.len()).rev() {
        out[a] = number % counts[a];
        number /= counts[a];
    }
    out
}

/// Takes a peak and what is around it out.
fn blot(values: &mut [f64], counts: &[usize], place: &[usize]) {
    const AROUND: usize = 3;
    let start: Vec<i64> = place.iter().map(|p| p.saturating_sub(AROUND) as i64).collect();
    let shape: Vec<usize> = (0..counts.len())
        .map(|a| (place[a] + AROUND + 1).min(counts[a]) - start[a] as usize)
        .collect();
    let whole = Region::whole(counts);
    let part = Region::new(start, shape);
    part.for_each_row(|point| {
        let at = whole.offset_of(point);
        values[at..at + part.row_len()].fill(f64::NEG_INFINITY);
    });
}

/// The rows of all lags in which there are some within reach.
fn looked_at(size: &[usize], counts: &[usize], lag: impl Fn(usize, usize) -> i64) -> Vec<bool> {
    let last = size.len() - 1;
    let mut rows = vec![true];
    for a in 0..last {
        let mut along = vec![false; size[a]];
        (0..counts[a]).for_each(|k| along[lag(a, k).rem_euclid(size[a] as i64) as usize] = true);
        rows = rows.iter().flat_map(|r| along.iter().map(move |a| *r && *a)).collect();
    }
    rows
}

/// The spectrum of the patch with its borders faded, and zeros behind it.
fn spectrum(patch: &Patch, size: &[usize], fft: &mut Fft) -> Vec<Complex<f32>> {
    let shape = patch.region.shape();
    let fades: Vec<Vec<f32>> = shape.iter().map(|&n| fade(n)).collect();
    let whole = Region::whole(size);
    let own = Region::whole(shape);
    let mut padded = fft.zeros(whole.len());
    let last = shape.len() - 1;
    let mut at = 0;
    own.for_each_row(|point| {
        let by: f32 = (0..last).map(|a| fades[a][point[a] as usize]).product();
        let to = &mut padded[whole.offset_of(point)..][..shape[last]];
        let from = &patch.samples[at..at + shape[last]];
        to.iter_mut().zip(from.iter().zip(&fades[last])).for_each(|(t, (s, f))| *t = s * f * by);
        at += shape[last];
    });
    let out = fft.forward(&mut padded, size);
    fft.keep(padded);
    out
}

fn fade(n: usize) -> Vec<f32> {
    if n == 1 {
        return vec![1.0];
    }
    let width = FADE.min(n / 2).max(1) as f64;
    let at = |i: usize| {
        let d = (i.min(n - 1 - i) as f64 + 0.5) / width;
        if d < 1.0 { 0.5 - 0.5 * (d * std::f64::consts::PI).cos() } else { 1.0 }
    };
    (0..n).map(|i| at(i) as f32).collect()
}
