//! Starting an output by its ending.

use crate::Channel;
use crate::format::FORMATS;
use petavox_core::{Error, ImageSpec, Result, Sink, Source};
use std::path::Path;
use std::sync::Arc;

/// How samples are compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// What suits the format. For Zarr zstd at level 1, byte shuffled by Blosc where a sample has several bytes and the format
    /// has a checksum for that (v3).
    Default,
    /// Not at all.
    None,
    /// Zstandard, level -7 to 22.
    Zstd(i32),
    /// Deflate (gzip in Zarr, deflate in TIFF), level 0 to 9.
    Gzip(u32),
    /// Blosc with a compressor of its own, byte shuffled.
    Blosc(BloscInner, u32),
    /// LZW, TIFF only.
    Lzw,
}

/// The compressor inside Blosc.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BloscInner {
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
    /// Deflate.
    Zlib,
}

impl Codec {
    /// Parses `zstd:3`, `blosc:lz4`, `blosc:zstd:5`, `gzip:6`, `lzw` or `none`; levels may be left out.
    ///
    /// ```
    /// use petavox_store::Codec;
    /// assert_eq!(Codec::parse("zstd:5")?, Codec::Zstd(5));
    /// assert_eq!(Codec::parse("none")?, Codec::None);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists what is accepted.
    pub fn parse(text: &str) -> Result<Codec> {
        let expected = "zstd[:LEVEL], gzip[:LEVEL], blosc:lz4|zstd|zlib[:LEVEL], lzw or none";
        let wrong = || Error::argument("codec", text, expected);
        let parts: Vec<&str> = text.split(':').collect();
        let level = |i: usize, default: i32, low: i32, high: i32| match parts.get(i) {
            None => Ok(default),
            Some(s) => match s.parse::<i32>() {
                Ok(n) if (low..=high).contains(&n) => Ok(n),
                _ => Err(wrong()),
            },
        };
        let most = if parts[0] == "blosc" { 3 } else { 2 };
        if parts.len() > most {
            return Err(wrong());
        }
        match parts[0] {
            "none" | "raw" if parts.len() == 1 => Ok(Codec::None),
            "lzw" if parts.len() == 1 => Ok(Codec::Lzw),
            "default" if parts.len() == 1 => Ok(Codec::Default),
            "zstd" => Ok(Codec::Zstd(level(1, 3, -7, 22)?)),
            "gzip" | "deflate" | "zlib" => Ok(Codec::Gzip(level(1, 6, 0, 9)? as u32)),
            "blosc" => {
                let inner = match parts.get(1).copied().unwrap_or("lz4") {
                    "lz4" => BloscInner::Lz4,
                    "zstd" => BloscInner::Zstd,
                    "zlib" => BloscInner::Zlib,
                    _ => return Err(wrong()),
                };
                Ok(Codec::Blosc(inner, level(2, 5, 0, 9)? as u32))
            }
            _ => Err(wrong()),
        }
    }
}

/// How to write.
#[derive(Clone, Debug)]
pub struct CreateOptions {
    /// Shape of a chunk (strip or tile); by default about 1 MiB.
    pub chunk_shape: Option<Vec<usize>>,
    /// Shape of a shard, a multiple of the chunk per axis; by default shards come when there would be very many chunks.
    pub shard_shape: Option<Vec<usize>>,
    /// Compression.
    pub codec: Codec,
    /// Levels of the pyramid, 1 for none; by default until the largest spatial axis is at most 256.
    pub n_levels: Option<usize>,
    /// 3 (with OME-Zarr 0.5) or 2 (with 0.4).
    pub zarr_format: u8,
    /// Replace an output that is there.
    pub overwrite: bool,
    /// Continue what an interrupted run left.
    pub resume: bool,
    /// The image holds labels: levels are made by picking, and the metadata says so.
    pub is_labels: bool,
    /// What is known of the channels.
    pub channels: Vec<Channel>,
    /// A hash of the computation whose result is written: only a run with the same one may resume another's work.
    pub identity: u64,
}

impl CreateOptions {
    /// What tells this output from others under the same name, for [`Staging::begin`](crate::atomic::Staging::begin): a
    /// run that would write other bytes never continues what an interrupted one left.
    pub fn fingerprint(&self, spec: &ImageSpec) -> u32 {
        let same = CreateOptions { overwrite: false, resume: false, ..self.clone() };
        crc32c::crc32c(format!("{same:?} {spec:?}").as_bytes())
    }
}

impl Default for CreateOptions {
    fn default() -> CreateOptions {
        CreateOptions {
            chunk_shape: None,
            shard_shape: None,
            codec: Codec::Default,
            n_levels: None,
            zarr_format: 3,
            overwrite: false,
            resume: false,
            is_labels: false,
            channels: vec![],
            identity: 0,
        }
    }
}

/// An image that is being written, all levels of it, under a temporary name until [`ImageWriter::finish`].
///
/// A level's sink may be finished by itself, which makes that level durable; only the writer's `finish` moves the image to
/// its final name.
pub trait ImageWriter: Send + Sync {
    /// The levels, full size first. Each is half the one before along the axes that shrink, rounded up; compare shapes or
    /// [`crate::pyramid::factors`] to see which.
    fn levels(&self) -> &[ImageSpec];

    /// Writes a level.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is no such level, or what the file system says.
    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>>;

    /// Reads back a level already written, to make the next one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there is no such level, or what the file system says.
    fn source(&self, level: usize) -> Result<Arc<dyn Source>>;

    /// Makes everything durable and moves it to its final name, complete.
    ///
    /// # Errors
    /// Whatever the file system says, naming the file.
    fn finish(&self) -> Result<()>;

    /// Removes what was written, for a run that failed and is not to be resumed.
    fn abandon(&self);
}

/// Starts an output; its ending picks the format.
///
/// # Errors
/// [`Error::Exists`] if it is there and `overwrite` is false, [`Error::InvalidArgument`] for an ending or options that no
/// format takes, [`Error::Io`] if another process is writing the same output.
pub fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let longest = |f: &crate::format::Format| {
        f.endings.iter().filter(|e| name.ends_with(**e)).map(|e| e.len()).max()
    };
    let best = FORMATS
        .iter()
        .filter_map(|f| Some((longest(f)?, f.create?)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, start)| start);
    // A path into a Zarr (`x.zarr/labels/cells`) needs no ending.
    let nested = crate::zarr::is_nested(path).then_some(crate::zarr::FORMAT.create).flatten();
    let is_nested = nested.is_some();
    let Some(start) = nested.or(best) else {
        let endings: Vec<&str> = FORMATS
            .iter()
            .filter(|f| f.create.is_some())
            .flat_map(|f| f.endings.iter().copied())
            .collect();
        let expected = format!("a name that ends in {}", endings.join(", "));
        return Err(Error::argument("output", path.display(), expected));
    };
    if path.symlink_metadata().is_ok() && !options.overwrite {
        return Err(Error::Exists { path: path.into() });
    }
    if let Some(parent) = path.parent()
        && !is_nested
        && !parent.as_os_str().is_empty()
        && !parent.is_dir()
    {
        std::fs::create_dir_all(parent).map_err(|e| Error::io(parent, "create", e))?;
    }
    start(path, spec, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_parse_with_and_without_levels() {
        assert_eq!(Codec::parse("zstd").unwrap(), Codec::Zstd(3));
        assert_eq!(Codec::parse("gzip:9").unwrap(), Codec::Gzip(9));
        assert_eq!(Codec::parse("blosc:lz4").unwrap(), Codec::Blosc(BloscInner::Lz4, 5));
        assert_eq!(Codec::parse("blosc:zstd:1").unwrap(), Codec::Blosc(BloscInner::Zstd, 1));
        for bad in ["", "zstd:", "zstd:99", "gzip:6:1", "blosc:snappy", "none:1", "jpeg"] {
            assert!(Codec::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fingerprint_tells_computations_apart_but_not_attempts() {
        let spec = ImageSpec::new([2, 2], petavox_core::Dtype::UInt8).unwrap();
        let first = CreateOptions { identity: 1, ..CreateOptions::default() };
        let again = CreateOptions { resume: true, overwrite: true, ..first.clone() };
        let other = CreateOptions { identity: 2, ..first.clone() };
        let wider = spec.with_dtype(petavox_core::Dtype::UInt16);
        assert_eq!(first.fingerprint(&spec), again.fingerprint(&spec));
        assert_ne!(first.fingerprint(&spec), other.fingerprint(&spec));
        assert_ne!(first.fingerprint(&spec), first.fingerprint(&wider));
    }

    #[test]
    fn an_ending_nobody_writes_is_refused_with_those_that_are() {
        let spec = ImageSpec::new([2, 2], petavox_core::Dtype::UInt8).unwrap();
        let err = create(Path::new("x.docx"), &spec, &CreateOptions::default());
        assert!(matches!(err, Err(Error::InvalidArgument { .. })));
    }
}
