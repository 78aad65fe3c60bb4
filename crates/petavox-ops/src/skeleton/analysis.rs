//! The main job from end to end: a volume in, a folder with the branch table, the skeleton, a report and the facts out.

use super::graph::{GraphOptions, GraphSummary, SkeletonGraph};
use super::label_image::LabelImage;
use super::scratch::words;
use super::voxels::{
    Prepared, SkeletonOptions, SkeletonVoxels, skeleton_plan, squeezed, voxels_of,
};
use super::{
    RunArrays, TableOptions, VoxelValues, branch_labels, graphml, pictures, prune, room,
    summarize_rows, swc,
};
use crate::report::{Projection, RunFacts, SkeletonReport, skeleton_report};
use petavox_core::{Dtype, Error, ImageSpec, Result, Source, Table};
use petavox_engine::explain::Document;
use petavox_engine::{Node, RunContext, RunFolder, RunOptions, Target, Words, execute, plan};
use petavox_store::atomic::{Staging, write_whole, write_with};
use petavox_store::table::TableWriter;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Formats a skeleton's graph can be exported to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Export {
    /// Neuron tracings, `skeleton.swc`.
    Swc,
    /// Graphs, `skeleton.graphml`.
    Graphml,
}

impl std::str::FromStr for Export {
    type Err = Error;

    fn from_str(name: &str) -> Result<Export> {
        match name {
            "swc" => Ok(Export::Swc),
            "graphml" => Ok(Export::Graphml),
            _ => Err(Error::argument("export", name, "swc or graphml")),
        }
    }
}

/// What [`analyse`] is to do.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SkeletonJob {
    /// The input as it was named, for the report.
    pub input: String,
    /// From image to voxels.
    pub options: SkeletonOptions,
    /// Tip branches shorter than this are removed, in the spacing's unit; 0 for none.
    pub prune: f64,
    /// Further files.
    pub exports: Vec<Export>,
    /// Replace an output folder that is there.
    pub overwrite: bool,
    /// Go on with what an interrupted run left.
    pub resume: bool,
    /// The command, for the report.
    pub command: String,
}

/// What [`analyse`] did: the contents of `run.json`.
#[derive(Clone, Debug, Serialize)]
pub struct SkeletonDone {
    /// The folder.
    pub output: PathBuf,
    /// The command as it was given.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// The input's shape.
    pub shape: Vec<usize>,
    /// The input's dtype.
    pub dtype: Dtype,
    /// The input's spacing.
    pub spacing: Vec<f64>,
    /// The unit of lengths, if known.
    pub unit: Option<String>,
    /// The rule of thinning.
    pub method: String,
    /// The threshold that was used.
    pub threshold: Option<f64>,
    /// Foreground voxels.
    pub n_mask_voxels: u64,
    /// Skeleton voxels.
    pub n_skeleton_voxels: u64,
    /// Connected skeletons, single voxels among them.
    pub n_skeletons: u64,
    /// Voxels without a neighbour: in no branch.
    pub n_lone_voxels: u64,
    /// Rows of the table.
    pub n_branches: u64,
    /// Branches of type 0, 1, 2 and 3.
    pub n_branches_by_type: [u64; 4],
    /// Length of all branches.
    pub total_length: f64,
    /// Things to know.
    pub notes: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Peak resident memory of the process.
    pub peak_memory_bytes: Option<u64>,
    /// The limit that was in force.
    pub memory_budget_bytes: u64,
    /// Threads.
    pub threads: usize,
    /// True if it went on with an interrupted run.
    pub resumed: bool,
}

/// Bytes that a row of the table takes while it is made and written.
const ROW_BYTES: u64 = 600;
/// Rows of the table that are written at a time, and that the report shows, at most.
const ROWS_AT_ONCE: usize = 50_000;
const ROWS_IN_REPORT: usize = 1_000_000;

/// As many rows as a part of the free memory holds.
fn rows_within(context: &RunContext, most: usize) -> usize {
    ((context.budget.free() / 8 / ROW_BYTES) as usize).clamp(1000, most)
}

/// Skeletonizes an image and writes `branches.parquet`, `skeleton.zarr`, `report.html` and `run.json` into `dir`, which
/// appears when everything is in it.
///
/// A run that is cancelled or killed leaves its work beside `dir` under a hidden name; with
/// [`resume`](SkeletonJob::resume) it is continued, and gives the same bytes.
///
/// # Errors
/// [`Error::Exists`] if `dir` is there and may not be replaced, [`Error::Budget`] if the budget is too small (with the
/// smallest that works), [`Error::InvalidArgument`] for images that are not one grey 2-D or 3-D image.
pub fn analyse(
    image: &Arc<Node>,
    dir: &Path,
    job: &SkeletonJob,
    run: &RunOptions,
) -> Result<SkeletonDone> {
    analyse_from(image, dir, job, run, None)
}

/// [`analyse`] of an image whose mask others have made.
///
/// # Errors
/// As [`analyse`].
pub(crate) fn analyse_prepared(
    image: &Arc<Node>,
    dir: &Path,
    job: &SkeletonJob,
    run: &RunOptions,
    prepared: &Prepared,
) -> Result<SkeletonDone> {
    analyse_from(image, dir, job, run, Some(prepared))
}

fn analyse_from(
    image: &Arc<Node>,
    dir: &Path,
    job: &SkeletonJob,
    run: &RunOptions,
    prepared: Option<&Prepared>,
) -> Result<SkeletonDone> {
    let began = Instant::now();
    let image = &squeezed(image)?;
    let mut context = RunContext::new(run)?;
    // Refuse what cannot work before anything is written.
    room::check(image, &job.options, &context)?;
    let identity = identity(image, job);
    if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create", e))?;
    }
    let staging = Staging::begin(dir, crc(&identity), job.overwrite, job.resume)?;
    let stage_dir = staging.path().to_owned();
    std::fs::create_dir_all(&stage_dir).map_err(|e| Error::io(&stage_dir, "create", e))?;
    let result =
        RunFolder::open(&stage_dir.join("run"), &identity, job.resume).and_then(|folder| {
            let folder = Arc::new(folder);
            context.folder = Some(folder.clone());
            let done = write_all(image, dir, &stage_dir, job, prepared, &context, began)?;
            staging.commit_after(|| folder.remove())?;
            Ok(done)
        });
    match &result {
        Ok(_) | Err(Error::Cancelled) => {}
        // Whoever can mend what went wrong (a full disk, a missing slice) resumes again.
        Err(_) if job.resume => {}
        Err(_) => staging.abandon(),
    }
    result.map_err(|e| named(e, &job.input))
}

/// What is wrong with samples, with the name of the input: fold and operation do not know whose they are.
fn named(error: Error, input: &str) -> Error {
    match error {
        Error::InvalidArgument { name, given, expected }
            if name == "image" && !input.is_empty() && !given.contains(input) =>
        {
            Error::argument("image", format!("{given} in {input}"), expected)
        }
        other => other,
    }
}

/// The plan of [`analyse`].
///
/// # Errors
/// As [`analyse`], as far as can be known without computing.
pub fn plan_analysis(image: &Arc<Node>, job: &SkeletonJob, run: &RunOptions) -> Result<Document> {
    let context = RunContext::new(run)?;
    let image = squeezed(image)?;
    room::check(&image, &job.options, &context)?;
    skeleton_plan(&image, &job.options, &context)
}

fn write_all(
    image: &Arc<Node>,
    dir: &Path,
    stage_dir: &Path,
    job: &SkeletonJob,
    prepared: Option<&Prepared>,
    context: &RunContext,
    began: Instant,
) -> Result<SkeletonDone> {
    let mut voxels = voxels_of(image, &job.options, prepared, context)?;
    let spec = voxels.spec.clone();
    let arrays = RunArrays(context);
    let workers = context.workers.as_ref();
    let radius = VoxelValues::F64(bytemuck::cast_slice(voxels.radius.words()));
    let values = voxels.values.as_ref().map(|v| VoxelValues::F64(bytemuck::cast_slice(v.words())));
    let graph_options = GraphOptions { spacing: Some(&spec.spacing.values), heights: None };
    let mut graph =
        SkeletonGraph::new(&spec.shape, voxels.ranks.words(), &graph_options, &arrays, workers)?;
    if job.prune > 0.0 {
        graph = prune(&graph, job.prune, &arrays)?;
    }
    let summary = graph.summary();

    context.progress.begin("table", 1);
    let options = TableOptions { values, radius: Some(radius) };
    let table_path = stage_dir.join("branches.parquet");
    let mut writer = TableWriter::create(&table_path)?;
    let n = graph.n_branches();
    let mut first = 0;
    loop {
        context.cancel.check()?;
        let last = (first + rows_within(context, ROWS_AT_ONCE)).min(n);
        writer.append(&summarize_rows(&graph, first..last, &options, workers)?)?;
        first = last;
        if first >= n {
            break;
        }
    }
    writer.finish()?;
    // The report shows every branch, or as many as there is memory for.
    let shown = n.min(rows_within(context, ROWS_IN_REPORT));
    let _shown = context.budget.reserve("the report's table", shown as u64 * ROW_BYTES)?;
    let table = summarize_rows(&graph, 0..shown, &options, workers)?;
    for export in &job.exports {
        let name = match export {
            Export::Swc => "skeleton.swc",
            Export::Graphml => "skeleton.graphml",
        };
        let path = stage_dir.join(name);
        let mut failure = None;
        write_with(&path, |file| {
            let written = match export {
                Export::Swc => swc(&graph, Some(radius), file, &path),
                Export::Graphml => graphml(&graph, &table, file, &path),
            };
            written.map_err(|e| {
                let text = e.to_string();
                failure = Some(e);
                std::io::Error::other(text)
            })
        })
        .map_err(|e| failure.take().unwrap_or(e))?;
    }
    let n_voxels = voxels.ranks.words().len();
    let mut held = words(context, n_voxels.div_ceil(2), "branch numbers")?;
    let labels = &mut bytemuck::cast_slice_mut::<u64, u32>(held.words_mut())[..n_voxels];
    branch_labels(&graph, labels)?;
    // Voxels without a neighbour are in no branch; in the image they get the numbers that follow.
    let mut next = graph.n_branches() as u32;
    for (voxel, label) in labels.iter_mut().enumerate() {
        if *label == 0 && graph.contains(voxel as u32) {
            next += 1;
            *label = next;
        }
    }
    drop(graph);
    context.progress.end();

    let projections = pictures::projections(image, &voxels, labels, job.options.is_mask)?;
    // What the table was made of is not needed any more.
    voxels.radius = Words::in_memory(0, &context.budget, "radii")?;
    voxels.values = None;
    write_skeleton(&stage_dir.join("skeleton.zarr"), &voxels, held, context)?;
    let mut done = facts(image, dir, job, context, &voxels, &summary, began);
    if shown < n {
        done.notes.push(format!(
            "The report shows the first {shown} of {n} branches; the table has them all."
        ));
    }
    write_report(stage_dir, image.spec(), job, &done, &table, projections)?;
    let json = serde_json::to_vec_pretty(&done).map_err(|e| Error::internal("run.json", e))?;
    write_whole(&stage_dir.join("run.json"), &json)?;
    Ok(done)
}

/// Writes the branch numbers as an OME-Zarr label image, every level straight from the voxels.
fn write_skeleton(
    path: &Path,
    voxels: &SkeletonVoxels,
    labels: Words,
    context: &RunContext,
) -> Result<()> {
    let full = LabelImage::new(&voxels.spec, voxels.ranks.clone(), Arc::new(labels));
    let writer = room::create_labels(path, full.spec())?;
    for (level, spec) in writer.levels().iter().enumerate() {
        let node = Node::source(Arc::new(full.level(spec)?));
        let target = Target { node, sink: Some(writer.sink(level)?) };
        let context = RunContext { folder: None, ..context.clone() };
        execute(&plan(&[target], &context.plan_options())?, &context)?;
    }
    writer.finish()
}

fn facts(
    image: &Arc<Node>,
    dir: &Path,
    job: &SkeletonJob,
    context: &RunContext,
    voxels: &SkeletonVoxels,
    summary: &GraphSummary,
    began: Instant,
) -> SkeletonDone {
    let spec = image.spec();
    let method =
        job.options.method.unwrap_or_else(|| crate::thin::ThinMethod::default_for(spec.ndim()));
    SkeletonDone {
        output: dir.to_owned(),
        command: job.command.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        shape: spec.shape.clone(),
        dtype: spec.dtype,
        spacing: spec.spacing.values.clone(),
        unit: spec.spacing.unit.clone(),
        method: format!("{method:?}").to_lowercase(),
        threshold: voxels.threshold,
        n_mask_voxels: voxels.n_mask_voxels,
        n_skeleton_voxels: voxels.ranks.words().len() as u64,
        n_skeletons: summary.n_skeletons as u64,
        n_lone_voxels: summary.n_isolated_voxels as u64,
        n_branches: summary.n_branches() as u64,
        n_branches_by_type: summary.n_branches_by_type.map(|n| n as u64),
        total_length: summary.total_length,
        notes: voxels.notes.clone(),
        seconds: began.elapsed().as_secs_f64(),
        peak_memory_bytes: petavox_engine::peak_resident_bytes(),
        memory_budget_bytes: context.budget.limit(),
        threads: context.n_threads,
        resumed: context.folder.as_ref().is_some_and(|f| f.is_resumed()),
    }
}

/// The name by which a person knows an input: of the file, or of the folder of a glob of slices.
fn name_of(path: &str) -> Option<String> {
    let path = Path::new(path);
    let name = path.file_name()?.to_string_lossy();
    let name = if name.contains(['*', '?', '[']) {
        path.parent()?.file_name()?.to_string_lossy()
    } else {
        name
    };
    Some(name.into_owned())
}

fn write_report(
    stage_dir: &Path,
    input: &ImageSpec,
    job: &SkeletonJob,
    done: &SkeletonDone,
    table: &Table,
    projections: Vec<Projection>,
) -> Result<()> {
    let options = &job.options;
    let mut parameters = Vec::new();
    let mut say = |name: &str, value: String| parameters.push((name.to_owned(), value));
    if options.is_mask {
        say("input", "a mask".to_owned());
    } else {
        let sigma: Vec<String> = options.sigma.iter().map(f64::to_string).collect();
        say("sigma", format!("{} samples", sigma.join(", ")));
        let found = done.threshold.map(|t| format!(" = {t}")).unwrap_or_default();
        let given = options.threshold.to_string();
        say(
            "threshold",
            if found.ends_with(&format!(" {given}")) { given } else { given + &found },
        );
    }
    if options.min_size > 1 {
        say("min size", format!("{} voxels", options.min_size));
    }
    say("thinning", done.method.clone());
    if job.prune > 0.0 {
        say("prune", job.prune.to_string());
    }
    let title = name_of(&job.input).unwrap_or_else(|| "skeleton".to_owned());
    let html = skeleton_report(&SkeletonReport {
        title,
        run: RunFacts {
            command: job.command.clone(),
            version: done.version.clone(),
            date: String::new(),
            parameters,
            seconds: done.seconds,
            peak_memory_bytes: done.peak_memory_bytes,
            memory_budget_bytes: Some(done.memory_budget_bytes),
            n_threads: Some(done.threads),
        },
        input: input.clone(),
        table,
        n_mask_voxels: Some(done.n_mask_voxels),
        n_skeleton_voxels: Some(done.n_skeleton_voxels),
        n_lone_voxels: done.n_lone_voxels,
        notes: done.notes.clone(),
        projections,
    });
    write_whole(&stage_dir.join("report.html"), html.as_bytes())
}

/// What decides the bytes of the result: the input as it is now, and the options; not memory or threads.
fn identity(image: &Arc<Node>, job: &SkeletonJob) -> String {
    serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "input": petavox_engine::identity(image),
        "options": format!("{:?}", job.options),
        "prune": job.prune,
        "exports": format!("{:?}", job.exports),
    })
    .to_string()
}

fn crc(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |h: u32, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}
