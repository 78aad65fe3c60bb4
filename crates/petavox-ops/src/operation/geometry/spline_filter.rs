//! `spline_filter`: the coefficients of the splines that interpolation is made of.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::interpolate::{EdgeMode, SplineFilter as Kernel, spline_filter};
use std::sync::Arc;

struct SplineFilter {
    kernel: Kernel,
    mode: EdgeMode,
}

/// Coefficients, as float64, of the B-spline of `order` 2 to 5 (3 by default) that runs through the samples, along `axes` (all by default);
/// `mode` says how the image goes on outside, by scipy's names for interpolation (`mirror` by default): scipy.ndimage.spline_filter.
///
/// scipy's recursion starts at the image's ends; here it starts anew for every 64 coefficients, as far outside of them as its memory reaches,
/// so that a block needs a margin of 26 to 56 samples instead of whole lines, and values do not depend on the block. They
/// are the same but for the rounding of doubles.
///
/// # Errors
/// If there is no such order, mode or axis.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let ndim = input.spec().ndim();
    let order = params.count("order")?.unwrap_or(3);
    let mode = params.text("mode")?.unwrap_or_else(|| "mirror".to_owned());
    let axes = match params.numbers("axes")? {
        None => (0..ndim).collect(),
        Some(given) => given
            .iter()
            .map(|&a| {
                let whole = if a < 0.0 { a + ndim as f64 } else { a };
                let fits = whole.fract() == 0.0 && whole >= 0.0 && whole < ndim as f64;
                let wrong = || Error::argument("spline_filter: axes", a, format!("axes of {ndim}"));
                fits.then_some(whole as usize).ok_or_else(wrong)
            })
            .collect::<Result<Vec<_>>>()?,
    };
    coefficients(input, u8::try_from(order).unwrap_or(u8::MAX), axes, EdgeMode::parse(&mode, 0.0)?)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub(super) fn coefficients(
    input: &Arc<Node>,
    order: u8,
    axes: Vec<usize>,
    mode: EdgeMode,
) -> Result<Arc<Node>> {
    let kernel = Kernel::new(order, axes, mode.spline_boundary())?;
    Node::block(Arc::new(SplineFilter { kernel, mode }), vec![input.clone()], vec![])
}

impl BlockOp for SplineFilter {
    fn name(&self) -> &'static str {
        "spline_filter"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "order": self.kernel.order(), "mode": self.mode.name(), "axes": self.kernel.axes(),
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].with_dtype(Dtype::Float64))
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = self.kernel.input(target, &inputs[0].shape);
        vec![Need { region, boundary: self.kernel.boundary() }]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        self.kernel.scratch_bytes(target, &inputs[0].shape)
    }

    fn cost_ns(&self) -> f64 {
        1.0 + 4.0 * self.kernel.axes().len() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        let scratch = call.scratch.bytes_mut();
        spline_filter(call.inputs[0], call.output, &self.kernel, shape, scratch, call.cancel)
    }
}
