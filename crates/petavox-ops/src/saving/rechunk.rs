//! Chunks of one shape into chunks of another, where too few fit the memory to decode each once.

use petavox_core::Result;
use petavox_engine::{Kind, Node, Plan, PlanOptions, RunContext, Target, Unpacked, plan};
use std::sync::Arc;

/// Time to put a byte of decoded samples into a scratch file, in nanoseconds.
const KEEP_NS: f64 = 1.5;
/// A plan must become this much cheaper, since prices are rough.
const WORTH_IT: f64 = 0.8;

/// The plan of writing a source in other chunks, by way of a scratch file with its decoded samples if that is cheaper than
/// decoding chunks several times; any other plan as it is.
///
/// # Errors
/// None: what cannot be planned this way stays as it is.
pub(crate) fn decode_once(
    plain: Plan,
    options: &PlanOptions,
    context: &RunContext,
) -> Result<Plan> {
    let [Target { node, sink }] = plain.targets.as_slice() else { return Ok(plain) };
    let Kind::Source(source) = node.kind() else { return Ok(plain) };
    let bytes = node.spec().bytes();
    let decoded =
        |plan: &Plan| plan.stages.iter().flat_map(|s| &s.reads).map(|read| read.bytes).sum::<u64>();
    if context.recompute || decoded(&plain) < 2 * bytes {
        return Ok(plain);
    }
    let secs = |plan: &Plan| plan.stages.iter().map(|stage| stage.cpu_secs).sum::<f64>();
    let unpacked = Node::source(Arc::new(Unpacked::new(source.clone(), context.scratch.clone())));
    let target = Target { node: unpacked, sink: sink.clone() };
    match plan(&[target], options) {
        Ok(once) if secs(&once) + KEEP_NS * 1e-9 * bytes as f64 <= WORTH_IT * secs(&plain) => {
            Ok(once)
        }
        _ => Ok(plain),
    }
}
