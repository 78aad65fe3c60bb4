//! Stands in the plan for an image that an earlier stage will make.

use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};

/// An image that does not exist yet: it can be planned with, not read.
pub(crate) struct Later {
    spec: ImageSpec,
    grid: ChunkGrid,
    in_file: bool,
}

impl Later {
    /// The image that a sweep leaves in its working volume.
    pub(crate) fn swept(spec: ImageSpec) -> Later {
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Later { spec, grid, in_file: false }
    }

    /// An image that is kept in the blocks of `grid`.
    pub(crate) fn kept(spec: ImageSpec, grid: ChunkGrid, in_memory: bool) -> Later {
        Later { spec, grid, in_file: !in_memory }
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
        !self.in_file
    }

    fn is_memory(&self) -> bool {
        !self.in_file
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        match self.in_file {
            true => block_bytes(&self.spec, &self.grid),
            false => 0,
        }
    }

    fn read(&self, _out: &mut Block) -> Result<()> {
        Err(Error::internal("plan", "a stage was read before it ran"))
    }

    fn locator(&self) -> Option<String> {
        None
    }
}

/// Memory that an image takes whose blocks are kept: each begins on a page of its own, unless it is small.
pub(crate) fn kept_bytes(spec: &ImageSpec) -> u64 {
    spec.bytes() + spec.bytes() / 64 + (64 << 10)
}

/// Bytes of the largest block of a grid over an image.
pub(crate) fn block_bytes(spec: &ImageSpec, grid: &ChunkGrid) -> u64 {
    (grid.chunk().iter().product::<usize>() * spec.dtype.size()) as u64
}
