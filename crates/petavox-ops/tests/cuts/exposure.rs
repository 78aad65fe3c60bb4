//! Exposure: tables, order, and the histograms of regions, by their definitions.

use super::plain::Plain;
use super::{Definition, Input};
use Input::Grey;
use petavox_core::Dtype;

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("equalize_adapthist:kernel_size=7:nbins=50", Grey(Dtype::UInt16), 3, |_| None),
    ("equalize_adapthist:kernel_size=9:nbins=50:range=2,9", Grey(Dtype::UInt16), 3, |_| None),
    ("equalize_adapthist:kernel_size=30:range=257,1542", Grey(Dtype::UInt8), 3, |_| None),
    ("equalize_hist", Grey(Dtype::Int16), 4, |p| Some(p.map(|v| p.samples.iter().filter(|x| **x <= v).count() as f64 / p.samples.len() as f64))),
    ("equalize_hist:nbins=40", Grey(Dtype::Float32), 3, |_| None),
    ("interp:xp=-10,0,5,300:fp=0,1,-2,4", Grey(Dtype::Int16), 4, |p| Some(p.map(between))),
    ("interp:xp=0,40:fp=0,1", Grey(Dtype::UInt8), 3, |p| Some(p.map(|v| (v / 40.0).clamp(0.0, 1.0)))),
    ("order_statistics:ranks=0,7,3", Grey(Dtype::UInt8), 4, |p| sorted(p, &[0, 7, 3])),
    ("order_statistics:ranks=5,2", Grey(Dtype::Float32), 3, |p| sorted(p, &[5, 2])),
    ("order_statistics:ranks=1,8", Grey(Dtype::Int64), 3, |p| sorted(p, &[1, 8])),
];

fn between(v: f64) -> f64 {
    match v {
        v if v <= -10.0 => 0.0,
        v if v <= 0.0 => (v + 10.0) / 10.0,
        v if v <= 5.0 => 1.0 - v * 3.0 / 5.0,
        v if v <= 300.0 => -2.0 + (v - 5.0) * 6.0 / 295.0,
        _ => 4.0,
    }
}

fn sorted(p: &Plain, ranks: &[usize]) -> Option<Plain> {
    let mut samples = p.samples.clone();
    samples.sort_by(f64::total_cmp);
    let found: Option<Vec<f64>> = ranks.iter().map(|r| samples.get(*r).copied()).collect();
    Some(Plain { shape: vec![ranks.len()], samples: found? })
}
