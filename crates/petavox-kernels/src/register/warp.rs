//! A part of a tile as it lies in the mosaic, if it is turned, scaled or sheared there.

use super::Patch;
use petavox_core::{Region, strides};

/// Samples on either side of a place that make its value.
pub const WARP_TAPS: usize = 3;
/// Places between two samples for which weights are known.
const PHASES: usize = 1024;

/// Weights of a windowed sinc, `2 · WARP_TAPS` for every phase.
fn table() -> Vec<[f32; 2 * WARP_TAPS]> {
    let sinc = |x: f64| match x.abs() < 1e-9 {
        true => 1.0,
        false => (std::f64::consts::PI * x).sin() / (std::f64::consts::PI * x),
    };
    let of = |phase: usize| {
        let f = phase as f64 / PHASES as f64;
        let at = |k: usize| {
            let x = k as f64 - (WARP_TAPS as f64 - 1.0) - f;
            if x.abs() < WARP_TAPS as f64 { sinc(x) * sinc(x / WARP_TAPS as f64) } else { 0.0 }
        };
        let sum: f64 = (0..2 * WARP_TAPS).map(at).sum();
        std::array::from_fn(|k| (at(k) / sum) as f32)
    };
    (0..=PHASES).map(of).collect()
}

/// The samples `to`, each from the place `matrix · p + offset` of a tile of which `from` is a part. What stands outside of it, or is made of
/// samples that do not count, does not count.
pub fn warped(from: &Patch, matrix: &[Vec<f64>], offset: &[f64], to: &Region) -> Patch {
    let n = to.ndim();
    let table = table();
    let steps = strides(from.region.shape());
    // The last axis is gone over by itself.
    let taps = (2 * WARP_TAPS).pow(n as u32 - 1);
    let mut samples = Vec::with_capacity(to.len());
    let mut counts = Vec::with_capacity(to.len());
    let mut phases = vec![0usize; n];
    to.for_each_row(|row| {
        for i in 0..to.row_len() {
            let mut first = 0;
            let mut is_inside = true;
            for a in 0..n {
                let line = &matrix[a];
                let place: f64 = (0..n - 1).map(|b| line[b] * row[b] as f64).sum::<f64>()
                    + line[n - 1] * (row[n - 1] + i as i64) as f64
                    + offset[a]
                    - from.region.start()[a] as f64;
                let len = from.region.shape()[a];
                // An axis of one sample has nothing between samples.
                let whole = if len == 1 { 0.0 } else { place.floor() };
                let begin = if len == 1 { 0.0 } else { whole - (WARP_TAPS as f64 - 1.0) };
                let end = if len == 1 { 0.0 } else { whole + WARP_TAPS as f64 };
                let beside = len == 1 && place.abs() > 0.5;
                if beside || begin < 0.0 || end > len as f64 - 1.0 {
                    is_inside = false;
                    break;
                }
                phases[a] = if len == 1 {
                    usize::MAX
                } else {
                    ((place - whole) * PHASES as f64).round() as usize
                };
                first += begin as usize * steps[a];
            }
            if !is_inside {
                samples.push(0.0);
                counts.push(0.0);
                continue;
            }
            let (mut sum, mut count) = (0.0f32, 1.0f32);
            'taps: for tap in 0..taps {
                let (mut rest, mut at, mut by) = (tap, first, 1.0f32);
                for a in (0..n - 1).rev() {
                    let k = rest % (2 * WARP_TAPS);
                    rest /= 2 * WARP_TAPS;
                    if phases[a] == usize::MAX {
                        if k > 0 {
                            continue 'taps;
                        }
                        continue;
                    }
                    at += k * steps[a];
                    by *= table[phases[a]][k];
                }
                let width = if phases[n - 1] == usize::MAX { 1 } else { 2 * WARP_TAPS };
                let one = [1.0f32; 2 * WARP_TAPS];
                let weights = if width == 1 { &one } else { &table[phases[n - 1]] };
                let line = &from.samples[at..at + width];
                sum += by * line.iter().zip(weights).map(|(s, w)| s * w).sum::<f32>();
                if let Some(known) = &from.counts
                    && by != 0.0
                    && known[at..at + width].contains(&0.0)
                {
                    count = 0.0;
                }
            }
            samples.push(if count > 0.0 { sum } else { 0.0 });
            counts.push(count);
        }
    });
    let counts = counts.contains(&0.0).then_some(counts);
    Patch { region: to.clone(), samples, counts }
}
