//! The table of formats: one line each.

use crate::{CreateOptions, ImageWriter, OpenOptions, Opened};
use petavox_core::{ImageSpec, Result};
use std::path::Path;
use std::sync::Arc;

/// What is known of a path before a format looks inside.
pub(crate) struct Look<'a> {
    /// The path as given.
    pub(crate) path: &'a Path,
    /// True for a directory.
    pub(crate) is_dir: bool,
    /// The first bytes of a file (up to 512); empty for a directory.
    pub(crate) head: &'a [u8],
    /// The last component in lower case.
    pub(crate) name: String,
}

/// A format: how to recognise it, open it and, where it can be written, start an output.
pub(crate) struct Format {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// Endings that ask for this format when an output is created, with the dot, lower case.
    pub(crate) endings: &'static [&'static str],
    /// True if the path is of this format.
    pub(crate) matches: fn(&Look<'_>) -> bool,
    /// Opens a path that matched.
    pub(crate) open: fn(&Path, &OpenOptions) -> Result<Opened>,
    /// Starts an output.
    pub(crate) create: Option<Create>,
}

/// Starts an output of this spec.
pub(crate) type Create = fn(&Path, &ImageSpec, &CreateOptions) -> Result<Arc<dyn ImageWriter>>;

/// All formats; the first whose `matches` says yes opens a path, the one with the longest ending creates it.
/// A glob and a folder without Zarr metadata are folders of slices and are asked for apart, in `open.rs`.
pub(crate) const FORMATS: &[Format] = &[
    crate::zarr::FORMAT,
    crate::tiff::FORMAT,
    crate::npy::FORMAT,
    crate::nifti::FORMAT,
    crate::picture::PNG,
    crate::picture::JPEG,
];
