//! Which tiles there are, and where they are said to lie.

mod csv;
mod fiji;
mod json;
mod origins;
mod pattern;
mod text;

use petavox_core::{Error, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

pub use pattern::GridOrder;

/// A tile as a layout names it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tile {
    /// The image; relative to the layout's file where it is relative.
    pub path: String,
    /// Of the first sample's centre, per space axis (z, y, x), in physical units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Vec<f64>>,
    /// From the tile's samples, counted in physical units from the first one's centre, to the world: a row per space axis, the offset as
    /// the last column; a last row of zeros and a one may follow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affine: Option<Vec<Vec<f64>>>,
    /// Physical size of a sample per space axis; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<Vec<f64>>,
    /// The channel of the mosaic that the tile is part of, for tiles that have one channel each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<usize>,
    /// An image of the tile's shape that is 0 where the tile does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mask: Option<String>,
    /// Row and column in the grid of tiles, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<(i64, i64)>,
    /// Which time the grid was imaged, for grids that were imaged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cycle: Option<usize>,
    /// Samples are multiplied by this before the offset is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Added to samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
}

/// Tiles and where they are said to lie.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// The tiles; of samples that several show, `first` takes those of the one that comes first.
    pub tiles: Vec<Tile>,
    /// Unit of positions and spacings, as OME-Zarr spells it (`micrometer`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Positions count samples, whatever their size.
    #[serde(skip)]
    pub in_samples: bool,
    /// Which kind of layout it was read from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub format: String,
    /// What was odd and tolerated, and which tiles were left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// What a layout does not say by itself.
#[derive(Clone, Debug, Default)]
pub struct LayoutOptions {
    /// Names of the tiles in a folder: `{row}`, `{col}` and `{index}` stand for numbers, `*` for anything.
    pub pattern: Option<String>,
    /// The part of a tile that it shares with the next one: of all space axes, or per space axis.
    pub overlap: Option<Vec<f64>>,
    /// Rows and columns, for tiles that are only counted.
    pub grid: Option<(usize, usize)>,
    /// In which order tiles that are only counted were taken.
    pub order: GridOrder,
    /// Physical size of a sample per space axis, or one for all; better known than by the layout.
    pub spacing: Option<Vec<f64>>,
    /// Leave out tiles that are missing or cannot be read, and say so.
    pub skip_missing: bool,
}

/// Reads a layout: JSON, CSV, Fiji's `TileConfiguration.txt`, or a folder with a pattern.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Corrupt`] that names the line, [`Error::Unsupported`] with what is read.
pub fn open_layout(path: &Path, options: &LayoutOptions) -> Result<Layout> {
    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
    let mut layout = match meta.is_dir() {
        true => folder(path, options)?,
        false => file(path, meta.len(), options)?,
    };
    if let Some(spacing) = &options.spacing {
        if spacing.is_empty() || spacing.len() > 3 {
            let expected = "one number, or one per space axis (z, y, x)";
            return Err(Error::argument("spacing", format!("{spacing:?}"), expected));
        }
        for tile in &mut layout.tiles {
            tile.spacing = Some(spacing.clone());
            // The last numbers are those of y and x, whether or not there is a z.
            let n = tile.position.as_ref().map_or(0, Vec::len);
            for (a, p) in tile.position.iter_mut().flatten().enumerate() {
                let k = (spacing.len() + a).saturating_sub(n).min(spacing.len() - 1);
                *p *= if layout.in_samples { spacing[k] } else { 1.0 };
            }
        }
    }
    if layout.tiles.is_empty() {
        return Err(Error::corrupt(path, None, "it names no tile"));
    }
    Ok(layout)
}

fn folder(path: &Path, options: &LayoutOptions) -> Result<Layout> {
    match &options.pattern {
        Some(pattern) if pattern.contains('{') => return pattern::read(path, options),
        Some(pattern) => return origins::read(path, pattern),
        None => {}
    }
    let known = ["positions.json", "TileConfiguration.registered.txt", "TileConfiguration.txt"];
    match known.iter().map(|n| path.join(n)).find(|p| p.is_file()) {
        Some(found) => open_layout(&found, &LayoutOptions { spacing: None, ..options.clone() }),
        None => origins::read(path, "*"),
    }
}

fn file(path: &Path, bytes: u64, options: &LayoutOptions) -> Result<Layout> {
    const MOST: u64 = 1 << 30;
    if bytes > MOST {
        return Err(Error::corrupt(path, None, "a layout of more than 1 GiB"));
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    let text = || {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "read", e))?;
        Ok::<String, Error>(String::from_utf8_lossy(&bytes).into_owned())
    };
    match ending.as_str() {
        "json" => json::read(path, &text()?),
        "csv" | "tsv" => csv::read(path, &text()?, options),
        "txt" => fiji::read(path, &text()?),
        _ => Err(Error::unsupported(
            path,
            "this kind of layout",
            "these are read: .json, .csv, TileConfiguration.txt, a folder with --pattern",
        )),
    }
}

/// A tile's path as it can be opened, from one that may be relative to the layout's file.
fn beside(layout: &Path, name: &str) -> String {
    let folder = layout.parent().map(Path::to_path_buf).unwrap_or_default();
    let path: PathBuf = folder.join(name);
    path.to_string_lossy().into_owned()
}
