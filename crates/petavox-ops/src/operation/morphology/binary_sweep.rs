//! Erosions and dilations of a mask that go on until nothing changes, or so often that blocks would need more beside them than they
//! hold; `binary_propagation` and `binary_fill_holes`.
//!
//! Everything is one growing set: an erosion is the growth of the background.

use super::structure::Structure;
use crate::Params;
use crate::operation::arrays::join::build_stack;
use crate::operation::arrays::without_first_axis;
use petavox_core::{Block, Error, ImageSpec, Region, Result, Workers};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::row::{get_bytes, put_bytes};
use petavox_kernels::bits::{load, shared, store};
use petavox_kernels::morphology::flood::{Growth, Rows};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What grows, and what comes out.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Erosion,
    Dilation,
    Propagation,
    FillHoles,
    /// From one sample through the image.
    Flood,
}

struct BinarySweep {
    task: Task,
    structure: Structure,
    /// 0: until nothing changes.
    iterations: usize,
    border_value: bool,
    /// The input is the image and its mask, one after another.
    stacked: bool,
    /// Where a flood begins.
    seed: Vec<i64>,
}

/// The image eroded (or else dilated) `iterations` times; until nothing changes if 0.
pub(super) fn repeat(
    image: &Arc<Node>,
    mask: Option<&Arc<Node>>,
    erode: bool,
    structure: &Structure,
    iterations: usize,
    border_value: bool,
) -> Result<Arc<Node>> {
    let task = if erode { Task::Erosion } else { Task::Dilation };
    let structure = structure.clone();
    let stacked = mask.is_some();
    let op = BinarySweep { task, structure, iterations, border_value, stacked, seed: vec![] };
    Node::sweep(Arc::new(op), input(image, mask)?)
}

fn input(image: &Arc<Node>, mask: Option<&Arc<Node>>) -> Result<Arc<Node>> {
    let image = crate::operation::as_mask(image)?;
    let Some(mask) = mask else { return Ok(image) };
    let both = [image, crate::operation::as_mask(mask)?];
    build_stack(&both, &mut Params::new("stack", serde_json::Map::new()))
}

/// A sweep that was written down, whose input holds image and mask already.
pub(super) fn again(inputs: &[Arc<Node>], params: &mut Params) -> Result<Option<Arc<Node>>> {
    let swept = params.flag("sweep")?.unwrap_or(false);
    let stacked = params.flag("stacked")?.unwrap_or(false);
    let ([input], true) = (inputs, swept || stacked) else { return Ok(None) };
    let task = match params.op() {
        "binary_erosion" => Task::Erosion,
        "binary_dilation" => Task::Dilation,
        "binary_propagation" => Task::Propagation,
        _ => Task::FillHoles,
    };
    let ndim = input.spec().ndim().saturating_sub(usize::from(stacked));
    let structure = Structure::take(params, ndim)?;
    let iterations = params.count("iterations")?.unwrap_or(0) as usize;
    let border_value = params.count("border_value")?.unwrap_or(0) != 0;
    let op = BinarySweep { task, structure, iterations, border_value, stacked, seed: vec![] };
    Node::sweep(Arc::new(op), input.clone()).map(Some)
}

/// Lets a mask grow into a second one until nothing changes (scipy.ndimage.binary_propagation): `connectivity`, `size` or `structure`,
/// `origin` and `border_value` as for `binary_dilation`.
///
/// # Errors
/// As `binary_dilation`.
pub fn build_propagation(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    if let Some(sweep) = again(inputs, params)? {
        return Ok(sweep);
    }
    let (image, mask) = match inputs {
        [image] => (image, None),
        [image, mask] => (image, Some(mask)),
        _ => {
            let given = format!("{} images", inputs.len());
            return Err(Error::argument("binary_propagation", given, "an image and a mask"));
        }
    };
    let structure = Structure::take(params, image.spec().ndim())?;
    let border_value = params.count("border_value")?.unwrap_or(0) != 0;
    let (task, stacked) = (Task::Propagation, mask.is_some());
    let op = BinarySweep { task, structure, iterations: 0, border_value, stacked, seed: vec![] };
    Node::sweep(Arc::new(op), input(image, mask)?)
}

/// Fills holes: background that no path leads to from outside the image (scipy.ndimage.binary_fill_holes); `connectivity`, `size` or
/// `structure` and `origin` say what a step is.
///
/// # Errors
/// As `binary_dilation`.
pub fn build_fill_holes(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let image = crate::operation::as_mask(input)?;
    let structure = Structure::take(params, image.spec().ndim())?;
    let op = BinarySweep {
        task: Task::FillHoles,
        structure,
        iterations: 0,
        border_value: true,
        stacked: false,
        seed: vec![],
    };
    Node::sweep(Arc::new(op), image)
}

/// The part of a mask that paths lead to from the sample `seed_point`; `connectivity`, `size` or `structure` say what a step is.
///
/// # Errors
/// If the point is not inside the image.
pub fn build_flood(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let image = crate::operation::as_mask(input)?;
    let shape = &image.spec().shape;
    let structure = Structure::take(params, shape.len())?;
    let point = params.numbers("seed_point")?.unwrap_or_else(|| vec![0.0; shape.len()]);
    let inside = |(x, n): (&f64, &usize)| x.fract() == 0.0 && *x >= 0.0 && *x < *n as f64;
    if point.len() != shape.len() || !point.iter().zip(shape).all(inside) {
        let expected = format!("a sample of an image of shape {shape:?}");
        return Err(Error::argument("flood: seed_point", format!("{point:?}"), expected));
    }
    let op = BinarySweep {
        task: Task::Flood,
        structure,
        iterations: 0,
        border_value: false,
        stacked: false,
        seed: point.iter().map(|x| *x as i64).collect(),
    };
    Node::sweep(Arc::new(op), image)
}

impl BinarySweep {
    /// The input limits the set; the set itself begins elsewhere.
    fn takes_only_mask(&self) -> bool {
        matches!(self.task, Task::FillHoles | Task::Flood)
    }

    fn erodes(&self) -> bool {
        self.task == Task::Erosion
    }

    fn growth(&self, shape: &[usize]) -> Growth {
        // What lies outside belongs to the growing set: the background's, for an erosion.
        let outside = self.border_value != self.erodes();
        Growth::new(Rows::new(shape), &self.structure.offsets(self.erodes()), outside)
    }

    /// Samples that belong to the set stay in it, so that the order of growing does not matter.
    fn only_grows(&self) -> bool {
        let offsets = self.structure.offsets(self.erodes());
        self.iterations == 0 && offsets.iter().any(|o| o.iter().all(|x| *x == 0))
    }

    fn shape<'a>(&self, input: &'a ImageSpec) -> &'a [usize] {
        &input.shape[usize::from(self.stacked)..]
    }

    fn masked(&self) -> bool {
        self.stacked || self.takes_only_mask()
    }

    /// How many masks of words: the set, its next state, the mask.
    fn n_masks(&self) -> usize {
        1 + usize::from(!self.only_grows()) + usize::from(self.masked())
    }
}

impl SweepOp for BinarySweep {
    fn name(&self) -> &'static str {
        match self.task {
            Task::Erosion => "binary_erosion",
            Task::Dilation => "binary_dilation",
            Task::Propagation => "binary_propagation",
            Task::FillHoles => "binary_fill_holes",
            Task::Flood => "flood",
        }
    }

    fn params(&self) -> serde_json::Value {
        let params = match self.task {
            Task::FillHoles => serde_json::json!({}),
            Task::Flood => serde_json::json!({ "seed_point": self.seed }),
            _ => serde_json::json!({
                "iterations": self.iterations, "border_value": u8::from(self.border_value),
                "sweep": true, "stacked": self.stacked,
            }),
        };
        self.structure.describe(params)
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), input)?;
        let spec =
            if self.stacked { without_first_axis(self.name(), input)? } else { input.clone() };
        Ok(spec)
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        self.n_masks() * Rows::new(self.shape(input)).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let rows = Rows::new(self.shape(input));
        rows.n_rows() as u64 / 8 + 64 * 24 * rows.width() as u64 + 4096
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        2.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let rows = Rows::new(self.shape(input));
        let (n, last) = (rows.n_words(), self.n_masks() - 1);
        let samples = block.typed::<u8>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let (part, point) = if self.stacked { (point[0], &point[1..]) } else { (0, point) };
            let part = if part > 0 || self.takes_only_mask() { last } else { 0 };
            let start = point.last().map_or(0, |x| *x as usize);
            let row =
                part * n + rows.row_of(&point[..point.len().saturating_sub(1)]) * rows.width();
            // The set of an erosion, and the mask of holes, is what is not in the image.
            let inverted = self.task == Task::FillHoles || (self.erodes() && part == 0);
            put_bytes(
                &mut words[row..row + rows.width()],
                start,
                &samples[at..at + width],
                inverted,
            );
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        let rows = Rows::new(self.shape(input));
        let n = rows.n_words();
        let stacked = region.ndim() > rows.shape().len();
        let last = self.n_masks() - 1;
        let part = match (stacked, self.takes_only_mask()) {
            (true, _) if region.end(0) > 1 => last,
            (false, true) => return 0..self.n_masks() * n,
            _ => 0,
        };
        let first = usize::from(stacked);
        if region.ndim() < first + 2 {
            return part * n..(part + 1) * n;
        }
        let per_plane = n / rows.shape()[0].max(1);
        let (start, end) = (region.start()[first] as usize, region.end(first) as usize);
        if stacked && region.shape()[0] > 1 {
            return 0..self.n_masks() * n;
        }
        part * n + start * per_plane..part * n + end * per_plane
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let growth = self.growth(self.shape(input));
        let n = growth.rows().n_words();
        if n == 0 {
            return Ok(());
        }
        let words = shared(words.words_mut());
        let (set, rest) = words.split_at(n);
        let mask = self.masked().then(|| &rest[rest.len() - n..]);
        if let (Task::Flood, Some(mask), Some((x, outer))) =
            (self.task, mask, self.seed.split_last())
        {
            let word = growth.rows().row_of(outer) * growth.rows().width() + *x as usize / 64;
            store(&set[word], load(&set[word]) | load(&mask[word]) & 1 << (x % 64));
        }
        if self.only_grows() {
            grow(&growth, set, mask, context)
        } else {
            step_by_step(&growth, set, &rest[..n], mask, self.iterations, context)
        }
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let rows = Rows::new(self.shape(input));
        let inverted = self.erodes() || self.task == Task::FillHoles;
        let region = out.region().clone();
        let samples = out.typed_mut::<u8>()?;
        let width = region.row_len();
        let mut at = 0;
        region.for_each_row(|point| {
            let start = point.last().map_or(0, |x| *x as usize);
            let row = rows.row_of(&point[..point.len().saturating_sub(1)]) * rows.width();
            let row = &words[row..row + rows.width()];
            get_bytes(row, start, &mut samples[at..at + width], inverted);
            at += width;
        });
        Ok(())
    }
}

/// Rows that must be looked at: a bit for each.
struct Stale(Vec<AtomicU64>);

impl Stale {
    fn all(n: usize) -> Stale {
        let words = 0..n.div_ceil(64);
        Stale(words.map(|w| AtomicU64::new(!0 >> (64 * (w + 1)).saturating_sub(n))).collect())
    }

    fn mark(&self, row: usize) {
        self.0[row / 64].fetch_or(1 << (row % 64), Ordering::Relaxed);
    }

    fn take(&self, row: usize) -> bool {
        let bit = 1 << (row % 64);
        load(&self.0[row / 64]) & bit != 0
            && self.0[row / 64].fetch_and(!bit, Ordering::Relaxed) & bit != 0
    }

    fn any(&self) -> bool {
        self.0.iter().any(|w| load(w) != 0)
    }
}

/// Lets the set grow until it rests. Every thread goes up and down through rows of its own; the end does not depend on the order.
fn grow(
    growth: &Growth,
    set: &[AtomicU64],
    mask: Option<&[AtomicU64]>,
    context: &RunContext,
) -> Result<()> {
    let rows = growth.rows();
    let stale = Stale::all(rows.n_rows());
    let n_bands = context.n_threads.clamp(1, 64);
    let per_band = rows.n_rows().div_ceil(n_bands).max(1);
    while stale.any() {
        context.cancel.check()?;
        context.workers.for_each(n_bands, &|band| {
            let own = band * per_band..((band + 1) * per_band).min(rows.n_rows());
            let mut scratch = vec![0; 3 * rows.width()];
            let mut look = |row: usize| {
                let grew = stale.take(row) && growth.grow(set, mask, row, &mut scratch);
                if grew {
                    growth.for_watchers(row, |r| stale.mark(r));
                }
                grew
            };
            loop {
                let mut changed = false;
                own.clone().for_each(|row| changed |= look(row));
                own.clone().rev().for_each(|row| changed |= look(row));
                if !changed || context.cancel.is_cancelled() {
                    break;
                }
            }
        });
    }
    context.cancel.check()
}

/// Dilates the set again and again, `iterations` times or until nothing changes.
fn step_by_step(
    growth: &Growth,
    set: &[AtomicU64],
    other: &[AtomicU64],
    mask: Option<&[AtomicU64]>,
    iterations: usize,
    context: &RunContext,
) -> Result<()> {
    let rows = growth.rows();
    let per_task = (4096 / rows.width()).max(1);
    let n_tasks = rows.n_rows().div_ceil(per_task);
    let (mut now, mut next) = (set, other);
    let mut done = 0;
    while iterations == 0 || done < iterations {
        context.cancel.check()?;
        let changed = AtomicBool::new(false);
        context.workers.for_each(n_tasks, &|task| {
            let mut scratch = vec![0; 3 * rows.width()];
            for row in task * per_task..((task + 1) * per_task).min(rows.n_rows()) {
                if growth.once(now, next, mask, row, &mut scratch) {
                    changed.store(true, Ordering::Relaxed);
                }
            }
        });
        std::mem::swap(&mut now, &mut next);
        done += 1;
        if !changed.load(Ordering::Relaxed) {
            break;
        }
    }
    if done % 2 == 1 {
        set.iter().zip(other).for_each(|(s, o)| store(s, load(o)));
    }
    Ok(())
}
