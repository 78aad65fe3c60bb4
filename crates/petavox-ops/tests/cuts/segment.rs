//! Labels that grow, regions by their size, ridges, superpixels, denoising, sums and means of parts; and what they mean.

use super::plain::{self, Plain};
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Float32, Float64, Int16, UInt8, UInt16};

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("area_closing:area_threshold=4:connectivity=1", Grey(UInt8), 3, |p| Some(opened(&p.map(|v| 255.0 - v), 4).map(|v| 255.0 - v))),
    ("area_opening:area_threshold=5:connectivity=1", Grey(UInt16), 3, |p| Some(opened(p, 5))),
    ("area_opening:area_threshold=3:connectivity=2", Grey(Float32), 3, |_| None),
    ("area_opening:area_threshold=9:connectivity=1", Mask, 3, |p| Some(opened(p, 9))),
    ("diameter_closing:diameter_threshold=3:connectivity=1", Grey(Int16), 3, |_| None),
    ("diameter_opening:diameter_threshold=2:connectivity=1", Grey(UInt8), 3, |_| None),
    ("denoise_bilateral:win_size=3:sigma_color=0.5:sigma_spatial=1.5", Grey(Float64), 2, |_| None),
    ("denoise_bilateral:win_size=5:sigma_color=4:max_value=30:mode=nearest", Grey(UInt8), 1, |p| Some(alike(p, 2, 4.0, 30.0))),
    ("denoise_bilateral:win_size=3:sigma_color=0.5:channels=true", Grey(Float32), 3, |_| None),
    ("denoise_nl_means:patch_size=3:patch_distance=2:h=0.8", Grey(Float64), 2, |_| None),
    ("denoise_nl_means:patch_size=3:patch_distance=1:h=5:sigma=1", Grey(UInt8), 3, |_| None),
    ("denoise_nl_means:patch_size=3:patch_distance=2:h=0.8:fast_mode=false:sigma=0.2", Grey(Float32), 2, |_| None),
    ("denoise_tv_chambolle:weight=0.3:max_num_iter=6", Grey(Float64), 3, |_| None),
    ("denoise_tv_chambolle:weight=2:eps=0.01", Grey(Float32), 2, |_| None),
    ("expand_labels:distance=1", Grey(UInt8), 3, |p| Some(grown(p))),
    ("expand_labels:distance=2.3:spacing=0.7", Grey(UInt16), 3, |_| None),
    ("expand_labels:distance=inf", Mask, 2, |p| Some(p.map(|_| super::truth(p.samples.iter().any(|v| *v != 0.0))))),
    ("integral_image", Grey(Int16), 4, |p| Some(summed(p))),
    ("integral_image", Grey(Float32), 3, |_| None),
    ("integral_image:dtype=float32", Grey(Float32), 2, |_| None),
    ("local_statistic:statistic=otsu:size=5", Grey(UInt8), 2, |_| None),
    ("local_statistic:statistic=mean_percentile:p0=0.2:p1=0.7:size=3", Grey(UInt16), 2, |_| None),
    ("local_statistic:statistic=sum_bilateral:s0=4:s1=2:size=3", Grey(UInt8), 3, |_| None),
    ("local_statistic:statistic=windowed_histogram:n_bins=9:size=3", Grey(UInt8), 2, |_| None),
    ("local_statistic:statistic=noise_filter:ball=2", Grey(UInt8), 2, |_| None),
    ("medial_axis", Mask, 3, |_| None),
    ("resize_local_mean:output_shape=5", Grey(Float64), 1, |p| Some(means(p, 5))),
    ("resize_local_mean:output_shape=7,4", Grey(Float32), 2, |_| None),
    ("resize_local_mean:output_shape=3,9:grid_mode=false", Grey(UInt8), 2, |_| None),
    ("slic:n_segments=9:compactness=0.5:max_num_iter=4", Grey(Float64), 3, |_| None),
    ("slic:n_segments=5:compactness=2:slic_zero=true:enforce_connectivity=false:start_label=0", Grey(UInt8), 2, |_| None),
    ("slic:n_segments=6:compactness=1:channels=true", Grey(Float32), 3, |_| None),
];

/// The highest level at which the region around a sample has `least` samples, level by level.
fn opened(p: &Plain, least: usize) -> Plain {
    let mut levels = p.samples.clone();
    levels.sort_by(f64::total_cmp);
    levels.dedup();
    let mut out = p.map(|_| 0.0);
    for level in levels {
        let (labels, sizes) = plain::label(&p.map(|v| super::truth(v >= level)), 1);
        for (o, l) in out.samples.iter_mut().zip(&labels.samples) {
            if *l != 0.0 && sizes[*l as usize] >= least {
                *o = level;
            }
        }
    }
    out
}

/// Labels of the neighbours over faces, the one before along the last axis first.
fn grown(p: &Plain) -> Plain {
    let ndim = p.shape.len();
    let steps = (0..ndim).rev().map(|a| (a, -1)).chain((0..ndim).map(|a| (a, 1)));
    let steps: Vec<(usize, i64)> = steps.collect();
    let value = |q: &Vec<i64>| {
        let own = p.at(q, 0.0);
        let near = steps.iter().map(|(a, d)| {
            let mut r = q.clone();
            r[*a] += d;
            p.at(&r, 0.0)
        });
        std::iter::once(own).chain(near).find(|v| *v != 0.0).unwrap_or(0.0)
    };
    Plain { shape: p.shape.clone(), samples: p.points().iter().map(value).collect() }
}

/// Sums of what is not behind a sample along any axis.
fn summed(p: &Plain) -> Plain {
    let mut out = p.clone();
    for axis in 0..p.shape.len() {
        for (i, q) in p.points().iter().enumerate() {
            let mut r = q.clone();
            r[axis] -= 1;
            out.samples[i] += out.at(&r, 0.0);
        }
    }
    out
}

/// Means of the parts of a line that `n` samples cover.
fn means(p: &Plain, n: usize) -> Plain {
    let len = p.samples.len() as f64;
    let value = |o: usize| {
        let (low, high) = (o as f64 * len / n as f64, (o + 1) as f64 * len / n as f64);
        let part = |i: usize| (high.min(i as f64 + 1.0) - low.max(i as f64)).max(0.0);
        let parts = p.samples.iter().enumerate().map(|(i, v)| v * part(i));
        parts.sum::<f64>() / (high - low)
    };
    Plain { shape: vec![n], samples: (0..n).map(value).collect() }
}

/// Means along a line, weighted by Gaussians of distance and of difference, the latter in 10000 steps.
fn alike(p: &Plain, radius: i64, sigma: f64, most: f64) -> Plain {
    let n = p.samples.len() as i64;
    let gauss = |x: f64, s: f64| (-0.5 * x * x / (s * s)).exp();
    let value = |i: i64| {
        let own = p.samples[i as usize];
        let near = (-radius..=radius).map(|d| {
            let v = p.samples[(i + d).clamp(0, n - 1) as usize];
            let step = ((v - own).abs() * 10000.0 / most).floor().min(9999.0) * most / 10000.0;
            (v, gauss(d as f64, 1.0) * gauss(step, sigma))
        });
        let (sum, weights) =
            near.fold((0.0, 0.0), |(s, w), (v, weight)| (s + v * weight, w + weight));
        sum / weights
    };
    Plain { shape: p.shape.clone(), samples: (0..n).map(value).collect() }
}
