//! `convert`: any input to any output.

use super::input::Input;
use super::output::Output;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::Document;
use petavox::{Dtype, Image};
use std::path::PathBuf;

/// Convert an image to another format, chunk shape, compression or dtype
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox convert stack.tif stack.zarr
  petavox convert \"slices/*.tif\" volume.zarr --spacing 2,0.5,0.5 --chunk-shape 64,128,128
  petavox convert volume.zarr volume.ome.tif --codec zstd:5 --memory 1GiB
  petavox convert volume.zarr/2 small.npy --dtype float32")]
pub(crate) struct Convert {
    /// Image to read
    #[arg(value_name = "IN")]
    from: String,
    /// Image to write; the ending picks the format: .zarr, .tif, .ome.tif, .npy, .png
    #[arg(value_name = "OUT")]
    to: PathBuf,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
    /// Type of a sample in the output, such as uint8 or float32
    #[arg(long, value_name = "DTYPE", value_parser = Dtype::parse, help_heading = "Output")]
    dtype: Option<Dtype>,
}

impl Convert {
    fn image(&self, settings: &Settings) -> Result<Image> {
        let image = self.input.open(&self.from, settings)?;
        Ok(match self.dtype {
            Some(dtype) if dtype != image.spec().dtype => {
                image.apply(&format!("astype:dtype={dtype}"))?
            }
            _ => image,
        })
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        self.output.plan(&self.image(settings)?, &self.to, settings)
    }
}

pub(crate) fn run(args: &Convert, settings: &Settings) -> Result<Report> {
    args.output.save(&args.image(settings)?, &args.to, settings)
}
