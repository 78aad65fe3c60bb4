//! Stands in the plan for an image that an earlier stage will make.

use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};

/// An image that does not exist yet: it can be planned with, not read.
pub(crate) struct Later {
    spec: ImageSpec,
    grid: ChunkGrid,
}

impl Later {
    pub(crate) fn new(spec: ImageSpec) -> Later {
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Later { spec, grid }
    }
}

impl Source for Later {
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

    fn read(&self, _out: &mut Block) -> Result<()> {
        Err(Error::internal("plan", "a stage was read before it ran"))
    }

    fn locator(&self) -> Option<String> {
        None
    }
}
