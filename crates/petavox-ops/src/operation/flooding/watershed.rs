//! `watershed`: basins of an image around markers, defined without any order of doing.
//!
//! Samples are ordered by value, and by raster number where values are equal. The level of a sample is the least, over all paths from a
//! marker, of the highest sample on the path. A sample that is lower than its level was flooded over a pass: it belongs to the marker of
//! that pass. A sample that is its own level belongs where its lowest-lying neighbour belongs. This is the cut of a minimum spanning
//! forest, and what a priority queue gives (scikit-image) where no two values are equal; levels are a grey reconstruction.

use super::reconstruction::{bundled, pieces, rows};
use super::settle::{Pace, offsets_in, reach};
use super::slabwise::{KEYS, LEVELS, NAMES, NOWHERE, Slabwise};
use super::volume::{Slabs, Volume};
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::morphology::aged::{Aged, AgedOptions};
use petavox_kernels::morphology::basins::Level;
use petavox_kernels::morphology::pouring::{Height, POURING_BYTES, Pouring};
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

struct Watershed {
    structure: Structure,
    /// Of the image, the markers if there are any, and the mask if there is one.
    dtypes: Vec<Dtype>,
    /// The image's own local minima are the markers, numbered in raster order.
    minima: bool,
    /// Lines between basins, compact basins.
    aged: AgedOptions,
}

/// Floods the first image from the markers of the second (labels, 0 for none) where the third, if there is one, is not 0. Of one image
/// alone, or with `minima=true`, the markers are its local minima, numbered by their first samples in raster order, and the second image,
/// if there is one, is the mask. Steps go to neighbours of `connectivity` (1 by default), `size` or `structure`. With `watershed_line=true`
/// or a `compactness` the result depends on the order of flooding, which is scikit-image's then, and everything has to fit in memory.
///
/// # Errors
/// If the images differ in shape, markers are not integers, or the neighbourhood is not its own mirror image. Computing fails if a marker
/// does not fit `int32`.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let minima = params.flag("minima")?;
    let (input, dtypes, ndim) = bundled(inputs, params)?;
    let minima = minima.unwrap_or(dtypes.len() == 1);
    let n_images = dtypes.len() + usize::from(minima);
    if !(2..=3).contains(&n_images) {
        let given = format!("{} images", dtypes.len());
        return Err(Error::argument("watershed", given, "an image, markers, and a mask at most"));
    }
    if !minima && dtypes[1].is_float() {
        return Err(Error::dtype("watershed: markers", dtypes[1], "integers"));
    }
    let structure = Structure::take(params, ndim)?;
    super::reconstruction::symmetric(params, &structure)?;
    let compactness = params.number("compactness")?.unwrap_or(0.0);
    if !compactness.is_finite() || compactness < 0.0 {
        return Err(Error::argument("watershed: compactness", compactness, "0 or more"));
    }
    let lines = params.flag("watershed_line")?.unwrap_or(false);
    let aged = AgedOptions { compactness, lines };
    Node::sweep(Arc::new(Watershed { structure, dtypes, minima, aged }), input)
}

/// What an image of the bundle is.
enum Role {
    Values,
    Markers,
    Mask,
}

impl Watershed {
    /// Levels take 8 bytes: values have 32 bits, and so do the samples' numbers.
    fn is_small(&self, input: &ImageSpec) -> bool {
        self.dtypes[0].size() <= 4 && input.shape[1..].iter().product::<usize>() < u32::MAX as usize
    }

    fn volume(&self, input: &ImageSpec) -> Volume {
        let (level, key) = if self.is_small(input) { (8, 4) } else { (16, 8) };
        Volume::new(&input.shape[1..], &[level, key, 4])
    }

    fn offsets(&self, volume: &Volume) -> Vec<Vec<i64>> {
        offsets_in(volume, &self.structure.offsets(true))
    }

    fn pace(&self, input: &ImageSpec) -> Pace {
        let volume = self.volume(input);
        let level = if self.is_small(input) { 8 } else { 16 };
        // Levels and ceilings, or levels, names and a stack; a plane of keys and names on its way.
        Pace::new(&volume, reach(&self.offsets(&volume)), 2 * level, 12)
    }

    fn role(&self, image: i64) -> Role {
        match (image, self.minima) {
            (0, _) => Role::Values,
            (1, false) => Role::Markers,
            _ => Role::Mask,
        }
    }

    /// The watershed of a volume in memory.
    fn pour<L: Level, K: Height + bytemuck::Pod>(
        &self,
        words: &mut Words,
        volume: &Volume,
        offsets: &[Vec<i64>],
        context: &RunContext,
    ) -> Result<()> {
        let _scratch = context.budget.reserve("watershed", POURING_BYTES as u64)?;
        let (n, mut parts) = (volume.len(), volume.parts_mut(words.words_mut()));
        let [levels, keys, names] = &mut parts[..] else {
            return Err(Error::internal("watershed", "a volume of other parts"));
        };
        let names = &mut bytemuck::cast_slice_mut::<u64, i32>(names)[..n];
        let levels_now = &bytemuck::cast_slice::<u64, L>(levels)[..n];
        for (name, level) in names.iter_mut().zip(levels_now) {
            if *level == L::HIGHEST {
                *name = NOWHERE;
            }
        }
        let keys = &bytemuck::cast_slice::<u64, K>(keys)[..n];
        let memory = &mut bytemuck::cast_slice_mut::<u64, u32>(levels)[..2 * n];
        let mut pouring = Pouring { keys, names, nowhere: NOWHERE, memory };
        let go_on = || !context.cancel.is_cancelled();
        if self.minima {
            pouring.mark_minima(&volume.shape, offsets, go_on)?;
        }
        if !self.aged.needs_order() {
            return pouring.flood(&volume.shape, offsets, go_on);
        }
        let value = |i: usize| -> f64 {
            dispatch!(self.dtypes[0], T => T::from_key(keys[i].into()).to_f64())
        };
        let mut held = vec![];
        let mut reserve = |bytes| {
            held.push(context.budget.reserve("watershed", bytes)?);
            // Of what was moved, the old place is free again.
            if held.len() > 1 {
                held.remove(0);
            }
            Ok(())
        };
        let (names, memory) = (pouring.names, pouring.memory);
        let mut aged = Aged { value: &value, names, nowhere: NOWHERE, memory };
        aged.flood(&volume.shape, offsets, self.aged, &mut reserve, go_on)
    }

    /// What is done in order has to be in memory.
    fn refused(&self, volume: &Volume, input: &ImageSpec, context: &RunContext) -> Error {
        let bytes = 8 * volume.n_words() as u64 + self.scratch_bytes(input);
        // The planner gives working volumes two thirds of the memory; samples that wait take some more.
        Error::Budget {
            what: "watershed with lines or compactness".to_owned(),
            needed: context.budget.base() + 3 * bytes,
            budget: context.budget.limit(),
        }
    }

    fn markers(&self) -> Dtype {
        if self.minima { Dtype::Int32 } else { self.dtypes[1] }
    }
}

/// A marker of a key.
fn label(dtype: Dtype, key: u64) -> Result<i32> {
    let label = dispatch!(dtype, T => T::from_key(key).whole());
    let big = dtype == Dtype::UInt64 && key > i32::MAX as u64;
    i32::try_from(label).ok().filter(|label| !big && *label != NOWHERE).ok_or_else(|| {
        let given = "a label beyond 32 bits, or the least of them";
        Error::argument("watershed: markers", given, "labels that fit int32")
    })
}

fn leave_out<L: Level>(levels: &mut [L], keys: &[u64], zero: u64) {
    for (level, key) in levels.iter_mut().zip(keys) {
        *level = if *key == zero { L::HIGHEST } else { L::LEAST };
    }
}

fn zero_key(dtype: Dtype) -> u64 {
    dispatch!(dtype, T => <T as Default>::default().key())
}

impl SweepOp for Watershed {
    fn name(&self) -> &'static str {
        "watershed"
    }

    fn params(&self) -> serde_json::Value {
        let AgedOptions { compactness, lines } = self.aged;
        self.structure.describe(serde_json::json!({
            "bundled": self.dtypes, "minima": self.minima, "compactness": compactness, "watershed_line": lines,
        }))
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        let markers = self.markers();
        let dtype = if markers == Dtype::Bool { Dtype::Int32 } else { markers };
        Ok(without_first_axis("watershed", input)?.with_dtype(dtype))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        self.volume(input).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        self.pace(input).band_bytes.max(POURING_BYTES as u64)
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        400.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let keys = block.typed::<u64>()?;
        let volume = self.volume(input);
        let small = self.is_small(input);
        let mut at = 0;
        let mut done = Ok(());
        rows(block.region(), input.ndim() == 1, &mut |point, width| {
            let first = volume.number(&point[1..]);
            let (keys, own) = (&keys[at..at + width], first..first + width);
            at += width;
            match self.role(point[0]) {
                Role::Values if small => {
                    let to = &mut volume.part_mut::<u32>(words, KEYS)[own];
                    to.iter_mut().zip(keys).for_each(|(t, k)| *t = *k as u32);
                }
                Role::Values => volume.part_mut::<u64>(words, KEYS)[own].copy_from_slice(keys),
                Role::Markers => {
                    let to = &mut volume.part_mut::<i32>(words, NAMES)[own];
                    for (to, key) in to.iter_mut().zip(keys) {
                        match label(self.dtypes[1], *key) {
                            Ok(label) => *to = label,
                            Err(e) => done = Err(e),
                        }
                    }
                }
                Role::Mask => {
                    // What the mask leaves out is marked in the levels, which are made later.
                    let zero = self.dtypes.last().map_or(0, |dtype| zero_key(*dtype));
                    if small {
                        leave_out(&mut volume.part_mut::<u64>(words, LEVELS)[own], keys, zero);
                    } else {
                        leave_out(&mut volume.part_mut::<u128>(words, LEVELS)[own], keys, zero);
                    }
                }
            }
        });
        done
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn pieces_of(&self, region: &Region, input: &ImageSpec) -> Vec<Range<usize>> {
        pieces(&self.volume(input), region, input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let (volume, pace) = (self.volume(input), self.pace(input));
        let offsets = self.offsets(&volume);
        if words.fits_memory() && volume.len() < 1 << 31 {
            return if self.is_small(input) {
                self.pour::<u64, u32>(words, &volume, &offsets, context)
            } else {
                self.pour::<u128, u64>(words, &volume, &offsets, context)
            };
        }
        if self.aged.needs_order() {
            return Err(self.refused(&volume, input, context));
        }
        let slabs = Slabs::new(&volume, words, pace.planes);
        let flood = Slabwise { volume: &volume, slabs: &slabs, pace, offsets: &offsets, context };
        if self.is_small(input) {
            flood.run::<u64, u32>(self.minima)
        } else {
            flood.run::<u128, u64>(self.minima)
        }
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let volume = self.volume(input);
        let names = volume.part::<i32>(words, NAMES);
        let region = out.region().clone();
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            rows(&region, false, &mut |point, width| {
                let first = volume.number(point);
                let to = samples[at..at + width].iter_mut();
                to.zip(&names[first..]).for_each(|(t, n)| {
                    *t = if *n == NOWHERE { 0 as T } else { *n as T };
                });
                at += width;
            });
        });
        Ok(())
    }
}
