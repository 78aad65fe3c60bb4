//! Mosaics: layouts and options come as JSON, tiles as lazy images of sources.

use crate::errors::exception;
use crate::held::Held;
use crate::image::LazyImage;
use crate::run::run;
use crate::settings::Settings;
use petavox::Error;
use petavox::mosaic::{
    FuseOptions, Given, Layout, LayoutOptions, StitchOptions, fuse, open_layout, source_of, stitch,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

fn parsed<'a, T: serde::Deserialize<'a>>(what: &str, json: &'a str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(format!("{what}: {e}")))
}

/// The sources of tiles that are given as images, and the objects they need.
fn sources(tiles: &[PyRef<'_, LazyImage>]) -> PyResult<(Option<Given>, Held)> {
    let mut held = Held::default();
    let mut given = Given::new();
    for (i, tile) in tiles.iter().enumerate() {
        held = held.with(&tile.held);
        given.push(source_of(&tile.image).ok_or_else(|| {
            let expected = "arrays, or images as they were opened; save or compute others first";
            exception(Error::argument("tiles", format!("tile {i}, which is computed"), expected))
        })?);
    }
    Ok(((!given.is_empty()).then_some(given), held))
}

/// Reads a layout's file; what comes back is JSON.
#[pyfunction]
#[pyo3(signature = (path, spacing=None, pattern=None, overlap=None))]
pub(crate) fn read_layout(
    path: PathBuf,
    spacing: Option<Vec<f64>>,
    pattern: Option<String>,
    overlap: Option<Vec<f64>>,
) -> PyResult<String> {
    let options = LayoutOptions { spacing, pattern, overlap, ..LayoutOptions::default() };
    let layout = open_layout(&path, &options).map_err(exception)?;
    serde_json::to_string(&layout).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// The mosaic of a layout (JSON), or of images that stand for its tiles, as a lazy image.
#[pyfunction]
pub(crate) fn fuse_tiles(
    py: Python<'_>,
    layout: &str,
    tiles: Vec<PyRef<'_, LazyImage>>,
    options: &str,
) -> PyResult<LazyImage> {
    let layout: Layout = parsed("layout", layout)?;
    let options: FuseOptions = parsed("options", options)?;
    let (given, held) = sources(&tiles)?;
    let made = py.detach(|| fuse(&layout, given.as_ref(), &options));
    Ok(LazyImage { image: made.map_err(exception)?.0, held })
}

/// Finds where tiles lie; what is found comes back as JSON.
#[pyfunction]
pub(crate) fn stitch_tiles(
    py: Python<'_>,
    layout: &str,
    tiles: Vec<PyRef<'_, LazyImage>>,
    options: &str,
    settings: Settings,
) -> PyResult<String> {
    let layout: Layout = parsed("layout", layout)?;
    let options: StitchOptions = parsed("options", options)?;
    let (given, _held) = sources(&tiles)?;
    let found = run(py, &settings, |run| stitch(&layout, given.as_ref(), &options, run))?;
    serde_json::to_string(&found).map_err(|e| PyValueError::new_err(e.to_string()))
}
