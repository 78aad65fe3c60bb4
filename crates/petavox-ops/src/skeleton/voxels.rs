//! The first half of the pipeline: from an image to the voxels of its skeleton, with a radius for each.

use super::scratch::{words, words_within};
use crate::operation::arrays::{astype, select};
use crate::operation::filters::gaussian;
use crate::operation::internal::{bits, max_projection, sample_at};
use crate::operation::labels::label;
use crate::operation::morphology::skeletonize;
use crate::operation::thresholds::threshold;
use crate::thin::{ThinMethod, ThinOptions};
use petavox_core::{Block, Boundary, Dtype, Error, ImageSpec, Result, Source, Workers};
use petavox_engine::explain::{Document, StageDoc};
use petavox_engine::{Node, Outcome, RunContext, Target, Words, execute, plan};
use petavox_kernels::bits::{BitLayout, shared, store};
use petavox_kernels::measure::Histogram;
use petavox_kernels::skeleton::radius::nearest_background;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use threshold::Threshold;

/// How an image becomes a skeleton.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct SkeletonOptions {
    /// Gaussian smoothing before the threshold, in samples, one value or one per axis; 0 for none.
    pub sigma: Vec<f64>,
    /// What counts as foreground: samples above this.
    pub threshold: Threshold,
    /// Components of fewer voxels are removed (26- or 8-connected).
    pub min_size: u64,
    /// The image is a mask already: every sample other than 0 is foreground.
    pub is_mask: bool,
    /// The rule of thinning; `parity` in 3-D and `zhang` in 2-D when `None`.
    pub method: Option<ThinMethod>,
    /// Sample the image at the skeleton's voxels, for `mean_pixel_value`: one more pass over the image.
    pub intensity: bool,
}

impl Default for SkeletonOptions {
    fn default() -> Self {
        SkeletonOptions {
            sigma: vec![0.0],
            threshold: Threshold::Otsu,
            min_size: 0,
            is_mask: false,
            method: None,
            intensity: false,
        }
    }
}

/// The voxels of a skeleton, and what was seen on the way.
pub struct SkeletonVoxels {
    /// The mask's shape, axes and spacing.
    pub spec: ImageSpec,
    /// Raster ranks, rising.
    pub ranks: Arc<Words>,
    /// Distance to the nearest background voxel, as the bits of doubles, parallel to the ranks.
    pub radius: Words,
    /// The image's samples, as the bits of doubles, parallel to the ranks, if asked for.
    pub values: Option<Words>,
    /// The threshold that was used; `None` for a mask.
    pub threshold: Option<f64>,
    /// Foreground voxels.
    pub n_mask_voxels: u64,
    /// Maximum projection of the image: its shape, and the pixels in raster order (NaN where there is no number).
    pub image_projection: ([usize; 2], Vec<f64>),
    /// Maximum projection of the mask, of the same shape.
    pub mask_projection: Vec<bool>,
    /// Samples per pixel of the projections.
    pub projection_bin: usize,
    /// Things the reader of a report should know.
    pub notes: Vec<String>,
}

/// The lazy part of the pipeline.
pub(crate) struct Stages {
    pub(super) packed: Arc<Node>,
    /// The maximum projection of the image.
    pub(crate) projection: Arc<Node>,
    histogram: Option<Arc<Node>>,
    threshold: Option<Threshold>,
}

/// What is known of an image whose mask others have made.
pub(crate) struct Prepared {
    /// The mask.
    pub(crate) mask: Arc<dyn Source>,
    /// The threshold it was made with.
    pub(crate) threshold: Option<f64>,
    /// The image's maximum projection: its shape and pixels.
    pub(crate) projection: ([usize; 2], Vec<f64>),
}

impl Stages {
    /// The lazy part of the pipeline on an image.
    ///
    /// # Errors
    /// As [`skeleton_voxels`].
    pub(crate) fn new(image: &Arc<Node>, options: &SkeletonOptions) -> Result<Stages> {
        stages(image, options)
    }

    /// The mask.
    pub(crate) fn mask(&self) -> &Arc<Node> {
        &self.packed.inputs()[0]
    }

    /// The threshold, where it was given or its histogram is known; `None` for a mask.
    ///
    /// # Errors
    /// If the histogram is not known, or its method finds nothing.
    pub(crate) fn found_threshold(&self, outcome: &Outcome) -> Result<Option<f64>> {
        match (self.threshold, &self.histogram) {
            (Some(Threshold::Value(v)), _) => Ok(Some(v)),
            (Some(method), Some(fold)) => {
                method.find(outcome.value(fold)?.get::<Histogram>()?).map(Some)
            }
            _ => Ok(None),
        }
    }
}

/// The image without the channel, time and other axes that have one sample only.
pub(crate) fn squeezed(image: &Arc<Node>) -> Result<Arc<Node>> {
    let spec = image.spec();
    let single = |a: &usize| spec.shape[*a] == 1 && !spec.axes.is_spatial(*a) && spec.ndim() > 1;
    match (0..spec.ndim()).find(single) {
        Some(axis) => squeezed(&select::select(image, axis, 0)?),
        None => Ok(image.clone()),
    }
}

pub(super) fn stages(image: &Arc<Node>, options: &SkeletonOptions) -> Result<Stages> {
    let spec = image.spec();
    let spatial = (0..spec.ndim()).all(|a| spec.axes.is_spatial(a));
    if !(2..=3).contains(&spec.ndim()) || !spatial {
        let given = format!("an image with axes {} and shape {:?}", spec.axes, spec.shape);
        let expected = "one grey 2-D or 3-D image (axes yx or zyx); pick a channel or time point first \
             ('petavox apply IN OUT select:axis=c:index=0'), or say what the \
                        axes mean with --axes";
        return Err(Error::argument("skeleton", given, expected));
    }
    if spec.is_empty() {
        return Err(Error::argument(
            "skeleton",
            format!("shape {:?}", spec.shape),
            "an image with samples",
        ));
    }
    let mut node = image.clone();
    let mut histogram = None;
    let mut used = None;
    let mask = if options.is_mask || spec.dtype == Dtype::Bool {
        astype::cast(&node, Dtype::Bool)?
    } else {
        let sigma = match options.sigma.len() {
            0 => vec![0.0; spec.ndim()],
            1 => vec![options.sigma[0]; spec.ndim()],
            n if n == spec.ndim() => options.sigma.clone(),
            n => {
                return Err(Error::argument(
                    "sigma",
                    format!("{n} values"),
                    format!("1, or {} as the image has axes", spec.ndim()),
                ));
            }
        };
        if sigma.iter().any(|s| *s > 0.0) {
            // Integers are smoothed as floats: cut back to integers every axis would lose up to one unit.
            if !spec.dtype.is_float() {
                node = astype::cast(&node, Dtype::Float32)?;
            }
            node = gaussian::smooth(&node, sigma, 4.0, Boundary::Reflect)?;
        }
        let (mask, fold) = threshold::threshold_at(&node, options.threshold, 256)?;
        histogram = fold;
        used = Some(options.threshold);
        mask
    };
    let mask = match options.min_size {
        0 | 1 => mask,
        n => label::remove_small_objects(&mask, n - 1, spec.ndim())?,
    };
    Ok(Stages {
        packed: bits::pack(&mask)?,
        projection: max_projection::max_projection(image)?,
        histogram,
        threshold: used,
    })
}

/// The plan of the pipeline: the engine's stages, then thinning and tracing.
///
/// # Errors
/// As [`skeleton_voxels`].
pub fn skeleton_plan(
    image: &Arc<Node>,
    options: &SkeletonOptions,
    context: &RunContext,
) -> Result<Document> {
    let stages = stages(image, options)?;
    let targets =
        [&stages.packed, &stages.projection].map(|n| Target { node: n.clone(), sink: None });
    let plan = plan(&targets, &context.plan_options())?;
    let mut document = Document::new(&plan);
    let layout = BitLayout::new(&image.spec().shape)?;
    let room = context.budget.free();
    let whole = layout.n_bytes() + layout.n_rows() as u64;
    let method = options.method.unwrap_or_else(|| ThinMethod::default_for(image.spec().ndim()));
    let base = context.budget.base();
    document.push(
        StageDoc::own(&format!("thin ({method:?})").to_lowercase(), whole.min(room), whole > room),
        base,
    );
    // Nobody knows how long the skeleton will be; a hundredth of the voxels is a dense one.
    let voxels = image.spec().len() as u64 / 100;
    let trace = 64 * voxels + layout.n_bytes();
    document.push(StageDoc::own("radius, graph, table", trace.min(room), trace > room), base);
    Ok(document)
}

/// Smooths, thresholds, cleans and thins an image, and measures the radius at every voxel of the skeleton.
///
/// # Errors
/// If the image is not one grey 2-D or 3-D image, an option does not suit it, the budget is too small (with the smallest
/// that works), or whatever happens on the way.
pub fn skeleton_voxels(
    image: &Arc<Node>,
    options: &SkeletonOptions,
    context: &RunContext,
) -> Result<SkeletonVoxels> {
    voxels_of(image, options, None, context)
}

/// [`skeleton_voxels`] of an image whose mask others may have made.
///
/// # Errors
/// As [`skeleton_voxels`].
pub(crate) fn voxels_of(
    image: &Arc<Node>,
    options: &SkeletonOptions,
    prepared: Option<&Prepared>,
    context: &RunContext,
) -> Result<SkeletonVoxels> {
    let stages = stages(image, options)?;
    let spec = stages.packed.spec().clone();
    let method = options.method.unwrap_or_else(|| ThinMethod::default_for(spec.ndim()));
    let layout = BitLayout::new(&spec.shape)?;
    let (mut mask, threshold, image_projection) = match prepared {
        None => seen(&stages, context)?,
        Some(prepared) => {
            let packed = bits::pack(&Node::source(prepared.mask.clone()))?;
            let target = Target { node: packed.clone(), sink: None };
            let plan = plan(&[target], &context.plan_options())?;
            let mask = execute(&plan, context)?.take_words(&packed)?;
            (mask, prepared.threshold, prepared.projection.clone())
        }
    };

    let (n_mask_voxels, mask_projection) = look_at_mask(&mask, &layout, max_projection::bin(&spec));
    let mut notes = Vec::new();
    if n_mask_voxels == 0 {
        notes.push(match threshold {
            Some(t) => format!(
                "No sample lies above the threshold {t}: the mask is empty, and so is the table."
            ),
            None => "The mask is empty, and so is the table.".to_owned(),
        });
    } else if n_mask_voxels == spec.len() as u64 {
        notes.push("Every sample is foreground: check the threshold. Radii are unknown without background.".to_owned());
    }
    if image_projection.1.iter().any(|v| v.is_nan()) {
        notes.push("Some of the image is not a number (NaN); NaN counts as background, and spreads as far as the smoothing reaches.".to_owned());
    }

    let ranks = thinned_ranks(&mut mask, &layout, &spec, method, context)?;
    let radius = radii(&mut mask, &layout, &spec, &ranks, context)?;
    drop(mask);
    let values = match options.intensity {
        false => None,
        true => {
            let node = sample_at::sample_at(image, ranks.clone())?;
            let target = Target { node: node.clone(), sink: None };
            let plan = petavox_engine::plan(&[target], &context.plan_options())?;
            Some(
                execute(&plan, &RunContext { folder: None, ..context.clone() })?
                    .take_words(&node)?,
            )
        }
    };
    Ok(SkeletonVoxels {
        projection_bin: max_projection::bin(&spec),
        spec,
        ranks,
        radius,
        values,
        threshold,
        n_mask_voxels,
        image_projection,
        mask_projection,
        notes,
    })
}

/// The packed mask, its threshold, and the image's projection.
type Seen = (Words, Option<f64>, ([usize; 2], Vec<f64>));

/// Carries the lazy part out.
fn seen(stages: &Stages, context: &RunContext) -> Result<Seen> {
    let targets =
        [&stages.packed, &stages.projection].map(|n| Target { node: n.clone(), sink: None });
    let plan = plan(&targets, &context.plan_options())?;
    let mut outcome = execute(&plan, context)?;
    let threshold = stages.found_threshold(&outcome)?;
    let projection = read_projection(&stages.projection, &outcome)?;
    drop(outcome.take_words(&stages.projection)?);
    Ok((outcome.take_words(&stages.packed)?, threshold, projection))
}

fn read_projection(node: &Arc<Node>, outcome: &Outcome) -> Result<([usize; 2], Vec<f64>)> {
    let source = outcome.swept(node)?;
    let mut block = Block::zeros(source.spec().region(), Dtype::Float64)?;
    source.read(&mut block)?;
    Ok(([block.shape()[0], block.shape()[1]], block.typed::<f64>()?.to_vec()))
}

/// Counts the mask's voxels and projects it along the first axis.
fn look_at_mask(mask: &Words, layout: &BitLayout, bin: usize) -> (u64, Vec<bool>) {
    let [n_planes, height, width] = layout.shape();
    let mut count = 0;
    let mut any = vec![0u64; layout.words_per_plane()];
    for z in 0..n_planes {
        let plane = layout.planes(z..z + 1);
        for (a, w) in any.iter_mut().zip(&mask.words()[plane.clone()]) {
            count += u64::from(w.count_ones());
            *a |= w;
        }
        if !mask.fits_memory() {
            mask.release(plane);
        }
    }
    let (rows, columns) = (height.div_ceil(bin), width.div_ceil(bin));
    let mut projection = vec![false; rows * columns];
    for y in 0..height {
        for x in 0..width {
            let bit = any[y * layout.words_per_row() + x / 64] >> (x % 64) & 1;
            projection[y / bin * columns + x / bin] |= bit != 0;
        }
    }
    (count, projection)
}

/// The most that a mask may take to be thinned in memory, of `room` bytes.
pub(super) fn thin_memory(method: ThinMethod, layout: &BitLayout, room: u64) -> u64 {
    let beside = ThinOptions::new(method).scratch_bytes(layout);
    (room / 8 * 7).min(room.saturating_sub(beside))
}

/// Thins a copy of the mask and lists its voxels. The mask is parked meanwhile, so that there is memory for the copy.
fn thinned_ranks(
    mask: &mut Words,
    layout: &BitLayout,
    spec: &ImageSpec,
    method: ThinMethod,
    context: &RunContext,
) -> Result<Arc<Words>> {
    mask.park();
    let n_words = layout.n_words();
    let memory = thin_memory(method, layout, context.budget.free());
    let mut skeleton = words_within(context, n_words, memory, "thinning")?;
    for z in 0..layout.shape()[0] {
        let plane = layout.planes(z..z + 1);
        skeleton.words_mut()[plane.clone()].copy_from_slice(&mask.words()[plane.clone()]);
        mask.release(plane.clone());
        if !skeleton.fits_memory() {
            skeleton.release(plane);
        }
    }
    context.progress.begin("thin", 1);
    skeletonize::thin_words(&mut skeleton, spec, method, context)?;
    context.progress.end();
    ranks_of(&skeleton, layout, context)
}

/// The raster ranks of all voxels that are set, rising.
pub(super) fn ranks_of(
    skeleton: &Words,
    layout: &BitLayout,
    context: &RunContext,
) -> Result<Arc<Words>> {
    let n_planes = layout.shape()[0];
    let n_voxels = (0..n_planes)
        .map(|z| {
            let n = layout.count(skeleton.words(), z..z + 1);
            if !skeleton.fits_memory() {
                skeleton.release(layout.planes(z..z + 1));
            }
            n
        })
        .sum::<u64>();
    let mut ranks = words(context, n_voxels as usize, "skeleton voxels")?;
    let [_, height, width] = layout.shape();
    let list = ranks.words_mut();
    let mut n = 0;
    for z in 0..n_planes {
        layout.for_each_set(skeleton.words(), z..z + 1, |z, y, x| {
            list[n] = ((z * height + y) * width + x) as u64;
            n += 1;
        });
        if !skeleton.fits_memory() {
            skeleton.release(layout.planes(z..z + 1));
        }
    }
    Ok(Arc::new(ranks))
}

/// The exact distance to the background at every skeleton voxel; infinite where there is no background.
pub(super) fn radii(
    mask: &mut Words,
    layout: &BitLayout,
    spec: &ImageSpec,
    ranks: &Words,
    context: &RunContext,
) -> Result<Words> {
    const PER_TASK: usize = 1024;
    let n = ranks.words().len();
    let mut radius = words(context, n, "radii")?;
    mask.unpark(&context.budget, "mask")?;
    let mut spacing = [1.0; 3];
    spacing[3 - spec.ndim()..].copy_from_slice(&spec.spacing.values);
    let [_, height, width] = layout.shape();
    let n_tasks = n.div_ceil(PER_TASK);
    context.progress.begin("radius", n_tasks as u64);
    let list = ranks.words();
    let out = shared(radius.words_mut());
    // In groups, so that cancelling and handing back memory do not wait for all.
    let group = 64 * context.n_threads;
    for first in (0..n_tasks).step_by(group) {
        context.cancel.check()?;
        let tasks = group.min(n_tasks - first);
        let words = mask.words();
        context.workers.for_each(tasks, &|k| {
            let from = (first + k) * PER_TASK;
            for i in from..(from + PER_TASK).min(n) {
                let rank = list[i] as usize;
                let voxel = [rank / (height * width), rank / width % height, rank % width];
                let r = nearest_background(layout, words, voxel, spacing).unwrap_or(f64::INFINITY);
                store(&out[i], r.to_bits());
            }
        });
        if !mask.fits_memory() {
            mask.release(0..layout.n_words());
        }
        context.progress.advance(tasks as u64, 0);
    }
    context.progress.end();
    Ok(radius)
}
