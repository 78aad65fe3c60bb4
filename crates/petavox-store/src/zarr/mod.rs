//! Zarr v2 and v3, and OME-Zarr 0.1 to 0.5 on top of them.
//!
//! Reading: `node.rs` finds what a directory is, `meta_v2.rs` and `meta_v3.rs` turn an array's metadata into one
//! `ArrayMeta`, `ome.rs` says what the axes mean, and `array.rs` reads chunks: `shard.rs` finds their bytes and
//! `pipeline.rs` decodes them. Writing: `writer.rs` stages the arrays of a pyramid, `sink.rs` writes their objects,
//! `layout.rs` chooses chunks and `document.rs` words the metadata.
//!
//! Every decoder is given exactly the room that the chunk's declared and checked shape allows, so a file cannot make it
//! allocate; whatever does not fill that room exactly is corrupt.

mod array;
mod codecs;
pub(crate) mod document;
mod dtype;
mod keys;
pub(crate) mod layout;
mod meta;
mod meta_v2;
mod meta_v3;
mod nested;
mod node;
mod ome;
mod opening;
mod pipeline;
mod shard;
mod sink;
mod writer;
mod zeros;

pub use array::ZarrArray;
pub(crate) use nested::is_nested;
pub(crate) use writer::join;

use crate::format::{Format, Look};

pub(crate) const FORMAT: Format = Format {
    name: "Zarr",
    endings: &[".zarr", ".zr", ".zarr2", ".zr3"],
    matches,
    open: opening::open,
    // Levels are folders, which are arrays themselves.
    open_level: None,
    create: Some(writer::create),
};

fn matches(look: &Look<'_>) -> bool {
    look.is_dir
        && (node::is_node(look.path) || node::is_n5(look.path) || node::is_inside(look.path))
}

fn is_absent(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    matches!(e.kind(), NotFound | NotADirectory)
}

#[cfg(test)]
mod tests;
