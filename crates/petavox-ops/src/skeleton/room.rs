//! What skeleton analysis takes at least, found before anything is done: a refusal names one budget, and that budget works.

use super::label_image::LabelImage;
use super::voxels::{SkeletonOptions, Stages, stages, thin_memory};
use crate::operation::internal::{max_projection, sample_at};
use crate::thin::{ThinMethod, ThinOptions};
use petavox_core::{Error, ImageSpec, Result, Source};
use petavox_engine::{
    Budget, Node, Plan, PlanOptions, RunContext, Target, Words, least_budget, plan,
};
use petavox_kernels::bits::BitLayout;
use petavox_store::{Codec, CreateOptions, ImageWriter, create};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Heap that the table's writer and the report's page take, whatever the image and the skeleton.
const PAGE_BYTES: u64 = 16 << 20;
/// Heap per pixel of the report's pictures: the projections, their grey values and colours, and the compressed files.
const PIXEL_BYTES: u64 = 40;

/// Plans all that the pipeline does, and refuses what would not fit.
///
/// # Errors
/// [`Error::Budget`] with a budget that works.
pub(super) fn check(
    image: &Arc<Node>,
    options: &SkeletonOptions,
    context: &RunContext,
) -> Result<()> {
    let stages = stages(image, options)?;
    let labels = Labels::new(stages.packed.spec(), context)?;
    let given = context.plan_options();
    let planned = least_budget(&given, &mut |o| attempt(&stages, image, options, &labels, o));
    labels.writer.abandon();
    planned
}

/// Plans everything, with the most that is asked for if that is more than there is.
fn attempt(
    stages: &Stages,
    image: &Arc<Node>,
    options: &SkeletonOptions,
    labels: &Labels,
    budget: &PlanOptions,
) -> Result<()> {
    let mut all = Most { budget_bytes: budget.budget_bytes, found: None };
    let room = budget.budget_bytes.saturating_sub(budget.base_bytes);
    let beside = |held: u64| PlanOptions { base_bytes: budget.base_bytes + held, ..budget.clone() };
    let targets =
        [&stages.packed, &stages.projection].map(|n| Target { node: n.clone(), sink: None });
    all.fits(plan(&targets, budget))?;

    let layout = BitLayout::new(&image.spec().shape)?;
    let method = options.method.unwrap_or_else(|| ThinMethod::default_for(image.spec().ndim()));
    all.takes("thinning", budget.base_bytes + thin_bytes(method, &layout, room));

    // Voxels and their values take at most an eighth of what is free each, or are in files.
    if options.intensity {
        let node = sample_at::sample_at(image, labels.no_voxels.clone())?;
        let window = (room / 4).clamp(4 << 20, 256 << 20);
        let target = Target { node, sink: None };
        all.fits(plan(&[target], &beside(room / 4 + window)))?;
    }
    let held = room / 8 * 3;
    let pixels = max_projection::n_pixels(image.spec()) as u64;
    all.takes("the report", budget.base_bytes + held + PAGE_BYTES + PIXEL_BYTES * pixels);
    for target in labels.targets()? {
        all.fits(plan(&[target], &beside(held)))?;
    }
    match all.found {
        None => Ok(()),
        Some((needed, what)) => Err(Error::Budget { what, needed, budget: budget.budget_bytes }),
    }
}

/// The most that a step asks for, of those that ask for too much.
struct Most {
    budget_bytes: u64,
    found: Option<(u64, String)>,
}

impl Most {
    fn takes(&mut self, what: &str, needed: u64) {
        let most = self.found.as_ref().map_or(self.budget_bytes, |(n, _)| *n);
        if needed > most {
            self.found = Some((needed, what.to_owned()));
        }
    }

    fn fits(&mut self, planned: Result<Plan>) -> Result<()> {
        match planned {
            Err(Error::Budget { what, needed, .. }) => self.takes(&what, needed),
            other => drop(other?),
        }
        Ok(())
    }
}

/// Bytes that thinning takes of `room`.
fn thin_bytes(method: ThinMethod, layout: &BitLayout, room: u64) -> u64 {
    let (whole, usual) = (layout.n_bytes(), ThinOptions::new(method));
    if whole <= thin_memory(method, layout, room) {
        return whole + usual.scratch_bytes(layout);
    }
    let window = room / 8;
    let options = ThinOptions::within(method, layout, window);
    window.max(options.resident_bytes(layout)) + options.scratch_bytes(layout)
}

/// How the branch numbers are written.
pub(super) fn create_labels(path: &Path, spec: &ImageSpec) -> Result<Arc<dyn ImageWriter>> {
    // Mostly zeros: plain zstd passes over them faster than anything that rearranges bytes first.
    let codec = Codec::Zstd(1);
    let options =
        CreateOptions { is_labels: true, overwrite: true, codec, ..CreateOptions::default() };
    create(path, spec, &options)
}

/// A writer of branch numbers that is never used, since only it knows its chunks and levels.
struct Labels {
    writer: Arc<dyn ImageWriter>,
    image: LabelImage,
    no_voxels: Arc<Words>,
}

impl Labels {
    fn new(mask: &ImageSpec, context: &RunContext) -> Result<Labels> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".petavox-plan-{}-{n}.zarr", std::process::id());
        // Of a ledger of their own: the run's may be too small for the process itself.
        let ledger = Budget::new(u64::MAX);
        let none = || Words::in_memory(0, &ledger, "skeleton voxels").map(Arc::new);
        let no_voxels = none()?;
        let image = LabelImage::new(mask, no_voxels.clone(), none()?);
        forget_dead(context.scratch.path());
        let writer = create_labels(&context.scratch.path().join(name), image.spec())?;
        // Its chunks and levels are known; what it began on disk is gone again at once, lest a kill leave it there.
        writer.abandon();
        Ok(Labels { writer, image, no_voxels })
    }

    fn targets(&self) -> Result<Vec<Target>> {
        let levels = self.writer.levels().iter().enumerate();
        levels
            .map(|(level, spec)| {
                let node = Node::source(Arc::new(self.image.level(spec)?));
                Ok(Target { node, sink: Some(self.writer.sink(level)?) })
            })
            .collect()
    }
}

/// Removes what processes left that were killed in the instant between the beginning of such a writer and its end.
fn forget_dead(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.trim_start_matches('.').strip_prefix("petavox-plan-") else {
            continue;
        };
        let pid = rest.split('-').next().unwrap_or_default();
        let told = Path::new("/proc/self").exists();
        if told && pid.parse::<u32>().is_ok() && !Path::new("/proc").join(pid).exists() {
            // Somebody else may be as quick.
            let _ = std::fs::remove_dir_all(entry.path());
            let _ = std::fs::remove_file(entry.path());
        }
    }
}
