//! numpy arrays as images that are read, and as the place where a result goes.

use crate::numpy::Samples;
use petavox::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Sink, Source};

/// An image over a numpy array, read in place.
pub(crate) struct ArraySource {
    spec: ImageSpec,
    grid: ChunkGrid,
    samples: Samples,
    name: String,
}

impl ArraySource {
    pub(crate) fn new(spec: ImageSpec, samples: Samples, name: &str) -> ArraySource {
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        ArraySource { spec, grid, samples, name: name.to_owned() }
    }
}

impl Source for ArraySource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        self.samples.read(out)
    }

    fn locator(&self) -> Option<String> {
        Some(self.name.clone())
    }
}

/// Fills a numpy array.
pub(crate) struct ArraySink {
    spec: ImageSpec,
    grid: ChunkGrid,
    samples: Samples,
}

impl ArraySink {
    /// A sink for an image of this spec.
    ///
    /// # Errors
    /// [`Error::Internal`] if the array is not of its shape and dtype.
    pub(crate) fn new(spec: ImageSpec, chunk: &[usize], samples: Samples) -> Result<ArraySink> {
        if samples.shape() != spec.shape || samples.dtype() != spec.dtype {
            return Err(Error::internal("result array", format!("{:?}", samples.shape())));
        }
        let grid = ChunkGrid::new(&spec.shape, chunk);
        Ok(ArraySink { spec, grid, samples })
    }
}

impl Sink for ArraySink {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn write(&self, block: &Block) -> Result<()> {
        self.samples.fill(block)
    }

    fn holds(&self, _region: &Region) -> Result<bool> {
        Ok(false)
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn abandon(&self) {}
}
