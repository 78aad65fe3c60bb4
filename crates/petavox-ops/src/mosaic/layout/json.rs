//! Petavox' own layouts, `positions.json` among them.

use super::{Layout, beside};
use petavox_core::{Error, Result};
use std::path::Path;

/// Reads `{"tiles": [{"path": .., "position": [..] | "affine": [[..]], ..}]}`.
pub(super) fn read(path: &Path, text: &str) -> Result<Layout> {
    let mut layout: Layout = serde_json::from_str(text).map_err(|e| {
        let place = format!("line {}, column {}", e.line(), e.column());
        Error::corrupt(path, Some(place), format!("{e}; expected {{\"tiles\": [..]}}"))
    })?;
    for tile in &mut layout.tiles {
        tile.path = beside(path, &tile.path);
        tile.mask = tile.mask.as_ref().map(|m| beside(path, m));
    }
    layout.notes.clear();
    layout.format = "JSON".into();
    Ok(layout)
}
