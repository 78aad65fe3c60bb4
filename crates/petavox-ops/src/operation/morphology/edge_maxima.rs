//! `edge_maxima`: where the gradient is largest along its own direction; what is left of an image before Canny's thresholds.

use crate::Params;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::morphology::edges::{edge_maxima, edge_maxima_scratch_bytes};
use std::sync::Arc;

struct EdgeMaxima {
    least: f32,
}

/// The length of the (Sobel) gradient where it is at least `low_threshold` and largest along its direction, 0 elsewhere and at the border;
/// of each plane of the last two axes. Integers become `float64` first.
///
/// # Errors
/// If the image has fewer than two axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let least = params.number("low_threshold")?.unwrap_or(0.0) as f32;
    let float = match input.spec().dtype {
        Dtype::Float32 => input.clone(),
        _ => crate::operation::arrays::astype::cast(input, Dtype::Float64)?,
    };
    Node::block(Arc::new(EdgeMaxima { least }), vec![float], vec![])
}

fn halo(ndim: usize) -> Vec<usize> {
    (0..ndim).map(|a| if a + 2 < ndim { 0 } else { 2 }).collect()
}

impl BlockOp for EdgeMaxima {
    fn name(&self) -> &'static str {
        "edge_maxima"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "low_threshold": self.least })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if inputs[0].ndim() < 2 {
            let given = format!("{} axes", inputs[0].ndim());
            return Err(Error::argument("edge_maxima", given, "two axes at least"));
        }
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = halo(inputs[0].ndim());
        vec![Need { region: target.grow(&halo, &halo), boundary: Boundary::Reflect }]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let plane = &target.shape()[target.ndim() - 2..];
        edge_maxima_scratch_bytes(plane, inputs[0].dtype) as u64
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        if target.ndim() == 2 {
            return 0;
        }
        // A plane of the input and one of the output.
        let plane = target.shape()[target.ndim() - 2..].iter().map(|n| n + 4).product::<usize>();
        (2 * plane * inputs[0].dtype.size()) as u64
    }

    fn cost_ns(&self) -> f64 {
        4.0
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let ndim = call.specs[0].ndim();
        let shape = &call.specs[0].shape[ndim - 2..];
        if ndim == 2 {
            let scratch = call.scratch.bytes_mut();
            return edge_maxima(call.inputs[0], call.output, self.least, shape, scratch);
        }
        crate::operation::morphology::planes::each_plane(
            call.inputs[0],
            call.output,
            &mut |from, to| {
                call.cancel.check()?;
                edge_maxima(from, to, self.least, shape, call.scratch.bytes_mut())
            },
        )
    }
}
