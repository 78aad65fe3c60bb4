//! `reconstruction`, `local_maxima`, `local_minima`: what grey values spread to.

use super::spread::{Layout, offsets_in, reach, spread};
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::internal::bundle::bundle;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::{load, shared};
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    /// From a seed image, or from the border of the image itself.
    Reconstruction { seeded: bool },
    /// Plateaus that are higher (or lower) than all around them.
    Extrema { borders: bool },
}

struct Reconstruction {
    task: Task,
    /// Values spread downwards: everything is done on complements.
    inverted: bool,
    structure: Structure,
    dtype: Dtype,
}

/// The input of a sweep over several images, and their dtypes: bundled here, or before a plan was written.
pub(super) fn bundled(
    inputs: &[Arc<Node>],
    params: &mut Params,
) -> Result<(Arc<Node>, Vec<Dtype>, usize)> {
    match params.parsed::<Vec<Dtype>>("bundled")? {
        Some(dtypes) => {
            let one = inputs.first().filter(|i| i.spec().ndim() > 0);
            let input = one.ok_or_else(|| Error::argument(params.op(), "no image", "one"))?;
            if input.spec().shape[0] != dtypes.len() || input.spec().dtype != Dtype::UInt64 {
                let given = format!("{} dtypes", dtypes.len());
                return Err(Error::argument(params.op(), given, "one for each image"));
            }
            Ok((input.clone(), dtypes, input.spec().ndim() - 1))
        }
        None => {
            let first =
                inputs.first().ok_or_else(|| Error::argument(params.op(), "no image", "one"))?;
            let ndim = first.spec().ndim();
            Ok((bundle(inputs)?, inputs.iter().map(|i| i.spec().dtype).collect(), ndim))
        }
    }
}

fn expect(params: &Params, dtypes: &[Dtype], n: usize) -> Result<Dtype> {
    if dtypes.len() != n || dtypes.windows(2).any(|w| w[0] != w[1]) {
        let given = format!("{} images of {dtypes:?}", dtypes.len());
        return Err(Error::argument(params.op(), given, format!("{n} of one dtype")));
    }
    Ok(dtypes[0])
}

pub(super) fn symmetric(params: &Params, structure: &Structure) -> Result<()> {
    let offsets = structure.offsets(true);
    let opposite = |o: &Vec<i64>| o.iter().map(|x| -x).collect::<Vec<_>>();
    if offsets.iter().all(|o| offsets.contains(&opposite(o))) {
        return Ok(());
    }
    let expected = "one that is its own mirror image through the centre";
    Err(Error::argument(format!("{}: structure", params.op()), "another neighbourhood", expected))
}

/// Lets the first image spread under the second (`method=dilation`, the default) or sink onto it (`erosion`) until nothing changes:
/// skimage.morphology.reconstruction. Of one image alone the seed is its border: `erosion` fills its grey holes. Neighbours are all (the default) or those of `connectivity`, `size` or `structure`.
///
/// # Errors
/// If the images differ in shape or dtype. If the first is somewhere above the second (below it, for `erosion`), computing fails.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let method = params.text("method")?.unwrap_or_else(|| "dilation".to_owned());
    let inverted = match method.as_str() {
        "dilation" => false,
        "erosion" => true,
        _ => {
            let expected = "dilation or erosion";
            return Err(Error::argument("reconstruction: method", method, expected));
        }
    };
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    let seeded = dtypes.len() > 1;
    let dtype = expect(params, &dtypes, 1 + usize::from(seeded))?;
    let structure = Structure::or_all(params, ndim)?;
    symmetric(params, &structure)?;
    let task = Task::Reconstruction { seeded };
    Node::sweep(Arc::new(Reconstruction { task, inverted, structure, dtype }), input)
}

/// Plateaus that are higher than all their neighbours (skimage.morphology.local_maxima), or lower (`local_minima`); those at the border
/// too unless `allow_borders=false`. Neighbours are all (the default) or those of `connectivity`, `size` or `structure`.
///
/// # Errors
/// If the neighbourhood is not its own mirror image.
pub fn build_extrema(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let inverted = params.op() == "local_minima";
    let borders = params.flag("allow_borders")?.unwrap_or(true);
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    let dtype = expect(params, &dtypes, 1)?;
    let structure = Structure::or_all(params, ndim)?;
    symmetric(params, &structure)?;
    let task = Task::Extrema { borders };
    Node::sweep(Arc::new(Reconstruction { task, inverted, structure, dtype }), input)
}

/// Runs the body with `$T` bound to the unsigned integer of as many bytes as a dtype.
macro_rules! by_size {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    };
}

impl Reconstruction {
    fn layout(&self, input: &ImageSpec) -> Layout {
        Layout::new(&input.shape[1..], self.dtype.size())
    }

    fn offsets(&self, layout: &Layout) -> Vec<Vec<i64>> {
        offsets_in(layout, &self.structure.offsets(true))
    }
}

impl SweepOp for Reconstruction {
    fn name(&self) -> &'static str {
        match (self.task, self.inverted) {
            (Task::Reconstruction { .. }, _) => "reconstruction",
            (Task::Extrema { .. }, false) => "local_maxima",
            (Task::Extrema { .. }, true) => "local_minima",
        }
    }

    fn params(&self) -> serde_json::Value {
        self.structure.describe(match self.task {
            Task::Reconstruction { seeded } => serde_json::json!({
                "method": if self.inverted { "erosion" } else { "dilation" },
                "bundled": vec![self.dtype; 1 + usize::from(seeded)],
            }),
            Task::Extrema { borders } => {
                serde_json::json!({ "allow_borders": borders, "bundled": [self.dtype] })
            }
        })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        let is_grey = matches!(self.task, Task::Reconstruction { .. });
        let dtype = if is_grey { self.dtype } else { Dtype::Bool };
        Ok(without_first_axis(self.name(), input)?.with_dtype(dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        2 * self.layout(input).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let layout = self.layout(input);
        layout.scratch_bytes(reach(&self.offsets(&layout)))
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let layout = self.layout(input);
        let (values, ceiling) = words.split_at_mut(layout.n_words());
        let keys = block.typed::<u64>()?;
        let (width, row_words) = (block.region().row_len(), layout.row_words());
        let region = block.region();
        if region.ndim() == 1 {
            // Images without axes: one sample, which is all the border there is.
            let seeded = self.task == Task::Reconstruction { seeded: true };
            for (k, key) in (region.start()[0]..).zip(keys) {
                by_size!(self.dtype, T => {
                    if k == 0 {
                        put::<T>(&mut values[..row_words], 0, &[*key], self.inverted);
                    }
                    if k == 1 || !seeded {
                        put::<T>(&mut ceiling[..row_words], 0, &[*key], self.inverted);
                    }
                });
            }
            return Ok(());
        }
        let mut at = 0;
        region.for_each_row(|point| {
            let row = layout.row_of(&point[1..]) * row_words;
            let (row, start) = (row..row + row_words, point[point.len() - 1] as usize);
            let keys = &keys[at..at + width];
            at += width;
            by_size!(self.dtype, T => match self.task {
                Task::Reconstruction { seeded: true } => {
                    let part: &mut [u64] = if point[0] == 0 { values } else { ceiling };
                    put::<T>(&mut part[row], start, keys, self.inverted);
                }
                task => {
                    let borders = task == Task::Extrema { borders: true };
                    let is_grey = matches!(task, Task::Reconstruction { .. });
                    put::<T>(&mut ceiling[row.clone()], start, keys, self.inverted);
                    let shape = &input.shape[1..];
                    let at_border = |a: usize, x: i64| x == 0 || x + 1 == shape[a] as i64;
                    let last = shape.len() - 1;
                    let whole = !borders && (0..last).any(|a| at_border(a, point[a + 1]));
                    let to: &mut [T] = bytemuck::cast_slice_mut(&mut values[row.clone()]);
                    let tops: &[T] = bytemuck::cast_slice(&ceiling[row]);
                    for (i, (v, top)) in to.iter_mut().zip(tops).enumerate().skip(start).take(width) {
                        let stays = whole || (!borders && at_border(last, i as i64));
                        *v = match (stays, is_grey) {
                            (true, _) => *top,
                            (false, true) => T::MIN,
                            (false, false) => top.saturating_sub(1),
                        };
                    }
                }
            });
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let layout = self.layout(input);
        let offsets = self.offsets(&layout);
        let (values, ceiling) = shared(words.words_mut()).split_at(layout.n_words());
        if self.task == (Task::Reconstruction { seeded: true }) {
            by_size!(self.dtype, T => check::<T>(self, values, ceiling))?;
        }
        by_size!(self.dtype, T => spread::<T>(&layout, values, ceiling, &offsets, context))?;
        let constant = by_size!(self.dtype, T => is_constant::<T>(&layout, ceiling));
        if matches!(self.task, Task::Extrema { .. }) && constant {
            // An image that is one plateau has no neighbours to be higher than: nothing is an extremum.
            let n = layout.n_words();
            let words = words.words_mut();
            words.copy_within(n.., 0);
        }
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let layout = self.layout(input);
        let (values, ceiling) = words.split_at(layout.n_words());
        let (region, row_words) = (out.region().clone(), layout.row_words());
        let width = region.row_len();
        let inverted = self.inverted;
        let mut at = 0;
        match self.task {
            Task::Reconstruction { .. } => dispatch!(self.dtype, S => {
                let samples = out.typed_mut::<S>()?;
                region.for_each_row(|point| {
                    let row = layout.row_of(point) * row_words;
                    let start = point.last().map_or(0, |x| *x as usize);
                    let to = &mut samples[at..at + width];
                    at += width;
                    by_size!(self.dtype, T => {
                        let row: &[T] = bytemuck::cast_slice(&values[row..row + row_words]);
                        for (t, v) in to.iter_mut().zip(&row[start..]) {
                            *t = S::from_key(Width::key(if inverted { !*v } else { *v }));
                        }
                    });
                });
            }),
            Task::Extrema { .. } => {
                let samples = out.typed_mut::<u8>()?;
                region.for_each_row(|point| {
                    let row = layout.row_of(point) * row_words;
                    let row = row..row + row_words;
                    let start = point.last().map_or(0, |x| *x as usize);
                    let to = &mut samples[at..at + width];
                    at += width;
                    by_size!(self.dtype, T => {
                        let v: &[T] = bytemuck::cast_slice(&values[row.clone()]);
                        let c: &[T] = bytemuck::cast_slice(&ceiling[row]);
                        let pairs = v[start..].iter().zip(&c[start..]);
                        to.iter_mut().zip(pairs).for_each(|(t, (v, c))| *t = u8::from(v < c));
                    });
                });
            }
        }
        Ok(())
    }
}

/// A width of grey values.
trait Width: bytemuck::Pod + Ord + std::ops::Not<Output = Self> {
    fn cut(key: u64) -> Self;
    fn key(self) -> u64;
}

macro_rules! widths {
    ($($ty:ident)*) => { $(impl Width for $ty {
        fn cut(key: u64) -> $ty { key as $ty }
        fn key(self) -> u64 { self as u64 }
    })* };
}
widths!(u8 u16 u32 u64);

fn put<T: Width>(row: &mut [u64], start: usize, keys: &[u64], inverted: bool) {
    let row: &mut [T] = bytemuck::cast_slice_mut(row);
    for (to, key) in row[start..].iter_mut().zip(keys) {
        let key = T::cut(*key);
        *to = if inverted { !key } else { key };
    }
}

fn samples<T: Width>(words: &[std::sync::atomic::AtomicU64]) -> impl Iterator<Item = Vec<T>> + '_ {
    words.chunks(4096).map(|chunk| {
        let words: Vec<u64> = chunk.iter().map(load).collect();
        bytemuck::pod_collect_to_vec(&words)
    })
}

fn check<T: Width>(
    op: &Reconstruction,
    values: &[std::sync::atomic::AtomicU64],
    ceiling: &[std::sync::atomic::AtomicU64],
) -> Result<()> {
    let above = |(v, c): (Vec<T>, Vec<T>)| v.iter().zip(&c).any(|(v, c)| v > c);
    if !samples::<T>(values).zip(samples::<T>(ceiling)).any(above) {
        return Ok(());
    }
    let (given, expected) = match op.inverted {
        false => ("a seed above the mask", "a seed that is nowhere above it, for method=dilation"),
        true => ("a seed below the mask", "a seed that is nowhere below it, for method=erosion"),
    };
    Err(Error::argument("reconstruction: seed", given, expected))
}

fn is_constant<T: Width>(layout: &Layout, words: &[std::sync::atomic::AtomicU64]) -> bool {
    let (len, width) = (layout.row_len(), layout.row_words());
    if len == 0 || layout.n_rows() == 0 {
        return false;
    }
    let mut first = None;
    words
        .chunks(width.max(1))
        .all(|row| samples::<T>(row).flatten().take(len).all(|v| *first.get_or_insert(v) == v))
}
