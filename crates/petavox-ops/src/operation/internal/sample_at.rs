//! The samples of an image at given voxels, in one pass over the image.

use petavox_core::Element as _;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use std::ops::Range;
use std::sync::Arc;

/// The samples at the voxels with these raster ranks (rising), as the bits of doubles, one word each.
///
/// # Errors
/// Never for images; the shape is the caller's.
pub(crate) fn sample_at(image: &Arc<Node>, ranks: Arc<Words>) -> Result<Arc<Node>> {
    Node::sweep(Arc::new(SampleAt { ranks }), image.clone())
}

struct SampleAt {
    ranks: Arc<Words>,
}

impl SweepOp for SampleAt {
    fn name(&self) -> &'static str {
        "sample_at"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "n": self.ranks.words().len() })
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(input.with_dtype(Dtype::Float64))
    }

    fn n_words(&self, _input: &ImageSpec) -> usize {
        self.ranks.words().len()
    }

    fn scratch_bytes(&self, _input: &ImageSpec) -> u64 {
        0
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        0.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let ranks = self.ranks.words();
        let whole = input.region();
        let width = block.shape().last().copied().unwrap_or(0);
        let mut at = 0;
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            block.region().for_each_row(|point| {
                let first = whole.offset_of(point) as u64;
                let from = ranks.partition_point(|r| *r < first);
                for (i, rank) in ranks[from..].iter().enumerate() {
                    let x = (rank - first) as usize;
                    if x >= width {
                        break;
                    }
                    words[from + i] = samples[at + x].to_f64().to_bits();
                }
                at += width;
            });
        });
        Ok(())
    }

    fn words_of(&self, _region: &Region, _input: &ImageSpec) -> Range<usize> {
        0..0
    }

    fn sweep(&self, _words: &mut Words, _input: &ImageSpec, _context: &RunContext) -> Result<()> {
        Ok(())
    }

    fn read(&self, _words: &[u64], _out: &mut Block, _input: &ImageSpec) -> Result<()> {
        Err(Error::internal("sample_at", "read as an image"))
    }
}
