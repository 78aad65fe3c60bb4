//! Finished tiles that are likely to be asked for again: the least recently used go first.

use super::{Key, Tile};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// At most `limit` bytes of tiles.
pub(super) struct KeptTiles {
    tiles: HashMap<Key, (Arc<Tile>, u64)>,
    by_use: BTreeMap<u64, Key>,
    clock: u64,
    bytes: u64,
    limit: u64,
}

impl KeptTiles {
    pub(super) fn new(limit: u64) -> KeptTiles {
        KeptTiles { tiles: HashMap::new(), by_use: BTreeMap::new(), clock: 0, bytes: 0, limit }
    }

    pub(super) fn len(&self) -> usize {
        self.tiles.len()
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(super) fn get(&mut self, key: Key) -> Option<Arc<Tile>> {
        let (tile, used) = self.tiles.get_mut(&key)?;
        self.clock += 1;
        self.by_use.remove(used);
        self.by_use.insert(self.clock, key);
        *used = self.clock;
        Some(tile.clone())
    }

    pub(super) fn keep(&mut self, key: Key, tile: Arc<Tile>) {
        let bytes = tile.len() as u64;
        if bytes > self.limit {
            return;
        }
        self.drop_key(key);
        let over = (self.bytes + bytes).saturating_sub(self.limit);
        if over > 0 {
            self.drop_bytes(over);
        }
        self.clock += 1;
        self.bytes += bytes;
        self.by_use.insert(self.clock, key);
        self.tiles.insert(key, (tile, self.clock));
    }

    /// Lets go of at least so many bytes, if there are so many; how many is the answer.
    pub(super) fn drop_bytes(&mut self, wanted: u64) -> u64 {
        let mut dropped = 0;
        while dropped < wanted {
            let Some((_, &key)) = self.by_use.first_key_value() else { break };
            dropped += self.drop_key(key);
        }
        dropped
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(&Key) -> bool) {
        let stale: Vec<Key> = self.tiles.keys().filter(|k| !keeps(k)).copied().collect();
        stale.into_iter().for_each(|k| {
            self.drop_key(k);
        });
    }

    fn drop_key(&mut self, key: Key) -> u64 {
        let Some((tile, used)) = self.tiles.remove(&key) else { return 0 };
        self.by_use.remove(&used);
        self.bytes -= tile.len() as u64;
        tile.len() as u64
    }
}
