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
        // What others decode at the moment comes last: meanwhile this thread decodes what nobody has.
        let mut busy = Vec::new();
        for number in numbers {
            match self.chunk((id, number), source, grid.region(number), false)? {
                Some(block) => out.copy_from(&block)?,
                None => busy.push(number),
            }
        }
        for number in busy {
            if let Some(block) = self.chunk((id, number), source, grid.region(number), true)? {
                out.copy_from(&block)?;
            }
        }
        Ok(())
    }

    /// A chunk; `None` if somebody is decoding it and this thread is not to wait.
    fn chunk(
        &self,
        key: Key,
        source: &dyn Source,
        region: Region,
        waits: bool,
    ) -> Result<Option<Arc<Block>>> {
        let poisoned = |_| Error::internal("chunk cache", "a worker failed while it held the lock");
        let mut state = self.state.lock().map_err(poisoned)?;
        loop {
            state.clock += 1;
            let now = state.clock;
            match state.slots.get_mut(&key) {
                Some(Slot::Ready { block, last_use }) => {
                    *last_use = now;
                    return Ok(Some(block.clone()));
                }
                Some(Slot::Pending(_)) if !waits => return Ok(None),
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
        decoded.unwrap_or_else(|panic| resume_unwind(panic)).map(Some)
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

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{ChunkGrid, Dtype, ImageSpec};
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Decodes slowly, and knows how many threads did at a time.
    struct Slow {
        spec: ImageSpec,
        grid: ChunkGrid,
        now: AtomicUsize,
        most: AtomicUsize,
        n: AtomicUsize,
    }

    impl Source for Slow {
        fn spec(&self) -> &ImageSpec {
            &self.spec
        }
        fn grid(&self) -> &ChunkGrid {
            &self.grid
        }
        fn scratch_bytes(&self, _region: &Region) -> u64 {
            0
        }
        fn read(&self, out: &mut Block) -> Result<()> {
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(now, Ordering::SeqCst);
            self.n.fetch_add(1, Ordering::SeqCst);
            std::thread::sleep(std::time::Duration::from_millis(5));
            let value = out.region().start()[0] as u8;
            out.bytes_mut().fill(value);
            self.now.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
        fn locator(&self) -> Option<String> {
            Some("slow".into())
        }
    }

    #[test]
    fn blocks_that_share_slices_decode_different_ones_at_a_time() {
        let spec = ImageSpec::new([24, 8], Dtype::UInt8).unwrap();
        let grid = ChunkGrid::new(&spec.shape, &[1, 8]);
        let zero = AtomicUsize::default;
        let source = Slow { spec, grid, now: zero(), most: zero(), n: zero() };
        let cache = ChunkCache::new(1 << 20);
        std::thread::scope(|scope| {
            for x in [0, 4] {
                let (cache, source) = (&cache, &source);
                scope.spawn(move || {
                    let mut out = Block::zeros(Region::new([0, x], [24, 4]), Dtype::UInt8).unwrap();
                    cache.read(0, source, &mut out).unwrap();
                    let want: Vec<u8> = (0..24).flat_map(|z| [z; 4]).collect();
                    assert_eq!(out.bytes(), want);
                });
            }
        });
        assert_eq!(source.n.into_inner(), 24, "a slice was decoded twice");
        assert_eq!(source.most.into_inner(), 2, "one waited for the other all the time");
    }
}
