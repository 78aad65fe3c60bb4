//! From targets to stages: folds and sweeps end a stage, everything local between them is fused.

use super::grid::{GridChoice, GridQuery, choose};
use super::later::Later;
use super::node::{Kind, Node};
use super::program::{Program, Step};
use super::stage::{Consumer, Plan, Stage, Target};
use crate::resources::RunContext;
use petavox_core::{Error, Result, Source};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// What the planner may use.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// The whole process' memory.
    pub budget_bytes: u64,
    /// Memory the process takes before it holds a single sample.
    pub base_bytes: u64,
    /// Tasks that can run at once.
    pub n_threads: usize,
}

impl RunContext {
    /// What the planner may use now.
    pub fn plan_options(&self) -> PlanOptions {
        PlanOptions {
            budget_bytes: self.budget.limit(),
            base_bytes: self.budget.used(),
            n_threads: self.n_threads,
        }
    }
}

/// What can be made in one pass: the same number of stages must have run before, and the blocks have the same shape.
type Groups = BTreeMap<(usize, Vec<usize>), Vec<(Arc<Node>, Consumer)>>;

/// Cuts the computation of `targets` into stages that fit the budget.
///
/// # Errors
/// [`Error::Budget`] with the smallest budget that works.
pub fn plan(targets: &[Target], options: &PlanOptions) -> Result<Plan> {
    let mut depths = HashMap::new();
    let mut groups = Groups::new();
    let mut seen = HashMap::new();
    for target in targets {
        collect(&target.node, &mut depths, &mut groups, &mut seen);
        if let Some(sink) = &target.sink {
            let d = depth(&target.node, &mut depths);
            let d = if matches!(target.node.kind(), Kind::Sweep(_)) { d + 1 } else { d };
            let key = (d, target.node.spec().shape.clone());
            groups
                .entry(key)
                .or_default()
                .push((target.node.clone(), Consumer::Sink(sink.clone())));
        }
    }
    let room = options.budget_bytes.saturating_sub(options.base_bytes);
    let mut stages = Vec::new();
    let mut kept_bytes = 0;
    for outputs in groups.into_values() {
        let (stage, kept) = stage(outputs, room, kept_bytes, options)?;
        kept_bytes += kept;
        stages.push(stage);
    }
    Ok(Plan {
        stages,
        targets: targets.to_vec(),
        budget_bytes: options.budget_bytes,
        base_bytes: options.base_bytes,
    })
}

/// The number of stages that must have run before a node's own stage.
fn depth(node: &Arc<Node>, memo: &mut HashMap<u64, usize>) -> usize {
    if let Some(&d) = memo.get(&node.id()) {
        return d;
    }
    let mut d = 0;
    for input in node.inputs() {
        let after = usize::from(matches!(input.kind(), Kind::Sweep(_)));
        d = d.max(depth(input, memo) + after);
    }
    for value in node.values() {
        d = d.max(depth(value, memo) + 1);
    }
    memo.insert(node.id(), d);
    d
}

fn collect(
    node: &Arc<Node>,
    depths: &mut HashMap<u64, usize>,
    groups: &mut Groups,
    seen: &mut HashMap<u64, ()>,
) {
    if seen.insert(node.id(), ()).is_some() {
        return;
    }
    for other in node.inputs().iter().chain(node.values()) {
        collect(other, depths, groups, seen);
    }
    let d = depth(node, depths);
    match node.kind() {
        Kind::Fold(_) => {
            let key = (d, node.spec().shape.clone());
            groups
                .entry(key)
                .or_default()
                .push((node.inputs()[0].clone(), Consumer::Fold(node.clone())));
        }
        Kind::Sweep(_) => {
            let key = (d, node.inputs()[0].spec().shape.clone());
            groups
                .entry(key)
                .or_default()
                .push((node.inputs()[0].clone(), Consumer::Sweep(node.clone())));
        }
        _ => {}
    }
}

fn stage(
    outputs: Vec<(Arc<Node>, Consumer)>,
    room: u64,
    kept_bytes: u64,
    options: &PlanOptions,
) -> Result<(Stage, u64)> {
    let roots: Vec<Arc<Node>> = outputs.iter().map(|(n, _)| n.clone()).collect();
    let earlier = |node: &Node| match node.kind() {
        Kind::Sweep(_) => Some(Arc::new(Later::new(node.spec().clone())) as Arc<dyn Source>),
        _ => None,
    };
    let program = Program::fuse(&roots, &earlier, &|_| None);
    let title = title(&outputs);
    let shape = roots[0].spec().shape.clone();
    let mut fixed_bytes = kept_bytes;
    let mut kept = 0;
    let mut cost_ns = 0.0;
    let mut must: Vec<Vec<usize>> = Vec::new();
    let mut sinks = Vec::new();
    let mut write_bytes = 0;
    let mut volumes = Vec::new();
    let mut consumer_bytes = 0;
    for (node, consumer) in &outputs {
        match consumer {
            Consumer::Sink(sink) => {
                must.push(sink.grid().chunk().to_vec());
                sinks.push(sink.clone());
                write_bytes += node.spec().bytes();
                cost_ns += node.spec().dtype.size() as f64 * 2.0;
            }
            Consumer::Fold(fold) => {
                let Kind::Fold(op) = fold.kind() else { continue };
                must.extend(op.cell(node.spec()));
                let bytes = op.state_bytes(node.spec());
                fixed_bytes += bytes;
                kept += bytes;
                cost_ns += op.cost_ns();
                consumer_bytes = op.map_bytes(node.spec()).max(consumer_bytes);
            }
            Consumer::Sweep(sweep) => {
                let Kind::Sweep(op) = sweep.kind() else { continue };
                volumes.push(8 * op.n_words(node.spec()) as u64);
                fixed_bytes += op.scratch_bytes(node.spec());
                cost_ns += 1.0;
            }
        }
    }
    // Working volumes may take two thirds of the memory; beyond that they are mapped files with a resident window each.
    let spills = !volumes.is_empty() && volumes.iter().sum::<u64>() + fixed_bytes > room / 3 * 2;
    let window_bytes =
        if spills { spill_window(room) / volumes.len().max(1) as u64 } else { u64::MAX };
    let resident: u64 = volumes.iter().map(|v| (*v).min(window_bytes)).sum();
    fixed_bytes += resident;
    kept += resident;
    let query = GridQuery {
        program: &program,
        shape: &shape,
        must: &must,
        sinks: &sinks,
        room: room.saturating_sub(fixed_bytes),
        n_threads: options.n_threads,
        consumer_cost_ns: cost_ns,
        consumer_bytes,
        in_order: outputs.iter().any(|(_, c)| matches!(c, Consumer::Fold(_))),
        exact: false,
    };
    let parts = program.whole_parts(&shape);
    let in_parts = || {
        let must = [must.as_slice(), parts.as_slice()].concat();
        choose(&GridQuery { must: &must, exact: true, ..query })
    };
    let chosen = match parts.is_empty() {
        true => choose(&query),
        false => in_parts().or_else(|_| choose(&query)),
    };
    let GridChoice { grid, order, n_workers, task_bytes, cache_bytes, cpu_secs, reads } = chosen
        .map_err(|least| Error::Budget {
            what: format!("stage '{title}'"),
            needed: options.base_bytes + fixed_bytes + least,
            budget: options.budget_bytes,
        })?;
    let operations = program
        .lines
        .iter()
        .filter_map(|l| match &l.step {
            Step::Run { op, .. } => Some(op.name().to_owned()),
            Step::Read(_) => None,
        })
        .collect();
    let stage = Stage {
        title,
        outputs,
        operations,
        grid,
        order,
        n_workers,
        task_bytes,
        fixed_bytes,
        cache_bytes,
        spills,
        window_bytes,
        reads,
        write_bytes,
        cpu_secs,
    };
    Ok((stage, kept))
}

/// Resident memory granted to a working volume that lives in a mapped file.
pub(crate) fn spill_window(room: u64) -> u64 {
    (room / 4).clamp(4 << 20, 256 << 20)
}

fn title(outputs: &[(Arc<Node>, Consumer)]) -> String {
    let mut parts: Vec<String> = outputs
        .iter()
        .map(|(node, consumer)| match consumer {
            Consumer::Sink(_) if matches!(node.kind(), Kind::Source(_)) => "write".to_owned(),
            Consumer::Sink(_) => format!("write {}", node.name()),
            Consumer::Fold(f) => f.name().to_owned(),
            Consumer::Sweep(s) => s.name().to_owned(),
        })
        .collect();
    parts.dedup();
    parts.join(" + ")
}
