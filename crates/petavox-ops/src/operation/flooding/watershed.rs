//! `watershed`: basins of an image around markers, defined without any order of doing.
//!
//! Samples are ordered by value, and by raster number where values are equal. The level of a sample is the least, over all paths from a
//! marker, of the highest sample on the path. A sample that is lower than its level was flooded over a pass: it belongs to the marker of
//! that pass. A sample that is its own level belongs where its lowest-lying neighbour belongs. This is the cut of a minimum spanning
//! forest, and what a priority queue gives (scikit-image) where no two values are equal; levels are a grey reconstruction.

use super::reconstruction::{build_extrema, bundled};
use super::spread::{Layout, offsets_in, reach, spread};
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::labels::label::label as label_mask;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::shared;
use petavox_kernels::morphology::reconstruct::Grey;
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

struct Watershed {
    structure: Structure,
    /// Of the image, the markers and, if there is one, the mask.
    dtypes: Vec<Dtype>,
}

/// Floods the first image from the markers of the second (labels, 0 for none; its local minima, numbered, if there is none) where the
/// third, if there is one, is not 0. Steps go to
/// neighbours of `connectivity` (1 by default), `size` or `structure`.
///
/// # Errors
/// If the images differ in shape, markers are not integers, or the neighbourhood is not its own mirror image. Computing fails if a marker
/// does not fit `int32`.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let with_minima;
    let mut inputs = inputs;
    let is_bundled = params.clone().parsed::<Vec<Dtype>>("bundled")?.is_some();
    if let ([image], false) = (inputs, is_bundled) {
        let hops = params.clone().count("connectivity")?.unwrap_or(1);
        let given = serde_json::json!({ "connectivity": hops });
        let given = given.as_object().cloned().unwrap_or_default();
        let one = std::slice::from_ref(image);
        let minima = build_extrema(one, &mut Params::new("local_minima", given))?;
        with_minima = [image.clone(), label_mask(&minima, hops as usize)?];
        inputs = &with_minima;
    }
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    if !(2..=3).contains(&dtypes.len()) {
        let given = format!("{} images", dtypes.len());
        return Err(Error::argument("watershed", given, "an image, markers, and a mask at most"));
    }
    if dtypes[1].is_float() {
        return Err(Error::dtype("watershed: markers", dtypes[1], "integers"));
    }
    let structure = Structure::take(params, ndim)?;
    super::reconstruction::symmetric(params, &structure)?;
    Node::sweep(Arc::new(Watershed { structure, dtypes }), input)
}

/// A sample as a number: the higher, the lower it lies. 0 is nowhere.
trait Level: Grey + bytemuck::Pod {
    fn new(key: u64, number: u64) -> Self;
    /// The number of the sample that is this high.
    fn number(self) -> usize;
}

impl Level for u64 {
    fn new(key: u64, number: u64) -> u64 {
        !(key << 32 | number)
    }
    fn number(self) -> usize {
        (!self & 0xffff_ffff) as usize
    }
}

impl Level for u128 {
    fn new(key: u64, number: u64) -> u128 {
        !(u128::from(key) << 64 | u128::from(number))
    }
    fn number(self) -> usize {
        (!self as u64) as usize
    }
}

impl Watershed {
    /// Levels take 8 bytes: values have 32 bits, and so do the samples' numbers.
    fn is_small(&self, input: &ImageSpec) -> bool {
        self.dtypes[0].size() <= 4 && input.shape[1..].iter().product::<usize>() < u32::MAX as usize
    }

    fn layout(&self, input: &ImageSpec) -> Layout {
        Layout::new(&input.shape[1..], if self.is_small(input) { 8 } else { 16 })
    }

    /// Where levels, ceilings, labels and the mask begin, and the end.
    fn parts(&self, input: &ImageSpec) -> [usize; 4] {
        let layout = self.layout(input);
        let n = layout.n_words();
        let n_samples = layout.n_rows() * layout.row_len();
        [0, n, 2 * n, 2 * n + n_samples.div_ceil(2)]
    }

    fn load_row<L: Level>(
        &self,
        words: &mut [u64],
        input: &ImageSpec,
        part: i64,
        row: usize,
        start: usize,
        keys: &[u64],
    ) -> Result<()> {
        let layout = self.layout(input);
        let [_, ceilings, labels, _] = self.parts(input);
        let first = row * layout.row_len() + start;
        let range =
            |begin: usize| begin + row * layout.row_words()..begin + (row + 1) * layout.row_words();
        match part {
            0 => {
                let to: &mut [L] = bytemuck::cast_slice_mut(&mut words[range(ceilings)]);
                for (i, (to, key)) in to[start..].iter_mut().zip(keys).enumerate() {
                    *to = L::new(*key, (first + i) as u64);
                }
            }
            1 => {
                let to: &mut [i32] = bytemuck::cast_slice_mut(&mut words[labels..]);
                for (to, key) in to[first..].iter_mut().zip(keys) {
                    *to = label(self.dtypes[1], *key)?;
                }
            }
            _ => {
                // What the mask leaves out is marked in the levels, which are made later.
                let to: &mut [L] = bytemuck::cast_slice_mut(&mut words[range(0)]);
                let zero = zero_key(self.dtypes[2]);
                for (to, key) in to[start..].iter_mut().zip(keys) {
                    *to = if *key == zero { L::new(0, 0) } else { L::LEAST };
                }
            }
        }
        Ok(())
    }

    fn flood<L: Level>(
        &self,
        words: &mut Words,
        input: &ImageSpec,
        context: &RunContext,
    ) -> Result<()> {
        let layout = self.layout(input);
        let [_, ceilings, labels, end] = self.parts(input);
        let all = &mut words.words_mut()[..end];
        if layout.n_rows() == 0 || layout.row_len() == 0 {
            return Ok(());
        }
        let (levels, rest) = all.split_at_mut(ceilings);
        let (tops, names) = rest.split_at_mut(labels - ceilings);
        {
            let names: &mut [i32] = bytemuck::cast_slice_mut(names);
            let rows = levels
                .chunks_exact_mut(layout.row_words())
                .zip(tops.chunks_exact_mut(layout.row_words()));
            for (row, (levels, tops)) in rows.enumerate() {
                let levels: &mut [L] = bytemuck::cast_slice_mut(levels);
                let tops: &mut [L] = bytemuck::cast_slice_mut(tops);
                let names = &mut names[row * layout.row_len()..(row + 1) * layout.row_len()];
                for ((level, top), name) in levels.iter_mut().zip(tops).zip(names) {
                    if *level != L::LEAST {
                        // Outside the mask.
                        (*level, *top, *name) = (L::LEAST, L::LEAST, 0);
                    } else if *name != 0 {
                        *level = *top;
                    }
                }
            }
        }
        let offsets = offsets_in(&layout, &self.structure.offsets(true));
        spread::<L>(&layout, shared(levels), shared(tops), &offsets, context)?;
        self.name_all::<L>(&layout, levels, names, &offsets, context)
    }

    /// Gives every sample the label of the pass that it was flooded over.
    fn name_all<L: Level>(
        &self,
        layout: &Layout,
        levels: &[u64],
        names: &mut [u64],
        offsets: &[Vec<i64>],
        context: &RunContext,
    ) -> Result<()> {
        let names: &mut [i32] = bytemuck::cast_slice_mut(names);
        let (len, width) = (layout.row_len(), layout.row_words());
        let level = |number: usize| -> L {
            let row: &[L] = bytemuck::cast_slice(&levels[number / len * width..][..width]);
            row[number % len]
        };
        let shape = &layout.shape;
        let steps = petavox_core::strides(shape);
        let offsets: Vec<(&Vec<i64>, i64)> = offsets
            .iter()
            .filter(|o| o.iter().any(|x| *x != 0))
            .map(|o| (o, o.iter().zip(&steps).map(|(x, s)| x * *s as i64).sum()))
            .collect();
        // The pass over which the lowest-lying neighbour was flooded.
        let next = |number: usize| -> usize {
            let mut lowest = L::LEAST;
            let mut rest = number;
            let mut point = [0i64; 9];
            for (x, step) in point.iter_mut().zip(&steps) {
                *x = (rest / step) as i64;
                rest %= step;
            }
            for (offset, step) in &offsets {
                let inside = |a: usize| (0..shape[a] as i64).contains(&(point[a] + offset[a]));
                if (0..shape.len()).all(inside) {
                    lowest = lowest.max(level((number as i64 + step) as usize));
                }
            }
            lowest.number()
        };
        let mut path = vec![];
        for row in 0..layout.n_rows() {
            if row % 64 == 0 {
                context.cancel.check()?;
            }
            let own: &[L] = bytemuck::cast_slice(&levels[row * width..(row + 1) * width]);
            for (x, &own) in own[..len].iter().enumerate() {
                let number = row * len + x;
                if own == L::LEAST || names[number] != 0 {
                    continue;
                }
                let mut at = own.number();
                path.push(number);
                while names[at] == 0 {
                    path.push(at);
                    at = next(at);
                }
                let name = names[at];
                path.drain(..).for_each(|p| names[p] = name);
            }
        }
        Ok(())
    }
}

/// A marker of a key.
fn label(dtype: Dtype, key: u64) -> Result<i32> {
    let label = dispatch!(dtype, T => T::from_key(key).whole());
    let big = dtype == Dtype::UInt64 && key > i32::MAX as u64;
    i32::try_from(label).ok().filter(|_| !big).ok_or_else(|| {
        Error::argument("watershed: markers", "a label beyond 32 bits", "labels that fit int32")
    })
}

fn zero_key(dtype: Dtype) -> u64 {
    dispatch!(dtype, T => <T as Default>::default().key())
}

impl SweepOp for Watershed {
    fn name(&self) -> &'static str {
        "watershed"
    }

    fn params(&self) -> serde_json::Value {
        self.structure.describe(serde_json::json!({ "bundled": self.dtypes }))
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        let dtype = if self.dtypes[1] == Dtype::Bool { Dtype::Int32 } else { self.dtypes[1] };
        Ok(without_first_axis("watershed", input)?.with_dtype(dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        self.parts(input)[3] + 1
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let layout = self.layout(input);
        layout.scratch_bytes(reach(&offsets_in(&layout, &self.structure.offsets(true))))
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let keys = block.typed::<u64>()?;
        let layout = self.layout(input);
        let region = block.region();
        let width = region.row_len();
        let mut at = 0;
        let mut done = Ok(());
        region.for_each_row(|point| {
            if done.is_ok() {
                let (row, start) = (layout.row_of(&point[1..]), point[point.len() - 1] as usize);
                let keys = &keys[at..at + width];
                done = if self.is_small(input) {
                    self.load_row::<u64>(words, input, point[0], row, start, keys)
                } else {
                    self.load_row::<u128>(words, input, point[0], row, start, keys)
                };
            }
            at += width;
        });
        done
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        if self.is_small(input) {
            self.flood::<u64>(words, input, context)
        } else {
            self.flood::<u128>(words, input, context)
        }
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let [_, _, labels, end] = self.parts(input);
        let names: &[i32] = bytemuck::cast_slice(&words[labels..end]);
        let layout = self.layout(input);
        let region = out.region().clone();
        let width = region.row_len();
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            region.for_each_row(|point| {
                let start = point.last().map_or(0, |x| *x as usize);
                let first = layout.row_of(point) * layout.row_len() + start;
                let to = samples[at..at + width].iter_mut();
                to.zip(&names[first..]).for_each(|(t, n)| *t = *n as T);
                at += width;
            });
        });
        Ok(())
    }
}
