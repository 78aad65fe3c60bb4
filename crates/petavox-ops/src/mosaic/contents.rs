//! What tiles have to show, place by place, kept for those that were needed last.

use super::pieces::Pieces;
use super::tiles::Tiles;
use petavox_core::{Error, Result};
use petavox_kernels::blend::{Content, ContentSums};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Bytes of weights that are kept beside those of the largest tile.
const KEPT_BYTES: u64 = 4 << 20;

/// The weights of tiles for the blend `content`.
pub(super) struct Contents {
    tiles: Arc<Tiles>,
    pieces: Arc<Pieces>,
    /// Those that were needed last are the last ones.
    kept: Mutex<VecDeque<(usize, Arc<Content>)>>,
    pub(super) most_bytes: u64,
}

impl Contents {
    /// None yet.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for tiles without the axes y and x.
    pub(super) fn new(tiles: Arc<Tiles>, pieces: Arc<Pieces>) -> Result<Contents> {
        let plane = tiles.plane();
        if let Some(first) = tiles.placed.first() {
            ContentSums::new(&first.shape, plane)?;
        }
        let largest = tiles.placed.iter().map(|t| ContentSums::bytes(&t.shape, plane)).max();
        let most_bytes = KEPT_BYTES + 2 * largest.unwrap_or(0);
        Ok(Contents { tiles, pieces, kept: Mutex::default(), most_bytes })
    }

    /// The weights of a tile, for which all of it is read.
    pub(super) fn of(&self, number: usize) -> Result<Arc<Content>> {
        let lock = || self.kept.lock().map_err(|_| Error::internal("contents", "lock"));
        {
            let mut kept = lock()?;
            if let Some(at) = kept.iter().position(|(n, _)| *n == number) {
                let found = kept.remove(at);
                kept.extend(found.clone());
                return found.map(|f| f.1).ok_or_else(|| Error::internal("contents", "lost"));
            }
        }
        let shape = &self.tiles.placed[number].shape;
        let mut sums = ContentSums::new(shape, self.tiles.plane())?;
        self.pieces.each_piece(number, &mut |block| sums.add(block))?;
        let made = Arc::new(sums.finish());
        let mut kept = lock()?;
        kept.push_back((number, made.clone()));
        let mut bytes: u64 = kept.iter().map(|(_, c)| c.len_bytes()).sum();
        while bytes > self.most_bytes && kept.len() > 1 {
            if let Some((_, old)) = kept.pop_front() {
                bytes -= old.len_bytes();
            }
        }
        Ok(made)
    }
}
