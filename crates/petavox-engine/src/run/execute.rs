//! Runs the stages of a plan in order and keeps what they leave: values of folds, results of sweeps.

use super::cache::ChunkCache;
use super::checkpoint::Checkpoint;
use super::kept::Kept;
use super::stage::{OrderedMerge, StageRun, Taker, caught};
use super::strips::strips;
use crate::contract::{BlockOp, FoldOp, SweepOp, Value};
use crate::plan::{Consumer, Kind, Node, Plan, Program, Stage};
use crate::resources::{Reservation, RunContext, Words};
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// What a run leaves: the values of its folds and the images its sweeps made, by node.
#[derive(Default)]
pub struct Outcome {
    values: HashMap<u64, Value>,
    swept: HashMap<u64, Arc<Swept>>,
    /// What stages kept for later ones that still need it.
    kept: HashMap<u64, Arc<Kept>>,
    /// Results of sweeps that were made elsewhere.
    stored: HashMap<u64, Arc<dyn Source>>,
    /// Memory of the values.
    held: Vec<Reservation>,
}

impl Outcome {
    /// The value of a fold.
    ///
    /// # Errors
    /// [`Error::Internal`] if the fold was not part of the plan.
    pub fn value(&self, node: &Node) -> Result<&Value> {
        self.values.get(&node.id()).ok_or_else(|| Error::internal("Outcome::value", node.name()))
    }

    /// The image a sweep made.
    ///
    /// # Errors
    /// [`Error::Internal`] if the sweep was not part of the plan.
    pub fn swept(&self, node: &Node) -> Result<Arc<dyn Source>> {
        self.there(node).ok_or_else(|| Error::internal("Outcome::swept", node.name()))
    }

    /// What earlier stages left of a node, here or elsewhere.
    pub(super) fn there(&self, node: &Node) -> Option<Arc<dyn Source>> {
        let id = &node.id();
        let swept = self.swept.get(id).map(|s| s.clone() as Arc<dyn Source>);
        let kept = || self.kept.get(id).map(|k| k.clone() as Arc<dyn Source>);
        swept.or_else(kept).or_else(|| self.stored.get(id).cloned())
    }

    /// Adds what another run left.
    pub(super) fn take_over(&mut self, other: Outcome) {
        self.values.extend(other.values);
        self.swept.extend(other.swept);
        self.stored.extend(other.stored);
        self.held.extend(other.held);
    }

    /// Adds the value of a fold that was made elsewhere.
    pub fn insert_value(&mut self, fold: &Node, value: Value) {
        self.values.insert(fold.id(), value);
    }

    /// Adds the image that a sweep made elsewhere.
    pub fn insert_image(&mut self, sweep: &Node, image: Arc<dyn Source>) {
        self.stored.insert(sweep.id(), image);
    }

    /// The working volume a sweep left, taken out.
    ///
    /// # Errors
    /// [`Error::Internal`] if the sweep was not part of the plan, or its image is still in use.
    pub fn take_words(&mut self, node: &Node) -> Result<Words> {
        let swept = self.swept.remove(&node.id()).and_then(Arc::into_inner);
        swept.map(|s| s.words).ok_or_else(|| Error::internal("Outcome::take_words", node.name()))
    }
}

/// Carries out a plan.
///
/// # Errors
/// The first failure of any block; [`Error::Cancelled`]; [`Error::Budget`] if memory turns out not to be there.
pub fn execute(plan: &Plan, context: &RunContext) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for stage in &plan.stages {
        if !restored(stage, &mut outcome, context) {
            run_stage(stage, &mut outcome, context)?;
        }
        stage.drops.iter().for_each(|node| {
            outcome.kept.remove(node);
        });
    }
    Ok(outcome)
}

/// True if the stage is made of folds whose values an interrupted run has left.
fn restored(stage: &Stage, outcome: &mut Outcome, context: &RunContext) -> bool {
    let Some(folder) = &context.folder else { return false };
    let mut values = Vec::new();
    for (_, consumer) in &stage.outputs {
        let Consumer::Fold(fold) = consumer else { return false };
        let Kind::Fold(op) = fold.kind() else { return false };
        let Some(text) = folder.find(&fold_row(fold)) else { return false };
        let value = serde_json::from_str(&text).ok().and_then(|json| op.restore(&json));
        let Some(value) = value else { return false };
        values.push((fold.id(), value));
    }
    outcome.values.extend(values);
    true
}

fn fold_row(fold: &Node) -> String {
    format!("value {:016x} ", fold.id())
}

fn run_stage(stage: &Stage, outcome: &mut Outcome, context: &RunContext) -> Result<()> {
    let volume = |op: &Arc<dyn SweepOp>, sweep: &Node, spec: &ImageSpec| {
        let words = working_volume(op.as_ref(), sweep, spec, stage, context)?;
        Ok(Taker::Load { op: op.clone(), words: Mutex::new(words) })
    };
    let steps = 0..stage.grid.len();
    let takers = takers(stage, steps.start, outcome, &volume, context)?;
    let states = run_steps(stage, steps, &takers, outcome, context)?;
    outcome.held.extend(states);
    for (taker, (node, consumer)) in takers.into_iter().zip(&stage.outputs) {
        match (taker, consumer) {
            (Taker::Fold { op, state }, Consumer::Fold(fold)) => {
                let state = state.into_inner().map_err(|_| Error::internal("fold", "lock"))?;
                // Of what was reserved ahead only what is needed stays.
                let has = state.merged.as_ref().map_or(0, |m| op.part_bytes(m));
                drop(state.more);
                let more = has.saturating_sub(op.state_bytes(node.spec()));
                outcome.held.push(context.budget.reserve(op.name(), more)?);
                let place = || format!("'{}'", op.name());
                let value = caught(place, || op.finish(state.merged, node.spec()))?;
                if let Some(folder) = &context.folder {
                    folder.add(&[format!("{}{}", fold_row(fold), value.json())])?;
                }
                outcome.values.insert(fold.id(), value);
            }
            (Taker::Load { op, words }, Consumer::Sweep(sweep)) => {
                let mut words = words.into_inner().map_err(|_| Error::internal("sweep", "lock"))?;
                let place = || format!("'{}'", op.name());
                caught(place, || op.sweep(&mut words, node.spec(), context))?;
                let swept = Swept::new(op, words, node.spec().clone(), sweep.spec().clone());
                outcome.swept.insert(sweep.id(), Arc::new(swept));
            }
            (Taker::Keep(kept), _) => {
                outcome.kept.insert(node.id(), kept);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Makes the blocks of some steps of a stage's walk and hands them to the takers. What is returned is the memory of the folds' states.
pub(super) fn run_steps(
    stage: &Stage,
    steps: Range<usize>,
    takers: &[Taker],
    outcome: &Outcome,
    context: &RunContext,
) -> Result<Vec<Reservation>> {
    let roots: Vec<Arc<Node>> = stage.outputs.iter().map(|(n, _)| n.clone()).collect();
    let bound = bind_all(&roots, outcome)?;
    let program = Program::fuse(&roots, &|n| outcome.there(n), &|n| bound.get(&n.id()).cloned());
    let mut states = Vec::new();
    for (node, consumer) in &stage.outputs {
        if let Consumer::Fold(fold) = consumer
            && let Kind::Fold(op) = fold.kind()
        {
            states.push(context.budget.reserve(op.name(), op.state_bytes(node.spec()))?);
        }
    }
    let tasks = stage.task_bytes * stage.n_workers as u64;
    let bytes = tasks + stage.cache_bytes + stage.held_bytes.iter().sum::<u64>();
    let _reservation = context.budget.reserve(&stage.title, bytes)?;
    let held = program.operations().zip(&stage.held_bytes);
    let _keeps: Vec<_> = held.filter(|(_, b)| **b > 0).map(|((op, _), b)| op.hold(*b)).collect();
    let cache = ChunkCache::new(stage.cache_bytes);
    let checkpoint = Checkpoint::new(stage, takers, context);
    StageRun {
        title: &stage.title,
        program: &program,
        grid: &stage.grid,
        block_at: &|step| stage.block_at(step),
        steps,
        takers,
        n_workers: stage.n_workers,
        task_bytes: stage.task_bytes,
        cache: &cache,
        skip: &|number, region| checkpoint.skips(number, region),
        done: &|number| checkpoint.done(number),
    }
    .run(context)?;
    checkpoint.flush()?;
    Ok(states)
}

/// Makes the taker of a sweep's input.
pub(super) type SweepTaker<'a> = dyn Fn(&Arc<dyn SweepOp>, &Node, &ImageSpec) -> Result<Taker> + 'a;

/// Who takes the blocks of a stage; `first` is the number of the first of them where a fold merges, `sweep` makes the takers of sweeps' inputs.
pub(super) fn takers(
    stage: &Stage,
    first: usize,
    outcome: &Outcome,
    sweep: &SweepTaker<'_>,
    context: &RunContext,
) -> Result<Vec<Taker>> {
    let mut takers = Vec::new();
    for (node, consumer) in &stage.outputs {
        takers.push(match consumer {
            Consumer::Sink(sink) => Taker::Sink(sink.clone()),
            Consumer::Keep { in_memory } => {
                let (name, spec) = (node.name(), node.spec());
                Taker::Keep(Arc::new(Kept::new(name, spec, &stage.grid, *in_memory, context)?))
            }
            Consumer::Fold(fold) => {
                let op = bound_fold(fold, outcome)?;
                Taker::Fold { op, state: Mutex::new(OrderedMerge::from(first)) }
            }
            Consumer::Sweep(node_of_sweep) => {
                let Kind::Sweep(op) = node_of_sweep.kind() else {
                    return Err(Error::internal("stage", "not a sweep"));
                };
                sweep(op, node_of_sweep, node.spec())?
            }
        });
    }
    Ok(takers)
}

/// A fold with the values it depends on.
pub(super) fn bound_fold(fold: &Node, outcome: &Outcome) -> Result<Arc<dyn FoldOp>> {
    let Kind::Fold(op) = fold.kind() else {
        return Err(Error::internal("stage", "not a fold"));
    };
    Ok(op.bind(&values_of(fold, outcome)?)?.unwrap_or_else(|| op.clone()))
}

fn working_volume(
    op: &dyn SweepOp,
    sweep: &Node,
    spec: &ImageSpec,
    stage: &Stage,
    context: &RunContext,
) -> Result<Words> {
    let n_words = op.n_words(spec);
    let window = if stage.spills { stage.window_bytes } else { 8 * n_words as u64 };
    match &context.folder {
        Some(folder) => {
            let bytes = 8 * n_words.max(1) as u64;
            let path = folder.volume(&format!("{:016x}.words", sweep.id()), bytes)?;
            Words::in_named_file(n_words, window, &path, &context.budget, op.name())
        }
        None if stage.spills => {
            Words::in_file(n_words, window, &context.scratch, &context.budget, op.name())
        }
        None => Words::in_memory(n_words, &context.budget, op.name()),
    }
}

fn values_of(node: &Node, outcome: &Outcome) -> Result<Vec<Value>> {
    node.values().iter().map(|v| outcome.value(v).cloned()).collect()
}

/// The operations of a stage that take numbers from folds, with those numbers.
pub(super) fn bind_all(
    roots: &[Arc<Node>],
    outcome: &Outcome,
) -> Result<HashMap<u64, Arc<dyn BlockOp>>> {
    fn visit(
        node: &Arc<Node>,
        outcome: &Outcome,
        out: &mut HashMap<u64, Arc<dyn BlockOp>>,
    ) -> Result<()> {
        if outcome.there(node).is_some() || out.contains_key(&node.id()) {
            return Ok(());
        }
        if let Kind::Block(op) = node.kind()
            && !node.values().is_empty()
            && let Some(bound) = op.bind(&values_of(node, outcome)?)?
        {
            out.insert(node.id(), bound);
        }
        node.inputs().iter().try_for_each(|n| visit(n, outcome, out))
    }
    let mut out = HashMap::new();
    roots.iter().try_for_each(|r| visit(r, outcome, &mut out))?;
    Ok(out)
}

/// The image that a sweep left in its working volume.
pub(super) struct Swept {
    op: Arc<dyn SweepOp>,
    words: Words,
    input: ImageSpec,
    spec: ImageSpec,
    grid: ChunkGrid,
}

impl Swept {
    pub(super) fn new(
        op: Arc<dyn SweepOp>,
        words: Words,
        input: ImageSpec,
        spec: ImageSpec,
    ) -> Swept {
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Swept { op, words, input, spec, grid }
    }
}

impl Source for Swept {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        // A plane of samples, and the mapped words under it.
        let plane: usize = region.shape().iter().skip(1).product();
        (plane * (self.spec.dtype.size() + 8)) as u64
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        if self.words.fits_memory() {
            return self.op.read(self.words.words(), out, &self.input);
        }
        // Piece by piece, so that few of the mapped pages are resident at a time.
        for piece in strips(out.region(), &self.words) {
            let mut part = Block::zeros(piece, out.dtype())?;
            self.op.read(self.words.words(), &mut part, &self.input)?;
            for words in self.op.pieces_of(part.region(), &self.input) {
                self.words.release(words);
            }
            out.copy_from(&part)?;
        }
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}
