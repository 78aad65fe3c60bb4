//! Mosaics: hundreds or thousands of overlapping tiles as one image.
//!
//! - [`Layout`]: which tiles there are and where they are said to lie; read from the files that microscopes and stitchers write.
//! - [`Tiles`]: the tiles of a layout, opened and placed in the mosaic's grid.
//! - [`fuse()`]: the mosaic as a lazy image. Tiles are read by the operation itself, through [`Pieces`], because there may be
//!   thousands of them and the engine's planning asks every input about every block.

mod balance;
mod contents;
mod correct;
mod fuse;
mod layout;
mod masks;
mod orient;
mod pieces;
mod place;
pub mod solve;
mod stitch;
mod tiles;

pub use fuse::{FuseOptions, Mosaic, fuse};
pub use layout::{GridOrder, Layout, LayoutOptions, Tile, holds_layout, open_layout};
pub use orient::Orientation;
pub use pieces::Pieces;
pub use stitch::{
    OrientationSeen, PairFound, StageFound, StitchOptions, Stitched, TileModel, Unregistered,
    orientations, plan_stitch, stitch,
};
pub use tiles::{Given, TileOptions, Tiles};

pub(crate) use fuse::build;
