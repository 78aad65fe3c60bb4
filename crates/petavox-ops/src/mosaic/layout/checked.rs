//! Tiles that are named twice, and tiles that contradict each other.

use super::{Layout, Tile};
use petavox_core::{Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// Refuses a layout that names a tile twice, or leaves out the later one and says so; tells of tiles that lie at one place.
pub(super) fn checked(path: &Path, layout: &mut Layout, skip: bool) -> Result<()> {
    let mut first: HashMap<(String, Option<usize>, Option<usize>), usize> = HashMap::new();
    let mut twice = Vec::new();
    for (k, tile) in layout.tiles.iter().enumerate() {
        let key = (tile.path.clone(), tile.channel, tile.cycle);
        let Some(&before) = first.get(&key) else {
            first.insert(key, k);
            continue;
        };
        let (a, b) = (place(&layout.tiles[before]), place(tile));
        let problem = match a == b {
            true => format!("{} is named twice, at {a} both times", tile.path),
            false => format!("{} is named twice, at {a} and at {b}", tile.path),
        };
        if !skip {
            let hint =
                format!("{problem}; expected every tile once (--skip-missing takes the first)");
            return Err(Error::corrupt(path, Some(format!("tile {k}")), hint));
        }
        layout.notes.push(format!("left out: {problem}"));
        twice.push(k);
    }
    for k in twice.into_iter().rev() {
        layout.tiles.remove(k);
    }
    // Different images of one place, channel and cycle: one of them is wrong, but nobody knows which.
    let mut at: HashMap<(String, Option<usize>, Option<usize>), &Tile> = HashMap::new();
    let mut notes = Vec::new();
    for tile in &layout.tiles {
        if let Some(other) = at.insert((place(tile), tile.channel, tile.cycle), tile) {
            notes.push(format!(
                "{} and {} are said to lie at the same place, {}",
                other.path,
                tile.path,
                place(tile)
            ));
        }
    }
    const TOLD: usize = 10;
    let more = notes.len().saturating_sub(TOLD);
    notes.truncate(TOLD);
    if more > 0 {
        notes.push(format!("and {more} more pairs of tiles at one place"));
    }
    layout.notes.extend(notes);
    Ok(())
}

fn place(tile: &Tile) -> String {
    match (&tile.position, &tile.affine) {
        (Some(position), _) => {
            let numbers: Vec<String> = position.iter().map(f64::to_string).collect();
            format!("({})", numbers.join(", "))
        }
        (None, Some(affine)) => format!("{affine:?}"),
        (None, None) => "no place".into(),
    }
}
