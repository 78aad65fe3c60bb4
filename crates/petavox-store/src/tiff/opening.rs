//! From a path to a TIFF image or one of its levels.

use super::series::TiffImage;
use crate::{Info, LevelInfo, OpenOptions, Opened};
use petavox_core::{Error, Result, Source};
use std::path::Path;

/// Opens a TIFF for the table of formats.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    open_level(path, 0, options)
}

/// Opens a level, which goes by the path `x.tif/1`; like a level of a Zarr it lists itself and the smaller ones.
pub(super) fn open_level(path: &Path, level: usize, options: &OpenOptions) -> Result<Opened> {
    let image = TiffImage::open(path, &options.limits)?;
    let Some(source) = image.levels.get(level).cloned() else {
        let hint = match image.levels.len() {
            1 => "the file has one level: open it by its name".to_owned(),
            n => format!("the file has the levels 0 to {}", n - 1),
        };
        return Err(Error::NotFound { path: path.join(level.to_string()), hint: Some(hint) });
    };
    let mut info =
        Info::of(&path.display().to_string(), image.format, source.spec(), source.grid().chunk());
    info.levels = image
        .levels
        .iter()
        .enumerate()
        .skip(level)
        .map(|(i, l)| LevelInfo {
            path: i.to_string(),
            shape: l.spec().shape.clone(),
            spacing: l.spec().spacing.values.clone(),
        })
        .collect();
    info.codecs = source.codec_names();
    info.channels = image.channels;
    info.stored_bytes = Some(image.stored_bytes);
    info.warnings = image.warnings;
    Ok(Opened { source, info })
}
