//! `threshold_niblack` and `threshold_sauvola`, the numbers of scikit-image's.

use crate::Params;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::threshold::{LocalThreshold, local_threshold, local_threshold_scratch_bytes};
use petavox_kernels::window::Window;
use serde_json::json;
use std::sync::Arc;

struct Local {
    window: Window,
    method: LocalThreshold,
}

/// The threshold around each sample from the mean and the deviation of a box of `window_size` samples (odd; 15 by default): with the weight `k`
/// (0.2) and, for Sauvola's, `r`, half the dtype's range by default (1 for floats). Samples outside the image are mirrored.
///
/// # Errors
/// If a length of the box is even.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let op = params.op().to_owned();
    let spec = input.spec();
    let size = params.per_axis("window_size", spec, 15.0)?;
    if let Some(wrong) =
        size.iter().find(|s| s.fract() != 0.0 || !(1.0..=1e5).contains(*s) || **s % 2.0 != 1.0)
    {
        return Err(Error::argument(format!("{op}: window_size"), wrong, "odd numbers, 1 or more"));
    }
    let shape: Vec<usize> = size.iter().map(|s| *s as usize).collect();
    let window = Window::new(&shape, &vec![0; shape.len()], None)?;
    let k = params.number("k")?.unwrap_or(0.2);
    let method = match op.as_str() {
        "threshold_niblack" => LocalThreshold::Niblack { k },
        _ => {
            let usual = match spec.dtype {
                Dtype::Float32 | Dtype::Float64 => 1.0,
                Dtype::Bool => 0.5,
                integer => 0.5 * (2f64.powi(8 * integer.size() as i32) - 1.0),
            };
            LocalThreshold::Sauvola { k, r: params.number("r")?.unwrap_or(usual) }
        }
    };
    Node::block(Arc::new(Local { window, method }), vec![input.clone()], vec![])
}

impl BlockOp for Local {
    fn name(&self) -> &'static str {
        match self.method {
            LocalThreshold::Niblack { .. } => "threshold_niblack",
            LocalThreshold::Sauvola { .. } => "threshold_sauvola",
        }
    }

    fn params(&self) -> serde_json::Value {
        let size = self.window.shape();
        match self.method {
            LocalThreshold::Niblack { k } => json!({ "window_size": size, "k": k }),
            LocalThreshold::Sauvola { k, r } => json!({ "window_size": size, "k": k, "r": r }),
        }
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let single = inputs[0].dtype == Dtype::Float32;
        Ok(inputs[0].with_dtype(if single { Dtype::Float32 } else { Dtype::Float64 }))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = self.window.halo();
        vec![Need { region: target.grow(&halo.low, &halo.high), boundary: Boundary::Mirror }]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        local_threshold_scratch_bytes(target.shape(), &self.window) as u64
    }

    fn cost_ns(&self) -> f64 {
        4.0 + 6.0 * self.window.shape().len() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let scratch = call.scratch.bytes_mut();
        local_threshold(
            call.inputs[0],
            call.output,
            &self.window,
            self.method,
            scratch,
            call.cancel,
        )
    }
}
