//! Masks of one bit per voxel as working volumes: what the skeleton pipeline keeps of an image.

use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::bits::BitLayout;
use std::ops::Range;
use std::sync::Arc;

/// Packs a mask into one bit per voxel; the sweep itself does nothing.
///
/// # Errors
/// If the image is not a 2-D or 3-D mask.
pub fn pack(mask: &Arc<Node>) -> Result<Arc<Node>> {
    Node::sweep(Arc::new(Pack), mask.clone())
}

struct Pack;

/// The layout of a mask, checked before by [`SweepOp::output`].
pub(crate) fn layout(spec: &ImageSpec) -> Result<BitLayout> {
    BitLayout::new(&spec.shape)
}

pub(crate) fn n_words(spec: &ImageSpec) -> usize {
    layout(spec).map_or(0, |l| l.n_words())
}

/// The words of the planes that a region lies in.
pub(crate) fn words_of(region: &Region, spec: &ImageSpec) -> Range<usize> {
    let Ok(layout) = layout(spec) else { return 0..0 };
    match layout.ndim() {
        3 => layout.planes(region.start()[0] as usize..region.end(0) as usize),
        _ => {
            layout.row(0, region.start()[0] as usize).start
                ..layout.row(0, region.end(0) as usize).start
        }
    }
}

impl SweepOp for Pack {
    fn name(&self) -> &'static str {
        "mask"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask("mask", input)?;
        layout(input).map_err(|_| {
            Error::argument(
                "mask",
                format!("{} axes ({})", input.ndim(), input.axes),
                "a 2-D or 3-D image",
            )
        })?;
        Ok(input.with_dtype(Dtype::Bool))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        n_words(input)
    }

    fn scratch_bytes(&self, _input: &ImageSpec) -> u64 {
        0
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        0.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        layout(input)?.pack(words, block)
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        words_of(region, input)
    }

    fn sweep(&self, _words: &mut Words, _input: &ImageSpec, _context: &RunContext) -> Result<()> {
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        layout(input)?.unpack(words, out)
    }
}
