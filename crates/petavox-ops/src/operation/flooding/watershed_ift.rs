//! `watershed_ift`: the image foresting transform, equal to scipy.ndimage.watershed_ift.

use super::paged::Paged;
use super::reconstruction::{bundled, pieces, rows};
use super::volume::Volume;
use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::morphology::structure::Structure;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::morphology::foresting::{FOREST_BYTES, Forest, Sample};
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

/// All that is known of a sample, in one place of the volume.
fn volume(input: &ImageSpec) -> Volume {
    Volume::new(&input.shape[1..], &[size_of::<Sample>()])
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
        volume(input).n_words()
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        // What is read of a file takes the place of the window that would be mapped.
        FOREST_BYTES as u64 + Paged::<Sample>::table_bytes(self.n_words(input)) + (64 << 10)
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        200.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let keys = block.typed::<u64>()?;
        let volume = volume(input);
        let samples = volume.part_mut::<Sample>(words, 0);
        let mut at = 0;
        rows(block.region(), input.ndim() == 1, &mut |point, width| {
            let first = volume.number(&point[1..]);
            let own = samples[first..first + width].iter_mut().zip(&keys[at..at + width]);
            at += width;
            if point[0] == 0 {
                own.for_each(|(s, k)| s.value = *k as u16);
            } else {
                dispatch!(self.dtypes[1], T => {
                    own.for_each(|(s, k)| s.label = T::from_key(*k).whole());
                });
            }
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn pieces_of(&self, region: &Region, input: &ImageSpec) -> Vec<Range<usize>> {
        pieces(&volume(input), region, input)
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve(self.name(), self.scratch_bytes(input))?;
        let (shape, offsets) = (&input.shape[1..], self.structure.offsets(true));
        let go_on = || !context.cancel.is_cancelled();
        let volume = volume(input);
        match words.file().filter(|_| !words.fits_memory()) {
            Some(file) => {
                let window = words.window_bytes() as usize;
                let mut forest = Forest::new(Paged::<Sample>::new(file, volume.len(), window)?);
                forest.grow(shape, &offsets, go_on)?;
                forest.into_samples().flush()
            }
            None => {
                let samples = volume.part_mut::<Sample>(words.words_mut(), 0);
                Forest::new(samples).grow(shape, &offsets, go_on)
            }
        }
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let volume = volume(input);
        let found = volume.part::<Sample>(words, 0);
        let region = out.region().clone();
        let mut at = 0;
        dispatch!(out.dtype(), T => {
            let samples = out.typed_mut::<T>()?;
            rows(&region, false, &mut |point, width| {
                let first = volume.number(point);
                let to = samples[at..at + width].iter_mut();
                to.zip(&found[first..]).for_each(|(t, s)| *t = s.label as T);
                at += width;
            });
        });
        Ok(())
    }
}
