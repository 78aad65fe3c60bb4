//! Options of a command that takes tiles.

use anyhow::Result;
use clap::Args;
use petavox::mosaic::{FuseOptions, GridOrder, Layout, LayoutOptions, Orientation, open_layout};
use std::path::{Path, PathBuf};

/// Which tiles of a folder or plate, and what its files do not say of them.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiles")]
pub(crate) struct Choice {
    /// Names of the tiles in a folder: {row} and {col}, or {index}, stand for numbers, * for anything
    #[arg(long, value_name = "PATTERN")]
    pub(crate) pattern: Option<String>,
    /// Part of a tile that it shares with the next one, such as 0.1; of y and x by comma
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    pub(crate) overlap: Option<Vec<f64>>,
    /// Rows and columns of tiles that are only counted, such as 5x4
    #[arg(long, value_name = "ROWSxCOLS", value_parser = grid)]
    pub(crate) grid: Option<(usize, usize)>,
    /// Order in which counted tiles were taken: row, column, snake-row or snake-column
    #[arg(long, value_name = "ORDER", default_value = "row", value_parser = GridOrder::parse)]
    pub(crate) order: GridOrder,
    /// How the camera's images lie under the stage: none, flip-x, flip-y, rot90, rot180, rot270, transpose or anti-transpose; 'stitch
    /// --preview-orientation' draws them
    #[arg(long, value_name = "NAME", value_parser = Orientation::parse)]
    pub(crate) orientation: Option<Orientation>,
}

impl Choice {
    pub(crate) fn options(&self, spacing: Option<Vec<f64>>, skip_missing: bool) -> LayoutOptions {
        LayoutOptions {
            pattern: self.pattern.clone(),
            overlap: self.overlap.clone(),
            grid: self.grid,
            order: self.order,
            orientation: self.orientation,
            spacing,
            skip_missing,
        }
    }
}

/// Which tiles, and how they become a mosaic.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Tiles")]
pub(crate) struct Tiles {
    /// Tiles and their places: JSON, CSV, TileConfiguration.txt, .HTD, .companion.ome, Micro-Manager's metadata.txt or .pos, or a folder, with
    /// --pattern where its files do not say where they lie
    #[arg(value_name = "LAYOUT")]
    pub(crate) layout: PathBuf,
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Size of a sample: one number, or one per space axis, by comma
    #[arg(long, value_name = "SIZES", value_delimiter = ',')]
    pub(crate) spacing: Option<Vec<f64>>,
    /// Leave out tiles that are missing or cannot be read, and name them
    #[arg(long)]
    pub(crate) skip_missing: bool,
    /// Samples that several tiles show: linear (weights fall towards a tile's border), content (and count by contrast), mean, max or first
    #[arg(long, value_name = "HOW", default_value = "linear")]
    pub(crate) blend: String,
    /// Values between samples: linear, nearest (tiles at whole samples, quickest) or cubic
    #[arg(long, value_name = "HOW", default_value = "linear")]
    pub(crate) interpolation: String,
    /// Image of even light by which tiles are divided, or auto: as the tiles themselves tell
    #[arg(long, value_name = "IMAGE")]
    pub(crate) flatfield: Option<String>,
    /// Image without light, subtracted from tiles
    #[arg(long, value_name = "IMAGE")]
    pub(crate) darkfield: Option<String>,
    /// Give every tile a gain so that overlapping ones are equally bright
    #[arg(long)]
    pub(crate) balance: bool,
}

fn grid(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once(['x', 'X', ',']);
    let pair = parts.and_then(|(r, c)| Some((r.trim().parse().ok()?, c.trim().parse().ok()?)));
    pair.filter(|(r, c)| *r > 0 && *c > 0).ok_or_else(|| "rows and columns, such as 5x4".to_owned())
}

impl Tiles {
    pub(crate) fn open(&self) -> Result<Layout> {
        let options = self.choice.options(self.spacing.clone(), self.skip_missing);
        Ok(open_layout(&self.layout, &options)?)
    }

    /// How the tiles become a mosaic that is written to `out`: colours of an OME-Zarr are an axis before y and x.
    pub(crate) fn fusing(&self, out: &Path) -> FuseOptions {
        let ending = out.extension().map(|e| e.to_string_lossy().to_lowercase());
        FuseOptions {
            blend: self.blend.clone(),
            interpolation: self.interpolation.clone(),
            skip_missing: self.skip_missing,
            flatfield: self.flatfield.clone(),
            darkfield: self.darkfield.clone(),
            balance: self.balance,
            channels_first: ending.as_deref() == Some("zarr"),
        }
    }
}
