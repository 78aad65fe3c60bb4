//! Samples that go back to whoever asked, block by block.

use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Sink};
use std::collections::HashMap;
use std::sync::Mutex;

/// The samples of a region in C order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Where they lie.
    pub region: Region,
    /// Their bytes.
    pub bytes: Vec<u8>,
}

/// Holds blocks until the task that made them takes them.
pub(super) struct Pieces {
    spec: ImageSpec,
    grid: ChunkGrid,
    held: Mutex<HashMap<Vec<i64>, Piece>>,
}

impl Pieces {
    pub(super) fn new(spec: ImageSpec, chunk: &[usize]) -> Result<Pieces> {
        if chunk.len() != spec.ndim() {
            let expected = format!("{} extents, one per axis", spec.ndim());
            return Err(Error::argument("chunk", format!("{chunk:?}"), expected));
        }
        let grid = ChunkGrid::new(&spec.shape, chunk);
        Ok(Pieces { spec, grid, held: Mutex::default() })
    }

    pub(super) fn take(&self, region: &Region) -> Result<Option<Piece>> {
        let mut held = self.held.lock().map_err(|_| Error::internal("pieces", "lock"))?;
        Ok(held.remove(region.start()))
    }
}

impl Sink for Pieces {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, region: &Region) -> u64 {
        (region.len() * self.spec.dtype.size()) as u64
    }

    fn write(&self, block: &Block) -> Result<()> {
        let piece = Piece { region: block.region().clone(), bytes: block.bytes().to_vec() };
        let mut held = self.held.lock().map_err(|_| Error::internal("pieces", "lock"))?;
        held.insert(block.region().start().to_vec(), piece);
        Ok(())
    }

    fn holds(&self, _region: &Region) -> Result<bool> {
        Ok(false)
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn abandon(&self) {}
}
