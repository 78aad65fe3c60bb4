//! `gaussian`: smoothing, equal to scipy.ndimage.gaussian_filter.

use super::lines::{Lines, axes_of, dtype_of};
use crate::Params;
use crate::params::number_json;
use petavox_core::{Boundary, Dtype, Error, Result};
use petavox_engine::Node;
use petavox_kernels::filter::{GaussianOptions, Separable};
use serde_json::json;
use std::sync::Arc;

/// Smooths with a Gaussian of `sigma` samples; weights, `order` (of the derivative), `truncate`, `mode` and dtype rules are scipy's.
/// `axes` says which axes are filtered, and in which order; `dtype` is the result's. A caller that has computed its own
/// `weights` (a list per axis, `null` for an axis that is left as it is) gives those instead of `sigma`, `order` and `truncate`.
///
/// # Errors
/// If `sigma` or `truncate` is negative, or there are more or fewer values than axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let given = params.parsed::<Vec<Option<Vec<f64>>>>("weights")?;
    if let Some(n) = given.as_ref().map(Vec::len).filter(|n| *n != spec.ndim()) {
        let expected = format!("{}, one per axis", spec.ndim());
        return Err(Error::argument("gaussian: weights", format!("{n} lists"), expected));
    }
    let default = if given.is_some() { 0.0 } else { 1.0 };
    let sigma = params.per_axis("sigma", spec, default)?;
    let order = super::lines::whole_numbers(params, "order", spec.ndim(), 0)?;
    if let Some(negative) = order.iter().find(|o| !(0..=32).contains(*o)) {
        return Err(Error::argument("gaussian: order", negative, "0 to 32"));
    }
    let order = order.iter().map(|o| *o as usize).collect();
    let truncate = params.number("truncate")?.unwrap_or(4.0);
    let axes = axes_of(params, spec)?;
    let dtype = dtype_of(params)?;
    let boundary = params.boundary()?;
    bind(input, GaussianOptions { sigma, order, truncate, given }, axes, boundary, dtype)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn smooth(
    input: &Arc<Node>,
    sigma: Vec<f64>,
    truncate: f64,
    boundary: Boundary,
) -> Result<Arc<Node>> {
    let order = vec![0; sigma.len()];
    derivative(input, sigma, order, truncate, boundary)
}

/// [`smooth`] with the order of the derivative along each axis.
///
/// # Errors
/// As [`build`].
pub fn derivative(
    input: &Arc<Node>,
    sigma: Vec<f64>,
    order: Vec<usize>,
    truncate: f64,
    boundary: Boundary,
) -> Result<Arc<Node>> {
    let axes = (0..input.spec().ndim()).collect();
    let options = GaussianOptions { sigma, order, truncate, given: None };
    bind(input, options, axes, boundary, None)
}

fn bind(
    input: &Arc<Node>,
    options: GaussianOptions,
    axes: Vec<usize>,
    boundary: Boundary,
    dtype: Option<Dtype>,
) -> Result<Arc<Node>> {
    let of_all = options.lines()?;
    let line = |axis: &usize| of_all.iter().find(|(a, _)| a == axis).cloned();
    let mut params = json!({
        "sigma": options.sigma, "order": options.order, "truncate": options.truncate, "axes": axes,
        "mode": boundary.mode(), "cval": number_json(boundary.cval()),
    });
    if let Some(given) = &options.given {
        params["weights"] = json!(given);
    }
    if let Some(dtype) = dtype {
        params["dtype"] = json!(dtype);
    }
    let filter = Separable { lines: axes.iter().filter_map(line).collect(), boundary };
    Lines { name: "gaussian", params, filter, dtype }.of(input)
}
