//! `uniform`: the mean of a box, equal to scipy.ndimage.uniform_filter.

use super::lines::{Lines, axes_of, dtype_of, whole_numbers};
use crate::Params;
use crate::params::number_json;
use petavox_core::{Error, Result};
use petavox_engine::Node;
use petavox_kernels::filter::{Line, Separable, Window};
use serde_json::json;
use std::sync::Arc;

/// The longest window: lines are continued by half of it at either end.
const LONGEST: usize = 1_000_000;

/// The mean of `size` samples along each axis (3 by default), axis by axis; the own sample is number `size // 2 + origin` of them. `axes`
/// says which axes are filtered, and in which order; `size` and `origin` are then theirs. `dtype` is the result's. Every mean is summed
/// from its own samples, so that integers are exact and a NaN spreads no further than the box reaches; scipy carries a running
/// sum along the line, whose rounding differs in the last digits of floats (scipy.ndimage.uniform_filter).
///
/// # Errors
/// If a size is not 1 to 1,000,000, or the origin lies outside the box.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let axes = axes_of(params, input.spec())?;
    let sizes = whole_numbers(params, "size", axes.len(), 3)?;
    let origins = whole_numbers(params, "origin", axes.len(), 0)?;
    let dtype = dtype_of(params)?;
    let boundary = params.boundary()?;
    let mut lines = vec![];
    for ((axis, size), origin) in axes.iter().zip(&sizes).zip(&origins) {
        let len = usize::try_from(*size).ok().filter(|n| (1..=LONGEST).contains(n));
        let expected = || format!("1 to {LONGEST} samples");
        let len = len.ok_or_else(|| Error::argument("uniform: size", size, expected()))?;
        if len > 1 {
            lines.push((*axis, Line::Mean(Window::new(len, *origin)?)));
        }
    }
    let mut written = json!({
        "size": sizes, "origin": origins, "axes": axes, "mode": boundary.mode(), "cval": number_json(boundary.cval()),
    });
    if let Some(dtype) = dtype {
        written["dtype"] = json!(dtype);
    }
    let filter = Separable { lines, boundary };
    Lines { name: "uniform", params: written, filter, dtype }.of(input)
}
