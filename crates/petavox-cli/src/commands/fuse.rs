//! `fuse`: tiles with known places into one mosaic.

use super::layout::Tiles;
use super::output::{self, Output};
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::Document;
use petavox::mosaic::{Mosaic, fuse};
use petavox::{Image, Saved};
use std::path::PathBuf;

/// Fuse tiles with known places into one mosaic
///
/// Tiles lie where the layout says, as a position or an affine each. The mosaic is a lazy image: --then filters it before it is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox fuse layout.json -o mosaic.zarr
  petavox fuse TileConfiguration.registered.txt -o mosaic.ome.tif --blend max
  petavox fuse scan/ --pattern \"tile_{row}_{col}.tif\" --overlap 0.1 -o mosaic.zarr
  petavox fuse stage.csv -o smooth.zarr --then gaussian:sigma=2 --memory 1GiB")]
pub(crate) struct Fuse {
    #[command(flatten)]
    tiles: Tiles,
    /// Image to write; the ending picks the format: .zarr, .tif, .ome.tif, .npy, .png
    #[arg(short, long = "output", value_name = "OUT")]
    out: PathBuf,
    /// Operation to apply to the mosaic before it is written; can be repeated
    #[arg(long, value_name = "STEP")]
    then: Vec<String>,
    #[command(flatten)]
    output: Output,
}

impl Fuse {
    fn mosaic(&self) -> Result<(Image, Mosaic)> {
        let (mut image, mosaic) = fuse(&self.tiles.open()?, None, &self.tiles.fusing(&self.out))?;
        for step in &self.then {
            image = image.apply(step)?;
        }
        Ok((image, mosaic))
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        self.output.plan(&self.mosaic()?.0, &self.out, settings)
    }
}

pub(crate) fn run(args: &Fuse, settings: &Settings) -> Result<Report> {
    let (image, mosaic) = args.mosaic()?;
    let mut options = args.output.options(settings);
    options.channels = mosaic.colors(image.spec());
    let saved = image.save(&args.out, &options, &settings.run)?;
    Ok(told(&saved, &mosaic))
}

/// What is said of a mosaic that was written.
pub(super) fn told(saved: &Saved, mosaic: &Mosaic) -> Report {
    let (read, all) = (mosaic.pieces.read_bytes(), mosaic.tiles.bytes());
    let times = read as f64 / all.max(1) as f64;
    let mut results = serde_json::to_value(saved).unwrap_or_default();
    results["n_tiles"] = mosaic.tiles.len().into();
    results["tile_bytes"] = all.into();
    results["tile_bytes_read"] = read.into();
    results["tiles_read_times"] = times.into();
    results["notes"] = serde_json::json!(mosaic.tiles.notes);
    let notes: String = mosaic.tiles.notes.iter().map(|n| format!("\nnote: {n}")).collect();
    Report {
        note: format!(
            "{}, {} tiles read {times:.2} times{notes}",
            output::note(saved),
            mosaic.tiles.len()
        ),
        outputs: vec![saved.path.clone()],
        results,
        text: String::new(),
    }
}
