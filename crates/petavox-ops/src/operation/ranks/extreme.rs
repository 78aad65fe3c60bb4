//! `minimum_filter` and `maximum_filter`, equal to scipy.ndimage's, and the erosions and dilations that are the same.

use super::window::{boundary, window, written};
use crate::Params;
use petavox_core::{Boundary, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::morphology::{
    Relief, extreme, extreme_scratch_bytes, raised_extreme, raised_extreme_scratch_bytes,
};
use petavox_kernels::window::Window;
use std::sync::Arc;

struct Extreme {
    window: Window,
    heights: Option<Relief>,
    boundary: Boundary,
    greatest: bool,
}

/// The least or greatest sample of a window: `size` per axis, or a `ball`, `origin`, `mode` and `cval` as scipy's. With `structure`, heights
/// of the window's samples in raster order, neighbours are lowered (minimum) or raised (maximum) by them first.
///
/// NaN in a window makes the result NaN; what scipy gives then depends on where in the window it stands.
///
/// # Errors
/// If the window does not fit the image's axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let greatest = match params.op() {
        "minimum_filter" => false,
        "maximum_filter" => true,
        other => return Err(Error::internal("extreme", other)),
    };
    let window = window(params, input.spec())?;
    let heights = params.numbers("structure")?;
    bind(input, window, heights, boundary(params)?, greatest)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn bind(
    input: &Arc<Node>,
    window: Window,
    heights: Option<Vec<f64>>,
    boundary: Boundary,
    greatest: bool,
) -> Result<Arc<Node>> {
    if window.ndim() != input.spec().ndim() {
        let expected = format!("{} axes", input.spec().ndim());
        return Err(Error::argument("footprint", format!("{} axes", window.ndim()), expected));
    }
    let heights = heights.map(|h| Relief::new(window.clone(), h)).transpose()?;
    let op = Extreme { window, heights, boundary, greatest };
    Node::block(Arc::new(op), vec![input.clone()], vec![])
}

impl BlockOp for Extreme {
    fn name(&self) -> &'static str {
        if self.greatest { "maximum_filter" } else { "minimum_filter" }
    }

    fn params(&self) -> serde_json::Value {
        let mut params = written(&self.window, self.boundary);
        if let Some(relief) = &self.heights {
            params["structure"] = serde_json::json!(relief.heights());
        }
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = self.window.halo();
        vec![Need { region: target.grow(&halo.low, &halo.high), boundary: self.boundary }]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        match self.heights {
            Some(_) => raised_extreme_scratch_bytes(target.shape()) as u64,
            None => extreme_scratch_bytes(target.shape(), &self.window, inputs[0].dtype) as u64,
        }
    }

    fn cost_ns(&self) -> f64 {
        let n = self.window.len() as f64;
        match (&self.heights, self.window.mask()) {
            (Some(_), _) => 1.0 + n,
            (None, None) => 0.3 + 0.1 * n.log2(),
            (None, Some(_)) => 0.5 + 0.1 * n.sqrt(),
        }
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let (input, scratch) = (call.inputs[0], call.scratch.bytes_mut());
        match &self.heights {
            None => extreme(input, call.output, &self.window, self.greatest, scratch, call.cancel),
            Some(relief) => {
                raised_extreme(input, call.output, relief, self.greatest, scratch, call.cancel)
            }
        }
    }
}
