//! The Laplacian of a Gaussian on small arrays.

use crate::wide::widest;
use petavox_core::strides;

/// The Laplacian of the image smoothed by `sigma`, in place; the samples at the ends are continued.
pub fn laplacian_of_gaussian(samples: &mut Vec<f32>, shape: &[usize], sigma: f64) {
    let steps = strides(shape);
    gaussian(samples, shape, sigma);
    let mut other = vec![0.0f32; samples.len()];
    for a in (0..shape.len()).filter(|&a| shape[a] > 1) {
        second_difference(samples, &mut other, shape[a], steps[a]);
    }
    std::mem::swap(samples, &mut other);
}

/// Smooths by `sigma`, in place; the samples at the ends are continued.
pub(super) fn gaussian(samples: &mut Vec<f32>, shape: &[usize], sigma: f64) {
    let steps = strides(shape);
    let radius = (3.0 * sigma).ceil() as usize;
    let weights: Vec<f32> = {
        let at = |k: usize| (-0.5 * (k as f64 / sigma).powi(2)).exp();
        let sum: f64 = at(0) + 2.0 * (1..=radius).map(at).sum::<f64>();
        (0..=radius).map(|k| (at(k) / sum) as f32).collect()
    };
    let mut other = vec![0.0f32; samples.len()];
    for a in (0..shape.len()).filter(|&a| shape[a] > 1) {
        smooth(samples, &mut other, shape[a], steps[a], &weights);
        std::mem::swap(samples, &mut other);
    }
}

widest! {
    /// Smooths along one axis, one weight after another over whole rows.
    fn smooth(from: &[f32], to: &mut [f32], len: usize, step: usize, weights: &[f32]) {
        let radius = weights.len() - 1;
        let mut line = vec![0.0; if step == 1 { len + 2 * radius } else { 0 }];
        for (from, to) in from.chunks_exact(len * step).zip(to.chunks_exact_mut(len * step)) {
            if step == 1 {
                line[..radius].fill(from[0]);
                line[radius..radius + len].copy_from_slice(from);
                line[radius + len..].fill(from[len - 1]);
                to.iter_mut().zip(from).for_each(|(t, f)| *t = weights[0] * f);
                for (k, w) in weights.iter().enumerate().skip(1) {
                    let (low, high) = (&line[radius - k..], &line[radius + k..]);
                    let both = low.iter().zip(high);
                    to.iter_mut().zip(both).for_each(|(t, (l, h))| *t += w * (l + h));
                }
                continue;
            }
            for i in 0..len {
                let row = &mut to[i * step..(i + 1) * step];
                let line = |i: usize| &from[i * step..(i + 1) * step];
                row.iter_mut().zip(line(i)).for_each(|(r, f)| *r = weights[0] * f);
                for (k, w) in weights.iter().enumerate().skip(1) {
                    let (low, high) = (line(i.saturating_sub(k)), line((i + k).min(len - 1)));
                    let both = low.iter().zip(high);
                    row.iter_mut().zip(both).for_each(|(r, (l, h))| *r += w * (l + h));
                }
            }
        }
    }
}

widest! {
    /// Adds the second difference along one axis.
    fn second_difference(from: &[f32], to: &mut [f32], len: usize, step: usize) {
        for (from, to) in from.chunks_exact(len * step).zip(to.chunks_exact_mut(len * step)) {
            if step == 1 {
                // The ends are continued, so that they differ from one side only.
                let lines = from.iter().zip(&from[1..]).zip(&from[2.min(len)..]);
                for (t, ((l, c), h)) in to[1..].iter_mut().zip(lines) {
                    *t += (l - c) + (h - c);
                }
                to[0] += from[1] - from[0];
                to[len - 1] += from[len - 2] - from[len - 1];
                continue;
            }
            for i in 0..len {
                let low = &from[i.saturating_sub(1) * step..][..step];
                let here = &from[i * step..][..step];
                let high = &from[(i + 1).min(len - 1) * step..][..step];
                let row = &mut to[i * step..][..step];
                for (r, ((l, c), h)) in row.iter_mut().zip(low.iter().zip(here).zip(high)) {
                    *r += (l - c) + (h - c);
                }
            }
        }
    }
}
