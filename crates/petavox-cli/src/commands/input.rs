//! Options of a command that opens an image.

use crate::settings::Settings;
use anyhow::Result;
use clap::{Args, ValueEnum};
use petavox::{Axes, Image, Missing, OpenOptions};

/// What the user knows better than the file.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Input")]
pub(crate) struct Input {
    /// Meaning of the input's axes, such as zyx, where the file does not say or is wrong
    #[arg(long, value_name = "AXES", value_parser = Axes::parse)]
    pub(crate) axes: Option<Axes>,
    /// Size of a sample: one number for all axes, or one per axis, by comma
    #[arg(long, value_name = "SIZES", value_delimiter = ',')]
    pub(crate) spacing: Option<Vec<f64>>,
    /// What stands for chunks that are missing in a Zarr array
    #[arg(long, value_name = "WHAT", default_value = "fill")]
    pub(crate) missing: MissingArg,
}

/// What stands for missing chunks.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum MissingArg {
    /// The array's fill value
    Fill,
    /// Nothing: an error that names the chunk
    Error,
}

impl Input {
    pub(crate) fn options(&self, settings: &Settings) -> OpenOptions {
        OpenOptions {
            axes: self.axes.clone(),
            spacing: self.spacing.clone(),
            missing: match self.missing {
                MissingArg::Fill => Missing::Fill,
                MissingArg::Error => Missing::Error,
            },
            scratch: settings.run.scratch.clone(),
            ..OpenOptions::default()
        }
    }

    pub(crate) fn open(&self, path: &str, settings: &Settings) -> Result<Image> {
        Ok(Image::open_with(path, &self.options(settings))?)
    }
}
