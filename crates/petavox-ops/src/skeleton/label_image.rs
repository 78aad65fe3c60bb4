//! The skeleton as an image of branch numbers, made from its voxels when it is read.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Source};
use petavox_engine::Words;
use std::sync::Arc;

/// An `int32` image that is 0 but for the voxels of a skeleton, which have the number of their branch.
pub struct LabelImage {
    spec: ImageSpec,
    grid: ChunkGrid,
    ranks: Arc<Words>,
    labels: Vec<u32>,
}

impl LabelImage {
    /// The image of `mask`'s shape with `labels` at the voxels with these raster ranks (rising).
    pub fn new(mask: &ImageSpec, ranks: Arc<Words>, labels: Vec<u32>) -> LabelImage {
        let spec = mask.with_dtype(Dtype::Int32);
        LabelImage { grid: ChunkGrid::new(&spec.shape, &spec.shape), spec, ranks, labels }
    }
}

impl Source for LabelImage {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let whole = self.spec.region();
        let region = out.region().clone();
        let width = region.shape().last().copied().unwrap_or(0);
        out.bytes_mut().fill(0);
        let samples = out.typed_mut::<i32>()?;
        let ranks = self.ranks.words();
        // The rows of a plane have ranks close together: look only between the plane's first and last.
        let mut at = 0;
        let (mut lo, mut hi) = (0, ranks.len());
        let mut plane = None;
        region.for_each_row(|point| {
            let first = whole.offset_of(point) as u64;
            let here = point[..point.len().saturating_sub(2)].to_vec();
            if plane.as_ref() != Some(&here) {
                let mut end = point.to_vec();
                let n = end.len();
                end[n - 1] = whole.end(n - 1) - 1;
                if n > 1 {
                    end[n - 2] = region.end(n - 2) - 1;
                }
                let last = whole.offset_of(&end) as u64;
                lo = ranks.partition_point(|r| *r < first);
                hi = lo + ranks[lo..].partition_point(|r| *r <= last);
                plane = Some(here);
            }
            let from = lo + ranks[lo..hi].partition_point(|r| *r < first);
            for i in from..hi {
                let x = (ranks[i] - first) as usize;
                if x >= width {
                    break;
                }
                samples[at + x] = self.labels[i] as i32;
            }
            lo = from;
            at += width;
        });
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}
