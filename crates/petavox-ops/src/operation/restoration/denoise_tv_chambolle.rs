//! `denoise_tv_chambolle`: even areas between edges, by total variation.

use crate::Params;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, Workers};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::{load, shared, store};
use petavox_kernels::restore::variation::{FieldRow, field_row, result_row};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

struct DenoiseTv {
    weight: f64,
    eps: f64,
    max_num_iter: usize,
}

/// Chambolle's iterations on the whole image: `weight` (0.1) is how much they smooth; they stop when the cost changes by less than `eps`
/// (2e-4) of what it was at first, at the latest after `max_num_iter` (200). Sums are made row by row, so that the number of iterations depends on nothing
/// but the image. Integers become `float64`; `float32` is computed in doubles.
///
/// # Errors
/// If the weight is not positive, or there is no iteration.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let weight = params.number("weight")?.unwrap_or(0.1);
    let eps = params.number("eps")?.unwrap_or(2e-4);
    let max_num_iter = params.count("max_num_iter")?.unwrap_or(200) as usize;
    if weight.is_nan() || weight <= 0.0 || max_num_iter == 0 {
        let given = format!("{weight}, {max_num_iter}");
        let expected = "a positive weight, and 1 iteration or more";
        return Err(Error::argument("denoise_tv_chambolle: weight, max_num_iter", given, expected));
    }
    if input.spec().ndim() == 0 {
        return Err(Error::argument("denoise_tv_chambolle", "no axes", "one or more"));
    }
    let op = DenoiseTv { weight, eps, max_num_iter };
    Node::sweep(Arc::new(op), super::as_float(input)?)
}

/// About how many samples a task has.
const TASK: usize = 1 << 16;

/// Where things are in the working volume: the image, the result, and a field per axis.
struct Volume<'a> {
    words: &'a [AtomicU64],
    shape: &'a [usize],
}

impl Volume<'_> {
    fn n(&self) -> usize {
        self.shape.iter().product()
    }

    fn width(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    fn get(&self, part: usize, row: usize, to: &mut Vec<f64>) {
        let first = part * self.n() + row * self.width();
        to.clear();
        let words = &self.words[first..first + self.width()];
        to.extend(words.iter().map(|w| f64::from_bits(load(w))));
    }

    fn put(&self, part: usize, row: usize, from: &[f64]) {
        let first = part * self.n() + row * self.width();
        self.words[first..].iter().zip(from).for_each(|(w, v)| store(w, v.to_bits()));
    }

    /// Rows from one row to its neighbour along an axis, and whether it has one before and after.
    fn neighbour(&self, row: usize, axis: usize) -> (usize, bool, bool) {
        let step: usize = self.shape[axis + 1..self.shape.len() - 1].iter().product();
        let x = row / step % self.shape[axis];
        (step, x > 0, x + 1 < self.shape[axis])
    }

    fn n_rows(&self) -> usize {
        self.n().checked_div(self.width()).unwrap_or(0)
    }
}

impl DenoiseTv {
    /// Sums per task of what `f` gives for rows, added in order. Words in a file are handed back after every few tasks.
    fn over_rows(
        &self,
        words: &mut Words,
        shape: &[usize],
        context: &RunContext,
        f: &(dyn Fn(&Volume<'_>, usize, &mut Lines) -> f64 + Sync),
    ) -> Result<f64> {
        let whole = Volume { words: &[], shape };
        let (width, n_rows) = (whole.width(), whole.n_rows());
        let per_task = (TASK / width.max(1)).max(1);
        let n_tasks = n_rows.div_ceil(per_task);
        // A row of the image, the result and every field, and the fields' neighbours.
        let task_bytes = 8 * per_task * width * (2 + 2 * shape.len());
        let at_once = match words.is_spilled() {
            true => (words.window_bytes() as usize / 2 / task_bytes.max(1)).max(1),
            false => n_tasks.max(1),
        };
        let mut sums = vec![0u64; n_tasks];
        for band in (0..n_tasks).step_by(at_once) {
            let n = at_once.min(n_tasks - band);
            {
                let sums = shared(&mut sums);
                let volume = Volume { words: shared(words.words_mut()), shape };
                context.workers.for_each(n, &|k| {
                    if context.cancel.is_cancelled() {
                        return;
                    }
                    let task = band + k;
                    let mut lines = Lines::default();
                    let rows = task * per_task..((task + 1) * per_task).min(n_rows);
                    let sum = rows.fold(0.0, |s, row| s + f(&volume, row, &mut lines));
                    store(&sums[task], sum.to_bits());
                });
            }
            context.cancel.check()?;
            if n < n_tasks {
                words.release(0..words.words().len());
            }
        }
        Ok(sums.iter().fold(0.0, |s, bits| s + f64::from_bits(*bits)))
    }
}

/// Rows that a task works on.
#[derive(Default)]
struct Lines {
    image: Vec<f64>,
    out: Vec<f64>,
    own: Vec<Vec<f64>>,
    other: Vec<Vec<f64>>,
}

/// The result so far in a row; the sum of its divergence's squares.
fn renew(volume: &Volume<'_>, row: usize, lines: &mut Lines) -> f64 {
    let ndim = volume.shape.len();
    let Lines { image, out, own, other } = lines;
    own.resize_with(ndim, Vec::new);
    other.resize_with(ndim, Vec::new);
    volume.get(0, row, image);
    for axis in 0..ndim {
        volume.get(2 + axis, row, &mut own[axis]);
        other[axis].clear();
        if axis + 1 < ndim {
            let (step, has_before, _) = volume.neighbour(row, axis);
            if has_before {
                volume.get(2 + axis, row - step, &mut other[axis]);
            }
        }
    }
    out.resize(image.len(), 0.0);
    let pairs = own.iter().zip(other.iter());
    let fields: Vec<FieldRow<'_>> = pairs.map(|(own, before)| FieldRow { own, before }).collect();
    let sum = result_row(image, &fields, out);
    volume.put(1, row, out);
    sum
}

/// The next fields in a row; the sum of the gradient's lengths.
fn push(volume: &Volume<'_>, row: usize, weight: f64, lines: &mut Lines) -> f64 {
    let ndim = volume.shape.len();
    let Lines { out, own, other, .. } = lines;
    own.resize_with(ndim, Vec::new);
    other.resize_with(ndim, Vec::new);
    volume.get(1, row, out);
    for axis in 0..ndim {
        volume.get(2 + axis, row, &mut own[axis]);
        other[axis].clear();
        if axis + 1 < ndim {
            let (step, _, has_after) = volume.neighbour(row, axis);
            if has_after {
                volume.get(1, row + step, &mut other[axis]);
            }
        }
    }
    let after: Vec<&[f64]> = other.iter().map(Vec::as_slice).collect();
    let sum = field_row(out, &after, weight, own);
    for (axis, field) in own.iter().enumerate() {
        volume.put(2 + axis, row, field);
    }
    sum
}

impl SweepOp for DenoiseTv {
    fn name(&self) -> &'static str {
        "denoise_tv_chambolle"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "weight": self.weight, "eps": self.eps, "max_num_iter": self.max_num_iter,
        })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(input.clone())
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        (2 + input.ndim()) * input.len()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let width = input.shape.last().copied().unwrap_or(1);
        let rows = 64 * 8 * (2 + 2 * input.ndim()) * width;
        let sums = 8 * input.len() / TASK + 8 * input.len() / width.max(1);
        (rows + sums) as u64
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        15.0 * self.max_num_iter as f64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let whole = input.region();
        let width = block.region().row_len();
        let is_single = block.dtype() == Dtype::Float32;
        let bytes = block.bytes();
        let singles: &[f32] = if is_single { block.typed()? } else { &[] };
        let doubles: &[f64] = if is_single { &[] } else { bytemuck::cast_slice(bytes) };
        let mut at = 0;
        block.region().for_each_row(|point| {
            let there = whole.offset_of(point);
            for (i, w) in words[there..there + width].iter_mut().enumerate() {
                let value = if is_single { f64::from(singles[at + i]) } else { doubles[at + i] };
                *w = value.to_bits();
            }
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        let plane: usize = input.shape[1..].iter().product();
        let part = region.start()[0] as usize * plane..region.end(0) as usize * plane;
        // The image, and the result behind it.
        part.start..part.end + input.len()
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let n = input.len();
        if n == 0 {
            return Ok(());
        }
        let at_once = if words.is_spilled() { words.window_bytes() as usize / 64 } else { n };
        for first in (0..n).step_by(at_once.max(1)) {
            let end = (first + at_once.max(1)).min(n);
            words.words_mut().copy_within(first..end, n + first);
            if end - first < n {
                words.release(first..end);
                words.release(n + first..n + end);
            }
        }
        let (mut at_first, mut before) = (0.0, 0.0);
        context.progress.begin("total variation", self.max_num_iter as u64);
        for i in 0..self.max_num_iter {
            let mut cost = 0.0;
            if i > 0 {
                cost = self.over_rows(words, &input.shape, context, &renew)?;
            }
            let push = |v: &Volume<'_>, row: usize, l: &mut Lines| push(v, row, self.weight, l);
            cost += self.weight * self.over_rows(words, &input.shape, context, &push)?;
            cost /= n as f64;
            context.progress.advance(1, 8 * n as u64);
            if i == 0 {
                at_first = cost;
            } else if (before - cost).abs() < self.eps * at_first {
                break;
            }
            before = cost;
        }
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = input.region();
        let region = out.region().clone();
        let width = region.row_len();
        let result = &words[input.len()..];
        let mut at = 0;
        let is_single = out.dtype() == Dtype::Float32;
        let size = out.dtype().size();
        let bytes = out.bytes_mut();
        region.for_each_row(|point| {
            for word in &result[whole.offset_of(point)..][..width] {
                let value = f64::from_bits(*word);
                let to = &mut bytes[at..at + size];
                match is_single {
                    true => to.copy_from_slice(&(value as f32).to_ne_bytes()),
                    false => to.copy_from_slice(&value.to_ne_bytes()),
                }
                at += size;
            }
        });
        Ok(())
    }
}
