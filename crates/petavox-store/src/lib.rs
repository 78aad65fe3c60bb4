//! The bytes of Petavox, floor 1: image files become [`Source`](petavox_core::Source)s, and images become files.
//!
//! - [`open`] looks at a path and gives a lazy source; [`info`] says what is in it. [`create`] starts an output by its ending.
//! - Nothing here starts a thread or keeps a cache: the engine does both, and hands every reader the memory it may fill.
//! - Sizes a file declares are checked against [`Limits`] before anything is allocated, and no decoder sees bytes that
//!   were not checked first.
//! - Outputs appear under their final name when they are complete, never before.
//!
//! A format is a folder or file of its own with one `Format` line in `formats.rs`.

pub mod atomic;
mod codec;
mod create;
mod described;
mod format;
mod formats;
mod info;
mod limits;
mod memory;
mod missing;
mod nifti;
mod npy;
mod open;
mod options;
mod picture;
pub mod pyramid;
mod raw;
mod slices;
pub mod table;
mod tiff;
mod zarr;
pub mod zarr_metadata;

#[cfg(any(test, feature = "contract"))]
pub mod contract;

pub use codec::{BloscInner, Codec};
pub use create::{create, join};
pub use format::{ImageWriter, Opened};
pub use info::{Channel, Info, LevelInfo};
pub use limits::Limits;
pub use memory::{MemorySink, MemorySource};
pub use missing::MissingChunks;
pub use nifti::NiftiSource;
pub use npy::NpySource;
pub use npy::write::header as npy_header;
pub use open::{info, open, open_with_info};
pub use options::{CreateOptions, Missing, OpenOptions};
pub use picture::PictureSource;
pub use slices::SliceSource;
pub use tiff::{CompanionImage, TiffImage, TiffSource, companion_images};
pub use zarr::ZarrArray;
