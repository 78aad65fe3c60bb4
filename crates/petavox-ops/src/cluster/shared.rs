//! A shared computation in one of the processes that take part.

use super::job::{Job, Made, OutputInfo, StageInfo, Wants};
use super::pieces::Pieces;
use super::skeleton;
use super::stores::Store;
use crate::levels::coarser;
use petavox_core::{ChunkGrid, Error, Region, Result, Sink};
use petavox_engine::{
    Consumer, Keep, Kind, Node, Outcome, Plan, PlanOptions, RunContext, RunOptions, Stage,
    StageTask, Target, Value, execute, needs_store, plan, sweep_over,
};
use petavox_store::join;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// Memory that planning sets aside for the process itself; what it really takes is not the plan's business.
const BASE_BYTES: u64 = 0;

/// The values of folds, by stage and output, as bytes.
pub type Values<'a> = [((usize, usize), &'a [u8])];

/// A shared computation, as one of its processes sees it. Tasks may run at the same time.
pub struct Shared {
    job: Job,
    image: Arc<Node>,
    plan: Plan,
    pieces: Option<Arc<Pieces>>,
    /// Values that came, decoded.
    values: Mutex<HashMap<(usize, usize), Value>>,
}

impl Shared {
    /// Starts a computation: makes ready what the processes that take part will look for. One process does this, and takes part too.
    ///
    /// # Errors
    /// As [`Shared::new`], and if the job's folder cannot be written.
    pub fn start(image: &Arc<Node>, job: Job) -> Result<Shared> {
        if matches!(job.wants, Wants::Skeleton(_)) {
            skeleton::mask_store(image, &job)?.start()?;
        }
        Shared::new(image, job)
    }

    /// Takes part in a computation. All processes get the same plan.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the job is of another version; [`Error::NotFound`] if this process does not see the output
    /// that was started; [`Error::Budget`] with the smallest memory that works; what the image's files say.
    pub fn new(image: &Arc<Node>, job: Job) -> Result<Shared> {
        if job.version != env!("CARGO_PKG_VERSION") {
            let expected = format!("{}, which is installed here", env!("CARGO_PKG_VERSION"));
            return Err(Error::argument("petavox version of the client", job.version, expected));
        }
        let mut pieces = None;
        let targets = match &job.wants {
            Wants::Samples { chunk } | Wants::Chunks { chunk } => {
                let sink = Arc::new(Pieces::new(image.spec().clone(), chunk)?);
                pieces = Some(sink.clone());
                vec![Target { node: image.clone(), sink: Some(sink) }]
            }
            Wants::Level { path, options, level } => {
                let writer = join(path, image.spec(), options)?;
                let node = match level {
                    0 => image.clone(),
                    k => {
                        let finer = Node::source(writer.source(k - 1)?);
                        coarser(finer, options.is_labels, writer.levels(), *k)?
                    }
                };
                vec![Target { node, sink: Some(writer.sink(*level)?) }]
            }
            Wants::Skeleton(options) => skeleton::targets(image, options, &job)?,
        };
        let options = PlanOptions {
            budget_bytes: job.memory_bytes + BASE_BYTES,
            base_bytes: BASE_BYTES,
            n_threads: job.n_threads,
            n_processes: job.n_tasks,
            block_edge: None,
            // What one machine keeps others would read through a file all share: made again is cheaper.
            keep: Keep::Never,
        };
        let mut plan = plan(&targets, &options)?;
        if let (Wants::Chunks { chunk }, Some(last)) = (&job.wants, plan.stages.last_mut()) {
            last.recut(ChunkGrid::new(&image.spec().shape, chunk));
        }
        Ok(Shared { job, image: image.clone(), plan, pieces, values: Mutex::default() })
    }

    /// The job.
    pub fn job(&self) -> &Job {
        &self.job
    }

    /// The lazy image.
    pub fn image(&self) -> &Arc<Node> {
        &self.image
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The stages, in the order in which they run; each needs all before it.
    pub fn stages(&self) -> Vec<StageInfo> {
        self.plan.stages.iter().map(|stage| self.info(stage)).collect()
    }

    fn info(&self, stage: &Stage) -> StageInfo {
        let output = |(_, consumer): &(Arc<Node>, Consumer)| match consumer {
            Consumer::Sink(_) | Consumer::Keep { .. } => OutputInfo::Written,
            Consumer::Fold(_) => OutputInfo::Value,
            Consumer::Sweep(_) if matches!(self.job.wants, Wants::Skeleton(_)) => {
                OutputInfo::Volume
            }
            Consumer::Sweep(sweep) if needs_store(sweep) => OutputInfo::StoredSweep,
            Consumer::Sweep(_) => OutputInfo::JoinedSweep,
        };
        let size = stage.outputs.first().map_or(1, |(node, _)| node.spec().dtype.size());
        StageInfo {
            title: stage.title.clone(),
            operations: stage.operations.clone(),
            n_blocks: stage.grid.len(),
            row: row(stage),
            block_bytes: (stage.grid.chunk().iter().product::<usize>() * size) as u64,
            cpu_secs: stage.cpu_secs,
            outputs: stage.outputs.iter().map(output).collect(),
        }
    }

    /// Makes ready what the tasks of a stage write into. The starter does this once, before the stage's first task.
    ///
    /// # Errors
    /// If the job's folder cannot be written.
    pub fn prepare(&self, stage: usize) -> Result<()> {
        for output in 0..self.stage(stage)?.outputs.len() {
            if let Some(store) = self.input_store(stage, output)? {
                store.start()?;
                self.image_store(stage, output)?.start()?;
            }
        }
        Ok(())
    }

    /// Makes some blocks of a stage, by their places in the order in which blocks are best made.
    ///
    /// # Errors
    /// Whatever a block's computation says; the same task may be run again, here or elsewhere.
    pub fn run(&self, stage: usize, blocks: Range<usize>, values: &Values<'_>) -> Result<Made> {
        let known = self.known(stage, values)?;
        let stores = self.input_sinks(stage)?;
        let context = self.context()?;
        let task = self.task(stage, &known, &stores)?;
        let parts = task.run(blocks.clone(), &context)?;
        let mut made = Made { parts, pieces: Vec::new() };
        if let Some(pieces) = self.pieces.as_ref().filter(|_| self.writes_pieces(stage)) {
            for number in blocks {
                let region = task.stage.grid.region(task.stage.block_at(number));
                let piece = pieces.take(&region)?;
                let missing = || Error::internal("Shared::run", format!("no block {region}"));
                made.pieces.push(piece.ok_or_else(missing)?);
            }
        }
        Ok(made)
    }

    /// Looks at what the tasks of a stage have stored, block by block, by decoding it: the blocks among these that are not whole, by
    /// their places in the order in which blocks are made, and where they lie. To be asked before anybody relies on the objects: one that
    /// is missing would be read as the fill value.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    pub fn missing(&self, stage: usize, blocks: Range<usize>) -> Result<Vec<(usize, Region)>> {
        if self.pieces.is_some() && self.writes_pieces(stage) {
            return Ok(Vec::new());
        }
        let (known, stores) = (Outcome::default(), self.input_sinks(stage)?);
        let task = self.task(stage, &known, &stores)?;
        let region = |step| task.stage.grid.region(task.stage.block_at(step));
        Ok(task.missing(blocks)?.into_iter().map(|step| (step, region(step))).collect())
    }

    /// What the tasks of a stage write into that sweeps read, by the sweeps.
    fn input_sinks(&self, stage: usize) -> Result<HashMap<u64, Arc<dyn Sink>>> {
        let mut sinks = HashMap::new();
        for (output, (_, consumer)) in self.stage(stage)?.outputs.iter().enumerate() {
            if let (Consumer::Sweep(sweep), Some(store)) =
                (consumer, self.input_store(stage, output)?)
            {
                sinks.insert(sweep.id(), store.join()?.sink(0)?);
            }
        }
        Ok(sinks)
    }

    /// Merges what neighbouring tasks left for one output, in the order of their blocks.
    ///
    /// # Errors
    /// If a part is not what a task of this stage left.
    pub fn merge(
        &self,
        stage: usize,
        output: usize,
        parts: &[&[u8]],
        values: &Values<'_>,
    ) -> Result<Vec<u8>> {
        let known = self.known(stage, values)?;
        self.task(stage, &known, &HashMap::new())?.merge(output, parts)
    }

    /// The value of a fold, as bytes, from the merged part of all blocks; `None` if there were none.
    ///
    /// # Errors
    /// If the value does not exist.
    pub fn finish(
        &self,
        stage: usize,
        output: usize,
        merged: Option<&[u8]>,
        values: &Values<'_>,
    ) -> Result<Vec<u8>> {
        let known = self.known(stage, values)?;
        let value = self.task(stage, &known, &HashMap::new())?.finish(output, merged)?;
        match &self.output(stage, output)?.1 {
            Consumer::Fold(fold) => match fold.kind() {
                Kind::Fold(op) => op.value_to_bytes(&value),
                _ => Err(Error::internal("Shared::finish", "not a fold")),
            },
            _ => Err(Error::internal("Shared::finish", "not a fold")),
        }
    }

    /// Makes the passes of a sweep, with a process' whole memory and all its threads, from what the tasks stored or from the volume that
    /// was merged, and stores the image.
    ///
    /// # Errors
    /// [`Error::Budget`] if it does not fit; whatever the sweep says.
    pub fn sweep(
        &self,
        stage: usize,
        output: usize,
        volume: Option<&[u8]>,
        values: &Values<'_>,
        run: &RunOptions,
    ) -> Result<()> {
        let context = RunContext::new(run)?;
        let Consumer::Sweep(sweep) = &self.output(stage, output)?.1 else {
            return Err(Error::internal("Shared::sweep", "not a sweep"));
        };
        let node = match (volume, self.input_store(stage, output)?) {
            (None, Some(input)) => sweep_over(sweep, input.join()?.source(0)?)?,
            (Some(volume), None) => {
                let known = self.known(stage, values)?;
                let stores = HashMap::new();
                let task = self.task(stage, &known, &stores)?;
                Node::source(task.sweep(output, volume, &context)?)
            }
            _ => return Err(Error::internal("Shared::sweep", "no input, or two")),
        };
        let sink = self.image_store(stage, output)?.join()?.sink(0)?;
        let target = Target { node, sink: Some(sink.clone()) };
        execute(&plan(&[target], &context.plan_options())?, &context)?;
        // Others read it next: what is missing would be the fill value to them.
        match (0..sink.grid().len()).map(|n| sink.grid().region(n)).find_map(|region| {
            match sink.holds(&region) {
                Ok(true) => None,
                Ok(false) => Some(Err(region)),
                Err(e) => Some(Ok(e)),
            }
        }) {
            None => Ok(()),
            Some(Ok(failed)) => Err(failed),
            Some(Err(region)) => Err(Error::corrupt(
                &self.job.folder,
                Some(format!("region {region} of stage {stage}")),
                "it was written and is not there any more",
            )),
        }
    }

    pub(super) fn known(&self, stage: usize, values: &Values<'_>) -> Result<Outcome> {
        let mut known = Outcome::default();
        for (earlier, before) in self.plan.stages.iter().enumerate().take(stage) {
            for (output, (_, consumer)) in before.outputs.iter().enumerate() {
                match consumer {
                    Consumer::Fold(fold) => {
                        let value = self.value(fold, (earlier, output), values)?;
                        known.insert_value(fold, value);
                    }
                    Consumer::Sweep(sweep) if !matches!(self.job.wants, Wants::Skeleton(_)) => {
                        let image = self.image_store(earlier, output)?.join()?.source(0)?;
                        known.insert_image(sweep, image);
                    }
                    _ => {}
                }
            }
        }
        Ok(known)
    }

    /// A value that came before, or comes now. Decoded once: it may be large.
    fn value(&self, fold: &Node, key: (usize, usize), values: &Values<'_>) -> Result<Value> {
        let lock = || self.values.lock().map_err(|_| Error::internal("values", "lock"));
        if let Some(value) = lock()?.get(&key) {
            return Ok(value.clone());
        }
        let Kind::Fold(op) = fold.kind() else {
            return Err(Error::internal("Shared::value", "not a fold"));
        };
        let Some((_, bytes)) = values.iter().find(|(k, _)| *k == key) else {
            return Err(Error::internal("Shared::value", format!("no value of {}", op.name())));
        };
        let value = op.value_from_bytes(bytes)?;
        lock()?.insert(key, value.clone());
        Ok(value)
    }

    fn task<'a>(
        &'a self,
        stage: usize,
        known: &'a Outcome,
        stores: &'a HashMap<u64, Arc<dyn Sink>>,
    ) -> Result<StageTask<'a>> {
        Ok(StageTask { stage: self.stage(stage)?, known, stores })
    }

    fn stage(&self, stage: usize) -> Result<&Stage> {
        self.plan.stages.get(stage).ok_or_else(|| {
            let expected = format!("one of the plan's {}", self.plan.stages.len());
            Error::argument("stage", stage, expected)
        })
    }

    fn output(&self, stage: usize, output: usize) -> Result<&(Arc<Node>, Consumer)> {
        let found = self.stage(stage)?.outputs.get(output);
        found.ok_or_else(|| Error::argument("output", output, "an output of the stage"))
    }

    fn writes_pieces(&self, stage: usize) -> bool {
        self.plan.stages[stage].outputs.iter().any(|(_, c)| matches!(c, Consumer::Sink(_)))
    }

    /// A task's own memory and threads, whatever else its process does.
    fn context(&self) -> Result<RunContext> {
        // A chunk that somebody asks for takes what it takes.
        let last = self.plan.stages.last().map_or(0, |s| s.task_bytes + s.fixed_bytes);
        let memory_bytes = match self.job.wants {
            Wants::Chunks { .. } => self.job.memory_bytes.max(last),
            _ => self.job.memory_bytes,
        };
        let bare = RunContext::new(&RunOptions { n_threads: Some(1), ..RunOptions::default() })?;
        RunContext::new(&RunOptions {
            memory_bytes: Some(memory_bytes + bare.budget.base()),
            n_threads: Some(self.job.n_threads),
            ..RunOptions::default()
        })
    }

    /// Where the tasks put the input of a sweep, unless they can join what they have.
    fn input_store(&self, stage: usize, output: usize) -> Result<Option<Store>> {
        let blocks = self.stage(stage)?.grid.chunk();
        match self.output(stage, output)? {
            (node, Consumer::Sweep(sweep)) if needs_store(sweep) => {
                let name = format!("stage-{stage}-{output}-input");
                Ok(Some(Store::new(&self.job.folder, &name, node.spec(), Some(blocks))))
            }
            _ => Ok(None),
        }
    }

    /// Where the image of a sweep is.
    fn image_store(&self, stage: usize, output: usize) -> Result<Store> {
        match &self.output(stage, output)?.1 {
            Consumer::Sweep(sweep) => {
                let name = format!("stage-{stage}-{output}");
                Ok(Store::new(&self.job.folder, &name, sweep.spec(), None))
            }
            _ => Err(Error::internal("Shared::image_store", "not a sweep")),
        }
    }
}

/// Blocks that follow one another and share decoded chunks.
fn row(stage: &Stage) -> usize {
    match stage.order.first() {
        Some(&slowest) if stage.cache_bytes > 0 => {
            stage.grid.len() / stage.grid.counts()[slowest].max(1)
        }
        _ => 1,
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let titles: Vec<&str> = self.plan.stages.iter().map(|s| s.title.as_str()).collect();
        write!(f, "Shared({})", titles.join(", "))
    }
}
