//! Images that know themselves where they lie: OME-TIFF with the places of its planes, OME-Zarr with a translation.

use super::pattern::fits;
use super::{Layout, Tile};
use petavox_core::{Error, Result};
use petavox_store::OpenOptions;
use std::path::Path;

/// The images of a folder whose names fit the pattern, where their files say they lie.
pub(super) fn read(folder: &Path, pattern: &str) -> Result<Layout> {
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder, "read", e))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(|e| Error::io(folder, "read", e))?.file_name();
        let name = name.to_string_lossy().into_owned();
        if !name.starts_with('.') && fits(pattern, &name) {
            names.push(name);
        }
    }
    names.sort_by_key(|name| natural(name));
    let mut layout = Layout { format: "images with places".into(), ..Layout::default() };
    for name in names {
        let path = folder.join(&name).to_string_lossy().into_owned();
        let spec = match petavox_store::open(&path, &OpenOptions::default()) {
            Ok(source) => source.spec().clone(),
            // What is no image is no tile; what is a damaged one is told when it is missed.
            Err(Error::Unsupported { .. }) => continue,
            Err(e) => return Err(e),
        };
        let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
        layout.unit = layout.unit.or_else(|| spec.spacing.unit.clone());
        layout.tiles.push(Tile {
            path,
            position: Some(spatial.iter().map(|&a| spec.origin[a]).collect()),
            spacing: Some(spatial.iter().map(|&a| spec.spacing.values[a]).collect()),
            ..Tile::default()
        });
    }
    let first = layout.tiles.first().and_then(|t| t.position.clone());
    if layout.tiles.len() > 1 && layout.tiles.iter().all(|t| t.position == first) {
        let expected = "images that say where they lie (OME-TIFF with the positions of its planes), a layout's file, or \
                        --pattern \"tile_{row}_{col}.tif\" --overlap 0.1";
        return Err(Error::unsupported(folder, "a folder of images without positions", expected));
    }
    Ok(layout)
}

/// A key that sorts numbers in names by their value.
pub(super) fn natural(name: &str) -> Vec<(u64, String)> {
    let mut out = vec![(0, String::new())];
    let mut digits = String::new();
    for c in name.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        if !digits.is_empty() {
            out.push((digits.parse().unwrap_or(u64::MAX), String::new()));
            digits.clear();
        }
        if let Some(last) = out.last_mut() {
            last.1.push(c);
        }
    }
    out
}
