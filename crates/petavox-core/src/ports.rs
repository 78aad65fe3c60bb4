//! What the floors below offer to the engine, and the engine to the floors above: only traits.

use crate::{Block, ChunkGrid, ImageSpec, Region, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An image that can be read region by region.
pub trait Source: Send + Sync {
    /// Shape, dtype, axes and placement.
    fn spec(&self) -> &ImageSpec;

    /// The parts in which the image is decoded: reading one sample costs as much as reading its chunk.
    /// Sources that can read any region at its own cost (raw files, memory) say so with [`Source::reads_below_chunk`].
    fn grid(&self) -> &ChunkGrid;

    /// True if a region smaller than a chunk costs only its own bytes.
    fn reads_below_chunk(&self) -> bool {
        false
    }

    /// True if reading is a copy in memory, for the planner.
    fn is_memory(&self) -> bool {
        false
    }

    /// An upper bound on the memory, beyond `region`'s own samples, that reading `region` takes at one time.
    fn scratch_bytes(&self, region: &Region) -> u64;

    /// Reads the samples of `out`'s region, which lies inside the image and has the image's dtype.
    ///
    /// # Errors
    /// Whatever is wrong with the file, naming the file and the chunk.
    fn read(&self, out: &mut Block) -> Result<()>;

    /// A name by which the source can be opened again (a path or URL), if it has one.
    fn locator(&self) -> Option<String>;
}

/// An image that is written region by region, under a temporary name until [`Sink::finish`].
pub trait Sink: Send + Sync {
    /// Shape, dtype, axes and placement.
    fn spec(&self) -> &ImageSpec;

    /// The objects of which each must have one writer: regions written are unions of whole chunks of this grid.
    fn grid(&self) -> &ChunkGrid;

    /// An upper bound on the memory, beyond the block itself, that writing `region` takes at one time.
    fn scratch_bytes(&self, region: &Region) -> u64;

    /// True if writing is a copy in memory, for the planner.
    fn is_memory(&self) -> bool {
        false
    }

    /// Writes a block. Blocks may come in any order and from several threads.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    fn write(&self, block: &Block) -> Result<()>;

    /// True if all objects of `region` are there and whole; asked when a run is resumed.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    fn holds(&self, region: &Region) -> Result<bool>;

    /// Makes everything durable and moves it to its final name.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    fn finish(&self) -> Result<()>;

    /// Removes what was written, for a run that failed and is not to be resumed.
    fn abandon(&self);
}

/// Runs independent pieces of work on the threads of a run.
pub trait Workers: Sync {
    /// How many pieces can run at once.
    fn n_threads(&self) -> usize;

    /// Calls `task(i)` for every `i` in `0..n_items`, in any order, and returns when all are done.
    /// Results must not depend on the order.
    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync));
}

/// One thread: the caller's.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequential;

impl Workers for Sequential {
    fn n_threads(&self) -> usize {
        1
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        (0..n_items).for_each(task);
    }
}

/// Is told how far a run has come.
pub trait Progress: Send + Sync {
    /// A stage begins; `n_blocks` is its length.
    fn begin(&self, stage: &str, n_blocks: u64);
    /// Blocks of the current stage are done; `bytes` of samples went through.
    fn advance(&self, n_blocks: u64, bytes: u64);
    /// The current stage is done.
    fn end(&self);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _stage: &str, _n_blocks: u64) {}
    fn advance(&self, _n_blocks: u64, _bytes: u64) {}
    fn end(&self) {}
}

/// Asked often whether to stop; clones share the answer.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that nobody has cancelled.
    pub fn new() -> CancelToken {
        CancelToken::default()
    }

    /// Asks all who hold the token to stop.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// True once cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// An error once cancelled.
    ///
    /// # Errors
    /// [`crate::Error::Cancelled`].
    pub fn check(&self) -> Result<()> {
        if self.is_cancelled() { Err(crate::Error::Cancelled) } else { Ok(()) }
    }
}
