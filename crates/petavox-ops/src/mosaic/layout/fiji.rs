//! Fiji's `TileConfiguration.txt`.

use super::{Layout, Tile, beside, text::number};
use petavox_core::{Error, Result};
use std::path::Path;

/// Reads lines of `name; series; (x, y, z)`, positions in samples.
pub(super) fn read(path: &Path, text: &str) -> Result<Layout> {
    let mut layout = Layout::default();
    (layout.format, layout.in_samples) = ("TileConfiguration".into(), true);
    let mut dim = None;
    let mut several = false;
    for (i, line) in text.lines().enumerate() {
        let (line, at) = (line.trim(), i + 1);
        let wrong = |problem: &str| Error::corrupt(path, Some(format!("line {at}")), problem);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some((key, value)) = line.split_once('=').filter(|_| !line.contains(';')) {
            match key.trim() {
                "dim" => {
                    let n: usize = value.trim().parse().unwrap_or(0);
                    if !(1..=3).contains(&n) {
                        return Err(wrong("dim is 2 or 3"));
                    }
                    dim = Some(n);
                }
                "multiseries" => several = value.trim().eq_ignore_ascii_case("true"),
                _ => {}
            }
            continue;
        }
        let parts: Vec<&str> = line.split(';').collect();
        let [name, series, position] = parts[..] else {
            return Err(wrong("expected name; ; (x, y)"));
        };
        // The first series of a file is what is read of it anyway.
        if several && !matches!(series.trim(), "" | "0") {
            return Err(wrong(&format!(
                "{}: series {} of a file with several, of which the first is read only; write every series to a file of its own \
                 (bfconvert does: IN tile_%s.ome.tif) and name these, without multiseries",
                name.trim(),
                series.trim()
            )));
        }
        let inside = position.trim().strip_prefix('(').and_then(|p| p.strip_suffix(')'));
        let inside = inside.ok_or_else(|| wrong("expected a position in brackets, (x, y)"))?;
        let mut numbers: Vec<f64> =
            inside.split(',').map(|n| number(n, path, at)).collect::<Result<_>>()?;
        if !(1..=3).contains(&numbers.len()) || dim.is_some_and(|d| d != numbers.len()) {
            return Err(wrong(&format!(
                "{} numbers, dim says {}",
                numbers.len(),
                dim.unwrap_or(2)
            )));
        }
        numbers.reverse();
        layout.tiles.push(Tile {
            path: beside(path, name.trim()),
            position: Some(numbers),
            ..Tile::default()
        });
    }
    Ok(layout)
}
