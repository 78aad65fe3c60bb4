//! Filtering where some samples do not count.

use super::filter::{gaussian, laplacian_of_gaussian};

/// Samples whose surroundings count less than this, of all of them, say more about what stands for masked ones than about the image.
const LEAST: f32 = 0.8;

/// The Laplacian of the image smoothed by `sigma`, in place, of the samples that count: `counts` is 1 or 0, and becomes how much each of
/// the results counts, which falls to nothing towards those that do not. Where nothing counts, samples become 0.
pub fn laplacian_where(samples: &mut Vec<f32>, counts: &mut [f32], shape: &[usize], sigma: f64) {
    fill(samples, counts, shape, 2.0 * sigma + 2.0);
    laplacian_of_gaussian(samples, shape, sigma);
    let mut around = counts.to_vec();
    gaussian(&mut around, shape, sigma.max(1.0));
    for ((sample, count), around) in samples.iter_mut().zip(counts.iter_mut()).zip(&around) {
        *count = match *count > 0.0 {
            true => ((around - LEAST) / (1.0 - LEAST)).clamp(0.0, 1.0),
            false => 0.0,
        };
        *sample *= *count;
    }
}

/// Puts smooth values where samples do not count: means of those around that do.
fn fill(samples: &mut [f32], counts: &[f32], shape: &[usize], sigma: f64) {
    let n: f64 = counts.iter().map(|c| f64::from(*c)).sum();
    let sum = || samples.iter().zip(counts).filter(|(_, c)| **c > 0.0).map(|(s, _)| f64::from(*s));
    let mean = if n > 0.0 { (sum().sum::<f64>() / n) as f32 } else { 0.0 };
    let mut values: Vec<f32> =
        samples.iter().zip(counts).map(|(s, c)| if *c > 0.0 { s - mean } else { 0.0 }).collect();
    let mut weights = counts.to_vec();
    gaussian(&mut values, shape, sigma);
    gaussian(&mut weights, shape, sigma);
    for (((s, c), v), w) in samples.iter_mut().zip(counts).zip(&values).zip(&weights) {
        if *c <= 0.0 {
            // Towards the mean of all where nothing near counts.
            *s = mean + v / w.max(1e-3);
        }
    }
}
