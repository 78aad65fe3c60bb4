//! What is done with labels, and what it means.

use super::plain::Plain;
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Int16, UInt8};

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("count_components:connectivity=1", Mask, 4, |p| Some(super::single(super::plain::label(p, 1).0.samples.iter().copied().fold(0.0, f64::max)))),
    ("label:values=true", Grey(UInt8), 4, |_| None),
    ("label:values=true:background=none:connectivity=1:dtype=uint32", Grey(Int16), 3, |_| None),
    ("map_array:input_vals=3,6,-20:output_vals=1,9,300", Grey(Int16), 4, |p| mapped(p, &[(3, 1.0), (6, 9.0), (-20, 300.0)], false)),
    ("map_array:input_vals=0,6:output_vals=0.5,-1:keep=true", Grey(UInt8), 3, |p| mapped(p, &[(0, 0.5), (6, -1.0)], true)),
];

fn mapped(p: &Plain, table: &[(i64, f64)], keep: bool) -> Option<Plain> {
    let new = |v: f64| table.iter().find(|(from, _)| *from as f64 == v).map(|(_, to)| *to);
    Some(p.map(|v| new(v).unwrap_or(if keep { v } else { 0.0 })))
}
