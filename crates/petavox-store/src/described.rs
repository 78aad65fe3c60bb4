//! A source under another description: axes or spacing that the user knows better than the file.

use petavox_core::{Block, ChunkGrid, ImageSpec, Region, Result, Source};
use std::sync::Arc;

/// The samples of one source under the spec of another.
pub(crate) struct Described {
    pub(crate) inner: Arc<dyn Source>,
    pub(crate) spec: ImageSpec,
}

impl Source for Described {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        self.inner.grid()
    }

    fn reads_below_chunk(&self) -> bool {
        self.inner.reads_below_chunk()
    }

    fn is_memory(&self) -> bool {
        self.inner.is_memory()
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        self.inner.scratch_bytes(region)
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        self.inner.read(out)
    }

    fn locator(&self) -> Option<String> {
        self.inner.locator()
    }
}
