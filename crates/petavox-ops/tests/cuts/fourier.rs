//! Fourier transforms by their definition.

use super::plain::Plain;
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Float32, Float64, Int16, UInt8};
use std::f64::consts::TAU;

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("cross_power:normalization=phase:complex=false", Grey(Float64), 2, |p| Some(with_parts(p, |v| (if v == 0.0 { 0.0 } else { 1.0 }, 0.0)))),
    ("cross_power:normalization=plain:complex=false", Grey(Int16), 3, |p| Some(with_parts(p, |v| (v * v, 0.0)))),
    ("fftn", Grey(UInt8), 2, |p| Some(interleaved(&Complex::of(p).along_all(-1.0), 1.0))),
    ("fftn:axes=0:norm=ortho", Grey(Float64), 3, |p| Some(interleaved(&Complex::of(p).along(0, -1.0), (p.shape[0] as f64).powf(-0.5)))),
    ("fftn:norm=forward", Grey(Float32), 3, |_| None),
    ("fourier_points:points=5:start=0.5:step=0.1:complex=false", Grey(Float64), 2, |p| Some(points(p, 5, 0.5, 0.1))),
    ("fourier_points:points=3:axis=0:complex=false:mirrored=others", Grey(Float32), 3, |_| None),
    ("ifftn:complex=false", Mask, 2, |p| Some(interleaved(&Complex::of(p).along_all(1.0), 1.0 / p.samples.len() as f64))),
    ("irfftn:complex=false:n=7", Grey(Float64), 2, |p| Some(back(p, 7))),
    ("irfftn:complex=false:norm=forward:n=12", Grey(UInt8), 3, |_| None),
    ("rfftn", Grey(Int16), 2, |p| Some(half(p))),
    ("rfftn:axes=-1", Grey(Float32), 4, |_| None),
];

/// Samples as pairs.
struct Complex {
    shape: Vec<usize>,
    samples: Vec<(f64, f64)>,
}

impl Complex {
    fn of(p: &Plain) -> Complex {
        Complex { shape: p.shape.clone(), samples: p.samples.iter().map(|v| (*v, 0.0)).collect() }
    }

    /// The definition along one axis, sum by sum.
    fn along(&self, axis: usize, sign: f64) -> Complex {
        let n = self.shape[axis];
        let step: usize = self.shape[axis + 1..].iter().product();
        let sum = |i: usize| {
            let (k, first) = (i / step % n, i - i / step % n * step);
            (0..n).fold((0.0, 0.0), |(re, im), x| {
                let (sin, cos) = (sign * TAU * (k * x % n) as f64 / n as f64).sin_cos();
                let (a, b) = self.samples[first + x * step];
                (re + a * cos - b * sin, im + a * sin + b * cos)
            })
        };
        Complex { shape: self.shape.clone(), samples: (0..self.samples.len()).map(sum).collect() }
    }

    fn along_all(self, sign: f64) -> Complex {
        (0..self.shape.len()).fold(self, |c, axis| c.along(axis, sign))
    }
}

fn interleaved(c: &Complex, factor: f64) -> Plain {
    let mut shape = c.shape.clone();
    shape.push(2);
    Plain { shape, samples: c.samples.iter().flat_map(|(a, b)| [a * factor, b * factor]).collect() }
}

fn with_parts(p: &Plain, f: impl Fn(f64) -> (f64, f64)) -> Plain {
    let samples = p.samples.iter().map(|v| f(*v)).collect();
    interleaved(&Complex { shape: p.shape.clone(), samples }, 1.0)
}

fn half(p: &Plain) -> Plain {
    let whole = Complex::of(p).along_all(-1.0);
    let n = *p.shape.last().unwrap_or(&1);
    let mut shape = p.shape.clone();
    *shape.last_mut().unwrap() = n / 2 + 1;
    let rows = whole.samples.chunks(n.max(1));
    let samples = rows.flat_map(|row| row[..n / 2 + 1].to_vec()).collect();
    interleaved(&Complex { shape, samples }, 1.0)
}

/// A real spectrum, cut or filled up with 0 to half of `n`, completed and transformed back.
fn back(p: &Plain, n: usize) -> Plain {
    let m = *p.shape.last().unwrap_or(&1);
    let outer = p.shape.len() - 1;
    let mut shape = p.shape.clone();
    *shape.last_mut().unwrap() = n / 2 + 1;
    let padded = |row: &[f64]| {
        (0..n / 2 + 1).map(|k| (row.get(k).copied().unwrap_or(0.0), 0.0)).collect::<Vec<_>>()
    };
    let samples = p.samples.chunks(m.max(1)).flat_map(padded).collect();
    let spread = (0..outer).fold(Complex { shape: shape.clone(), samples }, |c, a| c.along(a, 1.0));
    let rest: usize = shape[..outer].iter().product();
    let real = |row: &[(f64, f64)]| {
        let at = |x: usize| {
            let term = |(k, (a, b)): (usize, &(f64, f64))| {
                let (sin, cos) = (TAU * (k * x % n) as f64 / n as f64).sin_cos();
                let twice = if k == 0 || 2 * k == n { 1.0 } else { 2.0 };
                twice * (a * cos - if twice > 1.0 { b * sin } else { 0.0 })
            };
            row.iter().enumerate().map(term).sum::<f64>() / (n * rest) as f64
        };
        (0..n).map(at).collect::<Vec<_>>()
    };
    let samples = spread.samples.chunks(n / 2 + 1).flat_map(real).collect();
    *shape.last_mut().unwrap() = n;
    Plain { shape, samples }
}

fn points(p: &Plain, n_points: usize, start: f64, step: f64) -> Plain {
    let n = *p.shape.last().unwrap_or(&1);
    let mut shape = p.shape.clone();
    *shape.last_mut().unwrap() = n_points;
    let sums = |row: &[f64]| {
        let at = |j: usize| {
            let x = start + step * j as f64;
            row.iter().enumerate().fold((0.0, 0.0), |(re, im), (k, v)| {
                let k = if k < n.div_ceil(2) { k as f64 } else { k as f64 - n as f64 };
                let (sin, cos) = (TAU * (x * k / n as f64)).sin_cos();
                (re + v * cos, im + v * sin)
            })
        };
        (0..n_points).map(at).collect::<Vec<_>>()
    };
    let samples = p.samples.chunks(n.max(1)).flat_map(sums).collect();
    interleaved(&Complex { shape, samples }, 1.0)
}
