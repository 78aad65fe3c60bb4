//! `watershed_ift`: the image foresting transform, equal to scipy.ndimage.watershed_ift.

use super::reconstruction::bundled;
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::morphology::foresting::Forest;
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

struct WatershedIft {
    structure: Structure,
    /// Of the image and of the markers.
    dtypes: Vec<Dtype>,
}

/// Labels of the second image flood the first (`uint8` or `uint16`): every sample goes to the marker from which the least steep path leads
/// to it; negative labels come last. Of one image alone, its own positive values are the markers of themselves. Neighbours are those of
/// `connectivity` (1 by default), `size` or `structure`, three samples per axis. One sample is done after another in the order of scipy's
/// queues, through a scratch file if memory does not do: slow there.
///
/// # Errors
/// If the images differ in shape, or have other dtypes.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let twice;
    let mut inputs = inputs;
    if let ([image], None) = (inputs, params.clone().parsed::<Vec<Dtype>>("bundled")?) {
        twice = [image.clone(), image.clone()];
        inputs = &twice;
    }
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    if dtypes.len() != 2 {
        let given = format!("{} images", dtypes.len());
        return Err(Error::argument("watershed_ift", given, "an image and markers"));
    }
    if !matches!(dtypes[0], Dtype::UInt8 | Dtype::UInt16) {
        return Err(Error::dtype("watershed_ift", dtypes[0], "uint8, uint16"));
    }
    if !dtypes[1].is_integer() {
        return Err(Error::dtype("watershed_ift: markers", dtypes[1], "integers"));
    }
    let structure = Structure::take(params, ndim)?;
    if structure.footprint.shape().iter().any(|n| *n != 3) {
        let given = format!("extents {:?}", structure.footprint.shape());
        let expected = "three samples per axis";
        return Err(Error::argument("watershed_ift: structure", given, expected));
    }
    Node::sweep(Arc::new(WatershedIft { structure, dtypes }), input)
}

/// Where labels, queues, costs and values begin, in words, and the end.
fn parts(input: &ImageSpec) -> [usize; 6] {
    let n: usize = input.shape[1..].iter().product();
    let costs = 3 * n;
    let values = costs + n.div_ceil(2);
    [0, n, 2 * n, costs, values, values + n.div_ceil(4)]
}

impl SweepOp for WatershedIft {
    fn name(&self) -> &'static str {
        "watershed_ift"
    }

    fn params(&self) -> serde_json::Value {
        self.structure.describe(serde_json::json!({ "bundled": self.dtypes }))
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(without_first_axis("watershed_ift", input)?.with_dtype(self.dtypes[1]))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        parts(input)[5]
    }

    fn scratch_bytes(&self, _input: &ImageSpec) -> u64 {
        2 << 20
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let keys = block.typed::<u64>()?;
        let whole = Region::whole(&input.shape[1..]);
        let values = parts(input)[4];
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let first = whole.offset_of(&point[1..]);
            let keys = &keys[at..at + width];
            at += width;
            if point[0] == 0 {
                let to: &mut [u16] = bytemuck::cast_slice_mut(&mut words[values..]);
                to[first..].iter_mut().zip(keys).for_each(|(t, k)| *t = *k as u16);
            } else {
                dispatch!(self.dtypes[1], T => {
                    let to = words[first..].iter_mut().zip(keys);
                    to.for_each(|(t, k)| *t = T::from_key(*k).whole() as u64);
                });
            }
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let n: usize = input.shape[1..].iter().product();
        let (labels, rest) = words.words_mut().split_at_mut(n);
        let (next, rest) = rest.split_at_mut(n);
        let (before, rest) = rest.split_at_mut(n);
        let (costs, rest) = rest.split_at_mut(n.div_ceil(2));
        let values: &[u16] = bytemuck::cast_slice(rest);
        let costs: &mut [u32] = bytemuck::cast_slice_mut(costs);
        let mut forest = Forest {
            values: &values[..n],
            labels: bytemuck::cast_slice_mut(labels),
            costs: &mut costs[..n],
            next: bytemuck::cast_slice_mut(next),
            before: bytemuck::cast_slice_mut(before),
        };
        let go_on = || !context.cancel.is_cancelled();
        forest.grow(&input.shape[1..], &self.structure.offsets(true), go_on)
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = Region::whole(&input.shape[1..]);
        let region = out.region().clone();
        let width = region.row_len();
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            region.for_each_row(|point| {
                let first = whole.offset_of(point);
                let to = samples[at..at + width].iter_mut();
                to.zip(&words[first..]).for_each(|(t, w)| *t = *w as i64 as T);
                at += width;
            });
        });
        Ok(())
    }
}
