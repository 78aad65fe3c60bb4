//! Several images of any dtypes as one, for sweeps that need more than one: along a new first axis, every sample as an integer whose
//! order is the samples' own.

use crate::Params;
use crate::operation::arrays::with_first_axis;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::pointwise::order::Ordered;
use std::sync::Arc;

struct Bundle;

/// Images of one shape as one image of `uint64`.
///
/// # Errors
/// If there is no image, or their shapes differ.
pub(crate) fn bundle(inputs: &[Arc<Node>]) -> Result<Arc<Node>> {
    Node::block(Arc::new(Bundle), inputs.to_vec(), vec![])
}

/// [`bundle`] from a written plan.
///
/// # Errors
/// As [`bundle`].
pub(crate) fn build(inputs: &[Arc<Node>], _params: &mut Params) -> Result<Arc<Node>> {
    bundle(inputs)
}

impl BlockOp for Bundle {
    fn name(&self) -> &'static str {
        "bundle"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({})
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let Some(first) = inputs.first() else {
            return Err(Error::argument("bundle", "no images", "one or more"));
        };
        for other in inputs {
            if other.shape != first.shape {
                let given = format!("images of shapes {:?} and {:?}", first.shape, other.shape);
                return Err(Error::argument("images", given, "one shape"));
            }
        }
        Ok(with_first_axis("bundle", first, inputs.len())?.with_dtype(Dtype::UInt64))
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let part = Region::new(&target.start()[1..], &target.shape()[1..]);
        vec![Need::inside(part); inputs.len()]
    }

    fn parts(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<(usize, Need)> {
        let part = Region::new(&target.start()[1..], &target.shape()[1..]);
        let shown = target.start()[0] as usize..target.end(0) as usize;
        shown.map(|k| (k, Need::inside(part.clone()))).collect()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let n = call.output.region().len() / call.inputs.len().max(1);
        if n == 0 {
            return Ok(());
        }
        let parts = call.output.typed_mut::<u64>()?.chunks_exact_mut(n);
        parts.zip(call.inputs).try_for_each(|(to, from)| keys(from, to))
    }
}

fn keys(from: &Block, to: &mut [u64]) -> Result<()> {
    dispatch!(from.dtype(), T => {
        to.iter_mut().zip(from.typed::<T>()?).for_each(|(t, f)| *t = f.key());
    });
    Ok(())
}
