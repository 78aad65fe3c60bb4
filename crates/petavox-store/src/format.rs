//! What a format is, and what it gives: an opened image, or the writer of one.

use crate::{CreateOptions, Info, OpenOptions};
use petavox_core::{ImageSpec, Result, Sink, Source};
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
    /// Opens a level of a pyramid inside a file that matched, asked for by the path `FILE/1`.
    pub(crate) open_level: Option<OpenLevel>,
    /// Starts an output.
    pub(crate) create: Option<Create>,
}

/// Opens a level by its number.
pub(crate) type OpenLevel = fn(&Path, usize, &OpenOptions) -> Result<Opened>;

/// Starts an output of this spec.
pub(crate) type Create = fn(&Path, &ImageSpec, &CreateOptions) -> Result<Arc<dyn ImageWriter>>;

/// An opened image and what is known about it.
pub struct Opened {
    /// Reads it.
    pub source: Arc<dyn Source>,
    /// Describes it.
    pub info: Info,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("info", &self.info).finish_non_exhaustive()
    }
}

/// An image that is being written, all levels of it, under a temporary name until [`ImageWriter::finish`].
///
/// A level's sink may be finished by itself, which makes that level durable; only the writer's `finish` moves the image to
/// its final name.
pub trait ImageWriter: Send + Sync {
    /// The levels, full size first. Each is half the one before along the axes that shrink, rounded up; compare shapes or
    /// [`crate::pyramid::factors`] to see which.
    fn levels(&self) -> &[ImageSpec];

    /// Writes a level.
    ///
    /// # Errors
    /// [`InvalidArgument`](petavox_core::Error::InvalidArgument) if there is no such level, or what the file system says.
    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>>;

    /// Reads back a level already written, to make the next one.
    ///
    /// # Errors
    /// [`InvalidArgument`](petavox_core::Error::InvalidArgument) if there is no such level, or what the file system says.
    fn source(&self, level: usize) -> Result<Arc<dyn Source>>;

    /// Makes everything durable and moves it to its final name, complete.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    fn finish(&self) -> Result<()>;

    /// Removes what was written, for a run that failed and is not to be resumed.
    fn abandon(&self);
}
