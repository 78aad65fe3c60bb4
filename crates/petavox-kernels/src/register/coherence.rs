//! How far images that show the same agree, frequency by frequency.
//!
//! A shift is measured best if every frequency counts as much as it tells: by what both images have in common there against what they have
//! not (Hannan and Thomson's processor). Noise and vignetting have no phase in common, so that it needs no choice of a smoothing.

use super::refine::{Pair, spectra};
use super::{Fft, Patch};
use petavox_core::Region;
use petavox_fft::Complex;

/// Steps from no frequency to the highest.
const STEPS: usize = 48;
/// Less of the power in common than this tells nothing.
const LEAST: f64 = 0.002;
/// What is in common can hardly be known to be more.
const MOST: f64 = 0.99;

/// Sums over pairs, per step of the frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct Coherence {
    common: Vec<f64>,
    first: Vec<f64>,
    second: Vec<f64>,
    n: Vec<f64>,
}

impl Default for Coherence {
    fn default() -> Coherence {
        let none = || vec![0.0; STEPS];
        Coherence { common: none(), first: none(), second: none(), n: none() }
    }
}

impl Coherence {
    /// Adds what others tell.
    pub fn add(&mut self, other: &Coherence) {
        for (to, from) in [
            (&mut self.common, &other.common),
            (&mut self.first, &other.first),
            (&mut self.second, &other.second),
            (&mut self.n, &other.n),
        ] {
            to.iter_mut().zip(from).for_each(|(t, f)| *t += f);
        }
    }

    /// How much each step of the frequency counts; `None` if nothing is in common.
    pub fn weights(&self) -> Option<Weights> {
        let weight = |k: usize| {
            let power = (self.first[k] * self.second[k]).sqrt();
            let common = (self.common[k] / power.max(f64::MIN_POSITIVE)).max(0.0).powi(2).min(MOST);
            if common < LEAST || power <= 0.0 {
                return 0.0;
            }
            // For the power that all have, not the strongest alone.
            common / (1.0 - common) / (common.sqrt() * power / self.n[k].max(1.0))
        };
        let all: Vec<f64> = (0..STEPS).map(weight).collect();
        let most = all.iter().copied().fold(0.0, f64::max);
        if !(most > 0.0 && most.is_finite()) {
            return None;
        }
        Some(Weights(all.iter().map(|w| (w / most) as f32).collect()))
    }
}

/// How much every frequency counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights(Vec<f32>);

impl Weights {
    /// Calls with the number and the weight of every frequency of a half spectrum of an array of `shape`.
    pub(super) fn each(&self, shape: &[usize], mut f: impl FnMut(usize, f32)) {
        each_step(shape, |i, step| f(i, self.0[step]));
    }
}

/// What a pair that lies at `about` tells.
pub fn coherence(first: &Patch, second: &Patch, about: &[f64], fft: &mut Fft) -> Option<Coherence> {
    let near: Vec<i64> = about.iter().map(|s| s.round() as i64).collect();
    let Pair { a, b, shape, energy, .. } = spectra(first, second, &near, fft)?;
    if energy <= 0.0 {
        return None;
    }
    let mut out = Coherence::default();
    // The rest of the shift, as a turn of each frequency along each axis.
    let turns: Vec<Vec<Complex<f32>>> = (0..shape.len())
        .map(|axis| {
            let left = about[axis] - near[axis] as f64;
            let turn = |k: usize| {
                let angle =
                    std::f64::consts::TAU * signed(k, shape[axis]) * left / shape[axis] as f64;
                Complex::new(angle.cos() as f32, angle.sin() as f32)
            };
            (0..shape[axis]).map(turn).collect()
        })
        .collect();
    let half = Region::whole(&half(&shape));
    let mut of_row = Vec::with_capacity(half.len());
    half.for_each_row(|point| {
        let by = (0..shape.len() - 1)
            .fold(Complex::new(1.0, 0.0), |t, a| t * turns[a][point[a] as usize]);
        of_row.extend(turns[shape.len() - 1][..half.row_len()].iter().map(|t| t * by));
    });
    let by = 1.0 / energy;
    each_step(&shape, |i, step| {
        out.common[step] += f64::from((a[i] * b[i].conj() * of_row[i]).re) * by;
        out.first[step] += f64::from(a[i].norm_sqr()) * by;
        out.second[step] += f64::from(b[i].norm_sqr()) * by;
        out.n[step] += 1.0;
    });
    fft.keep_spectrum(a);
    fft.keep_spectrum(b);
    Some(out)
}

fn half(shape: &[usize]) -> Vec<usize> {
    let mut half = shape.to_vec();
    if let Some(last) = half.last_mut() {
        *last = *last / 2 + 1;
    }
    half
}

fn signed(k: usize, n: usize) -> f64 {
    if k > n / 2 { k as f64 - n as f64 } else { k as f64 }
}

/// Calls with the number and the step of every frequency of a half spectrum.
fn each_step(shape: &[usize], mut f: impl FnMut(usize, usize)) {
    let whole = Region::whole(&half(shape));
    let wide = shape.iter().filter(|n| **n > 1).count().max(1) as f64;
    // The square of the frequency, where the highest along every axis is 1.
    let part = |k: usize, n: usize| {
        let f = signed(k, n) / (n as f64 / 2.0);
        if n > 1 { f * f / wide } else { 0.0 }
    };
    let last = shape.len() - 1;
    let along: Vec<f64> = (0..whole.row_len()).map(|k| part(k, shape[last])).collect();
    let mut i = 0;
    whole.for_each_row(|point| {
        let before: f64 = (0..last).map(|a| part(point[a] as usize, shape[a])).sum();
        for square in &along {
            let step = ((before + square).sqrt() * STEPS as f64) as usize;
            f(i, step.min(STEPS - 1));
            i += 1;
        }
    });
}
