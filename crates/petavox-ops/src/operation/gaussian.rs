//! `gaussian`: smoothing, equal to scipy.ndimage.gaussian_filter.

use crate::Params;
use petavox_core::{Boundary, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::filter::{GaussianOptions, gaussian, gaussian_scratch_bytes};
use std::sync::Arc;

struct Gaussian {
    options: GaussianOptions,
    radius: Vec<usize>,
    boundary: Boundary,
}

/// Smooths with a Gaussian of `sigma` samples; weights, `truncate`, `mode` and dtype rules are scipy's.
///
/// # Errors
/// If `sigma` or `truncate` is negative, or there are more or fewer values than axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let sigma = params.per_axis("sigma", input.spec(), 1.0)?;
    let truncate = params.number("truncate")?.unwrap_or(4.0);
    let boundary = params.boundary()?;
    smooth(input, sigma, truncate, boundary)
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
    let options = GaussianOptions { truncate, ..GaussianOptions::new(sigma) };
    let radius = options.radius()?;
    Node::block(Arc::new(Gaussian { options, radius, boundary }), vec![input.clone()], vec![])
}

impl BlockOp for Gaussian {
    fn name(&self) -> &'static str {
        "gaussian"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "sigma": self.options.sigma, "truncate": self.options.truncate,
            "mode": self.boundary.mode(), "cval": self.boundary.cval(),
        })
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
        )
    }
}
