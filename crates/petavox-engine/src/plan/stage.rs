//! Stages: what is computed in one pass over the blocks of a grid.

use super::later::Later;
use super::node::{Kind, Node};
use super::program::Program;
use petavox_core::{ChunkGrid, Sink, Source};
use std::sync::Arc;

/// Who takes the blocks of a root.
#[derive(Clone)]
pub enum Consumer {
    /// They are written.
    Sink(Arc<dyn Sink>),
    /// They are merged into a value; the node is the fold.
    Fold(Arc<Node>),
    /// They are loaded into a working volume and swept; the node is the sweep.
    Sweep(Arc<Node>),
    /// They are kept for later stages.
    Keep {
        /// In memory, or in a scratch file.
        in_memory: bool,
    },
}

/// Something that is to be computed.
#[derive(Clone)]
pub struct Target {
    /// The node whose blocks (or, for a fold, whose value) are wanted.
    pub node: Arc<Node>,
    /// Where its blocks go; `None` for a fold or a sweep, whose result stays with the run.
    pub sink: Option<Arc<dyn Sink>>,
}

/// What a stage reads of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadSummary {
    /// The source's name, or the operation that made it.
    pub name: String,
    /// Bytes of samples that are decoded, repeated reads counted.
    pub bytes: u64,
}

/// An image that a stage keeps for later ones, instead of having it computed again.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptImage {
    /// The node that makes it.
    pub node: u64,
    /// The operation's name.
    pub name: String,
    /// Bytes of samples.
    pub bytes: u64,
    /// In memory, or in a scratch file.
    pub in_memory: bool,
    /// Seconds that this is expected to save.
    pub saves_secs: f64,
}

/// One pass over the blocks of a grid.
#[derive(Clone)]
pub struct Stage {
    /// What the stage does, in words.
    pub title: String,
    /// The nodes whose blocks are made and who takes them.
    pub outputs: Vec<(Arc<Node>, Consumer)>,
    /// The names of the fused operations, in order.
    pub operations: Vec<String>,
    /// The blocks.
    pub grid: ChunkGrid,
    /// The axes of the grid in the order in which blocks are walked, the slowest first; raster order wherever a fold merges.
    pub order: Vec<usize>,
    /// Tasks that run at once.
    pub n_workers: usize,
    /// Memory of one task at its peak.
    pub task_bytes: u64,
    /// Memory of working volumes and merged values while the stage runs.
    pub fixed_bytes: u64,
    /// Memory for what operations that read by themselves keep from block to block, one after another.
    pub held_bytes: Vec<u64>,
    /// Memory for decoded chunks.
    pub cache_bytes: u64,
    /// Words of the working volumes are in mapped files.
    pub spills: bool,
    /// Resident bytes granted to each working volume that is in a mapped file.
    pub window_bytes: u64,
    /// What is read.
    pub reads: Vec<ReadSummary>,
    /// Bytes of samples that are written.
    pub write_bytes: u64,
    /// A rough forecast of CPU seconds.
    pub cpu_secs: f64,
    /// A rough forecast of seconds.
    pub secs: f64,
    /// What is kept for later stages.
    pub keeps: Vec<KeptImage>,
    /// The nodes whose kept images no later stage needs.
    pub drops: Vec<u64>,
}

impl Stage {
    /// The raster number of the block that comes at `step` in the order of the walk.
    pub fn block_at(&self, step: usize) -> usize {
        if self.order.is_sorted() {
            return step;
        }
        let counts = self.grid.counts();
        let mut index = vec![0; counts.len()];
        let mut rest = step;
        for &a in self.order.iter().rev() {
            index[a] = rest % counts[a];
            rest /= counts[a];
        }
        self.grid.number(&index)
    }

    /// Cuts the stage into exactly these blocks, made one at a time without keeping decoded chunks, whatever that takes: for
    /// callers that ask for one block or another.
    pub fn recut(&mut self, grid: ChunkGrid) {
        let roots: Vec<Arc<Node>> = self.outputs.iter().map(|(n, _)| n.clone()).collect();
        let later = |node: &Node| match node.kind() {
            Kind::Sweep(_) => Some(Arc::new(Later::swept(node.spec().clone())) as Arc<dyn Source>),
            _ => None,
        };
        let program = Program::fuse(&roots, &later, &|_| None);
        let counts = grid.counts();
        let ends: [Vec<usize>; 3] = [
            vec![0; counts.len()],
            counts.iter().map(|c| c.saturating_sub(1) / 2).collect(),
            counts.iter().map(|c| c.saturating_sub(1)).collect(),
        ];
        let bytes = |index: &Vec<usize>| {
            let region = grid.region_at(index);
            let own = region.len() * roots.first().map_or(1, |r| r.spec().dtype.size());
            program.peak_bytes(&region).0.max(2 * own as u64)
        };
        self.task_bytes =
            if grid.is_empty() { 0 } else { ends.iter().map(bytes).max().unwrap_or(0) };
        self.order = (0..counts.len()).collect();
        (self.n_workers, self.cache_bytes) = (1, 0);
        self.grid = grid;
    }

    /// The projected peak memory of the stage.
    pub fn peak_bytes(&self) -> u64 {
        let held: u64 = self.held_bytes.iter().sum();
        self.task_bytes * self.n_workers as u64 + self.fixed_bytes + self.cache_bytes + held
    }
}

/// A computation cut into stages, inside a budget.
#[derive(Clone)]
pub struct Plan {
    /// The stages, in the order they run.
    pub stages: Vec<Stage>,
    /// What was asked for.
    pub targets: Vec<Target>,
    /// Where there were several ways to an image: which was taken, and why.
    pub choices: Vec<String>,
    /// The budget it was planned for.
    pub budget_bytes: u64,
    /// Memory that the process takes by itself.
    pub base_bytes: u64,
}

impl Plan {
    /// The projected peak memory of the whole process.
    pub fn peak_bytes(&self) -> u64 {
        self.base_bytes + self.stages.iter().map(Stage::peak_bytes).max().unwrap_or(0)
    }
}
