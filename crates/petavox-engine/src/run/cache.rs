//! Decoded chunks, kept while neighbouring blocks need them: each chunk is decoded once per pass if the memory allows.

use petavox_core::{Block, Error, Region, Result, Source};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex};

/// The image by the number of its node, and the chunk by its raster number.
type Key = (u64, usize);

enum Slot {
    /// Somebody is decoding it, since this moment.
    Pending(u64),
    Ready {
        block: Arc<Block>,
        last_use: u64,
    },
}

struct State {
    slots: HashMap<Key, Slot>,
    bytes: u64,
    clock: u64,
}

/// Least-recently-used decoded chunks of several sources, at most `limit` bytes, for which the caller answers to the budget.
pub struct ChunkCache {
    state: Mutex<State>,
    decoded: Condvar,
    limit: u64,
}

impl ChunkCache {
    /// An empty cache.
    pub fn new(limit: u64) -> ChunkCache {
        let state = State { slots: HashMap::new(), bytes: 0, clock: 0 };
        ChunkCache { state: Mutex::new(state), decoded: Condvar::new(), limit }
    }

    /// Drops the chunks of the image with this [`id`](crate::Node::id), because what they were decoded from has changed.
    pub fn forget(&self, id: u64) {
        let Ok(mut state) = self.state.lock() else { return };
        let mut dropped = 0;
        state.slots.retain(|key, slot| match slot {
            Slot::Ready { block, .. } if key.0 == id => {
                dropped += block.bytes().len() as u64;
                false
            }
            // Who decodes it finds its place taken, and counts it out.
            Slot::Pending(_) => key.0 != id,
            Slot::Ready { .. } => true,
        });
        state.bytes -= dropped;
        self.decoded.notify_all();
    }

    /// Reads `out` from `source` (known by `id`), by way of the cache where that saves decoding.
    pub(crate) fn read(&self, id: u64, source: &dyn Source, out: &mut Block) -> Result<()> {
        let grid = source.grid();
        let chunk_bytes = grid.chunk().iter().product::<usize>() * out.dtype().size();
        if source.reads_below_chunk() || chunk_bytes as u64 > self.limit {
            return source.read(out);
        }
        let region = out.region().clone();
        let numbers = grid.meeting(&region);
        if numbers.iter().all(|&n| region.contains(&grid.region(n))) {
            return source.read(out);
        }
        for number in numbers {
            let block = self.chunk((id, number), source, grid.region(number))?;
            out.copy_from(&block)?;
        }
        Ok(())
    }

    fn chunk(&self, key: Key, source: &dyn Source, region: Region) -> Result<Arc<Block>> {
        let poisoned = |_| Error::internal("chunk cache", "a worker failed while it held the lock");
        let mut state = self.state.lock().map_err(poisoned)?;
        loop {
            state.clock += 1;
            let now = state.clock;
            match state.slots.get_mut(&key) {
                Some(Slot::Ready { block, last_use }) => {
                    *last_use = now;
                    return Ok(block.clone());
                }
                Some(Slot::Pending(_)) => {
                    state = self.decoded.wait(state).map_err(|_| poisoned_wait())?
                }
                None => break,
            }
        }
        let bytes = (region.len() * source.spec().dtype.size()) as u64;
        make_room(&mut state, self.limit.saturating_sub(bytes));
        state.bytes += bytes;
        let began = state.clock;
        state.slots.insert(key, Slot::Pending(began));
        drop(state);

        // A source that panics must not leave the others waiting.
        let decoded = catch_unwind(AssertUnwindSafe(|| {
            let mut block = Block::zeros(region, source.spec().dtype)?;
            source.read(&mut block)?;
            Ok(Arc::new(block))
        }));
        let mut state = self.state.lock().map_err(|_| poisoned_wait())?;
        let is_mine =
            matches!(state.slots.get(&key), Some(Slot::Pending(since)) if *since == began);
        match &decoded {
            Ok(Ok(block)) if is_mine => {
                let last_use = state.clock;
                state.slots.insert(key, Slot::Ready { block: block.clone(), last_use });
            }
            _ => {
                if is_mine {
                    state.slots.remove(&key);
                }
                state.bytes -= bytes;
            }
        }
        self.decoded.notify_all();
        drop(state);
        decoded.unwrap_or_else(|panic| resume_unwind(panic))
    }
}

fn poisoned_wait() -> Error {
    Error::internal("chunk cache", "a worker failed while it held the lock")
}

/// Drops the least recently used chunks until at most `limit` bytes are held.
fn make_room(state: &mut State, limit: u64) {
    while state.bytes > limit {
        let oldest = state
            .slots
            .iter()
            .filter_map(|(k, s)| match s {
                Slot::Ready { last_use, .. } => Some((*last_use, *k)),
                Slot::Pending(_) => None,
            })
            .min();
        let Some((_, key)) = oldest else { return };
        if let Some(Slot::Ready { block, .. }) = state.slots.remove(&key) {
            state.bytes -= block.bytes().len() as u64;
        }
    }
}
