//! Corners and templates by their definitions.

use super::plain::Plain;
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Float32, Float64, Int16, UInt8};

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("corner_fast:n=9:threshold=2.5", Grey(UInt8), 2, |p| planes(p, 3, |p, y, x| fast(p, y, x, 9, 2.5))),
    ("corner_fast:n=12:threshold=0.15", Grey(Float32), 3, |_| None),
    ("corner_moravec", Grey(Int16), 2, |p| planes(p, 2, |p, y, x| moravec(p, y, x, 1))),
    ("corner_moravec:window_size=2", Grey(Float32), 4, |_| None),
    ("hessian_matrix_det:sigma=1.5", Grey(UInt8), 2, |p| planes(p, 0, |p, y, x| determinant(p, y, x, 4))),
    ("hessian_matrix_det:sigma=6", Grey(Float64), 3, |_| None),
    ("hessian_matrix_det:sigma=40", Mask, 2, |_| None),
    ("match_template:weights=0,1,2,5,1,1:shape=2,3:pad_input=true", Grey(UInt8), 2, |p| alike(p, &[2, 3], &[0.0, 1.0, 2.0, 5.0, 1.0, 1.0], true)),
    ("match_template:weights=0,1,2,5,1,1:shape=3,2", Grey(Int16), 2, |p| alike(p, &[3, 2], &[0.0, 1.0, 2.0, 5.0, 1.0, 1.0], false)),
    ("match_template:weights=3,1,0,1:shape=2,1,2:pad_input=true:mode=wrap", Grey(Float32), 3, |_| None),
    // Large enough for transforms of tiles.
    ("match_template:weights=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40,41,42,43,44,45,46,47,48,49,50,51,52,53,54,55,56,57,58,59,60,61,62,63,64,65,66,67,68,69,70,71,72,73,74,75,76,77,78,79,80,81,82,83,84,85,86,87,88,89,90,91,92,93,94,95,96,97,98,99,100,101,102,103,104,105,106,107,108,109,110,111,112,113,114,115,116,117,118,119,120,121,122,123,124,125,126,127,128,129,131:shape=1,130:pad_input=true:mode=nearest", Grey(Float64), 2, |_| None),
];

/// A plane of which `f` tells every sample that is further than `margin` from its edges.
fn planes(p: &Plain, margin: i64, f: impl Fn(&Plain, i64, i64) -> f64) -> Option<Plain> {
    let &[height, width] = &p.shape[..] else { return None };
    let at = |x: &Vec<i64>| {
        let inside = x[0] >= margin
            && x[1] >= margin
            && x[0] < height as i64 - margin
            && x[1] < width as i64 - margin;
        if inside { f(p, x[0], x[1]) } else { 0.0 }
    };
    Some(Plain { shape: p.shape.clone(), samples: p.points().iter().map(at).collect() })
}

fn fast(p: &Plain, y: i64, x: i64, n: usize, threshold: f64) -> f64 {
    let right = [(0, 3), (1, 3), (2, 2), (3, 1), (3, 0), (3, -1), (2, -2), (1, -3)];
    let circle: Vec<(i64, i64)> =
        right.iter().copied().chain(right.iter().map(|(a, b)| (-a, -b))).collect();
    let own = p.at(&[y, x], 0.0);
    let around: Vec<f64> = circle.iter().map(|(a, b)| p.at(&[y + a, x + b], 0.0) - own).collect();
    let row = |is: &dyn Fn(f64) -> bool| {
        (0..16).any(|first| (0..n).all(|k| is(around[(first + k) % 16])))
    };
    match row(&|d| d > threshold) || row(&|d| d < -threshold) {
        true => around.iter().map(|d| d.abs()).sum(),
        false => 0.0,
    }
}

fn moravec(p: &Plain, y: i64, x: i64, w: i64) -> f64 {
    let mut least = f64::MAX;
    for (dy, dx) in [(-1, -1), (-1, 1), (1, -1), (1, 1)] {
        let mut sum = 0.0;
        for a in -w..=w {
            for b in -w..=w {
                let shifted = p.at(&[y + dy + a, x + dx + b], 0.0);
                sum += (p.at(&[y + a, x + b], 0.0) - shifted).powi(2);
            }
        }
        least = least.min(sum);
    }
    least
}

fn determinant(p: &Plain, y: i64, x: i64, size: i64) -> f64 {
    let (third, half) = (size / 3, (size - 1) / 2);
    let (height, width) = (p.shape[0] as i64, p.shape[1] as i64);
    let boxed = |y: i64, x: i64, h: i64, w: i64| {
        let along = |from: i64, len: i64, n: i64| {
            let first = from.clamp(0, n - 1);
            (first + 1, (from + len).clamp(0, n - 1))
        };
        // Cut at both ends by themselves, as scikit-image does.
        let ((y0, _), (x0, _)) = (along(y, h, height), along(x, w, width));
        let y1 = (y.clamp(0, height - 1) + h).clamp(0, height - 1);
        let x1 = (x.clamp(0, width - 1) + w).clamp(0, width - 1);
        let mut sum = 0.0;
        for a in y0..=y1 {
            for b in x0..=x1 {
                sum += p.at(&[a, b], 0.0);
            }
        }
        sum.max(0.0)
    };
    let weight = 1.0 / (size * size) as f64;
    let t = third;
    let xy = boxed(y - t, x + 1, t, t) + boxed(y + 1, x - t, t, t)
        - boxed(y - t, x - t, t, t)
        - boxed(y + 1, x + 1, t, t);
    let xx = boxed(y - t + 1, x - half, 2 * t - 1, size)
        - 3.0 * boxed(y - t + 1, x - t / 2, 2 * t - 1, t);
    let yy = boxed(y - half, x - t + 1, size, 2 * t - 1)
        - 3.0 * boxed(y - t / 2, x - t + 1, t, 2 * t - 1);
    let cut = |v: f64| -v * weight;
    cut(xx) * cut(yy) - 0.81 * (cut(xy) * cut(xy))
}

fn alike(p: &Plain, shape: &[usize; 2], template: &[f64], padded: bool) -> Option<Plain> {
    let &[height, width] = &p.shape[..] else { return None };
    if height < shape[0] || width < shape[1] {
        return None;
    }
    let out = match padded {
        true => vec![height, width],
        false => vec![height - shape[0] + 1, width - shape[1] + 1],
    };
    let back = if padded { [shape[0] as i64 / 2, shape[1] as i64 / 2] } else { [0, 0] };
    let n = template.len() as f64;
    let mean = template.iter().sum::<f64>() / n;
    let spread: f64 = template.iter().map(|v| (v - mean).powi(2)).sum();
    let at = |x: &Vec<i64>| {
        let window: Vec<f64> = (0..template.len())
            .map(|i| {
                let (a, b) = ((i / shape[1]) as i64, (i % shape[1]) as i64);
                p.at(&[x[0] - back[0] + a, x[1] - back[1] + b], 0.0)
            })
            .collect();
        let own = window.iter().sum::<f64>() / n;
        let squares: f64 = window.iter().map(|v| (v - own).powi(2)).sum();
        let dot: f64 = window.iter().zip(template).map(|(v, t)| (v - own) * (t - mean)).sum();
        if squares > 0.0 { dot / (squares * spread).sqrt() } else { 0.0 }
    };
    let empty = Plain { shape: out.clone(), samples: vec![0.0; out.iter().product()] };
    Some(Plain { shape: out, samples: empty.points().iter().map(at).collect() })
}
