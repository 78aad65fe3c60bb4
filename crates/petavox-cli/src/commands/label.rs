//! `label`: connected components.

use super::input::Input;
use super::output::Output;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::Image;
use petavox::explain::Document;
use std::path::PathBuf;

/// Number the connected components of a mask
///
/// Every sample other than 0 belongs to the mask. Components are numbered by their first voxel in raster order, as
/// scipy.ndimage.label numbers them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox label mask.zarr components.zarr
  petavox label mask.tif components.zarr --connectivity 3")]
pub(crate) struct Label {
    /// Mask to read
    #[arg(value_name = "MASK")]
    from: String,
    /// Label image to write
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// Steps along axes that join two neighbours: 1 for faces only, up to the number of axes for corners too
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    connectivity: u8,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
}

impl Label {
    fn image(&self, settings: &Settings) -> Result<Image> {
        let step = format!("label:connectivity={}", self.connectivity);
        Ok(self.input.open(&self.from, settings)?.apply(&step)?)
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        self.output.plan(&self.image(settings)?, &self.to, settings)
    }
}

pub(crate) fn run(args: &Label, settings: &Settings) -> Result<Report> {
    args.output.save(&args.image(settings)?, &args.to, settings)
}
