//! Options of a command that writes an image, and what is said when it is written.

use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::{Document, bytes_text};
use petavox::{Codec, Image, SaveOptions, Saved};
use std::path::Path;

/// How an image is written.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Output {
    /// Samples per chunk and axis, by comma, such as 64,128,128
    #[arg(long, value_name = "SHAPE", value_delimiter = ',', value_parser = extent)]
    chunk_shape: Option<Vec<usize>>,
    /// Samples per shard and axis, by comma; a multiple of the chunk
    #[arg(long, value_name = "SHAPE", value_delimiter = ',', value_parser = extent)]
    shard_shape: Option<Vec<usize>>,
    /// Compression: zstd, gzip or blosc:lz4|zstd|zlib, each with :LEVEL or without, lzw (TIFF) or none
    #[arg(long, value_name = "CODEC", value_parser = Codec::parse)]
    codec: Option<Codec>,
    /// Levels of the pyramid, 1 for none [default: until the longest space axis has at most 256 samples]
    #[arg(long, value_name = "N", value_parser = extent)]
    levels: Option<usize>,
    /// Version of the Zarr format: 3 (OME-Zarr 0.5) or 2 (OME-Zarr 0.4)
    #[arg(long, value_name = "VERSION", default_value_t = 3, value_parser = clap::value_parser!(u8).range(2..=3))]
    zarr_format: u8,
}

/// A whole number from 1.
fn extent(text: &str) -> Result<usize, String> {
    match text.trim().parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("a whole number, 1 or more".to_owned()),
    }
}

impl Output {
    pub(crate) fn options(&self, settings: &Settings) -> SaveOptions {
        SaveOptions {
            chunk_shape: self.chunk_shape.clone(),
            shard_shape: self.shard_shape.clone(),
            codec: self.codec.clone().unwrap_or(Codec::Default),
            n_levels: self.levels,
            zarr_format: self.zarr_format,
            ..settings.save_options()
        }
    }

    /// Writes the image and tells of it.
    pub(crate) fn save(&self, image: &Image, path: &Path, settings: &Settings) -> Result<Report> {
        let saved = image.save(path, &self.options(settings), &settings.run)?;
        Ok(Report {
            note: note(&saved),
            outputs: vec![saved.path.clone()],
            results: serde_json::to_value(&saved)?,
            text: String::new(),
        })
    }

    /// Plans the writing.
    pub(crate) fn plan(&self, image: &Image, path: &Path, settings: &Settings) -> Result<Document> {
        Ok(image.plan_save(path, &self.options(settings), &settings.run)?)
    }
}

pub(crate) fn note(saved: &Saved) -> String {
    let memory = match saved.peak_memory_bytes {
        Some(peak) => {
            format!(", {} of {} memory", bytes_text(peak), bytes_text(saved.memory_budget_bytes))
        }
        None => String::new(),
    };
    let levels = match saved.levels.len() {
        1 => String::new(),
        n => format!(", {n} levels"),
    };
    format!(
        "{}: {} {}{levels}, in {:.1} s{memory}",
        saved.path.display(),
        shape_text(&saved.shape),
        saved.dtype,
        saved.seconds
    )
}

/// A shape as people write it.
pub(crate) fn shape_text(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}
