//! From targets to stages: folds and sweeps end a stage, everything local between them is fused.

use super::apart::set_apart;
use super::grid::{GridChoice, GridQuery, Taking, choose};
use super::groups::{Group, groups};
use super::keep::{Keep, Kept, keep_what_pays};
use super::later::{Later, kept_bytes};
use super::node::{Kind, Node};
use super::program::{Program, Step};
use super::stage::{Consumer, KeptImage, Plan, Stage, Target};
use super::ways;
use crate::contract::FoldOp;
use crate::resources::RunContext;
use petavox_core::{ChunkGrid, Error, Region, Result, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// Time to keep a byte of samples in memory or in a scratch file, in nanoseconds.
const KEEP_NS: f64 = 0.4;
const KEEP_IN_FILE_NS: f64 = 1.5;
/// Time to write a byte of samples to a file, packed.
const WRITE_NS: f64 = 2.0;

/// What the planner may use.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// The whole process' memory.
    pub budget_bytes: u64,
    /// Memory the process takes before it holds a single sample.
    pub base_bytes: u64,
    /// Tasks that can run at once.
    pub n_threads: usize,
    /// Where images that several passes need may be kept, instead of being computed by each.
    pub keep: Keep,
    /// Processes that share the blocks of a stage, each with this memory and these threads.
    pub n_processes: usize,
    /// Samples that a block has at most along an axis, where what is written allows it; chosen by cost otherwise.
    pub block_edge: Option<usize>,
}

impl RunContext {
    /// What the planner may use now.
    pub fn plan_options(&self) -> PlanOptions {
        PlanOptions {
            budget_bytes: self.budget.limit(),
            base_bytes: self.budget.used(),
            n_threads: self.n_threads,
            keep: match (self.recompute, &self.folder) {
                (true, _) => Keep::Never,
                (false, Some(_)) => Keep::InMemory,
                (false, None) => Keep::Anywhere,
            },
            n_processes: 1,
            block_edge: self.block_edge,
        }
    }
}

/// Cuts the computation of `targets` into stages that fit the budget.
///
/// # Errors
/// [`Error::Budget`] with the smallest budget that works.
pub fn plan(targets: &[Target], options: &PlanOptions) -> Result<Plan> {
    // What is cheaper may depend on the budget.
    let (targets, choices, groups, plain) = least_budget(options, &mut |options| {
        let room = options.budget_bytes.saturating_sub(options.base_bytes);
        let (targets, choices) = ways::chosen(targets, room, options.n_threads)?;
        let groups = groups(&targets);
        let plain = stages(&groups, &[], options)?;
        Ok((targets, choices, groups, plain))
    })?;
    let (groups, kept, plain) = set_apart(groups, plain, options);
    Ok(Plan {
        stages: keep_what_pays(&groups, kept, plain, options),
        targets,
        choices,
        budget_bytes: options.budget_bytes,
        base_bytes: options.base_bytes,
    })
}

/// Does `attempt`; if the budget is too small for it, the error names one that works. (What a stage needs depends a little on what
/// there is: working volumes take larger windows of a larger budget.)
///
/// # Errors
/// As `attempt`.
pub fn least_budget<T>(
    options: &PlanOptions,
    attempt: &mut dyn FnMut(&PlanOptions) -> Result<T>,
) -> Result<T> {
    let (what, mut least, budget) = match attempt(options) {
        Err(Error::Budget { what, needed, budget }) => (what, needed, budget),
        done => return done,
    };
    for _ in 0..100 {
        match attempt(&PlanOptions { budget_bytes: least, ..options.clone() }) {
            Err(Error::Budget { needed, .. }) if needed > least => least = needed,
            _ => break,
        }
    }
    Err(Error::Budget { what, needed: least, budget })
}

/// A stage for every group, with `kept` images kept by the stages that make them first.
///
/// # Errors
/// [`Error::Budget`] with what the hungriest stage needs.
pub(super) fn stages(groups: &[Group], kept: &[Kept], options: &PlanOptions) -> Result<Vec<Stage>> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut grids: HashMap<u64, ChunkGrid> = HashMap::new();
    let mut hungriest: Option<(u64, String)> = None;
    let mut volume_bytes = 0;
    for (pass, group) in groups.iter().enumerate() {
        let mut outputs = group.clone();
        let new = kept.iter().filter(|k| k.first == pass);
        outputs.extend(new.map(|k| (k.node.clone(), Consumer::Keep { in_memory: k.in_memory })));
        let alive = kept.iter().filter(|k| (k.first + 1..=k.last).contains(&pass) && k.in_memory);
        let held = alive.map(|k| kept_bytes(k.node.spec())).sum::<u64>();
        match stage(outputs, volume_bytes + held, &grids, kept, options) {
            Ok((mut stage, volumes)) => {
                volume_bytes += volumes;
                for k in kept.iter().filter(|k| k.first == pass) {
                    grids.insert(k.node.id(), stage.grid.clone());
                    stage.keeps.push(KeptImage {
                        node: k.node.id(),
                        name: k.node.name().to_owned(),
                        bytes: k.node.spec().bytes(),
                        in_memory: k.in_memory,
                        saves_secs: k.saves_secs,
                    });
                }
                let done = kept.iter().filter(|k| k.last == pass);
                stage.drops = done.map(|k| k.node.id()).collect();
                stages.push(stage);
            }
            Err(Error::Budget { what, needed, .. }) => {
                if hungriest.as_ref().is_none_or(|(most, _)| needed > *most) {
                    hungriest = Some((needed, what));
                }
            }
            Err(other) => return Err(other),
        }
    }
    match hungriest {
        None => Ok(stages),
        Some((needed, what)) => Err(Error::Budget { what, needed, budget: options.budget_bytes }),
    }
}

/// One stage beside `held_bytes` that earlier ones left, and the bytes that it leaves itself.
fn stage(
    outputs: Group,
    held_bytes: u64,
    grids: &HashMap<u64, ChunkGrid>,
    kept_images: &[Kept],
    options: &PlanOptions,
) -> Result<(Stage, u64)> {
    let room = options.budget_bytes.saturating_sub(options.base_bytes);
    let roots: Vec<Arc<Node>> = outputs.iter().map(|(n, _)| n.clone()).collect();
    let earlier = |node: &Node| -> Option<Arc<dyn Source>> {
        let spec = node.spec().clone();
        match (node.kind(), grids.get(&node.id())) {
            (Kind::Sweep(_), _) => Some(Arc::new(Later::swept(spec))),
            (_, Some(grid)) => {
                let image = kept_images.iter().find(|k| k.node.id() == node.id());
                let in_memory = image.is_none_or(|k| k.in_memory);
                Some(Arc::new(Later::kept(spec, grid.clone(), in_memory)))
            }
            _ => None,
        }
    };
    let program = Program::fuse(&roots, &earlier, &|_| None);
    let title = title(&outputs);
    let shape = roots[0].spec().shape.clone();
    let mut fixed_bytes = held_bytes;
    let mut kept = 0;
    let mut cost_ns = 0.0;
    // Of the sweeps, which begin when all blocks are made.
    let mut sweep_secs = 0.0;
    let mut must: Vec<Vec<usize>> = Vec::new();
    let mut sinks = Vec::new();
    let mut write_bytes = 0;
    let mut volumes = Vec::new();
    let mut jumps = false;
    for (node, consumer) in &outputs {
        match consumer {
            Consumer::Sink(sink) => {
                must.push(sink.grid().chunk().to_vec());
                sinks.push(sink.clone());
                write_bytes += node.spec().bytes();
                let ns = if sink.is_memory() { KEEP_NS } else { WRITE_NS };
                cost_ns += node.spec().dtype.size() as f64 * ns;
            }
            Consumer::Fold(fold) => {
                let Kind::Fold(op) = fold.kind() else { continue };
                must.extend(op.cell(node.spec()));
                let bytes = op.state_bytes(node.spec());
                fixed_bytes += bytes;
                kept += bytes;
                cost_ns += op.cost_ns();
            }
            Consumer::Sweep(sweep) => {
                let Kind::Sweep(op) = sweep.kind() else { continue };
                volumes.push(8 * op.n_words(node.spec()) as u64);
                jumps |= op.jumps();
                fixed_bytes += op.scratch_bytes(node.spec());
                cost_ns += 1.0;
                sweep_secs += op.sweep_ns(node.spec()) * node.spec().len() as f64 * 1e-9;
            }
            Consumer::Keep { in_memory } => {
                if *in_memory {
                    fixed_bytes += kept_bytes(node.spec());
                }
                let ns = if *in_memory { KEEP_NS } else { KEEP_IN_FILE_NS };
                cost_ns += node.spec().dtype.size() as f64 * ns;
            }
        }
    }
    // Working volumes may take two thirds of the memory; beyond that they are mapped files with a resident window each.
    let spills =
        !jumps && !volumes.is_empty() && volumes.iter().sum::<u64>() + fixed_bytes > room / 3 * 2;
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
        n_processes: options.n_processes,
        edge: options.block_edge,
        consumer_cost_ns: cost_ns,
        consumer: &|region| taking(&outputs, region),
        in_order: outputs.iter().any(|(_, c)| fold_of(c).is_some_and(|op| !op.any_order())),
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
    let GridChoice {
        grid,
        order,
        n_workers,
        task_bytes,
        cache_bytes,
        held_bytes,
        cpu_secs,
        secs,
        reads,
    } = chosen.map_err(|least| Error::Budget {
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
        held_bytes,
        cache_bytes,
        spills,
        window_bytes,
        reads,
        write_bytes,
        cpu_secs: cpu_secs + sweep_secs,
        secs: secs + sweep_secs,
        keeps: Vec::new(),
        drops: Vec::new(),
    };
    Ok((stage, kept))
}

fn fold_of(consumer: &Consumer) -> Option<&Arc<dyn FoldOp>> {
    match consumer {
        Consumer::Fold(fold) => match fold.kind() {
            Kind::Fold(op) => Some(op),
            _ => None,
        },
        _ => None,
    }
}

/// What the consumers take for the block of a region.
fn taking(outputs: &[(Arc<Node>, Consumer)], region: &Region) -> Taking {
    let mut taking = Taking::default();
    for (node, consumer) in outputs {
        if let Some(op) = fold_of(consumer) {
            taking.bytes = taking.bytes.max(op.map_bytes(node.spec(), region));
            taking.serial_ns += op.merge_ns(node.spec(), region);
        }
    }
    taking
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
            Consumer::Keep { .. } => format!("keep {}", node.name()),
        })
        .collect();
    parts.dedup();
    parts.join(" + ")
}
