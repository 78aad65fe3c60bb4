//! Writing PNG: blocks are collected in a plain file beside the output, rows are compressed when all are there.

use crate::atomic::Staging;
use crate::{Codec, CreateOptions, ImageWriter, npy};
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result, Sink, Source};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

/// Rows are fetched this many bytes at a time.
const ROWS_BYTES: usize = 1 << 20;

struct PngWriter {
    staging: Staging,
    /// Takes the blocks.
    pixels: Arc<dyn ImageWriter>,
    spec: ImageSpec,
    color: png::ColorType,
    compression: png::Compression,
}

/// Starts a PNG for the table of formats: two axes, or rows, columns and 2 to 4 colours; `bool`, `uint8` or `uint16`.
pub(super) fn create(
    path: &Path,
    spec: &ImageSpec,
    options: &CreateOptions,
) -> Result<Arc<dyn ImageWriter>> {
    let color = match (spec.ndim(), spec.shape.get(2)) {
        (2, _) => png::ColorType::Grayscale,
        (3, Some(2)) if spec.axes.as_str() == "yxc" => png::ColorType::GrayscaleAlpha,
        (3, Some(3)) if spec.axes.as_str() == "yxc" => png::ColorType::Rgb,
        (3, Some(4)) if spec.axes.as_str() == "yxc" => png::ColorType::Rgba,
        _ => {
            let given = format!("{:?} ({})", spec.shape, spec.axes);
            let expected = "a 2-D image, or rows, columns and 2 to 4 colours (yxc); pick a slice or project it first";
            return Err(Error::argument("shape of a PNG", given, expected));
        }
    };
    let takes = match spec.dtype {
        Dtype::Bool => spec.ndim() == 2,
        Dtype::UInt8 | Dtype::UInt16 => true,
        _ => false,
    };
    if !takes {
        return Err(Error::dtype("writing PNG", spec.dtype, "bool (2-D only), uint8, uint16"));
    }
    if spec.is_empty() || spec.shape[..2].iter().any(|&s| s > i32::MAX as usize) {
        let expected = "1 to 2147483647 rows and columns";
        return Err(Error::argument("shape of a PNG", format!("{:?}", spec.shape), expected));
    }
    if options.n_levels.is_some_and(|n| n > 1) {
        let expected = "1: a PNG holds one image";
        return Err(Error::argument("levels", options.n_levels.unwrap_or(1), expected));
    }
    let compression = match options.codec {
        Codec::Default => png::Compression::Balanced,
        Codec::None => png::Compression::NoCompression,
        Codec::Gzip(0..=2) => png::Compression::Fast,
        Codec::Gzip(3..=6) => png::Compression::Balanced,
        Codec::Gzip(_) => png::Compression::High,
        _ => {
            let given = format!("{:?}", options.codec);
            return Err(Error::argument("codec", given, "gzip or none, which PNG can use"));
        }
    };
    let staging =
        Staging::begin(path, options.fingerprint(spec), options.overwrite, options.resume)?;
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let pixels_path = path.with_file_name(format!(".{name}.pixels"));
    // What a dead run left under this name is not the output: it may always be replaced.
    let inner = CreateOptions { overwrite: true, codec: Codec::None, ..options.clone() };
    let pixels = npy::write::create(&pixels_path, spec, &inner)?;
    let spec = spec.clone();
    Ok(Arc::new(PngWriter { staging, pixels, spec, color, compression }))
}

impl PngWriter {
    fn encode(&self) -> Result<()> {
        let pixels = self.pixels.source(0)?;
        let path = self.staging.path();
        let file = std::fs::File::create(path).map_err(|e| Error::io(path, "create", e))?;
        let failed = |e: png::EncodingError| {
            Error::io(self.staging.target(), "write", std::io::Error::other(e))
        };
        let (height, width) = (self.spec.shape[0], self.spec.shape[1]);
        let mut encoder =
            png::Encoder::new(std::io::BufWriter::new(file), width as u32, height as u32);
        encoder.set_color(self.color);
        encoder.set_compression(self.compression);
        encoder.set_depth(match self.spec.dtype {
            Dtype::Bool => png::BitDepth::One,
            Dtype::UInt16 => png::BitDepth::Sixteen,
            _ => png::BitDepth::Eight,
        });
        let mut writer = encoder.write_header().map_err(failed)?;
        let mut stream = writer.stream_writer().map_err(failed)?;
        let io = |e| Error::io(self.staging.target(), "write", e);
        let row_bytes = self.spec.shape[1..].iter().product::<usize>() * self.spec.dtype.size();
        let n_rows = (ROWS_BYTES / row_bytes.max(1)).max(1);
        for y in (0..height).step_by(n_rows) {
            let mut start = vec![0; self.spec.ndim()];
            start[0] = y as i64;
            let mut extent = self.spec.shape.clone();
            extent[0] = n_rows.min(height - y);
            let mut rows = Block::zeros(Region::new(start, extent), self.spec.dtype)?;
            pixels.read(&mut rows)?;
            if self.spec.dtype == Dtype::Bool {
                rows.bytes()
                    .chunks(row_bytes)
                    .try_for_each(|r| stream.write_all(&pack(r)))
                    .map_err(io)?;
                continue;
            }
            if cfg!(target_endian = "little") {
                crate::raw::swap_samples(rows.bytes_mut(), self.spec.dtype.size());
            }
            stream.write_all(rows.bytes()).map_err(io)?;
        }
        stream.finish().map_err(failed)?;
        writer.finish().map_err(failed)
    }
}

/// Eight samples to a byte, the first in the high bit.
fn pack(row: &[u8]) -> Vec<u8> {
    let byte =
        |bits: &[u8]| bits.iter().enumerate().fold(0, |b, (i, v)| b | u8::from(*v != 0) << (7 - i));
    row.chunks(8).map(byte).collect()
}

impl ImageWriter for PngWriter {
    fn levels(&self) -> &[ImageSpec] {
        std::slice::from_ref(&self.spec)
    }

    fn sink(&self, level: usize) -> Result<Arc<dyn Sink>> {
        self.pixels.sink(level)
    }

    fn source(&self, level: usize) -> Result<Arc<dyn Source>> {
        self.pixels.source(level)
    }

    fn finish(&self) -> Result<()> {
        self.encode()?;
        self.pixels.abandon();
        self.staging.commit()
    }

    fn abandon(&self) {
        self.pixels.abandon();
        self.staging.abandon();
    }
}
