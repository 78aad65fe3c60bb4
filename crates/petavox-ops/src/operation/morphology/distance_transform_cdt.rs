//! `distance_transform_cdt`: how many steps to the background, equal to scipy.ndimage's.

use super::distance_transform_edt::{indices_spec, read_indices, returns_indices};
use super::structure::Structure;
use crate::Params;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::distance::chamfer::{UNSEEN, chamfer_pass};
use std::ops::Range;
use std::sync::Arc;

struct Chamfer {
    structure: Structure,
    indices: bool,
}

/// The number of steps from every sample other than 0 to the nearest that is 0, `int32`, -1 where none is reached. A step goes to a
/// neighbour in a `structure` of three samples per axis: all of them (`connectivity` the number of axes) is the chessboard distance and
/// the default, faces only (1) the taxicab distance. With `returns=indices` the coordinates of that sample, along a new first axis.
///
/// # Errors
/// If the structure has other extents than three.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let image = crate::operation::as_mask(input)?;
    let ndim = image.spec().ndim();
    let indices = returns_indices(params)?;
    let metric = params.text("metric")?;
    if let Some(metric) = metric {
        let hops = match metric.as_str() {
            "chessboard" => ndim,
            "taxicab" | "cityblock" | "manhattan" => 1,
            _ => {
                let name = format!("{}: metric", params.op());
                return Err(Error::argument(name, metric, "chessboard or taxicab"));
            }
        };
        let given = serde_json::json!({ "connectivity": hops });
        let given = given.as_object().cloned().unwrap_or_default();
        let structure = Structure::take(&mut Params::new(params.op(), given), ndim)?;
        return Node::sweep(Arc::new(Chamfer { structure, indices }), image);
    }
    let structure = Structure::take(params, ndim)?;
    let shape = structure.footprint.shape();
    if shape.iter().any(|n| *n != 3) {
        let name = format!("{}: structure", params.op());
        return Err(Error::argument(name, format!("extents {shape:?}"), "three samples per axis"));
    }
    Node::sweep(Arc::new(Chamfer { structure, indices }), image)
}

impl Chamfer {
    /// Planes along the first axis that are passed over at a time: all, or as many as the window of words in a file holds half of. Each
    /// slab has one plane of the slabs before and after, of which one is done already and the other changes nothing.
    fn slabs(&self, words: &Words, input: &ImageSpec) -> Vec<Range<usize>> {
        let n = input.shape.first().copied().unwrap_or(1);
        let plane = 8 * self.n_words(input) / n.max(1);
        let by = match words.is_spilled() {
            true => (words.window_bytes() as usize / 2 / plane.max(1)).saturating_sub(2).max(1),
            false => n.max(1),
        };
        (0..n).step_by(by).map(|first| first..(first + by).min(n)).collect()
    }

    /// One pass over some planes and one before or after them, whichever is passed first.
    fn pass(
        &self,
        words: &mut Words,
        input: &ImageSpec,
        planes: &Range<usize>,
        steps: &[Vec<i64>],
        backward: bool,
        context: &RunContext,
    ) {
        let n = input.shape.first().copied().unwrap_or(1);
        let (first, end) = match backward {
            false => (planes.start.saturating_sub(1), planes.end),
            true => (planes.start, (planes.end + 1).min(n)),
        };
        let mut shape = input.shape.to_vec();
        shape.first_mut().into_iter().for_each(|extent| *extent = end - first);
        let plane: usize = input.shape.iter().skip(1).product();
        let samples = first * plane..end * plane;
        let (distances, features) = words.words_mut().split_at_mut(input.len().div_ceil(2));
        let distances: &mut [i32] = bytemuck::cast_slice_mut(distances);
        let features = self.indices.then(|| &mut features[samples.clone()]);
        let go_on = || !context.cancel.is_cancelled();
        chamfer_pass(&mut distances[samples], features, &shape, steps, backward, go_on);
    }

    /// Neighbours that come earlier in raster order.
    fn steps(&self, ndim: usize) -> Vec<Vec<i64>> {
        let offsets = self.structure.footprint.offsets();
        offsets.iter().filter(|o| **o < vec![0; ndim]).cloned().collect()
    }
}

impl SweepOp for Chamfer {
    fn name(&self) -> &'static str {
        "distance_transform_cdt"
    }

    fn params(&self) -> serde_json::Value {
        let returns = if self.indices { "indices" } else { "distances" };
        self.structure.describe(serde_json::json!({ "returns": returns }))
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), input)?;
        if self.indices {
            indices_spec(self.name(), input)
        } else {
            Ok(input.with_dtype(Dtype::Int32))
        }
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len().div_ceil(2) + if self.indices { input.len() } else { 0 }
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let outer = input.ndim().saturating_sub(1);
        let rows: usize = input.shape[..outer].iter().product();
        (8 * rows * outer + 4096) as u64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let (distances, features) = words.split_at_mut(input.len().div_ceil(2));
        let distances: &mut [i32] = bytemuck::cast_slice_mut(distances);
        let samples = block.typed::<u8>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let there = input.region().offset_of(point);
            let mask = &samples[at..at + width];
            let to = distances[there..there + width].iter_mut();
            to.zip(mask).for_each(|(d, m)| *d = if *m != 0 { UNSEEN } else { 0 });
            if self.indices {
                let to = features[there..there + width].iter_mut();
                to.zip(there as u64..).for_each(|(f, number)| *f = number);
            }
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let steps = self.steps(input.ndim());
        let slabs = self.slabs(words, input);
        for backward in [false, true] {
            let order: Vec<&Range<usize>> =
                if backward { slabs.iter().rev().collect() } else { slabs.iter().collect() };
            for planes in order {
                self.pass(words, input, planes, &steps, backward, context);
                context.cancel.check()?;
                if slabs.len() > 1 {
                    words.release(0..self.n_words(input));
                }
            }
        }
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let (distances, features) = words.split_at(input.len().div_ceil(2));
        if self.indices {
            return read_indices(features, out, input);
        }
        let distances: &[i32] = bytemuck::cast_slice(distances);
        let region = out.region().clone();
        let samples = out.typed_mut::<i32>()?;
        let width = region.row_len();
        let mut at = 0;
        region.for_each_row(|point| {
            let there = input.region().offset_of(point);
            samples[at..at + width].copy_from_slice(&distances[there..there + width]);
            at += width;
        });
        Ok(())
    }
}
