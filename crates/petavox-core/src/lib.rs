//! The nouns of Petavox, floor 0: what an image, a region, a chunk, a block and an error *are*.
//!
//! Nothing in this crate reads a file, starts a thread or computes a pixel. Everything above speaks in these words.
//!
//! - [`Region`]: a half-open n-d box; [`ChunkGrid`]: the regular grid of boxes in which an image is stored or computed.
//! - [`Dtype`], [`Element`], [`dispatch!`]: the one table of sample types.
//! - [`Block`]: the samples of a region, erased of their type; [`Buffer`]: the memory behind it.
//! - [`ImageSpec`]: shape, dtype, [`Axes`], [`Spacing`]. [`Boundary`]: how samples outside the image are made. [`Halo`].
//! - [`Table`] of [`Column`]s: the results that are not images.
//! - [`Error`]: what went wrong, where, what was expected and what to do.
//! - The ports [`Source`], [`Sink`], [`Progress`], [`CancelToken`], [`Workers`].

#[macro_use]
mod dtype;

mod axes;
mod block;
mod boundary;
mod buffer;
mod error;
mod few;
mod grid;
mod ports;
mod region;
mod spec;
mod table;

pub use axes::{Axes, Spacing};
pub use block::Block;
pub use boundary::{Boundary, Halo};
pub use buffer::Buffer;
pub use dtype::{Dtype, Element};
pub use error::{Error, Result};
pub use grid::ChunkGrid;
pub use ports::{CancelToken, NoProgress, Progress, Sequential, Sink, Source, Workers};
pub use region::{Region, strides};
pub use spec::ImageSpec;
pub use table::{Column, Table};

/// The largest number of axes an image may have.
pub const MAX_NDIM: usize = 8;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("Petavox addresses images bigger than memory and needs a 64-bit target");
