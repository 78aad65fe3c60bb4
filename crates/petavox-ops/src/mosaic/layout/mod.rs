//! Which tiles there are, and where they are said to lie.

mod checked;
mod companion;
mod csv;
mod fiji;
mod htd;
mod json;
mod micromanager;
mod origins;
mod pattern;
mod text;

use super::orient::Orientation;
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
    /// How the camera's image lies under the stage; everything else is said of the tile as it lies there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orientation: Option<Orientation>,
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
    /// How the camera's images lie under the stage, for all tiles.
    pub orientation: Option<Orientation>,
    /// Leave out tiles that are missing or cannot be read, and say so.
    pub skip_missing: bool,
}

/// Reads a layout: JSON, CSV, Fiji's `TileConfiguration.txt`, a plate of ImageXpress, Micro-Manager's metadata and positions, OME-XML
/// beside its images, or a folder with a pattern.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Corrupt`] that names the line, [`Error::Unsupported`] with what is read.
pub fn open_layout(path: &Path, options: &LayoutOptions) -> Result<Layout> {
    let meta = std::fs::metadata(path).map_err(|e| Error::io(path, "open", e))?;
    if meta.is_dir()
        && let Some(found) = inside(path, options)?
    {
        return open_layout(&found, options);
    }
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
    checked::checked(path, &mut layout, options.skip_missing)?;
    if options.orientation.is_some() {
        layout.tiles.iter_mut().for_each(|t| t.orientation = options.orientation);
    }
    if layout.tiles.is_empty() {
        return Err(Error::corrupt(path, None, "it names no tile"));
    }
    Ok(layout)
}

fn folder(path: &Path, options: &LayoutOptions) -> Result<Layout> {
    match &options.pattern {
        Some(pattern) if pattern.contains('{') => pattern::read(path, options),
        Some(pattern) => origins::read(path, pattern),
        None => match micromanager::metadata_of(path) {
            found if found.is_empty() => origins::read(path, "*"),
            found => micromanager::read(&found, options),
        },
    }
}

/// The file of a folder that says where its tiles lie, if there is one.
fn inside(folder: &Path, options: &LayoutOptions) -> Result<Option<PathBuf>> {
    match &options.pattern {
        Some(pattern) if pattern.contains('{') => return Ok(None),
        // A part of a plate.
        Some(_) => return only(folder, ".htd"),
        None => {}
    }
    let known = ["positions.json", "TileConfiguration.registered.txt", "TileConfiguration.txt"];
    if let Some(found) = known.iter().map(|n| folder.join(n)).find(|p| p.is_file()) {
        return Ok(Some(found));
    }
    Ok(only(folder, ".htd")?.or(only(folder, ".companion.ome")?))
}

/// True if a folder says by a file in it where tiles lie.
pub fn holds_layout(folder: &Path) -> bool {
    // Several plates in a folder are an error that names them, and so a layout.
    inside(folder, &LayoutOptions::default()).map_or(true, |found| found.is_some())
}

/// The file of a folder that has this ending, if there is one.
fn only(folder: &Path, ending: &str) -> Result<Option<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder, "read", e))?;
    let mut found: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_file() && p.to_string_lossy().to_lowercase().ends_with(ending))
        .collect();
    found.sort();
    match found.len() {
        0 | 1 => Ok(found.pop()),
        n => {
            let problem = format!("{n} files *{ending}");
            Err(Error::unsupported(folder, problem, "one of them by its own name"))
        }
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
        "txt" => match text()? {
            text if text.trim_start().starts_with('{') => {
                micromanager::read(&[path.to_path_buf()], options)
            }
            text => fiji::read(path, &text),
        },
        "pos" => micromanager::read_positions(path, &text()?, options),
        "htd" => htd::read(path, &text()?, options),
        "ome" => companion::read(path, options),
        _ => Err(Error::unsupported(
            path,
            "this kind of layout",
            "these are read: .json, .csv, TileConfiguration.txt, .HTD, .companion.ome, Micro-Manager's metadata.txt and .pos, a folder, a folder \
             with --pattern",
        )),
    }
}

/// A tile's path as it can be opened, from one that may be relative to the layout's file.
fn beside(layout: &Path, name: &str) -> String {
    let folder = layout.parent().map(Path::to_path_buf).unwrap_or_default();
    let path: PathBuf = folder.join(name);
    path.to_string_lossy().into_owned()
}
