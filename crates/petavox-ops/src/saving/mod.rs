//! From a lazy image to a file: level 0 is computed, each further level is made from the one before.

mod rechunk;

use crate::levels::coarser;
use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source};
use petavox_engine::explain::{Document, StageDoc};
use petavox_engine::{
    Node, Plan, PlanOptions, RunContext, RunOptions, Target, execute, identity, least_budget, plan,
};
use petavox_store::{CreateOptions, ImageWriter, create};
use rechunk::decode_once;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// What saving an image took.
#[derive(Clone, Debug, Serialize)]
pub struct Saved {
    /// The output.
    pub path: PathBuf,
    /// Samples per axis.
    pub shape: Vec<usize>,
    /// Type of a sample.
    pub dtype: Dtype,
    /// Shapes of the pyramid's levels, full size first.
    pub levels: Vec<Vec<usize>>,
    /// Blocks that were computed, all stages and levels.
    pub n_blocks: u64,
    /// Bytes of samples that were decoded, as planned.
    pub read_bytes: u64,
    /// Bytes of samples that were written, before compression.
    pub written_bytes: u64,
    /// From the first look to the final name.
    pub seconds: f64,
    /// The process' peak resident memory so far, where the system tells.
    pub peak_memory_bytes: Option<u64>,
    /// The limit that was in force.
    pub memory_budget_bytes: u64,
    /// Threads that were used at once.
    pub threads: usize,
}

/// Computes the image and writes it; the path's ending picks the format. The output appears under its final name when
/// it is complete, and never before.
///
/// A run that is cancelled leaves its work beside the output, under a hidden name, for a run with
/// [`resume`](CreateOptions::resume) to continue; work of a run that would write other bytes is never continued.
///
/// # Errors
/// [`Error::Exists`] if the output is there and may not be replaced; [`Error::Budget`] if the plan does not fit;
/// [`Error::Cancelled`]; whatever goes wrong with a file, naming it.
pub fn save(
    node: &Arc<Node>,
    path: &Path,
    save: &CreateOptions,
    run: &RunOptions,
) -> Result<Saved> {
    let began = Instant::now();
    let context = RunContext::new(run)?;
    let options = save_options(node, save);
    let writer = create(path, node.spec(), &options)?;
    let mut saved = Saved {
        path: path.into(),
        shape: node.spec().shape.clone(),
        dtype: node.spec().dtype,
        levels: writer.levels().iter().map(|l| l.shape.clone()).collect(),
        n_blocks: 0,
        read_bytes: 0,
        written_bytes: 0,
        seconds: 0.0,
        peak_memory_bytes: None,
        memory_budget_bytes: context.budget.limit(),
        threads: context.n_threads,
    };
    match write_levels(node, writer.as_ref(), options.is_labels, &context, &mut saved) {
        Ok(()) => {}
        Err(Error::Cancelled) => return Err(Error::Cancelled),
        // Whoever can mend what went wrong (a full disk, a missing slice) resumes again.
        Err(e) if options.resume => return Err(e),
        Err(e) => {
            writer.abandon();
            return Err(e);
        }
    }
    saved.seconds = began.elapsed().as_secs_f64();
    saved.peak_memory_bytes = petavox_engine::peak_resident_bytes();
    Ok(saved)
}

/// The plan that [`save`] would carry out. No output is made.
///
/// # Errors
/// As [`save`], as far as can be known without computing.
pub fn plan_save(
    node: &Arc<Node>,
    path: &Path,
    save: &CreateOptions,
    run: &RunOptions,
) -> Result<Document> {
    let context = RunContext::new(run)?;
    let options = save_options(node, save);
    // The grid of an output is decided by its writer; one that is started elsewhere and abandoned tells it.
    let elsewhere = tempfile::tempdir().map_err(|e| Error::io(std::env::temp_dir(), "write", e))?;
    let name = path.file_name().unwrap_or(path.as_os_str());
    let writer =
        create(&elsewhere.path().join(name), node.spec(), &options).map_err(|e| match e {
            Error::InvalidArgument { name, expected, .. } if name == "output" => {
                Error::argument(name, path.display(), expected)
            }
            other => other,
        })?;
    let told = document(node, writer.as_ref(), options.is_labels, &context);
    writer.abandon();
    told
}

/// How an image is written, with what the image itself decides: whether it is one of labels, and which computation it is.
pub fn save_options(node: &Arc<Node>, save: &CreateOptions) -> CreateOptions {
    let is_integer = !node.spec().dtype.is_float();
    let is_labels = is_integer && (save.is_labels || node.name() == "label");
    CreateOptions { is_labels, identity: identity(node), ..save.clone() }
}

fn write_levels(
    image: &Arc<Node>,
    writer: &dyn ImageWriter,
    is_labels: bool,
    context: &RunContext,
    saved: &mut Saved,
) -> Result<()> {
    // Refuse what cannot work before anything is computed.
    plan_levels(image, writer, is_labels, context)?;
    for level in 0..writer.levels().len() {
        let node = match level {
            0 => image.clone(),
            _ => {
                let finer = Node::source(writer.source(level - 1)?);
                coarser(finer, is_labels, writer.levels(), level)?
            }
        };
        let plan = plan_level(node, writer, level, &context.plan_options(), context)?;
        execute(&plan, context)?;
        for stage in &plan.stages {
            saved.n_blocks += stage.grid.len() as u64;
            saved.read_bytes += stage.reads.iter().map(|r| r.bytes).sum::<u64>();
            saved.written_bytes += stage.write_bytes;
        }
    }
    writer.finish()
}

fn document(
    image: &Arc<Node>,
    writer: &dyn ImageWriter,
    is_labels: bool,
    context: &RunContext,
) -> Result<Document> {
    let plans = plan_levels(image, writer, is_labels, context)?;
    let mut plans = plans.iter();
    let Some(first) = plans.next() else { return Err(Error::internal("save", "no level")) };
    let mut document = Document::new(first);
    for plan in plans {
        for stage in &plan.stages {
            document.push(StageDoc::new(stage), plan.base_bytes);
        }
    }
    Ok(document)
}

/// The plans of all levels, before any is there; the error names a budget that does for all.
fn plan_levels(
    image: &Arc<Node>,
    writer: &dyn ImageWriter,
    is_labels: bool,
    context: &RunContext,
) -> Result<Vec<Plan>> {
    let mut nodes = vec![image.clone()];
    for level in 1..writer.levels().len() {
        // Some levels can be opened before they are written.
        let like = writer.source(level - 1).ok();
        let finer = Unwritten {
            spec: writer.levels()[level - 1].clone(),
            grid: match &like {
                Some(source) => source.grid().clone(),
                None => writer.sink(level - 1)?.grid().clone(),
            },
            like,
            name: format!("level {}", level - 1),
        };
        nodes.push(coarser(Node::source(Arc::new(finer)), is_labels, writer.levels(), level)?);
    }
    least_budget(&context.plan_options(), &mut |options| {
        let mut plans = Vec::new();
        let mut hungriest: Option<(u64, Error)> = None;
        for (level, node) in nodes.iter().enumerate() {
            match plan_level(node.clone(), writer, level, options, context) {
                Ok(plan) => plans.push(plan),
                Err(Error::Budget { what, needed, budget }) => {
                    if hungriest.as_ref().is_none_or(|(most, _)| needed > *most) {
                        hungriest = Some((needed, Error::Budget { what, needed, budget }));
                    }
                }
                Err(other) => return Err(other),
            }
        }
        match hungriest {
            None => Ok(plans),
            Some((_, refused)) => Err(refused),
        }
    })
}

fn plan_level(
    node: Arc<Node>,
    writer: &dyn ImageWriter,
    level: usize,
    options: &PlanOptions,
    context: &RunContext,
) -> Result<Plan> {
    let target = Target { node, sink: Some(writer.sink(level)?) };
    decode_once(plan(&[target], options)?, options, context)
}

/// A level that is planned to be read before it is there.
struct Unwritten {
    spec: ImageSpec,
    grid: ChunkGrid,
    like: Option<Arc<dyn Source>>,
    name: String,
}

impl Source for Unwritten {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        self.like.as_ref().is_some_and(|s| s.reads_below_chunk())
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        if let Some(source) = &self.like {
            return source.scratch_bytes(region);
        }
        // A chunk as it is stored, at its worst, what lies between its codecs, and decoded.
        let chunk = self.grid.chunk().iter().product::<usize>() * self.spec.dtype.size();
        4 * chunk as u64 + (2 << 20)
    }

    fn read(&self, _out: &mut Block) -> Result<()> {
        Err(Error::internal("plan", "a level was read before it was written"))
    }

    fn locator(&self) -> Option<String> {
        Some(self.name.clone())
    }
}
