//! Micro-Manager: `metadata.txt` of images in files of their own or in stacks, and position lists (`.pos`).

use super::{Layout, LayoutOptions, Tile, beside, csv::file_of};
use petavox_core::{Error, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// What is said of one plane.
#[derive(Clone, Debug)]
struct Plane {
    file: String,
    position: [f64; 3],
    pixel: f64,
    channel: usize,
    slice: usize,
    time: usize,
}

/// True if a folder holds acquisitions of positions, in folders of their own or as it is.
pub(super) fn metadata_of(folder: &Path) -> Vec<std::path::PathBuf> {
    let own = |folder: &Path| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries
            .map(|e| e.path())
            .filter(|p| {
                p.file_name().is_some_and(|n| n.to_string_lossy().ends_with("metadata.txt"))
            })
            .collect();
        found.sort();
        found
    };
    let found = own(folder);
    if !found.is_empty() {
        return found;
    }
    let mut folders: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    folders.sort_by_key(|p| super::origins::natural(&p.to_string_lossy()));
    folders.iter().flat_map(|f| own(f)).collect()
}

/// Reads the metadata of one position, or of several.
pub(super) fn read(paths: &[std::path::PathBuf], options: &LayoutOptions) -> Result<Layout> {
    let mut layout = Layout { format: "Micro-Manager".into(), ..Layout::default() };
    layout.unit = Some("micrometer".into());
    for path in paths {
        let bytes = std::fs::read(path).map_err(|e| Error::io(path, "read", e))?;
        let text = String::from_utf8_lossy(&bytes);
        position(path, &text, options, &mut layout)?;
    }
    // What all have the same need not be told apart.
    if layout.tiles.iter().all(|t| t.channel == Some(0)) {
        layout.tiles.iter_mut().for_each(|t| t.channel = None);
    }
    Ok(layout)
}

fn position(path: &Path, text: &str, options: &LayoutOptions, layout: &mut Layout) -> Result<()> {
    let wrong = |e: &dyn std::fmt::Display| {
        Error::corrupt(path, None, format!("{e}; expected Micro-Manager's metadata"))
    };
    // An acquisition that was stopped lacks the last bracket.
    let parsed: Value = match serde_json::from_str(text) {
        Ok(parsed) => parsed,
        Err(e) if e.is_eof() => {
            let closed = format!("{}\n}}", text.trim_end().trim_end_matches(','));
            layout.notes.push(format!(
                "{}: it ends early, as of an acquisition that was stopped",
                path.display()
            ));
            serde_json::from_str(&closed).map_err(|_| wrong(&e))?
        }
        Err(e) => return Err(wrong(&e)),
    };
    let all = parsed.as_object().ok_or_else(|| wrong(&"no object"))?;
    let summary = all.get("Summary").and_then(Value::as_object);
    let planes = planes(path, all)?;
    let first = planes.first().ok_or_else(|| wrong(&"no image"))?.time;
    let n_times = planes.iter().map(|p| p.time).collect::<std::collections::BTreeSet<_>>().len();
    let mut files: BTreeMap<&str, Vec<&Plane>> = BTreeMap::new();
    planes.iter().for_each(|p| files.entry(&p.file).or_default().push(p));
    let are_stacks = files.values().any(|p| p.len() > 1);
    if n_times > 1 && !are_stacks {
        layout.notes.push(format!("{}: of {n_times} times the first is taken", path.display()));
    }
    let step = summary.and_then(|s| real(s, &["z-step_um", "zStepUm"])).map_or(1.0, f64::abs);
    let step = if step > 0.0 { step } else { 1.0 };
    let mut add = |name: &str,
                   plane: &Plane,
                   channel: Option<usize>,
                   is_deep: bool|
     -> Result<()> {
        let [z, y, x] = plane.position;
        let pixel = match (&options.spacing, plane.pixel) {
            (None, pixel) if pixel <= 0.0 => {
                let problem = format!(
                    "{name}: the size of a pixel is {pixel}, as of a microscope that was not calibrated; give --spacing in micrometres"
                );
                return Err(Error::corrupt(path, None, problem));
            }
            (_, pixel) => {
                if pixel > 0.0 {
                    pixel
                } else {
                    1.0
                }
            }
        };
        let (position, spacing) = match is_deep {
            true => (vec![z, y, x], vec![step, pixel, pixel]),
            false => (vec![y, x], vec![pixel, pixel]),
        };
        layout.tiles.push(Tile {
            path: beside(path, name),
            position: Some(position),
            spacing: Some(spacing),
            channel,
            ..Tile::default()
        });
        Ok(())
    };
    if are_stacks {
        for (name, planes) in files {
            let low = planes.iter().min_by_key(|p| (p.time, p.slice, p.channel));
            let is_deep = planes.iter().any(|p| p.slice != planes[0].slice);
            low.map_or(Ok(()), |p| add(name, p, None, is_deep))?;
        }
        return Ok(());
    }
    // Files of one plane each: the slices of a channel are one tile.
    let mut channels: BTreeMap<usize, Vec<&Plane>> = BTreeMap::new();
    planes
        .iter()
        .filter(|p| p.time == first)
        .for_each(|p| channels.entry(p.channel).or_default().push(p));
    for (channel, mut planes) in channels {
        planes.sort_by_key(|p| p.slice);
        if let Some(pair) = planes.windows(2).find(|w| w[0].slice == w[1].slice) {
            let problem = format!("{} and {} are the same plane", pair[0].file, pair[1].file);
            return Err(Error::corrupt(path, None, problem));
        }
        let [one] = planes[..] else {
            let name = common(&planes).ok_or_else(|| {
                let problem =
                    format!("names of slices that do not go together, such as {}", planes[0].file);
                Error::corrupt(path, None, problem)
            })?;
            add(&name, planes[0], Some(channel), true)?;
            continue;
        };
        add(&one.file, one, Some(channel), false)?;
    }
    Ok(())
}

/// A glob of the files of some planes: what their names have in common, and a star.
fn common(planes: &[&Plane]) -> Option<String> {
    let first = planes.first()?.file.as_str();
    let same = |other: &str, back: bool| {
        let pairs: Vec<(u8, u8)> = match back {
            false => first.bytes().zip(other.bytes()).collect(),
            true => first.bytes().rev().zip(other.bytes().rev()).collect(),
        };
        pairs.into_iter().take_while(|(a, b)| a == b).count()
    };
    let head = planes.iter().map(|p| same(&p.file, false)).min()?;
    let tail = planes.iter().skip(1).map(|p| same(&p.file, true)).min()?;
    let tail = tail.min(first.len().checked_sub(head)?);
    // Digits that happen to be the same belong to the number.
    let head =
        first[..first.floor_char_boundary(head)].trim_end_matches(|c: char| c.is_ascii_digit());
    let tail = first[first.ceil_char_boundary(first.len() - tail)..]
        .trim_start_matches(|c: char| c.is_ascii_digit());
    let has_glob = |text: &str| text.contains(['*', '?', '[']);
    (!has_glob(head) && !has_glob(tail)).then(|| format!("{head}*{tail}"))
}

fn planes(path: &Path, all: &Map<String, Value>) -> Result<Vec<Plane>> {
    let mut planes = Vec::new();
    for (key, value) in all {
        let Some(fields) = value.as_object() else { continue };
        let (file, coords) = match key.split_once('-') {
            Some(("FrameKey", numbers)) => {
                let numbers: Vec<usize> =
                    numbers.split('-').filter_map(|n| n.parse().ok()).collect();
                (None, numbers)
            }
            Some(("Metadata", file)) => (Some(file.rsplit('/').next().unwrap_or(file)), Vec::new()),
            _ => continue,
        };
        let whole = |names: &[&str], other: usize| {
            // Version 2 keeps the numbers beside the metadata, under a key of the same ending.
            let beside =
                all.get(&key.replacen("Metadata-", "Coords-", 1)).and_then(Value::as_object);
            [Some(fields), beside]
                .into_iter()
                .flatten()
                .find_map(|f| real(f, names))
                .map_or(other, |v| v.max(0.0) as usize)
        };
        let coord = |k: usize| coords.get(k).copied().unwrap_or(0);
        let named = fields
            .get("FileName")
            .and_then(Value::as_str)
            .map(|f| f.rsplit('/').next().unwrap_or(f));
        let Some(file) = named.or(file) else {
            return Err(Error::corrupt(path, Some(key.clone()), "it names no file"));
        };
        let place = |names: &[&str]| {
            real(fields, names).ok_or_else(|| {
                let problem = format!("no {}: where the stage was is not known", names[0]);
                Error::corrupt(path, Some(key.clone()), problem)
            })
        };
        planes.push(Plane {
            file: file.to_owned(),
            position: [
                real(fields, &["ZPositionUm"]).unwrap_or(0.0),
                place(&["YPositionUm"])?,
                place(&["XPositionUm"])?,
            ],
            pixel: real(fields, &["PixelSizeUm", "PixelSize_um"]).unwrap_or(0.0),
            time: whole(&["FrameIndex", "Frame", "time"], coord(0)),
            channel: whole(&["ChannelIndex", "channel"], coord(1)),
            slice: whole(&["SliceIndex", "Slice", "z"], coord(2)),
        });
    }
    Ok(planes)
}

/// A finite number, of the first of these names that there is; numbers may be written as texts.
fn real(fields: &Map<String, Value>, names: &[&str]) -> Option<f64> {
    let value = names.iter().find_map(|n| fields.get(*n).filter(|v| !v.is_null()))?;
    let number = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
    number.is_finite().then_some(number)
}

/// Reads a position list: version 1.4 and the property maps of version 2. The files of positions are named by a pattern, or as these are.
pub(super) fn read_positions(path: &Path, text: &str, options: &LayoutOptions) -> Result<Layout> {
    let parsed: Value = serde_json::from_str(text).map_err(|e| Error::corrupt(path, None, e))?;
    let mut layout = Layout { format: "Micro-Manager positions".into(), ..Layout::default() };
    layout.unit = Some("micrometer".into());
    if options.spacing.is_none() {
        let expected = "--spacing: positions are in micrometres, and the list does not tell the size of a sample";
        return Err(Error::argument("spacing", "nothing", expected));
    }
    let old = parsed.get("POSITIONS").and_then(Value::as_array);
    let new = parsed.pointer("/map/StagePositions/array").and_then(Value::as_array);
    let Some(list) = old.or(new) else {
        return Err(Error::corrupt(
            path,
            None,
            "no POSITIONS and no StagePositions: expected a position list of Micro-Manager",
        ));
    };
    let text_of = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or("").to_owned();
    for (k, entry) in list.iter().enumerate() {
        let at = |problem: &str| Error::corrupt(path, Some(format!("position {}", k + 1)), problem);
        let (label, stage, devices) = match old.is_some() {
            true => (
                text_of(entry.get("LABEL")),
                text_of(entry.get("DEFAULT_XY_STAGE")),
                entry.get("DEVICES").and_then(Value::as_array),
            ),
            false => (
                text_of(entry.pointer("/Label/scalar")),
                text_of(entry.pointer("/DefaultXYStage/scalar")),
                entry.pointer("/DevicePositions/array").and_then(Value::as_array),
            ),
        };
        let places = devices.into_iter().flatten().filter_map(|d| {
            let name = text_of(d.get("DEVICE").or_else(|| d.pointer("/Device/scalar")));
            let number = |v: &Value| v.as_f64().filter(|v| v.is_finite());
            let place = match d.pointer("/Position_um/array").and_then(Value::as_array) {
                Some(numbers) => {
                    let [x, y] = &numbers[..] else { return None };
                    [number(y)?, number(x)?]
                }
                None if d.get("AXES").and_then(Value::as_u64) == Some(2) => {
                    [number(d.get("Y")?)?, number(d.get("X")?)?]
                }
                None => return None,
            };
            Some((name, place))
        });
        let places: Vec<(String, [f64; 2])> = places.collect();
        let place = places.iter().find(|(name, _)| *name == stage).or(places.first());
        let (_, place) = place.ok_or_else(|| at("no place of a stage with x and y"))?;
        let name = if label.is_empty() { format!("Pos{k}") } else { label };
        let row = |a: &str| entry.get(a).and_then(Value::as_i64);
        let row =
            |old: &str, new: &str| row(old).or_else(|| entry.pointer(new).and_then(Value::as_i64));
        layout.tiles.push(Tile {
            path: file_of(path, &name, options),
            position: Some(place.to_vec()),
            grid: row("GRID_ROW", "/GridRow/scalar").zip(row("GRID_COL", "/GridCol/scalar")),
            ..Tile::default()
        });
    }
    Ok(layout)
}
