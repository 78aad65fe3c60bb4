//! `reconstruction`, `local_maxima`, `local_minima`: what grey values spread to.

use super::settle::{Pace, Samples, Spread, offsets_in, reach};
use super::volume::{Slabs, Volume};
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::internal::bundle::bundle;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::morphology::reconstruct::Grey;
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
pub(crate) fn bundled(
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

pub(super) fn expect(params: &Params, dtypes: &[Dtype], n: usize) -> Result<Dtype> {
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
/// skimage.morphology.reconstruction. Of one image alone the seed is its border: `erosion` fills its grey holes. Neighbours that
/// a sample spreads to are all (the default) or those of `connectivity`, `size` or `structure`, with `origin`.
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

/// The parts of the volume.
const VALUES: usize = 0;
const CEILING: usize = 1;

impl Reconstruction {
    fn volume(&self, input: &ImageSpec) -> Volume {
        Volume::new(&input.shape[1..], &[self.dtype.size(); 2])
    }

    fn offsets(&self, volume: &Volume) -> Vec<Vec<i64>> {
        // A sample takes from where it lies in the footprint of.
        offsets_in(volume, &self.structure.offsets(false))
    }

    fn pace(&self, volume: &Volume) -> Pace {
        Pace::new(volume, reach(&self.offsets(volume)), 2 * self.dtype.size(), 0)
    }

    fn spread<T: Width + Grey>(
        &self,
        words: &mut Words,
        volume: &Volume,
        context: &RunContext,
    ) -> Result<()> {
        let (pace, offsets) = (self.pace(volume), self.offsets(volume));
        let slabs = Slabs::new(volume, words, pace.planes);
        if self.task == (Task::Reconstruction { seeded: true }) {
            self.check::<T>(&slabs, context)?;
        }
        let spread = Spread::<T> {
            offsets: &offsets,
            values: &|planes, to| slabs.read(VALUES, planes, to),
            ceiling: &|planes, to| slabs.read(CEILING, planes, to),
            store: &|planes, from| slabs.write(VALUES, planes, from),
        };
        spread.run(volume, &slabs, pace, context)?;
        if matches!(self.task, Task::Extrema { .. }) {
            self.level_plain::<T>(&slabs, context)?;
        }
        Ok(())
    }

    /// A seed must not be beyond its mask.
    fn check<T: Width + Grey>(&self, slabs: &Slabs<'_>, context: &RunContext) -> Result<()> {
        let mut above = false;
        planes::<T>(slabs, context, &mut |_, v, c| {
            above |= v.iter().zip(&*c).any(|(v, c)| v > c);
            Ok(())
        })?;
        if !above {
            return Ok(());
        }
        let (given, expected) = match self.inverted {
            false => {
                ("a seed above the mask", "a seed that is nowhere above it, for method=dilation")
            }
            true => {
                ("a seed below the mask", "a seed that is nowhere below it, for method=erosion")
            }
        };
        Err(Error::argument("reconstruction: seed", given, expected))
    }

    /// An image that is one plateau has no neighbours to be higher than: nothing is an extremum.
    fn level_plain<T: Width + Grey>(&self, slabs: &Slabs<'_>, context: &RunContext) -> Result<()> {
        let (mut first, mut constant) = (None, true);
        planes::<T>(slabs, context, &mut |_, _, c| {
            constant = constant && c.iter().all(|v| *first.get_or_insert(*v) == *v);
            Ok(())
        })?;
        if !constant {
            return Ok(());
        }
        planes::<T>(slabs, context, &mut |plane, _, c| slabs.write(VALUES, plane..plane + 1, c))
    }
}

/// Calls `work` with the number, the values and the ceiling of each plane.
fn planes<T: Width + Grey>(
    slabs: &Slabs<'_>,
    context: &RunContext,
    work: &mut dyn FnMut(usize, &mut [T], &mut [T]) -> Result<()>,
) -> Result<()> {
    let n = slabs.plane_len();
    if n == 0 {
        return Ok(());
    }
    let _scratch = context.budget.reserve("flooding", 2 * (n * size_of::<T>()) as u64)?;
    let (mut values, mut ceiling) = (Samples::<T>::new(n)?, Samples::<T>::new(n)?);
    (0..slabs.n_planes).try_for_each(|plane| {
        context.cancel.check()?;
        slabs.read(VALUES, plane..plane + 1, values.get())?;
        slabs.read(CEILING, plane..plane + 1, ceiling.get())?;
        work(plane, values.get(), ceiling.get())
    })
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
        self.volume(input).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        self.pace(&self.volume(input)).band_bytes
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        65.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let volume = self.volume(input);
        let keys = block.typed::<u64>()?;
        by_size!(self.dtype, T => {
            let mut at = 0;
            rows(block.region(), input.ndim() == 1, &mut |point, width| {
                let first = volume.number(&point[1..]);
                let keys = &keys[at..at + width];
                at += width;
                let seeded = self.task == Task::Reconstruction { seeded: true };
                let part = if seeded && point[0] == 0 { VALUES } else { CEILING };
                let to = &mut volume.part_mut::<T>(words, part)[first..first + width];
                put::<T>(to, keys, self.inverted);
                if seeded {
                    return;
                }
                let borders = self.task == Task::Extrema { borders: true };
                let is_grey = matches!(self.task, Task::Reconstruction { .. });
                let shape = &input.shape[1..];
                let at_border = |a: usize, x: i64| x == 0 || x + 1 == shape[a] as i64;
                let last = shape.len().saturating_sub(1);
                let whole = !borders && (0..last).any(|a| at_border(a, point[a + 1]));
                let start = if shape.is_empty() { 0 } else { point[last + 1] };
                let values = &mut volume.part_mut::<T>(words, VALUES)[first..first + width];
                for ((x, v), key) in (start..).zip(values).zip(keys) {
                    let top = if self.inverted { !T::cut(*key) } else { T::cut(*key) };
                    // An image without axes is all border.
                    let edge = shape.is_empty() || at_border(last, x);
                    *v = match (whole || (!borders && edge), is_grey) {
                        (true, _) => top,
                        (false, true) => T::MIN,
                        (false, false) => top.saturating_sub(1),
                    };
                }
            });
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn pieces_of(&self, region: &Region, input: &ImageSpec) -> Vec<Range<usize>> {
        pieces(&self.volume(input), region, input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let volume = self.volume(input);
        by_size!(self.dtype, T => self.spread::<T>(words, &volume, context))
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let volume = self.volume(input);
        let region = out.region().clone();
        let inverted = self.inverted;
        let mut at = 0;
        by_size!(self.dtype, T => {
            let values = volume.part::<T>(words, VALUES);
            let ceiling = volume.part::<T>(words, CEILING);
            match self.task {
                Task::Reconstruction { .. } => dispatch!(self.dtype, S => {
                    let samples = out.typed_mut::<S>()?;
                    rows(&region, false, &mut |point, width| {
                        let first = volume.number(point);
                        for (t, v) in samples[at..at + width].iter_mut().zip(&values[first..]) {
                            *t = S::from_key(Width::key(if inverted { !*v } else { *v }));
                        }
                        at += width;
                    });
                }),
                Task::Extrema { .. } => {
                    let samples = out.typed_mut::<u8>()?;
                    rows(&region, false, &mut |point, width| {
                        let first = volume.number(point);
                        let pairs = values[first..].iter().zip(&ceiling[first..]);
                        let to = samples[at..at + width].iter_mut();
                        to.zip(pairs).for_each(|(t, (v, c))| *t = u8::from(v < c));
                        at += width;
                    });
                }
            }
        });
        Ok(())
    }
}

/// Calls `f` with the first point and the length of each row of a region; with one sample after another if each is an image of its own.
pub(super) fn rows(region: &Region, single: bool, f: &mut dyn FnMut(&[i64], usize)) {
    if single {
        return (region.start()[0]..region.end(0)).for_each(|k| f(&[k], 1));
    }
    let width = region.row_len();
    region.for_each_row(|point| f(point, width));
}

/// The words that a region takes, of a bundle of images or of one image.
pub(super) fn pieces(volume: &Volume, region: &Region, input: &ImageSpec) -> Vec<Range<usize>> {
    let bundled = region.ndim() == input.ndim();
    let skip = usize::from(bundled);
    volume.pieces(&Region::new(&region.start()[skip..], &region.shape()[skip..]))
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

fn put<T: Width>(to: &mut [T], keys: &[u64], inverted: bool) {
    for (to, key) in to.iter_mut().zip(keys) {
        let key = T::cut(*key);
        *to = if inverted { !key } else { key };
    }
}
