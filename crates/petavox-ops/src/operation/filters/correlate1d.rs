//! `correlate1d`, and the filters that are several of them: `sobel`, `prewitt`.

use super::lines::{Lines, axis_of, dtype_of, whole_numbers};
use crate::Params;
use crate::params::number_json;
use petavox_core::{Boundary, Dtype, Error, Result};
use petavox_engine::Node;
use petavox_kernels::filter::{Line, Separable, Weights};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Sums of samples along `axis` (the last by default), each times its weight of `weights`; the one that meets the own sample is number
/// `n // 2 + origin`. `dtype` is the result's (scipy.ndimage.correlate1d).
///
/// # Errors
/// If there are no weights, or the origin lies outside of them.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let Some(weights) = params.numbers("weights")? else {
        return Err(Error::argument(
            "correlate1d: weights",
            "none",
            "numbers, such as weights=1,2,1",
        ));
    };
    let axis = axis_of(params, input.spec())?;
    let origin = whole_numbers(params, "origin", 1, 0)?[0];
    let dtype = dtype_of(params)?;
    let boundary = params.boundary()?;
    let written = json!({ "weights": weights, "axis": axis, "origin": origin });
    let line = Line::Weighted(Weights::with_origin(weights, origin)?);
    bind("correlate1d", input, written, vec![(axis, line)], boundary, dtype)
}

/// The derivative along `axis` (the last by default), smoothed along the others by 1, 2, 1 (scipy.ndimage.sobel).
///
/// # Errors
/// If the image has no such axis.
pub fn sobel(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    edges("sobel", input, params, [1.0, 2.0, 1.0])
}

/// The derivative along `axis` (the last by default), smoothed along the others by 1, 1, 1 (scipy.ndimage.prewitt).
///
/// # Errors
/// If the image has no such axis.
pub fn prewitt(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    edges("prewitt", input, params, [1.0, 1.0, 1.0])
}

fn edges(
    name: &'static str,
    input: &Arc<Node>,
    params: &mut Params,
    smooth: [f64; 3],
) -> Result<Arc<Node>> {
    let axis = axis_of(params, input.spec())?;
    let dtype = dtype_of(params)?;
    let boundary = params.boundary()?;
    let weighted = |w: [f64; 3]| Weights::new(w.to_vec()).map(Line::Weighted);
    let mut lines = vec![(axis, weighted([-1.0, 0.0, 1.0])?)];
    for other in (0..input.spec().ndim()).filter(|a| *a != axis) {
        lines.push((other, weighted(smooth)?));
    }
    bind(name, input, json!({ "axis": axis }), lines, boundary, dtype)
}

fn bind(
    name: &'static str,
    input: &Arc<Node>,
    mut params: Json,
    lines: Vec<(usize, Line)>,
    boundary: Boundary,
    dtype: Option<Dtype>,
) -> Result<Arc<Node>> {
    params["mode"] = json!(boundary.mode());
    params["cval"] = number_json(boundary.cval());
    if let Some(dtype) = dtype {
        params["dtype"] = json!(dtype);
    }
    Lines { name, params, filter: Separable { lines, boundary }, dtype }.of(input)
}
