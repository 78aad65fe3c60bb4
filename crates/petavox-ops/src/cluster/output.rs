//! A Zarr that several machines write.

use super::Wants;
use crate::saving::save_options;
use petavox_core::Result;
use petavox_engine::Node;
use petavox_store::{CreateOptions, ImageWriter, create, join};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A Zarr that several machines write, in the process that started it. What is written stays under a hidden name beside the final one
/// until [`SharedOutput::finish`].
pub struct SharedOutput {
    path: PathBuf,
    options: CreateOptions,
    writer: Arc<dyn ImageWriter>,
}

impl SharedOutput {
    /// Starts the output of an image: its folder, its metadata, and the lock that keeps others away.
    ///
    /// # Errors
    /// [`Error::Exists`](petavox_core::Error::Exists) if it is there and may not be replaced;
    /// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) for anything but a Zarr;
    /// [`Error::Io`](petavox_core::Error::Io) if the folder cannot be written, or another process writes it.
    pub fn start(image: &Arc<Node>, path: &Path, save: &CreateOptions) -> Result<SharedOutput> {
        // Other machines have another working directory.
        let path = std::path::absolute(path)
            .map_err(|e| petavox_core::Error::io(path, "make absolute", e))?;
        let options = save_options(image, save);
        let writer = create(&path, image.spec(), &options)?;
        // Formats of one file are refused here, before any work is done.
        if let Err(refused) = join(&path, image.spec(), &options) {
            writer.abandon();
            return Err(refused);
        }
        Ok(SharedOutput { path, options, writer })
    }

    /// Shapes of the levels, full size first. Each is a computation of its own, in this order.
    pub fn levels(&self) -> Vec<Vec<usize>> {
        self.writer.levels().iter().map(|l| l.shape.clone()).collect()
    }

    /// What a computation of this level wants.
    pub fn wants(&self, level: usize) -> Wants {
        Wants::Level { path: self.path.clone(), options: self.options.clone(), level }
    }

    /// Makes everything durable and moves it to its final name, when all levels are complete.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    pub fn finish(&self) -> Result<()> {
        self.writer.finish()
    }

    /// Removes what was written.
    pub fn abandon(&self) {
        self.writer.abandon();
    }
}

impl std::fmt::Debug for SharedOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedOutput({})", self.path.display())
    }
}
