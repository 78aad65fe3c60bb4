//! OME-XML beside its images: `x.companion.ome`.

use super::{Layout, LayoutOptions, Tile, beside};
use petavox_core::{Error, Result};
use petavox_store::{CompanionImage, Limits, OpenOptions, companion_images};
use std::collections::HashMap;
use std::path::Path;

/// Reads the images of a document, one tile each, or one for each channel where these are in files of their own.
pub(super) fn read(path: &Path, options: &LayoutOptions) -> Result<Layout> {
    let mut layout = Layout { format: "OME companion".into(), ..Layout::default() };
    let images = companion_images(path, &Limits::default())?;
    let mut known: HashMap<&str, usize> = HashMap::new();
    for (k, image) in images.iter().enumerate() {
        let at = |problem: String| Error::corrupt(path, Some(format!("image {k}")), problem);
        let [z, Some(y), Some(x)] = image.origin else {
            let problem = "none of its planes says PositionX and PositionY".to_owned();
            if options.skip_missing {
                layout.notes.push(format!("left out: image {k}: {problem}"));
                continue;
            }
            return Err(at(problem));
        };
        for (file, _) in &image.files {
            if let Some(other) = known.insert(file, k) {
                let problem = format!("{file} is in image {other} too; expected an image per file");
                return Err(at(problem));
            }
        }
        layout.unit = layout.unit.or_else(|| image.unit.clone());
        let one = |v: Option<f64>| v.unwrap_or(1.0);
        let spacing = image.spacing.map(one);
        let is_deep = image.tcz[2] > 1;
        let mut add = |file: &str, channel: Option<usize>| {
            let (position, spacing) = match is_deep {
                true => (vec![z.unwrap_or(0.0), y, x], spacing.to_vec()),
                false => (vec![y, x], spacing[1..].to_vec()),
            };
            let (position, spacing) = (Some(position), Some(spacing));
            layout.tiles.push(Tile {
                path: beside(path, file),
                position,
                spacing,
                channel,
                ..Tile::default()
            });
        };
        match &image.files[..] {
            [] => return Err(at("it names no file".into())),
            [(file, _)] => add(file, None),
            [(first, _), ..] if holds_all(&beside(path, first), image) => add(first, None),
            files => files.iter().for_each(|(file, channel)| add(file, Some(*channel))),
        }
    }
    Ok(layout)
}

/// True if opening one file of an image gives all of it.
fn holds_all(path: &str, image: &CompanionImage) -> bool {
    let Ok(source) = petavox_store::open(path, &OpenOptions::default()) else { return false };
    let spec = source.spec();
    let extent = |letter: char| spec.axes.position(letter).map_or(1, |a| spec.shape[a]);
    ['t', 'c', 'z'].map(extent) == image.tcz
}
