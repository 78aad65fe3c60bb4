//! A plan carried out as several machines would: every task on its own, nothing but bytes between tasks.

use petavox_core::{Result, Sink};
use petavox_engine::{
    Consumer, Kind, Node, Outcome, Plan, RunContext, RunOptions, StageTask, Target, needs_store,
    plan, sweep_over,
};
use petavox_store::{MemorySink, MemorySource};
use std::collections::HashMap;
use std::sync::Arc;

/// As `petavox_engine::execute`, in tasks of `per_task` blocks.
pub(crate) fn execute(plan: &Plan, context: &RunContext, per_task: usize) -> Result<Outcome> {
    let mut known = Outcome::default();
    for stage in &plan.stages {
        let mut inputs: HashMap<u64, Arc<MemorySink>> = HashMap::new();
        for (node, consumer) in &stage.outputs {
            if let Consumer::Sweep(sweep) = consumer
                && needs_store(sweep)
            {
                let sink = MemorySink::new(node.spec().clone(), stage.grid.chunk())?;
                inputs.insert(sweep.id(), Arc::new(sink));
            }
        }
        let stores = inputs.iter().map(|(id, s)| (*id, s.clone() as Arc<dyn Sink>)).collect();
        let task = StageTask { stage, known: &known, stores: &stores };
        let starts: Vec<usize> = (0..stage.grid.len()).step_by(per_task).collect();
        // The last task first: order must not matter.
        let mut parts = starts
            .iter()
            .rev()
            .map(|&start| task.run(start..(start + per_task).min(stage.grid.len()), context))
            .collect::<Result<Vec<_>>>()?;
        parts.reverse();
        let mut values = Vec::new();
        let mut images = Vec::new();
        for (output, (_, consumer)) in stage.outputs.iter().enumerate() {
            let theirs: Vec<Vec<u8>> = parts.iter().map(|p| p[output].clone()).collect();
            let merged = tree(&task, output, theirs)?;
            match consumer {
                Consumer::Fold(fold) => {
                    let value = task.finish(output, merged.as_deref())?;
                    let Kind::Fold(op) = fold.kind() else { unreachable!() };
                    let bytes = op.value_to_bytes(&value)?;
                    let travelled = op.value_from_bytes(&bytes)?;
                    assert_eq!(op.value_to_bytes(&travelled)?, bytes, "{}", fold.name());
                    assert_eq!(travelled.json(), value.json(), "{}", fold.name());
                    values.push((fold.clone(), travelled));
                }
                Consumer::Sweep(sweep) if !needs_store(sweep) => {
                    let volume = merged.unwrap_or_default();
                    images.push((sweep.clone(), task.sweep(output, &volume, context)?));
                }
                _ => {}
            }
        }
        drop(stores);
        for (node, consumer) in &stage.outputs {
            let Consumer::Sweep(sweep) = consumer else { continue };
            let Some(sink) = inputs.remove(&sweep.id()) else { continue };
            let input = Arc::into_inner(sink).unwrap().into_source()?;
            let again = sweep_over(sweep, Arc::new(input))?;
            images.push((sweep.clone(), Arc::new(whole(&again)?)));
            assert_eq!(again.inputs()[0].spec(), node.spec());
        }
        values.iter().for_each(|(fold, value)| known.insert_value(fold, value.clone()));
        images.into_iter().for_each(|(sweep, image)| known.insert_image(&sweep, image));
    }
    Ok(known)
}

/// Merges pairs of neighbours, then pairs of those.
fn tree(task: &StageTask<'_>, output: usize, mut parts: Vec<Vec<u8>>) -> Result<Option<Vec<u8>>> {
    while parts.len() > 1 {
        parts = parts
            .chunks(2)
            .map(|pair| task.merge(output, &pair.iter().map(Vec::as_slice).collect::<Vec<_>>()))
            .collect::<Result<_>>()?;
    }
    Ok(parts.pop())
}

/// A sweep has a machine for itself, with the memory that this takes.
fn whole(node: &Arc<Node>) -> Result<MemorySource> {
    let context = &RunContext::new(&RunOptions::default())?;
    let spec = node.spec();
    let sink = Arc::new(MemorySink::new(spec.clone(), &spec.shape)?);
    let target = Target { node: node.clone(), sink: Some(sink.clone()) };
    petavox_engine::execute(&plan(&[target], &context.plan_options())?, context)?;
    Arc::into_inner(sink).unwrap().into_source()
}
