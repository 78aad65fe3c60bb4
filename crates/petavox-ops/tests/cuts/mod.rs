//! One computation cut in many ways: how its source is stored, how its result is written, on how many threads and in how
//! much memory, by one process or in tasks that know of each other only bytes.

mod tasks;

use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::{
    Node, Outcome, Plan, PlanOptions, RunContext, RunOptions, Target, Value, plan,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// An image in memory that is decoded by whole chunks, as files are.
struct Chunked {
    spec: ImageSpec,
    grid: ChunkGrid,
    whole: Arc<Block>,
}

impl Source for Chunked {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        assert!(self.spec.region().contains(out.region()), "{} read", out.region());
        out.copy_from(&self.whole)
    }
    fn locator(&self) -> Option<String> {
        None
    }
}

/// Keeps what is written, and refuses a sample that is written twice.
struct Kept {
    spec: ImageSpec,
    grid: ChunkGrid,
    state: Mutex<(Block, Vec<bool>)>,
}

impl Sink for Kept {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn write(&self, block: &Block) -> Result<()> {
        let mut state = self.state.lock().unwrap();
        state.0.copy_from(block)?;
        for n in self.grid.meeting(block.region()) {
            assert!(block.region().contains(&self.grid.region(n)), "part of an object written");
            assert!(!std::mem::replace(&mut state.1[n], true), "object {n} written twice");
        }
        Ok(())
    }
    fn holds(&self, _: &Region) -> Result<bool> {
        Ok(false)
    }
    fn finish(&self) -> Result<()> {
        Ok(())
    }
    fn abandon(&self) {}
}

/// A way to cut. Chunk lengths are used axis by axis, from the last; 0 is the whole axis.
#[derive(Clone, Debug)]
pub(crate) struct Cut {
    pub(crate) source: Vec<usize>,
    pub(crate) sink: Vec<usize>,
    pub(crate) threads: usize,
    /// As little memory as the planner accepts.
    pub(crate) tight: bool,
    /// Blocks of a task, each on a machine of its own; 0 for one machine.
    pub(crate) per_task: usize,
}

impl Cut {
    /// Nothing is cut.
    pub(crate) fn whole() -> Cut {
        Cut { source: vec![0], sink: vec![0], threads: 1, tight: false, per_task: 0 }
    }

    fn execute(&self, plan: &Plan, context: &RunContext) -> Result<Outcome> {
        match self.per_task {
            0 => petavox_engine::execute(plan, context),
            n => tasks::execute(plan, context, n),
        }
    }
}

/// Slices, cubes of 17, odd boxes and the whole image on either side; 1 to 3 threads; tight and ample memory.
pub(crate) fn any_cut() -> impl Strategy<Value = Cut> {
    let chunks = prop_oneof![
        Just(vec![0, 0, 1, 1]),
        Just(vec![17]),
        Just(vec![1, 0, 0, 0]),
        Just(vec![0]),
        prop::collection::vec(1usize..9, 4),
        prop::collection::vec(1usize..40, 4),
    ];
    let per_task = prop_oneof![Just(0), 1usize..5];
    (chunks.clone(), chunks, 1usize..4, any::<bool>(), per_task).prop_map(
        |(source, sink, threads, tight, per_task)| Cut { source, sink, threads, tight, per_task },
    )
}

fn chunk(lengths: &[usize], shape: &[usize]) -> Vec<usize> {
    let n = shape.len();
    let length = |a: usize| match lengths[(n - 1 - a) % lengths.len()] {
        0 => shape[a].max(1),
        length => length,
    };
    (0..n).map(length).collect()
}

/// An image as it is stored under a cut.
pub(crate) fn stored(spec: &ImageSpec, whole: &Arc<Block>, cut: &Cut) -> Arc<Node> {
    let grid = ChunkGrid::new(&spec.shape, &chunk(&cut.source, &spec.shape));
    Node::source(Arc::new(Chunked { spec: spec.clone(), grid, whole: whole.clone() }))
}

fn context(cut: &Cut, targets: &[Target]) -> RunContext {
    const AMPLE: u64 = 1 << 30;
    let options = |memory: u64| RunOptions {
        n_threads: Some(cut.threads),
        memory_bytes: Some(memory),
        // Tasks of other machines see nothing that is kept.
        recompute: cut.per_task > 0,
        ..RunOptions::default()
    };
    let ample = RunContext::new(&options(AMPLE)).unwrap();
    if !cut.tight {
        return ample;
    }
    // The planner tells what it needs; stages come one after another, and so do refusals.
    let mut budget = ample.budget.base();
    loop {
        let ask = PlanOptions { budget_bytes: budget, ..ample.plan_options() };
        match plan(targets, &ask) {
            Ok(plan) => {
                assert!(plan.peak_bytes() <= budget, "{} of {budget}", plan.peak_bytes());
                return RunContext::new(&options(budget)).unwrap();
            }
            Err(Error::Budget { needed, .. }) => {
                assert!(needed > budget, "refused {budget} bytes, asked for {needed}");
                budget = needed;
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// The samples of a node under a cut.
pub(crate) fn samples(node: &Arc<Node>, cut: &Cut) -> Result<Block> {
    let spec = node.spec().clone();
    let grid = ChunkGrid::new(&spec.shape, &chunk(&cut.sink, &spec.shape));
    let state = (Block::zeros(spec.region(), spec.dtype)?, vec![false; grid.len()]);
    let sink = Arc::new(Kept { spec, grid, state: Mutex::new(state) });
    let targets = [Target { node: node.clone(), sink: Some(sink.clone()) }];
    let context = context(cut, &targets);
    cut.execute(&plan(&targets, &context.plan_options())?, &context)?;
    drop(targets);
    let state = Arc::into_inner(sink).unwrap().state.into_inner().unwrap();
    assert!(state.1.iter().all(|w| *w), "an object was not written");
    Ok(state.0)
}

/// The value of a fold under a cut.
pub(crate) fn value(node: &Arc<Node>, cut: &Cut) -> Result<Value> {
    let targets = [Target { node: node.clone(), sink: None }];
    let context = context(cut, &targets);
    let outcome = cut.execute(&plan(&targets, &context.plan_options())?, &context)?;
    outcome.value(node).cloned()
}
