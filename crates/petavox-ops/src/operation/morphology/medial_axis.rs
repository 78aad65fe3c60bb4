//! `medial_axis`: 2-D masks thinned from their border inwards, in the order of the distance.

use crate::Params;
use crate::operation::arrays::without_first_axis;
use crate::operation::flooding::reconstruction::bundled;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::skeleton::medial;
use std::ops::Range;
use std::sync::Arc;

struct MedialAxis {
    /// Of the mask and, if there is one, the order of ties.
    dtypes: Vec<Dtype>,
}

/// The medial axis of a 2-D mask (or of each plane of the last two axes): what skimage.morphology.medial_axis finds, but for ties. Samples at the
/// same distance from the background and with as much background around go in raster order, or in the order of the values of a second
/// image; scikit-image draws lots.
///
/// # Errors
/// If the image has fewer axes.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let mut images = inputs.to_vec();
    if params.clone().parsed::<Vec<Dtype>>("bundled")?.is_none() {
        let Some(first) = images.first_mut().filter(|_| inputs.len() < 3) else {
            let given = format!("{} images", inputs.len());
            return Err(Error::argument("medial_axis", given, "a mask, and an order of ties"));
        };
        *first = crate::operation::as_mask(first)?;
    }
    let (input, dtypes, ndim) = bundled(&images, params)?;
    if ndim < 2 || !(1..=2).contains(&dtypes.len()) {
        let given = format!("{ndim} axes");
        return Err(Error::argument("medial_axis", given, "a mask with two axes at least"));
    }
    Node::sweep(Arc::new(MedialAxis { dtypes }), input)
}

/// Samples of all planes, and of one.
fn extents(input: &ImageSpec) -> (usize, usize, usize) {
    let shape = &input.shape;
    let (height, width) = (shape[shape.len() - 2], shape[shape.len() - 1]);
    (shape[1..].iter().product(), height, width)
}

impl SweepOp for MedialAxis {
    fn name(&self) -> &'static str {
        "medial_axis"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "bundled": self.dtypes })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(without_first_axis("medial_axis", input)?.with_dtype(Dtype::Bool))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        let (_, height, width) = extents(input);
        input.len() + 2 * height * width
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        let (_, height, width) = extents(input);
        (64 << 10) + 64 * height.max(width) as u64
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let keys = block.typed::<u64>()?;
        let width = block.region().row_len();
        let mut at = 0;
        block.region().for_each_row(|point| {
            let first = input.region().offset_of(point);
            words[first..first + width].copy_from_slice(&keys[at..at + width]);
            at += width;
        });
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        let (all, ..) = extents(input);
        if region.ndim() == input.ndim() {
            return region.start()[0] as usize * all..region.end(0) as usize * all;
        }
        let part = all / input.shape[1].max(1);
        region.start()[0] as usize * part..region.end(0) as usize * part
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let _scratch = context.budget.reserve("medial_axis", self.scratch_bytes(input))?;
        let (all, height, width) = extents(input);
        let plane = height * width;
        if plane == 0 {
            return Ok(());
        }
        let go_on = || !context.cancel.is_cancelled();
        let (masks, rest) = words.words_mut().split_at_mut(all);
        let (ties, rest) = rest.split_at_mut(input.len() - all);
        let (distances, order) = rest.split_at_mut(plane);
        for (i, mask) in masks.chunks_exact_mut(plane).enumerate() {
            let ties = ties.get(i * plane..(i + 1) * plane);
            medial::distances(mask, distances, width);
            medial::medial_axis(mask, distances, ties, order, (height, width), &go_on);
            context.cancel.check()?;
        }
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let whole = Region::whole(&input.shape[1..]);
        let region = out.region().clone();
        let width = region.row_len();
        let samples = out.typed_mut::<u8>()?;
        let mut at = 0;
        region.for_each_row(|point| {
            let from = &words[whole.offset_of(point)..];
            let to = samples[at..at + width].iter_mut();
            to.zip(from).for_each(|(t, w)| *t = u8::from(*w != 0));
            at += width;
        });
        Ok(())
    }
}
