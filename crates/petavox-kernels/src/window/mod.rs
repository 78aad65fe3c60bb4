//! Neighbourhoods that slide over blocks: which samples they hold, and how a block is walked in tiles that stay in the cache.

mod keys;
mod lanes;
mod shape;
mod tiles;

pub(crate) use keys::{Key, by_key};
pub(crate) use lanes::{LANES, lanes};
pub use shape::Window;
pub(crate) use tiles::{Tiling, tile_bytes};
