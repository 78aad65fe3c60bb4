//! Tiles of a regular grid in a folder, by their names.

use super::{Layout, LayoutOptions, Tile};
use petavox_core::{Error, Result};
use petavox_store::OpenOptions;
use std::path::Path;

/// In which order the tiles of a grid were taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GridOrder {
    /// Row by row, each from its first column on.
    #[default]
    Row,
    /// Column by column, each from its first row on.
    Column,
    /// Row by row, every other one backwards.
    SnakeRow,
    /// Column by column, every other one backwards.
    SnakeColumn,
}

impl GridOrder {
    /// Parses a name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists the names.
    pub fn parse(name: &str) -> Result<GridOrder> {
        Ok(match name {
            "row" => GridOrder::Row,
            "column" => GridOrder::Column,
            "snake" | "snake-row" => GridOrder::SnakeRow,
            "snake-column" => GridOrder::SnakeColumn,
            _ => {
                let expected = "one of row, column, snake-row, snake-column";
                return Err(Error::argument("order", name, expected));
            }
        })
    }

    /// Row and column of the tile that was taken as number `k` of a grid.
    pub fn place(self, k: usize, rows: usize, cols: usize) -> (usize, usize) {
        let (r, c) = (k / cols.max(1), k % cols.max(1));
        let (q, p) = (k / rows.max(1), k % rows.max(1));
        match self {
            GridOrder::Row => (r, c),
            GridOrder::SnakeRow => (r, if r % 2 == 0 { c } else { cols - 1 - c }),
            GridOrder::Column => (p, q),
            GridOrder::SnakeColumn => (if q % 2 == 0 { p } else { rows - 1 - p }, q),
        }
    }
}

/// The files of a folder whose names fit the pattern, on a grid.
pub(super) fn read(folder: &Path, options: &LayoutOptions) -> Result<Layout> {
    let pattern = options.pattern.as_deref().unwrap_or_default();
    let has = |field: &str| pattern.contains(field);
    if !(has("{row}") && has("{col}") || has("{index}")) {
        let expected =
            "{row} and {col}, or {index}, in the place of numbers: \"tile_{row}_{col}.tif\"";
        return Err(Error::argument("pattern", pattern, expected));
    }
    let entries = std::fs::read_dir(folder).map_err(|e| Error::io(folder, "read", e))?;
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|e| Error::io(folder, "read", e))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(numbers) = fit(pattern, &name) {
            found.push((numbers, name));
        }
    }
    if found.is_empty() {
        let expected = format!("a pattern that fits names in {}", folder.display());
        return Err(Error::argument("pattern", pattern, expected));
    }
    found.sort_by(|a, b| {
        let key = |n: &Numbers| (n.row, n.col, n.index);
        key(&a.0).cmp(&key(&b.0)).then_with(|| a.1.cmp(&b.1))
    });
    let first = found.iter().map(|f| f.0.index).min().unwrap_or(0);
    let counted = found.iter().map(|f| f.0.index - first + 1).max().unwrap_or(0) as usize;
    let (rows, cols) = match options.grid {
        Some((rows, cols)) if !has("{row}") && rows.saturating_mul(cols) < counted => {
            let given = format!("{rows}x{cols}");
            return Err(Error::argument("grid", given, format!("room for {counted} tiles")));
        }
        Some(grid) => grid,
        None if has("{row}") => (0, 0),
        None => {
            let expected = "ROWSxCOLUMNS, such as 5x4: the names only count the tiles";
            return Err(Error::argument("grid", "nothing", expected));
        }
    };
    let row0 = found.iter().map(|f| f.0.row).min().unwrap_or(0);
    let col0 = found.iter().map(|f| f.0.col).min().unwrap_or(0);
    let path_of = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let spec = {
        let opened = found.iter().find_map(|(_, name)| {
            petavox_store::open(&path_of(name), &OpenOptions::default()).ok()
        });
        match opened {
            Some(source) => source.spec().clone(),
            None => {
                petavox_store::open(&path_of(&found[0].1), &OpenOptions::default())?.spec().clone()
            }
        }
    };
    let spatial: Vec<usize> = (0..spec.ndim()).filter(|&a| spec.axes.is_spatial(a)).collect();
    let [.., y, x] = spatial[..] else {
        let expected = "tiles with axes y and x";
        return Err(Error::argument("pattern", format!("tiles of {}", spec.axes), expected));
    };
    let overlap = options.overlap.clone().unwrap_or_else(|| vec![0.0]);
    let bad = overlap.iter().any(|o| !(0.0..1.0).contains(o)) || ![1, 2].contains(&overlap.len());
    if bad {
        let expected = "the part of a tile that it shares with the next, from 0 to less than 1; one number or two (y, x)";
        return Err(Error::argument("overlap", format!("{overlap:?}"), expected));
    }
    let (height, width) = match options.orientation {
        Some(turned) if turned.transposes() => (spec.shape[x], spec.shape[y]),
        _ => (spec.shape[y], spec.shape[x]),
    };
    let step = |extent: usize, o: f64| extent as f64 * (1.0 - o);
    let (dy, dx) = (step(height, overlap[0]), step(width, overlap[overlap.len() - 1]));
    let mut layout = Layout { format: "pattern".into(), in_samples: true, ..Layout::default() };
    for (numbers, name) in found {
        let (row, col) = match has("{row}") {
            true => (numbers.row - row0, numbers.col - col0),
            false => {
                let k = (numbers.index - first) as usize;
                let (r, c) = options.order.place(k, rows, cols);
                (r as i64, c as i64)
            }
        };
        layout.tiles.push(Tile {
            path: path_of(&name),
            position: Some(vec![row as f64 * dy, col as f64 * dx]),
            grid: Some((row, col)),
            ..Tile::default()
        });
    }
    Ok(layout)
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Numbers {
    row: i64,
    col: i64,
    index: i64,
}

/// True if a name fits the pattern.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    fit(pattern, name).is_some()
}

/// The numbers of a name that fits the pattern.
fn fit(pattern: &str, name: &str) -> Option<Numbers> {
    let mut numbers = Numbers::default();
    let fits = walk(pattern, name, &mut numbers);
    fits.then_some(numbers)
}

fn walk(pattern: &str, name: &str, numbers: &mut Numbers) -> bool {
    for field in ["{row}", "{col}", "{index}"] {
        let Some(rest) = pattern.strip_prefix(field) else { continue };
        let digits = name.bytes().take_while(u8::is_ascii_digit).count().min(18);
        // As many digits as there are, fewer where what follows wants some.
        return (1..=digits).rev().any(|n| {
            let Ok(value) = name[..n].parse() else { return false };
            match field {
                "{row}" => numbers.row = value,
                "{col}" => numbers.col = value,
                _ => numbers.index = value,
            }
            walk(rest, &name[n..], numbers)
        });
    }
    let mut letters = pattern.chars();
    match letters.next() {
        None => name.is_empty(),
        Some('*') => {
            let rest = letters.as_str();
            let ends = name.char_indices().map(|(i, _)| i).chain([name.len()]);
            ends.into_iter().any(|i| walk(rest, &name[i..], numbers))
        }
        Some(letter) => match name.strip_prefix(letter) {
            Some(left) => walk(letters.as_str(), left, numbers),
            None => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_their_numbers() {
        let n = |row, col, index| Some(Numbers { row, col, index });
        assert_eq!(fit("tile_{row}_{col}.tif", "tile_03_12.tif"), n(3, 12, 0));
        assert_eq!(fit("t{index}*.tif", "t7_ch0.tif"), n(0, 0, 7));
        assert_eq!(fit("{row}{col}.png", "12.png"), n(1, 2, 0));
        assert_eq!(fit("tile_{row}_{col}.tif", "tile_03_.tif"), None);
    }

    #[test]
    fn snakes_turn_at_the_ends() {
        let places = |order: GridOrder| (0..6).map(|k| order.place(k, 2, 3)).collect::<Vec<_>>();
        assert_eq!(places(GridOrder::Row), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)]);
        assert_eq!(places(GridOrder::SnakeRow), [(0, 0), (0, 1), (0, 2), (1, 2), (1, 1), (1, 0)]);
        assert_eq!(places(GridOrder::Column), [(0, 0), (1, 0), (0, 1), (1, 1), (0, 2), (1, 2)]);
        assert_eq!(
            places(GridOrder::SnakeColumn),
            [(0, 0), (1, 0), (1, 1), (0, 1), (0, 2), (1, 2)]
        );
    }
}
