//! `gaussian`: smoothing, equal to scipy.ndimage.gaussian_filter.

use crate::Params;
use petavox_core::{Boundary, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::filter::{GaussianOptions, gaussian, gaussian_scratch_bytes};
use std::sync::Arc;

struct Gaussian {
    options: GaussianOptions,
    radius: Vec<usize>,
    boundary: Boundary,
}

/// Smooths with a Gaussian of `sigma` samples; weights, `truncate`, `mode` and dtype rules are scipy's. A caller that has computed its own
/// `weights` (a list per axis, `null` for an axis that is left as it is) gives those instead of `sigma` and `truncate`.
///
/// # Errors
/// If `sigma` or `truncate` is negative, or there are more or fewer values than axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let given = params.parsed::<Vec<Option<Vec<f64>>>>("weights")?;
    if let Some(n) = given.as_ref().map(Vec::len).filter(|n| *n != input.spec().ndim()) {
        let expected = format!("{}, one per axis", input.spec().ndim());
        return Err(Error::argument("gaussian: weights", format!("{n} lists"), expected));
    }
    let default = if given.is_some() { 0.0 } else { 1.0 };
    let sigma = params.per_axis("sigma", input.spec(), default)?;
    let truncate = params.number("truncate")?.unwrap_or(4.0);
    let boundary = params.boundary()?;
    bind(input, GaussianOptions { truncate, given, ..GaussianOptions::new(sigma) }, boundary)
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
    bind(input, GaussianOptions { truncate, ..GaussianOptions::new(sigma) }, boundary)
}

fn bind(input: &Arc<Node>, options: GaussianOptions, boundary: Boundary) -> Result<Arc<Node>> {
    let radius = options.radius()?;
    Node::block(Arc::new(Gaussian { options, radius, boundary }), vec![input.clone()], vec![])
}

impl BlockOp for Gaussian {
    fn name(&self) -> &'static str {
        "gaussian"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = serde_json::json!({
            "sigma": self.options.sigma, "truncate": self.options.truncate,
            "mode": self.boundary.mode(), "cval": self.boundary.cval(),
        });
        if let Some(given) = &self.options.given {
            params["weights"] = serde_json::json!(given);
        }
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need { region: target.grow(&self.radius, &self.radius), boundary: self.boundary }]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        gaussian_scratch_bytes(target.shape(), &self.options, inputs[0].dtype).unwrap_or(usize::MAX)
            as u64
    }

    fn cost_ns(&self) -> f64 {
        1.0 + self.radius.iter().map(|&r| 0.35 * r as f64).sum::<f64>()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        gaussian(
            call.inputs[0],
            call.output,
            &self.options,
            self.boundary,
            shape,
            call.scratch.bytes_mut(),
            call.cancel,
        )
    }
}
