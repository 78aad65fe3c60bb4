//! From a lazy image to a file.

use crate::Image;
use petavox_core::Result;
use petavox_engine::RunOptions;
use petavox_engine::explain::Document;
use petavox_ops::saving::{self, Saved};
use petavox_store::CreateOptions;
use std::path::Path;

/// How an image is written: chunks, codec, levels, whether to replace or resume.
pub type SaveOptions = CreateOptions;

impl Image {
    /// Computes the image and writes it; the path's ending picks the format. The output appears under its final name when
    /// it is complete, and never before.
    ///
    /// A run that is cancelled leaves its work beside the output, under a hidden name, for a run with
    /// [`resume`](SaveOptions::resume) to continue; work of a run that would write other bytes is never continued.
    ///
    /// # Errors
    /// [`Error::Exists`](petavox_core::Error::Exists) if the output is there and may not be replaced;
    /// [`Error::Budget`](petavox_core::Error::Budget) if the plan does not fit;
    /// [`Error::Cancelled`](petavox_core::Error::Cancelled); whatever goes wrong with a file, naming it.
    pub fn save(&self, path: &Path, save: &SaveOptions, run: &RunOptions) -> Result<Saved> {
        saving::save(self.node(), path, save, run)
    }

    /// The plan that [`Image::save`] would carry out. No output is made.
    ///
    /// # Errors
    /// As [`Image::save`], as far as can be known without computing.
    pub fn plan_save(&self, path: &Path, save: &SaveOptions, run: &RunOptions) -> Result<Document> {
        saving::plan_save(self.node(), path, save, run)
    }
}
