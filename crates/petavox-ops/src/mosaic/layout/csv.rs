//! Tables of stage positions.

use super::text::{number, unit};
use super::{Layout, LayoutOptions, Tile, beside};
use petavox_core::{Error, Result};
use std::path::Path;

const NAMES: [&str; 8] =
    ["path", "file", "filename", "file_name", "name", "tile", "image", "index"];

/// What a column holds.
enum Column {
    Name,
    /// Place in z, y, x.
    Position(usize),
    Channel,
    Cycle,
    Row,
    Col,
    Gain,
    Offset,
    Mask,
    Other,
}

/// Reads a table with a header: a column of names, and `y`, `x` (and `z`), with a unit behind an underscore: `x_um`, `y_px`. Columns called
/// `axis0`, `axis1` are the tiles' axes in order.
pub(super) fn read(path: &Path, text: &str, options: &LayoutOptions) -> Result<Layout> {
    let delimiter = if text.lines().next().unwrap_or("").contains('\t') { b'\t' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .comment(Some(b'#'))
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let wrong = |e: csv::Error| Error::corrupt(path, None, e);
    let header = reader.headers().map_err(wrong)?.clone();
    let n_axes = header.iter().filter(|h| h.to_lowercase().starts_with("axis")).count();
    let mut in_samples = false;
    let mut factor = None;
    let mut columns = Vec::new();
    for name in &header {
        let name = name.to_lowercase();
        let (stem, suffix) = match name.rsplit_once('_').map(|(s, u)| (s, unit(u))) {
            Some((stem, Some(unit))) => (stem.to_owned(), Some(unit)),
            _ => (name.clone(), None),
        };
        let axis = stem.rsplit('_').next().unwrap_or("");
        let place = match axis {
            "z" => Some(0),
            "y" => Some(1),
            "x" => Some(2),
            _ => match axis.strip_prefix("axis").and_then(|k| k.parse::<usize>().ok()) {
                Some(k) if k < n_axes && n_axes <= 3 => Some(3 - n_axes + k),
                _ => None,
            },
        };
        if place.is_some() {
            match suffix {
                Some(None) => in_samples = true,
                Some(Some(f)) => factor = Some(f),
                None => {}
            }
        }
        columns.push(match (place, name.as_str()) {
            (Some(p), _) => Column::Position(p),
            (_, "channel") => Column::Channel,
            (_, "cycle") => Column::Cycle,
            (_, "row") => Column::Row,
            (_, "col" | "column") => Column::Col,
            (_, "gain") => Column::Gain,
            (_, "offset") => Column::Offset,
            (_, "mask") => Column::Mask,
            (_, n) if NAMES.contains(&n) => Column::Name,
            _ => Column::Other,
        });
    }
    let has = |p: usize| columns.iter().any(|c| matches!(c, Column::Position(q) if *q == p));
    if !has(1) || !has(2) {
        let given = header.iter().collect::<Vec<_>>().join(", ");
        let problem =
            format!("columns {given}; expected a column of names, and y and x (y_px, x_um ..)");
        return Err(Error::corrupt(path, Some("header".into()), problem));
    }
    let first = if has(0) { 0 } else { 1 };
    let mut layout = Layout { format: "CSV".into(), ..Layout::default() };
    layout.in_samples = in_samples;
    layout.unit = factor.map(|_| "micrometer".to_owned());
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let line = record.position().map_or(0, |p| p.line() as usize);
        let mut tile = Tile::default();
        let mut position = [0.0; 3];
        let whole =
            |text: &str| -> Result<usize> { Ok(number(text, path, line)?.max(0.0) as usize) };
        let mut name = String::new();
        let (mut row, mut col) = (None, None);
        for (column, text) in columns.iter().zip(&record) {
            match column {
                Column::Name if name.is_empty() => name = text.to_owned(),
                Column::Position(p) => {
                    position[*p] = number(text, path, line)? * factor.unwrap_or(1.0);
                }
                Column::Channel => tile.channel = Some(whole(text)?),
                Column::Cycle => tile.cycle = Some(whole(text)?),
                Column::Row => row = Some(number(text, path, line)? as i64),
                Column::Col => col = Some(number(text, path, line)? as i64),
                Column::Gain => tile.gain = Some(number(text, path, line)?),
                Column::Offset => tile.offset = Some(number(text, path, line)?),
                Column::Mask if !text.is_empty() => tile.mask = Some(beside(path, text)),
                _ => {}
            }
        }
        tile.grid = row.zip(col);
        if name.is_empty() {
            let problem = "no name of a tile";
            return Err(Error::corrupt(path, Some(format!("line {line}")), problem));
        }
        tile.path = file_of(path, &name, options);
        tile.position = Some(position[first..].to_vec());
        layout.tiles.push(tile);
    }
    Ok(layout)
}

/// The file of a tile: by the pattern, if there is one, else of that name, else of that name with any ending.
pub(super) fn file_of(layout: &Path, name: &str, options: &LayoutOptions) -> String {
    let plain = match &options.pattern {
        Some(pattern) => beside(layout, &pattern.replace("{index}", name).replace("{name}", name)),
        None => beside(layout, name),
    };
    if Path::new(&plain).exists() {
        return plain;
    }
    [".tif", ".tiff", ".ome.tif", ".zarr", ".png", ".npy"]
        .iter()
        .map(|ending| format!("{plain}{ending}"))
        .find(|p| Path::new(p).exists())
        .unwrap_or(plain)
}
