//! `greater`, `greater_equal`, `less`, `less_equal`, `equal`, `not_equal`: a mask from a comparison with a number.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::pointwise::{self, Comparison, Scalar};
use std::sync::Arc;

struct Compare {
    op: Comparison,
    value: f64,
}

const NAMES: [(&str, Comparison); 6] = [
    ("greater", Comparison::Greater),
    ("greater_equal", Comparison::GreaterEqual),
    ("less", Comparison::Less),
    ("less_equal", Comparison::LessEqual),
    ("equal", Comparison::Equal),
    ("not_equal", Comparison::NotEqual),
];

/// Compares every sample with `value`, as numpy does; NaN compares false (and true for `not_equal`).
///
/// # Errors
/// If `value` is missing.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let name = params.op().to_owned();
    let Some((_, op)) = NAMES.iter().find(|(n, _)| *n == name) else {
        return Err(Error::internal("compare", name));
    };
    let Some(value) = params.number("value")? else {
        return Err(Error::argument(
            format!("{name}: value"),
            "nothing",
            format!("a number, such as {name}:value=0.5"),
        ));
    };
    compare(input, *op, value)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// Never for images; kept for the shape of its siblings.
pub fn compare(input: &Arc<Node>, op: Comparison, value: f64) -> Result<Arc<Node>> {
    Node::block(Arc::new(Compare { op, value }), vec![input.clone()], vec![])
}

impl BlockOp for Compare {
    fn name(&self) -> &'static str {
        NAMES.iter().find(|(_, op)| *op == self.op).map_or("compare", |(name, _)| name)
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "value": self.value })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].with_dtype(Dtype::Bool))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        0.3
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        pointwise::compare(call.inputs[0], self.op, Scalar::Float(self.value), call.output)
    }
}
