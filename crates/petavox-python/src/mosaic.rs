//! Mosaics: layouts and options come as JSON, tiles as lazy images of sources.

use crate::errors::exception;
use crate::held::Held;
use crate::image::LazyImage;
use crate::run::run;
use crate::settings::Settings;
use petavox::Error;
use petavox::mosaic::{
    FuseOptions, Given, Layout, LayoutOptions, Orientation, OrientationSeen, StitchOptions, fuse,
    open_layout, orientations, source_of, stitch,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;

fn parsed<'a, T: serde::Deserialize<'a>>(what: &str, json: &'a str) -> PyResult<T> {
    serde_json::from_str(json).map_err(|e| PyValueError::new_err(format!("{what}: {e}")))
}

/// The sources of tiles that are given as images, and the objects they need.
fn sources(
    tiles: &[PyRef<'_, LazyImage>],
    masks: &[Option<PyRef<'_, LazyImage>>],
) -> PyResult<(Option<Given>, Held)> {
    let mut held = Held::default();
    let mut given = Given::default();
    let mut source = |what: &str, i: usize, image: &PyRef<'_, LazyImage>| {
        held = std::mem::take(&mut held).with(&image.held);
        source_of(&image.image).ok_or_else(|| {
            let expected = "arrays, or images as they were opened; save or compute others first";
            exception(Error::argument(what, format!("number {i}, which is computed"), expected))
        })
    };
    for (i, tile) in tiles.iter().enumerate() {
        given.tiles.push(source("tiles", i, tile)?);
    }
    for (i, mask) in masks.iter().enumerate() {
        let mask = mask.as_ref().map(|m| source("masks", i, m));
        given.masks.push(mask.transpose()?);
    }
    let is_something = !(given.tiles.is_empty() && given.masks.is_empty());
    Ok((is_something.then_some(given), held))
}

/// Reads a layout's file; what comes back is JSON.
#[pyfunction]
#[pyo3(signature = (path, spacing=None, pattern=None, overlap=None, orientation=None, skip_missing=false))]
pub(crate) fn read_layout(
    path: PathBuf,
    spacing: Option<Vec<f64>>,
    pattern: Option<String>,
    overlap: Option<Vec<f64>>,
    orientation: Option<&str>,
    skip_missing: bool,
) -> PyResult<String> {
    let orientation = orientation.map(Orientation::parse).transpose().map_err(exception)?;
    let options = LayoutOptions {
        spacing,
        pattern,
        overlap,
        orientation,
        skip_missing,
        ..LayoutOptions::default()
    };
    let layout = open_layout(&path, &options).map_err(exception)?;
    serde_json::to_string(&layout).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// The mosaic of a layout (JSON), or of images that stand for its tiles, as a lazy image.
#[pyfunction]
pub(crate) fn fuse_tiles(
    py: Python<'_>,
    layout: &str,
    tiles: Vec<PyRef<'_, LazyImage>>,
    masks: Vec<Option<PyRef<'_, LazyImage>>>,
    options: &str,
) -> PyResult<LazyImage> {
    let layout: Layout = parsed("layout", layout)?;
    let options: FuseOptions = parsed("options", options)?;
    let (given, held) = sources(&tiles, &masks)?;
    let made = py.detach(|| fuse(&layout, given.as_ref(), &options));
    Ok(LazyImage { image: made.map_err(exception)?.0, held })
}

/// Finds where tiles lie; what is found comes back as JSON.
#[pyfunction]
pub(crate) fn stitch_tiles(
    py: Python<'_>,
    layout: &str,
    tiles: Vec<PyRef<'_, LazyImage>>,
    masks: Vec<Option<PyRef<'_, LazyImage>>>,
    options: &str,
    settings: Settings,
) -> PyResult<String> {
    let layout: Layout = parsed("layout", layout)?;
    let options: StitchOptions = parsed("options", options)?;
    let (given, _held) = sources(&tiles, &masks)?;
    let found = run(py, &settings, |run| stitch(&layout, given.as_ref(), &options, run))?;
    serde_json::to_string(&found).map_err(|e| PyValueError::new_err(e.to_string()))
}

/// A way in which the camera may be mounted: its name, how well overlaps agree, pairs that were compared, and a picture.
type Way = (String, f64, usize, [usize; 2], Vec<u8>);

/// The eight ways in which the camera may be mounted, best first.
#[pyfunction]
pub(crate) fn orientations_of(
    py: Python<'_>,
    layout: &str,
    tiles: Vec<PyRef<'_, LazyImage>>,
    skip_missing: bool,
    settings: Settings,
) -> PyResult<Vec<Way>> {
    let layout: Layout = parsed("layout", layout)?;
    let (given, _held) = sources(&tiles, &[])?;
    let seen = run(py, &settings, |run| orientations(&layout, given.as_ref(), skip_missing, run))?;
    let way = |s: OrientationSeen| {
        (s.orientation.name().to_owned(), s.agreement, s.n_pairs, s.picture.0, s.picture.1)
    };
    Ok(seen.0.into_iter().map(way).collect())
}
