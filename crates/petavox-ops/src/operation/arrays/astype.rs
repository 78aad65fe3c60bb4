//! `astype`: another dtype, with numpy's rules.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::pointwise;
use std::sync::Arc;

struct AsType {
    dtype: Dtype,
}

/// Casts to `dtype` as numpy's `astype` does.
///
/// # Errors
/// If `dtype` is missing or not a dtype.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let Some(name) = params.text("dtype")? else {
        return Err(Error::argument(
            "astype: dtype",
            "nothing",
            "a dtype, such as astype:dtype=float32",
        ));
    };
    cast(input, Dtype::parse(&name)?)
}

/// [`build`] for callers that have the dtype; the image itself if it has that dtype already.
///
/// # Errors
/// Never for images; kept for the shape of its siblings.
pub fn cast(input: &Arc<Node>, dtype: Dtype) -> Result<Arc<Node>> {
    if input.spec().dtype == dtype {
        return Ok(input.clone());
    }
    Node::block(Arc::new(AsType { dtype }), vec![input.clone()], vec![])
}

impl BlockOp for AsType {
    fn name(&self) -> &'static str {
        "astype"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "dtype": self.dtype })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].with_dtype(self.dtype))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        0.3
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        pointwise::cast(call.inputs[0], call.output)
    }
}
