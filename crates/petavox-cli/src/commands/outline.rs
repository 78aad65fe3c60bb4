//! What a layout is, and a drawing of its tiles.

use super::output::shape_text;
use crate::report::Report;
use anyhow::Result;
use petavox::explain::bytes_text;
use petavox::mosaic::{FuseOptions, LayoutOptions, fuse, holds_layout, open_layout};
use petavox::{Error, Region};
use std::fmt::Write;
use std::path::Path;

/// Columns of a drawing.
const WIDTH: usize = 76;
const MOST_LINES: usize = 44;

/// True if a path is a layout: a file by its name, a folder that holds one or whose tiles are named by a pattern.
pub(super) fn is_layout(path: &str, pattern: Option<&str>) -> bool {
    let path = Path::new(path);
    if path.is_dir() {
        return pattern.is_some() || holds_layout(path);
    }
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("json" | "csv" | "tsv" | "txt" | "htd" | "pos" | "ome"))
        && path.is_file()
}

/// Tells of a layout.
pub(super) fn run(path: &str, options: &LayoutOptions) -> Result<Report> {
    let layout = open_layout(Path::new(path), options)?;
    let how = FuseOptions {
        interpolation: "nearest".into(),
        skip_missing: true,
        ..FuseOptions::default()
    };
    let (image, mosaic) = fuse(&layout, None, &how)?;
    let spec = image.spec();
    let tiles = mosaic.tiles.outlines();
    let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
    let [.., y, x] = spatial[..] else {
        return Err(Error::argument("layout", spec.axes.as_str(), "tiles with axes y and x").into());
    };
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<10}{value}");
    };
    line("path", path.to_owned());
    line("format", format!("layout, {}", layout.format));
    line("tiles", format!("{}, {}", tiles.len(), bytes_text(mosaic.tiles.bytes())));
    line("mosaic", format!("{} ({}) {}", shape_text(&spec.shape), spec.axes, spec.dtype));
    for note in &mosaic.tiles.notes {
        line("note", note.clone());
    }
    let boxes: Vec<Region> = tiles.iter().map(|(_, r)| r.clone()).collect();
    text.push('\n');
    text.push_str(&drawing(&boxes, y, x, spec.shape[y], spec.shape[x]));
    let outlines: Vec<serde_json::Value> = tiles
        .iter()
        .map(
            |(name, r)| serde_json::json!({ "path": name, "start": r.start(), "shape": r.shape() }),
        )
        .collect();
    let results = serde_json::json!({
        "format": layout.format, "n_tiles": tiles.len(), "shape": spec.shape, "axes": spec.axes, "dtype": spec.dtype,
        "spacing": spec.spacing.values, "unit": spec.spacing.unit, "origin": spec.origin, "tiles": outlines,
        "notes": mosaic.tiles.notes,
    });
    Ok(Report { text, results, ..Report::default() })
}

/// Outlines of the tiles, and their numbers where there is room.
fn drawing(boxes: &[Region], y: usize, x: usize, height: usize, width: usize) -> String {
    // A character is about twice as high as it is wide.
    let scale =
        (width as f64 / (WIDTH - 1) as f64).max(height as f64 / 2.0 / MOST_LINES as f64).max(1e-9);
    let column = |v: f64| ((v / scale).round() as usize).min(WIDTH);
    let row = |v: f64| (v / scale / 2.0).round() as usize;
    let mut lines = vec![vec![' '; column(width as f64) + 1]; row(height as f64) + 1];
    for region in boxes {
        let (top, bottom) = (row(region.start()[y] as f64), row(region.end(y) as f64));
        let (left, right) = (column(region.start()[x] as f64), column(region.end(x) as f64));
        let mut put = |r: usize, c: usize, new: char| {
            if let Some(cell) = lines.get_mut(r).and_then(|l| l.get_mut(c)) {
                *cell = match (*cell, new) {
                    (' ', new) => new,
                    (old, new) if old == new => old,
                    _ => '+',
                };
            }
        };
        for c in left..=right {
            put(top, c, '-');
            put(bottom, c, '-');
        }
        for r in top..=bottom {
            put(r, left, '|');
            put(r, right, '|');
        }
    }
    for (number, region) in boxes.iter().enumerate() {
        let middle = |axis: usize| (region.start()[axis] + region.end(axis)) as f64 / 2.0;
        let (r, text) = (row(middle(y)), number.to_string());
        let first = column(middle(x)).saturating_sub(text.len() / 2);
        let free = |c: usize| lines.get(r).and_then(|l| l.get(c)).is_some_and(|v| *v == ' ');
        if (first..first + text.len()).all(free) {
            text.chars().enumerate().for_each(|(i, d)| lines[r][first + i] = d);
        }
    }
    let row_text = |l: Vec<char>| l.into_iter().collect::<String>().trim_end().to_owned() + "\n";
    lines.into_iter().map(row_text).collect()
}
