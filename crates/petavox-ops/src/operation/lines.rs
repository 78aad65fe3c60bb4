//! Sweeps along the lines of a working volume, one axis after another: tiles of whole lines are copied out, changed and copied back, in
//! memory or in the scratch file, several at once.

use petavox_core::{ChunkGrid, Error, Region, Result, Workers};
use petavox_engine::{RunContext, Words};
use petavox_kernels::bits::{load, shared, store};
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

/// Bytes of lines that a task holds at one time.
const TILE_BYTES: usize = 2 << 20;

/// Whole lines along `axis`, so many that they take about [`TILE_BYTES`].
pub(crate) fn tiles(shape: &[usize], axis: usize, sample_bytes: usize) -> ChunkGrid {
    let mut tile = vec![1; shape.len()];
    tile[axis] = shape[axis];
    let mut lines = (TILE_BYTES / sample_bytes / shape[axis].max(1)).max(1);
    for a in (0..shape.len()).rev().filter(|a| *a != axis) {
        tile[a] = shape[a].min(lines).max(1);
        lines = (lines / tile[a]).max(1);
    }
    ChunkGrid::new(shape, &tile)
}

/// Calls `f` for every row that a region shares with the volume: where its samples are here and there.
pub(crate) fn each_row(
    region: &Region,
    whole: &Region,
    mut f: impl FnMut(Range<usize>, Range<usize>),
) {
    let width = region.shape().last().copied().unwrap_or(0);
    let mut at = 0;
    region.for_each_row(|point| {
        let there = whole.offset_of(point);
        f(at..at + width, there..there + width);
        at += width;
    });
}

/// The runs of samples that a tile shares with the volume: here and there. Rows that follow one another are one run.
pub(crate) fn runs(tile: &Region, whole: &Region) -> Vec<(Range<usize>, Range<usize>)> {
    let mut runs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
    each_row(tile, whole, |here, there| match runs.last_mut() {
        Some((h, t)) if t.end == there.start => (h.end, t.end) = (here.end, there.end),
        _ => runs.push((here, there)),
    });
    runs
}

/// The working volume, wherever it lives.
pub(crate) enum Volume<'a> {
    Memory(&'a [AtomicU64]),
    File(&'a File),
}

impl Volume<'_> {
    /// Reads a run of words.
    pub(crate) fn get(&self, from: Range<usize>, to: &mut [u64]) -> Result<()> {
        match self {
            Volume::Memory(words) => {
                to.iter_mut().zip(&words[from]).for_each(|(s, w)| *s = load(w));
                Ok(())
            }
            Volume::File(file) => file
                .read_exact_at(bytemuck::cast_slice_mut(to), 8 * from.start as u64)
                .map_err(|e| Error::io("scratch", "read", e)),
        }
    }

    /// Writes a run of words.
    pub(crate) fn set(&self, to: Range<usize>, from: &[u64]) -> Result<()> {
        match self {
            Volume::Memory(words) => {
                from.iter().zip(&words[to]).for_each(|(s, w)| store(w, *s));
                Ok(())
            }
            Volume::File(file) => file
                .write_all_at(bytemuck::cast_slice(from), 8 * to.start as u64)
                .map_err(|e| Error::io("scratch", "write", e)),
        }
    }
}

/// Calls `pass` for every tile, as many at once as there is memory for at `task_bytes` each.
///
/// # Errors
/// What `pass` refuses, [`Error::Cancelled`], or [`Error::Budget`] if there is no room for one task.
pub(crate) fn for_each_tile(
    op: &str,
    doing: &str,
    words: &mut Words,
    grid: &ChunkGrid,
    task_bytes: u64,
    context: &RunContext,
    pass: &(dyn Fn(&Volume<'_>, Region) -> Result<()> + Sync),
) -> Result<()> {
    let n_at_once = (context.budget.free() / task_bytes.max(1)).clamp(1, context.n_threads as u64);
    let _scratch = context.budget.reserve(op, task_bytes * n_at_once)?;
    let failure = Mutex::new(None);
    context.progress.begin(doing, grid.len() as u64);
    for first in (0..grid.len()).step_by(n_at_once as usize) {
        context.cancel.check()?;
        let n = (n_at_once as usize).min(grid.len() - first);
        let volume = match words.file() {
            Some(file) if !words.fits_memory() => Volume::File(file),
            _ => Volume::Memory(shared(words.words_mut())),
        };
        context.workers.for_each(n, &|k| {
            let done = pass(&volume, grid.region(first + k));
            if let (Err(e), Ok(mut slot)) = (done, failure.lock()) {
                slot.get_or_insert(e);
            }
        });
        if let Some(e) = failure.lock().ok().and_then(|mut slot| slot.take()) {
            return Err(e);
        }
        context.progress.advance(n as u64, 0);
    }
    context.progress.end();
    Ok(())
}
