//! One stage: its blocks, made by workers, handed to consumers.

use super::cache::ChunkCache;
use super::kept::Kept;
use super::make::{Maker, crop};
use super::pool::Pool;
use super::strips::strips;
use crate::contract::{FoldOp, Part, SweepOp};
use crate::plan::Program;
use crate::resources::{Budget, Reservation, RunContext, Words};
use petavox_core::{ChunkGrid, Error, ImageSpec, Region, Result, Sink};
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Who takes the blocks of one root.
pub(super) enum Taker {
    Sink(Arc<dyn Sink>),
    Fold { op: Arc<dyn FoldOp>, state: Mutex<OrderedMerge> },
    Load { op: Arc<dyn SweepOp>, words: Mutex<Words> },
    Keep(Arc<Kept>),
}

/// Merges parts in block order, whatever the order they come in.
pub(super) struct OrderedMerge {
    next: usize,
    waiting: BTreeMap<usize, Part>,
    pub(super) merged: Option<Part>,
    /// Memory beyond what was planned for the merged parts.
    pub(super) more: Vec<Reservation>,
}

impl OrderedMerge {
    /// Nothing yet; `first` is the number of the first block that will come.
    pub(super) fn from(first: usize) -> OrderedMerge {
        OrderedMerge { next: first, waiting: BTreeMap::new(), merged: None, more: Vec::new() }
    }

    fn add(
        &mut self,
        number: usize,
        part: Part,
        op: &dyn FoldOp,
        input: &ImageSpec,
        budget: &Budget,
    ) -> Result<()> {
        // Where the order does not matter, a part takes the place whose turn it is.
        self.waiting.insert(if op.any_order() { self.next } else { number }, part);
        while let Some(part) = self.waiting.remove(&self.next) {
            self.merged = Some(match self.merged.take() {
                Some(left) => op.merge(left, part)?,
                None => part,
            });
            self.next += 1;
        }
        let has = self.merged.as_ref().map_or(0, |m| op.part_bytes(m));
        let reserved =
            op.state_bytes(input) + self.more.iter().map(Reservation::bytes).sum::<u64>();
        if has > reserved {
            // In steps of half as much again where there is room, so that reservations stay few.
            let more = has - reserved;
            let ample = budget.reserve(op.name(), more + has / 2);
            self.more.push(ample.or_else(|_| budget.reserve(op.name(), more))?);
        }
        Ok(())
    }
}

/// A stage that is ready to run.
pub(super) struct StageRun<'a> {
    pub(super) title: &'a str,
    pub(super) program: &'a Program,
    pub(super) grid: &'a ChunkGrid,
    /// The block that comes at a step of the walk.
    pub(super) block_at: &'a (dyn Fn(usize) -> usize + Sync),
    /// The steps of the walk to make.
    pub(super) steps: Range<usize>,
    pub(super) takers: &'a [Taker],
    pub(super) n_workers: usize,
    pub(super) task_bytes: u64,
    pub(super) cache: &'a ChunkCache,
    pub(super) skip: &'a (dyn Fn(usize, &Region) -> Result<bool> + Sync),
    pub(super) done: &'a (dyn Fn(usize) -> Result<()> + Sync),
}

impl StageRun<'_> {
    pub(super) fn run(&self, context: &RunContext) -> Result<()> {
        let (n_blocks, end) = (self.steps.len(), self.steps.end);
        let next = AtomicUsize::new(self.steps.start);
        let failure: Mutex<Option<Error>> = Mutex::new(None);
        let failed = |e: Error| {
            if let Ok(mut slot) = failure.lock() {
                // The first failure is the cause; a cancellation that follows is not.
                slot.get_or_insert(e);
            }
            next.store(end, Ordering::Relaxed);
        };
        let is_over = || next.load(Ordering::Relaxed) >= end;
        let work = |leave: &dyn Fn() -> bool| {
            let mut pool = Pool::new(self.task_bytes);
            while !leave() {
                let step = next.fetch_add(1, Ordering::Relaxed);
                if step >= end {
                    return;
                }
                let number = (self.block_at)(step);
                let done = caught(
                    || self.place(number),
                    || {
                        context.cancel.check()?;
                        self.block(number, &mut pool, context)
                    },
                );
                if let Err(e) = done {
                    return failed(e);
                }
            }
        };
        context.progress.begin(self.title, n_blocks as u64);
        std::thread::scope(|scope| {
            context.crew.lead(|| {
                for _ in 1..self.n_workers.min(n_blocks) {
                    let helps = || context.crew.share(context.n_threads, &is_over, &work);
                    let thread = std::thread::Builder::new().name("petavox".to_owned());
                    // Where the system has no threads left, those that there are do the work.
                    if thread.spawn_scoped(scope, helps).is_err() {
                        break;
                    }
                }
                work(&|| false);
            });
        });
        context.progress.end();
        match failure.into_inner() {
            Ok(Some(e)) => Err(e),
            _ => Ok(()),
        }
    }

    fn place(&self, number: usize) -> String {
        format!("stage '{}', block {}", self.title, self.grid.region(number))
    }

    fn block(&self, number: usize, pool: &mut Pool, context: &RunContext) -> Result<()> {
        let region = self.grid.region(number);
        if (self.skip)(number, &region)? {
            context.progress.advance(1, 0);
            return Ok(());
        }
        let maker = Maker { program: self.program, cache: self.cache };
        let mut blocks = maker.make(&region, pool, &context.cancel)?;
        // Consumers take memory of their own; free buffers make room for it.
        let theirs =
            self.takers.iter().zip(&self.program.roots).map(|(taker, &root)| match taker {
                Taker::Sink(sink) => sink.scratch_bytes(&region),
                Taker::Fold { op, .. } => op.map_bytes(&self.program.lines[root].spec, &region),
                Taker::Load { .. } | Taker::Keep(_) => 0,
            });
        pool.make_room(theirs.max().unwrap_or(0));
        for (taker, &root) in self.takers.iter().zip(&self.program.roots) {
            let Some(block) = blocks[root].iter().find(|b| b.region().contains(&region)) else {
                return Err(Error::internal("stage", format!("{region} was not made")));
            };
            let spec = &self.program.lines[root].spec;
            let cropped =
                if *block.region() == region { None } else { Some(crop(block, &region, pool)?) };
            let block = cropped.as_ref().unwrap_or(block);
            match taker {
                Taker::Sink(sink) => sink.write(block)?,
                Taker::Keep(kept) => kept.keep(number, block)?,
                Taker::Fold { op, state } => {
                    let part = op.map(block, spec)?;
                    let mut state = state.lock().map_err(|_| Error::internal("fold", "lock"))?;
                    state.add(number, part, op.as_ref(), spec, &context.budget)?;
                }
                Taker::Load { op, words } => {
                    let mut words = words.lock().map_err(|_| Error::internal("load", "lock"))?;
                    if words.fits_memory() {
                        op.load(words.words_mut(), block, spec)?;
                    } else {
                        // Piece by piece, so that few of the mapped pages are resident at a time.
                        for piece in strips(&region, &words) {
                            let part = crop(block, &piece, pool)?;
                            op.load(words.words_mut(), &part, spec)?;
                            for touched in op.pieces_of(&piece, spec) {
                                words.release(touched);
                            }
                            pool.give(part.into_buffer());
                        }
                    }
                }
            }
            if let Some(cropped) = cropped {
                pool.give(cropped.into_buffer());
            }
        }
        let root = self.program.roots[0];
        let size = self.program.lines[root].spec.dtype.size();
        context.progress.advance(1, (region.len() * size) as u64);
        blocks.iter_mut().flat_map(|b| b.drain(..)).for_each(|b| pool.give(b.into_buffer()));
        (self.done)(number)
    }
}

/// Does some work of an operation; a panic in it becomes an error that names the place.
pub(super) fn caught<T>(
    place: impl FnOnce() -> String,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()))
            .unwrap_or_else(|| "panic".to_owned());
        Err(Error::internal(place(), message))
    })
}
