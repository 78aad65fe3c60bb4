//! The tiles' samples, decoded piece by piece and kept while they are needed.
//!
//! A piece is some chunks of a tile's file. The samples of a piece that have been used are counted, so that pieces that nobody will need
//! again make room first; of the others the one that was used longest ago.

use super::correct::Correction;
use super::tiles::{Origin, Placed, Tiles};
use petavox_core::{Block, ChunkGrid, Dtype, Error, Region, Result, Source};
use std::any::Any;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

/// Files that stay open.
const MOST_OPEN: usize = 64;

type Key = (usize, usize);

enum Slot {
    /// Somebody is decoding it.
    Pending,
    Ready {
        block: Arc<Block>,
        /// Samples that are not used up yet.
        left: usize,
        /// Its place in the queue of those that make room.
        turn: (bool, u64),
    },
}

#[derive(Default)]
struct State {
    slots: HashMap<Key, Slot>,
    /// Pieces by the turn in which they make room: those that are used up first.
    queue: BTreeMap<(bool, u64), Key>,
    bytes: u64,
    clock: u64,
    open: HashMap<usize, Arc<dyn Source>>,
    order: VecDeque<usize>,
}

/// Decoded pieces of tiles.
pub struct Pieces {
    tiles: Arc<Tiles>,
    state: Mutex<State>,
    decoded: Condvar,
    limit: Arc<AtomicU64>,
    /// Bytes of samples that were decoded so far.
    read: AtomicU64,
    correction: Correction,
}

/// More room for pieces, while this is there.
struct Held {
    limit: Arc<AtomicU64>,
    bytes: u64,
    pieces: Arc<Pieces>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let left = self.limit.fetch_sub(self.bytes, Ordering::AcqRel) - self.bytes;
        if let Ok(mut state) = self.pieces.lock() {
            make_room(&mut state, left);
            state.open.clear();
            state.order.clear();
        }
    }
}

impl Pieces {
    /// No pieces yet.
    pub(super) fn new(tiles: Arc<Tiles>) -> Pieces {
        Pieces {
            tiles,
            state: Mutex::default(),
            decoded: Condvar::new(),
            limit: Arc::default(),
            read: AtomicU64::new(0),
            correction: Correction::default(),
        }
    }

    /// From now on pieces are corrected.
    pub(super) fn correct(&mut self, correction: Correction) {
        self.correction = correction;
    }

    /// The dtype of pieces: the tiles' own, or what corrected samples need.
    pub(super) fn dtype(&self) -> Dtype {
        if self.correction.is_nothing() { self.tiles.spec.dtype } else { Dtype::Float32 }
    }

    /// A part of a tile as its file has it, which is not kept.
    pub(super) fn raw(&self, number: usize, region: Region) -> Result<Block> {
        let tile = &self.tiles.placed[number];
        self.decode_raw(number, tile, region)
    }

    /// Lets `bytes` more of pieces be kept, until what is returned is dropped.
    pub(super) fn hold(self: &Arc<Self>, bytes: u64) -> Box<dyn Any + Send> {
        self.limit.fetch_add(bytes, Ordering::AcqRel);
        Box::new(Held { limit: self.limit.clone(), bytes, pieces: self.clone() })
    }

    /// Bytes of samples that were decoded so far, repeated reads counted.
    pub fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    fn lock(&self) -> Result<MutexGuard<'_, State>> {
        self.state
            .lock()
            .map_err(|_| Error::internal("pieces", "a worker failed while it held the lock"))
    }

    /// Fills `out`, a part of the tile. The samples of `home` are used up then: no other part of the mosaic has them for its own.
    pub(super) fn read(&self, number: usize, out: &mut Block, home: Option<&Region>) -> Result<()> {
        let tile = &self.tiles.placed[number];
        for piece in tile.grid.meeting(out.region()) {
            let block = self.piece((number, piece), tile, tile.grid.region(piece), home)?;
            out.copy_from(&block)?;
        }
        Ok(())
    }

    fn piece(
        &self,
        key: Key,
        tile: &Placed,
        region: Region,
        home: Option<&Region>,
    ) -> Result<Arc<Block>> {
        let used = home.and_then(|h| h.intersect(&region)).map_or(0, |r| r.len());
        let mut guard = self.lock()?;
        loop {
            let state = &mut *guard;
            state.clock += 1;
            let now = state.clock;
            match state.slots.get_mut(&key) {
                Some(Slot::Ready { block, left, turn }) => {
                    *left = left.saturating_sub(used);
                    state.queue.remove(turn);
                    *turn = (*left > 0, now);
                    state.queue.insert(*turn, key);
                    return Ok(block.clone());
                }
                Some(Slot::Pending) => {
                    guard =
                        self.decoded.wait(guard).map_err(|_| Error::internal("pieces", "lock"))?;
                }
                None => break,
            }
        }
        let is_mask = key.0 >= self.tiles.placed.len();
        let (raw_size, size) = match is_mask {
            true => (0, 1),
            false => (self.tiles.spec.dtype.size(), self.dtype().size()),
        };
        let raw_bytes = (region.len() * raw_size) as u64;
        let bytes = (region.len() * size) as u64;
        let limit = self.limit.load(Ordering::Acquire);
        make_room(&mut guard, limit.saturating_sub(bytes));
        guard.bytes += bytes;
        guard.slots.insert(key, Slot::Pending);
        drop(guard);
        let made = match key.0.checked_sub(self.tiles.placed.len()) {
            None => self.decode(key.0, tile, region),
            Some(number) => self.decode_mask(number, tile, &region),
        };
        let mut guard = self.lock()?;
        let state = &mut *guard;
        match &made {
            Ok(block) => {
                self.read.fetch_add(raw_bytes, Ordering::Relaxed);
                // The last samples of a tile between samples of the mosaic belong to nobody.
                let all = Region::whole(tile.covers.shape()).intersect(block.region());
                let left = all.map_or(0, |r| r.len()).saturating_sub(used);
                let turn = (left > 0, state.clock);
                state.clock += 1;
                state.queue.insert(turn, key);
                state.slots.insert(key, Slot::Ready { block: block.clone(), left, turn });
            }
            Err(_) => {
                state.slots.remove(&key);
                state.bytes -= bytes;
            }
        }
        self.decoded.notify_all();
        made
    }

    /// Fills `out` (of float32) with 1, or 0 where a tile that has a mask does not count. Masks are kept as tiles are, behind these.
    pub(super) fn read_mask(
        &self,
        number: usize,
        out: &mut Block,
        home: Option<&Region>,
    ) -> Result<()> {
        let tile = &self.tiles.placed[number];
        for piece in tile.grid.meeting(out.region()) {
            let key = (self.tiles.placed.len() + number, piece);
            let block = self.piece(key, tile, tile.grid.region(piece), home)?;
            super::masks::widen(&block, out)?;
        }
        Ok(())
    }

    fn decode_mask(&self, number: usize, tile: &Placed, region: &Region) -> Result<Arc<Block>> {
        let mask = tile.mask.as_ref().ok_or_else(|| Error::internal("pieces", "no mask"))?;
        let source = self.opened(self.tiles.placed.len() + number, &mask.origin, tile)?;
        Ok(Arc::new(mask.read(source.as_ref(), region)?))
    }

    /// What every tile has to show is looked at in its pieces, in their order.
    pub(super) fn each_piece(
        &self,
        number: usize,
        f: &mut dyn FnMut(&Block) -> Result<()>,
    ) -> Result<()> {
        let tile = &self.tiles.placed[number];
        for piece in 0..tile.grid.len() {
            f(&*self.piece((number, piece), tile, tile.grid.region(piece), None)?)?;
        }
        Ok(())
    }

    fn decode(&self, number: usize, tile: &Placed, region: Region) -> Result<Arc<Block>> {
        let raw = self.decode_raw(number, tile, region)?;
        if self.correction.is_nothing() {
            return Ok(Arc::new(raw));
        }
        Ok(Arc::new(self.correction.apply(number, &raw, self.tiles.plane())?))
    }

    fn decode_raw(&self, number: usize, tile: &Placed, region: Region) -> Result<Block> {
        let source = self.source(number, tile)?;
        let own = match tile.is_channel {
            true => Region::new(&region.start()[1..], &region.shape()[1..]),
            false => region.clone(),
        };
        let mut block = Block::zeros(own, source.spec().dtype)?;
        source.read(&mut block)?;
        if tile.is_channel {
            let buffer = block.into_buffer();
            return Block::over(region, source.spec().dtype, buffer);
        }
        Ok(block)
    }

    /// The tile's file, opened again if it was closed.
    pub(super) fn source(&self, number: usize, tile: &Placed) -> Result<Arc<dyn Source>> {
        let source = self.opened(number, &tile.origin, tile)?;
        let expected = &tile.shape[usize::from(tile.is_channel)..];
        if source.spec().shape != expected || source.spec().dtype != self.tiles.spec.dtype {
            let problem = format!("it was {expected:?} when the mosaic was planned");
            return Err(Error::corrupt(tile.name.as_str(), None, problem));
        }
        Ok(source)
    }

    /// A file that stays open for a while under a number of its own.
    fn opened(&self, key: usize, origin: &Origin, tile: &Placed) -> Result<Arc<dyn Source>> {
        if let Origin::Held(source) = origin {
            return Ok(source.clone());
        }
        if let Some(source) = self.lock()?.open.get(&key) {
            return Ok(source.clone());
        }
        let source = origin.open(tile.view, &self.tiles.open)?;
        let mut state = self.lock()?;
        if state.open.insert(key, source.clone()).is_none() {
            state.order.push_back(key);
        }
        while state.order.len() > MOST_OPEN {
            if let Some(oldest) = state.order.pop_front() {
                state.open.remove(&oldest);
            }
        }
        Ok(source)
    }
}

/// Drops pieces that nobody uses now until at most `limit` bytes are held.
fn make_room(state: &mut State, limit: u64) {
    let mut kept = Vec::new();
    while state.bytes > limit {
        let Some((turn, key)) = state.queue.pop_first() else { break };
        match state.slots.get(&key) {
            Some(Slot::Ready { block, .. }) if Arc::strong_count(block) > 1 => {
                kept.push((turn, key))
            }
            Some(Slot::Ready { block, .. }) => {
                state.bytes -= block.bytes().len() as u64;
                state.slots.remove(&key);
            }
            _ => {}
        }
    }
    state.queue.extend(kept);
}

/// Bytes of pieces that lie across a plane through the mosaic, at most, along the axis where that is least: what is to be kept if all is
/// looked at from one end to the other.
pub(super) fn working_set(tiles: &Tiles, dtype: Dtype) -> u64 {
    let ndim = tiles.spec.ndim();
    let across = |axis: usize| {
        // Pieces open at one end and close at the other.
        let mut events: Vec<(i64, i64)> = Vec::new();
        for tile in &tiles.placed {
            let warped = matches!(tile.place, super::place::Place::Warped { .. });
            let others: usize = (0..ndim).filter(|&a| a != axis).map(|a| tile.shape[a]).product();
            let size = dtype.size() + usize::from(tile.mask.is_some());
            let (len, chunk) = (tile.shape[axis], tile.grid.chunk()[axis]);
            for k in 0..if warped { 1 } else { tile.grid.counts()[axis] } {
                let len = if warped { len } else { chunk.min(len - k * chunk) };
                let bytes = (others * len * size) as i64;
                let start = tile.covers.start()[axis] + (k * chunk) as i64;
                let end = if warped { tile.covers.end(axis) } else { start + len as i64 };
                events.extend([(start - 1, bytes), (end, -bytes)]);
            }
        }
        events.sort_unstable();
        let (mut now, mut most) = (0, 0);
        for (_, bytes) in events {
            now += bytes;
            most = most.max(now);
        }
        most.max(0) as u64
    };
    (0..ndim).filter(|&a| tiles.spec.shape[a] > 1).map(across).min().unwrap_or(0)
}

/// Bytes of pieces that a part of the mosaic of this extent needs of one tile at a time, decoding included, at most.
pub(super) fn pinned_bytes(tiles: &Tiles, dtype: Dtype, extent: &[usize]) -> u64 {
    // A piece that is corrected is there twice for a moment.
    let size = dtype.size() + if dtype == tiles.spec.dtype { 0 } else { tiles.spec.dtype.size() };
    let of = |tile: &Placed| {
        let grid: &ChunkGrid = &tile.grid;
        let n: usize = (0..extent.len())
            .map(|a| (extent[a].div_ceil(grid.chunk()[a]) + 1).min(grid.counts()[a]))
            .product();
        let mask = tile.mask.as_ref().map_or((0, 0), |m| (1, m.decode_bytes));
        (n * grid.chunk().iter().product::<usize>() * (size + mask.0)) as u64
            + tile.decode_bytes.max(mask.1)
    };
    tiles.placed.iter().map(of).max().unwrap_or(0)
}
