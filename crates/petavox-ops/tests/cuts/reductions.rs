//! numpy's reductions over some or all axes, and what they mean.

use super::plain::Plain;
use super::{Definition, Input, truth};
use Input::{Grey, Mask};
use petavox_core::Dtype;

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("all:axis=0", Mask, 4, |p| Some(reduced_first(p, |v| truth(v.iter().all(|x| *x != 0.0))))),
    ("all:axis=-1", Mask, 3, |_| None),
    ("any:axis=0:keepdims=true", Grey(Dtype::UInt8), 4, |p| Some(kept_first(p, |v| truth(v.iter().any(|x| *x != 0.0))))),
    ("argmax:axis=0", Grey(Dtype::Int16), 4, |p| Some(reduced_first(p, |v| (0..v.len()).rev().max_by(|a, b| v[*a].partial_cmp(&v[*b]).unwrap()).unwrap() as f64))),
    ("argmin", Grey(Dtype::Float32), 4, |p| Some(one(p, |v| (0..v.len()).min_by(|a, b| v[*a].partial_cmp(&v[*b]).unwrap()).unwrap() as f64))),
    ("count_nonzero:axis=0", Grey(Dtype::UInt8), 4, |p| Some(reduced_first(p, |v| v.iter().filter(|x| **x != 0.0).count() as f64))),
    ("max:axis=-1", Grey(Dtype::Float32), 4, |_| None),
    ("max:axis=0", Grey(Dtype::UInt16), 4, |p| Some(reduced_first(p, |v| v.iter().copied().fold(f64::MIN, f64::max)))),
    ("mean", Grey(Dtype::Float32), 4, |p| Some(one(p, |v| v.iter().sum::<f64>() / v.len() as f64))),
    ("mean:axis=0:dtype=float32", Grey(Dtype::Float64), 4, |p| Some(reduced_first(&p.map(|v| f64::from(v as f32)), |v| f64::from((v.iter().sum::<f64>() / v.len() as f64) as f32)))),
    ("mean:axis=-2,-1", Grey(Dtype::Float32), 4, |_| None),
    ("min:axis=0:keepdims=true", Grey(Dtype::Float64), 4, |p| Some(kept_first(p, |v| v.iter().copied().fold(f64::MAX, f64::min)))),
    ("prod:axis=0", Grey(Dtype::Float64), 4, |p| Some(reduced_first(p, |v| v.iter().product()))),
    ("prod:axis=-1", Grey(Dtype::UInt8), 3, |_| None),
    ("ptp:axis=0", Grey(Dtype::Int16), 4, |p| Some(reduced_first(p, |v| v.iter().copied().fold(f64::MIN, f64::max) - v.iter().copied().fold(f64::MAX, f64::min)))),
    ("std:axis=0:ddof=1", Grey(Dtype::Float32), 4, |_| None),
    ("std:axis=0", Grey(Dtype::UInt8), 4, |p| Some(reduced_first(p, |v| variance(v).sqrt()))),
    ("sum", Grey(Dtype::Int16), 4, |p| Some(one(p, |v| v.iter().sum()))),
    ("sum:axis=0", Grey(Dtype::Float32), 4, |p| Some(reduced_first(p, |v| v.iter().sum()))),
    ("sum:axis=0:keepdims=true", Grey(Dtype::UInt16), 4, |p| Some(kept_first(p, |v| v.iter().sum()))),
    ("sum:axis=0,-1", Grey(Dtype::Float64), 4, |_| None),
    ("var:axis=0", Grey(Dtype::Float64), 4, |p| Some(reduced_first(p, variance))),
    ("var:axis=-1:ddof=1", Grey(Dtype::Int64), 4, |_| None),
];

fn variance(v: &[f64]) -> f64 {
    let mean = v.iter().sum::<f64>() / v.len() as f64;
    v.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / v.len() as f64
}

/// What all samples are reduced to.
fn one(p: &Plain, reduce: impl Fn(&[f64]) -> f64) -> Plain {
    Plain { shape: vec![], samples: vec![reduce(&p.samples)] }
}

/// What columns along the first axis are reduced to.
fn reduced_first(p: &Plain, reduce: impl Fn(&[f64]) -> f64) -> Plain {
    let shape = p.shape[1..].to_vec();
    let n: usize = shape.iter().product();
    let column = |i: usize| p.samples.iter().skip(i).step_by(n).copied().collect::<Vec<f64>>();
    Plain { samples: (0..n).map(|i| reduce(&column(i))).collect(), shape }
}

/// As [`reduced_first`], the axis kept.
fn kept_first(p: &Plain, reduce: impl Fn(&[f64]) -> f64) -> Plain {
    let mut out = reduced_first(p, reduce);
    out.shape.insert(0, 1);
    out
}
