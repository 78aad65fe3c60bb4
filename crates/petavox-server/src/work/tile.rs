//! Bytes that were made, ready to be sent.

use bytes::Bytes;
use petavox::{Block, Reservation};
use std::sync::Arc;

/// What a request gets: the samples of a block, or bytes that were made of them.
pub(crate) struct Tile {
    bytes: Payload,
    held: Option<Reservation>,
}

enum Payload {
    Block(Block),
    Bytes(Vec<u8>),
}

impl Tile {
    /// Gives the memory that the tile takes into its care.
    pub(super) fn hold(&mut self, held: Option<Reservation>) {
        self.held = held;
    }

    /// The samples, where they are samples.
    pub(crate) fn block(&self) -> Option<&Block> {
        match &self.bytes {
            Payload::Block(block) => Some(block),
            Payload::Bytes(_) => None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_ref().len()
    }

    /// The bytes, which live as long as somebody has them.
    pub(crate) fn bytes(tile: Arc<Tile>) -> Bytes {
        Bytes::from_owner(Shared(tile))
    }
}

struct Shared(Arc<Tile>);

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        self.0.as_ref().as_ref()
    }
}

impl AsRef<[u8]> for Tile {
    fn as_ref(&self) -> &[u8] {
        match &self.bytes {
            Payload::Block(block) => block.bytes(),
            Payload::Bytes(bytes) => bytes,
        }
    }
}

impl From<Block> for Tile {
    fn from(block: Block) -> Tile {
        Tile { bytes: Payload::Block(block), held: None }
    }
}

impl From<Vec<u8>> for Tile {
    fn from(bytes: Vec<u8>) -> Tile {
        Tile { bytes: Payload::Bytes(bytes), held: None }
    }
}
