//! What is told of a plan: plain data, ready to be serialised.

use crate::plan::{KeptImage, Node, Plan, ReadSummary, Stage};
use petavox_core::ImageSpec;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// A plan, told.
#[derive(Clone, Debug, Serialize)]
pub struct Document {
    /// The limit on the whole process' memory, in bytes.
    pub budget_bytes: u64,
    /// The projected peak of the whole process, in bytes.
    pub peak_bytes: u64,
    /// The operations and how they hang together.
    pub nodes: Vec<NodeDoc>,
    /// The passes, in order.
    pub stages: Vec<StageDoc>,
    /// Where there were several ways to an image: which was taken, and why.
    pub choices: Vec<String>,
}

/// One operation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeDoc {
    /// What it computes, hashed; the same on every run.
    pub id: String,
    /// Its name.
    pub op: String,
    /// Its parameters.
    pub params: serde_json::Value,
    /// The images it takes.
    pub inputs: Vec<String>,
    /// The values it takes.
    pub values: Vec<String>,
    /// What comes out.
    pub spec: ImageSpec,
}

/// One pass.
#[derive(Clone, Debug, Serialize)]
pub struct StageDoc {
    /// What it does.
    pub title: String,
    /// The operations fused into it.
    pub operations: Vec<String>,
    /// Extents of a block.
    pub block: Vec<usize>,
    /// Number of blocks.
    pub n_blocks: u64,
    /// The axes in the order in which blocks are walked, the slowest first.
    pub order: Vec<usize>,
    /// Tasks at once.
    pub n_workers: usize,
    /// Memory of one task, in bytes.
    pub task_bytes: u64,
    /// Memory of working volumes and merged values, in bytes.
    pub fixed_bytes: u64,
    /// Memory for decoded chunks, in bytes.
    pub cache_bytes: u64,
    /// Projected peak of the stage, the process' own memory excluded, in bytes.
    pub peak_bytes: u64,
    /// True if the working volume is a mapped scratch file.
    pub spills: bool,
    /// What is read, in bytes of samples.
    pub reads: Vec<ReadDoc>,
    /// What is written, in bytes of samples.
    pub write_bytes: u64,
    /// A rough forecast.
    pub cpu_secs: f64,
    /// What is kept for later passes.
    pub keeps: Vec<KeepDoc>,
}

/// An image that a pass keeps for later ones, since that is cheaper than computing it again.
#[derive(Clone, Debug, Serialize)]
pub struct KeepDoc {
    /// The node that makes it.
    pub node: String,
    /// Its operation.
    pub op: String,
    /// Bytes of samples.
    pub bytes: u64,
    /// `memory` or `scratch`.
    pub place: &'static str,
    /// Seconds that this is expected to save.
    pub saves_secs: f64,
}

/// What a stage reads of one source.
#[derive(Clone, Debug, Serialize)]
pub struct ReadDoc {
    /// The source.
    pub name: String,
    /// Bytes of samples that are decoded, repeated reads counted.
    pub bytes: u64,
}

impl Document {
    /// Tells a plan.
    pub fn new(plan: &Plan) -> Document {
        let roots: Vec<Arc<Node>> = plan.targets.iter().map(|t| t.node.clone()).collect();
        Document {
            budget_bytes: plan.budget_bytes,
            peak_bytes: plan.peak_bytes(),
            nodes: nodes_of(&roots),
            stages: plan.stages.iter().map(StageDoc::new).collect(),
            choices: plan.choices.clone(),
        }
    }

    /// Adds passes that an application makes itself.
    pub fn push(&mut self, stage: StageDoc, base_bytes: u64) {
        self.peak_bytes = self.peak_bytes.max(base_bytes + stage.peak_bytes);
        self.stages.push(stage);
    }
}

impl StageDoc {
    /// Tells a stage.
    pub fn new(stage: &Stage) -> StageDoc {
        StageDoc {
            title: stage.title.clone(),
            operations: stage.operations.clone(),
            block: stage.grid.chunk().to_vec(),
            n_blocks: stage.grid.len() as u64,
            order: stage.order.clone(),
            n_workers: stage.n_workers,
            task_bytes: stage.task_bytes,
            fixed_bytes: stage.fixed_bytes,
            cache_bytes: stage.cache_bytes + stage.held_bytes.iter().sum::<u64>(),
            peak_bytes: stage.peak_bytes(),
            spills: stage.spills,
            reads: stage
                .reads
                .iter()
                .map(|r: &ReadSummary| ReadDoc { name: r.name.clone(), bytes: r.bytes })
                .collect(),
            write_bytes: stage.write_bytes,
            cpu_secs: stage.cpu_secs,
            keeps: stage.keeps.iter().map(KeepDoc::new).collect(),
        }
    }

    /// A pass of an application's own, of one task.
    pub fn own(title: &str, peak_bytes: u64, spills: bool) -> StageDoc {
        StageDoc {
            title: title.to_owned(),
            operations: Vec::new(),
            block: Vec::new(),
            n_blocks: 1,
            order: Vec::new(),
            n_workers: 1,
            task_bytes: 0,
            fixed_bytes: peak_bytes,
            cache_bytes: 0,
            peak_bytes,
            spills,
            reads: Vec::new(),
            write_bytes: 0,
            cpu_secs: 0.0,
            keeps: Vec::new(),
        }
    }
}

impl KeepDoc {
    fn new(kept: &KeptImage) -> KeepDoc {
        KeepDoc {
            node: format!("{:016x}", kept.node),
            op: kept.name.clone(),
            bytes: kept.bytes,
            place: if kept.in_memory { "memory" } else { "scratch" },
            saves_secs: kept.saves_secs,
        }
    }

    /// In words.
    pub(super) fn text(&self) -> String {
        let KeepDoc { op, bytes, place, saves_secs, .. } = self;
        let bytes = bytes_text(*bytes);
        format!("{op}, {bytes} in {place}, for later stages (saves about {saves_secs:.1} s)")
    }
}

/// The operations behind these nodes, inputs first, each once.
pub fn nodes_of(roots: &[Arc<Node>]) -> Vec<NodeDoc> {
    fn visit(node: &Arc<Node>, seen: &mut HashSet<u64>, out: &mut Vec<NodeDoc>) {
        if !seen.insert(node.id()) {
            return;
        }
        node.inputs().iter().chain(node.values()).for_each(|n| visit(n, seen, out));
        let id = |n: &Arc<Node>| format!("{:016x}", n.id());
        out.push(NodeDoc {
            id: id(node),
            op: node.name().to_owned(),
            params: node.params(),
            inputs: node.inputs().iter().map(id).collect(),
            values: node.values().iter().map(id).collect(),
            spec: node.spec().clone(),
        });
    }
    let (mut seen, mut out) = (HashSet::new(), Vec::new());
    roots.iter().for_each(|r| visit(r, &mut seen, &mut out));
    out
}

/// How blocks are walked, where that is not raster order.
pub(super) fn walk_text(order: &[usize]) -> Option<String> {
    let names: Vec<String> = order.iter().map(usize::to_string).collect();
    (!order.is_sorted())
        .then(|| format!("walked along axes {}, the last fastest", names.join(", ")))
}

/// Bytes with a binary unit, such as `1.5 GiB`.
pub fn bytes_text(bytes: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{bytes} B") } else { format!("{value:.1} {}", units[unit]) }
}
