//! The blocks of an image that one stage keeps for later ones, in memory or in a scratch file without a name.

use crate::plan::{block_bytes, kept_bytes};
use crate::resources::{Reservation, RunContext};
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

/// An image in the blocks it was made in.
pub(super) struct Kept {
    name: &'static str,
    spec: ImageSpec,
    grid: ChunkGrid,
    place: Place,
    _held: Option<Reservation>,
}

enum Place {
    Memory(Vec<OnceLock<Block>>),
    /// Where each block begins.
    File(File, Vec<u64>),
}

impl Kept {
    /// Room for an image of `spec`, cut by `grid`, that the operation `name` makes.
    pub(super) fn new(
        name: &'static str,
        spec: &ImageSpec,
        grid: &ChunkGrid,
        in_memory: bool,
        context: &RunContext,
    ) -> Result<Kept> {
        let (place, held) = if in_memory {
            let held = context.budget.reserve(name, kept_bytes(spec))?;
            (Place::Memory((0..grid.len()).map(|_| OnceLock::new()).collect()), Some(held))
        } else {
            let mut at = 0;
            let starts = (0..grid.len())
                .map(|n| {
                    let start = at;
                    at += (grid.region(n).len() * spec.dtype.size()) as u64;
                    start
                })
                .collect();
            (Place::File(context.scratch.file(at)?, starts), None)
        };
        Ok(Kept { name, spec: spec.clone(), grid: grid.clone(), place, _held: held })
    }

    /// Keeps the block with this number in the grid.
    pub(super) fn keep(&self, number: usize, block: &Block) -> Result<()> {
        match &self.place {
            Place::Memory(blocks) => {
                let mut own = Block::zeros(block.region().clone(), block.dtype())?;
                own.bytes_mut().copy_from_slice(block.bytes());
                blocks[number].set(own).map_err(|_| Error::internal("keep", "a block came twice"))
            }
            Place::File(file, starts) => file
                .write_all_at(block.bytes(), starts[number])
                .map_err(|e| Error::io("scratch", format!("keep {}", self.name), e)),
        }
    }
}

impl Source for Kept {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        matches!(self.place, Place::Memory(_))
    }

    fn is_memory(&self) -> bool {
        self.reads_below_chunk()
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        match self.place {
            Place::Memory(_) => 0,
            Place::File(..) => block_bytes(&self.spec, &self.grid),
        }
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        for number in self.grid.meeting(out.region()) {
            match &self.place {
                Place::Memory(blocks) => {
                    let block = blocks[number].get();
                    out.copy_from(block.ok_or_else(|| Error::internal("kept", "a lost block"))?)?;
                }
                Place::File(file, starts) => {
                    let region = self.grid.region(number);
                    let failed = |e| Error::io("scratch", format!("read {} again", self.name), e);
                    if region == *out.region() {
                        return file.read_exact_at(out.bytes_mut(), starts[number]).map_err(failed);
                    }
                    let mut block = Block::zeros(region, self.spec.dtype)?;
                    file.read_exact_at(block.bytes_mut(), starts[number]).map_err(failed)?;
                    out.copy_from(&block)?;
                }
            }
        }
        Ok(())
    }

    fn locator(&self) -> Option<String> {
        None
    }
}
