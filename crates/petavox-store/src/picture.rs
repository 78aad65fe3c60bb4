//! PNG and JPEG pictures.

mod write;

use crate::limits::{Limits, try_zeroed};
use crate::memory::check_request;
use crate::raw::{copy_box, guarded, swap_samples};
use crate::{Info, OpenOptions, Opened};
use petavox_core::{Axes, Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

/// PNG in the table of formats.
pub(crate) const PNG: crate::format::Format = crate::format::Format {
    name: "PNG",
    endings: &[".png"],
    matches: |look| look.head.starts_with(b"\x89PNG\r\n\x1a\n"),
    open,
    open_level: None,
    create: Some(write::create),
};

/// JPEG in the table of formats.
pub(crate) const JPEG: crate::format::Format = crate::format::Format {
    name: "JPEG",
    endings: &[],
    matches: |look| look.head.starts_with(&[0xff, 0xd8, 0xff]),
    open,
    open_level: None,
    create: None,
};

fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    let source = PictureSource::open(path, &options.limits)?;
    let format = if source.png.is_some() { "PNG" } else { "JPEG" };
    let mut info =
        Info::of(&path.display().to_string(), format, source.spec(), source.grid().chunk());
    info.codecs = vec![if source.png.is_some() { "deflate" } else { "jpeg" }.into()];
    info.stored_bytes = Some(source.file_bytes);
    Ok(Opened { source: Arc::new(source), info })
}

/// How a PNG is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PngKind {
    interlaced: bool,
    /// Grey of one bit: a mask.
    mask: bool,
}

/// A PNG or JPEG picture: axes `yx`, or `yxc` with colours.
///
/// It is decoded from its first row on for every read; a PNG that is not interlaced is left at the last row needed.
#[derive(Debug)]
pub struct PictureSource {
    path: PathBuf,
    spec: ImageSpec,
    grid: ChunkGrid,
    png: Option<PngKind>,
    file_bytes: u64,
}

impl PictureSource {
    /// Reads and checks the header.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a file that is not what it says.
    pub fn open(path: &Path, limits: &Limits) -> Result<PictureSource> {
        let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
        let file_bytes = file.metadata().map_err(|e| Error::io(path, "open", e))?.len();
        let mut start = [0; 3];
        std::io::Read::read_exact(&mut &file, &mut start)
            .map_err(|_| Error::corrupt(path, None, "it is too short for a picture"))?;
        let is_jpeg = start == [0xff, 0xd8, 0xff];
        let (shape, dtype, png) = if is_jpeg {
            if file_bytes > limits.chunk_bytes {
                return Err(Error::corrupt(path, None, "the file is larger than the limit"));
            }
            let (width, height, samples) = jpeg_header(path)?;
            (shape(height, width, samples), Dtype::UInt8, None)
        } else {
            let reader = png_reader(path)?;
            let info = reader.info();
            let (color, depth) = reader.output_color_type();
            let mask = info.color_type == png::ColorType::Grayscale
                && info.bit_depth == png::BitDepth::One
                && info.trns.is_none();
            let kind = PngKind { interlaced: info.interlaced, mask };
            let dtype = match depth {
                _ if mask => Dtype::Bool,
                png::BitDepth::Sixteen => Dtype::UInt16,
                _ => Dtype::UInt8,
            };
            (shape(info.height as usize, info.width as usize, color.samples()), dtype, Some(kind))
        };
        limits.check_image(path, &shape, dtype)?;
        limits.check_chunk(path, &shape, dtype)?;
        let axes = Axes::parse(if shape.len() == 3 { "yxc" } else { "yx" })?;
        let spec = ImageSpec::new(shape, dtype)?.with_axes(axes)?;
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Ok(PictureSource { path: path.to_owned(), spec, grid, png, file_bytes })
    }

    /// Reads a region into contiguous memory.
    pub(crate) fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        if region.is_empty() {
            return Ok(());
        }
        guarded(&self.path, String::new, || match self.png {
            None => self.read_jpeg(region, out),
            Some(kind) if kind.interlaced => self.read_whole_png(region, out),
            Some(kind) => self.read_rows(region, out, kind),
        })
    }

    fn changed(&self) -> Error {
        Error::corrupt(&self.path, None, "the file has changed since it was opened")
    }

    fn read_rows(&self, region: &Region, out: &mut [u8], kind: PngKind) -> Result<()> {
        let mut reader = png_reader(&self.path)?;
        let size = self.spec.dtype.size();
        let row_bytes = self.spec.shape[1..].iter().product::<usize>() * size;
        let mut row_region = self.spec.region();
        for y in 0..region.end(0) {
            let row = reader.next_row().map_err(|e| png_error(&self.path, &e))?;
            let row = row.ok_or_else(|| {
                Error::corrupt(&self.path, Some(format!("row {y}")), "it is missing")
            })?;
            if y < region.start()[0] {
                continue;
            }
            let data = row.data();
            if data.len() != row_bytes {
                return Err(self.changed());
            }
            let mut start = vec![0; self.spec.ndim()];
            start[0] = y;
            let mut extent = self.spec.shape.clone();
            extent[0] = 1;
            row_region = Region::new(start, extent);
            copy_box(data, &row_region, out, region, size);
        }
        debug_assert!(!row_region.is_empty());
        fix(out, size, kind);
        Ok(())
    }

    fn read_whole_png(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let mut reader = png_reader(&self.path)?;
        let needed = self.spec.bytes() as usize;
        if reader.output_buffer_size() != Some(needed) {
            return Err(self.changed());
        }
        let mut pixels = try_zeroed(&self.path, needed)?;
        reader.next_frame(&mut pixels).map_err(|e| png_error(&self.path, &e))?;
        let size = self.spec.dtype.size();
        copy_box(&pixels, &self.spec.region(), out, region, size);
        fix(out, size, self.png.unwrap_or(PngKind { interlaced: true, mask: false }));
        Ok(())
    }

    fn read_jpeg(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let bytes = std::fs::read(&self.path).map_err(|e| Error::io(&self.path, "read", e))?;
        if bytes.len() as u64 != self.file_bytes {
            return Err(self.changed());
        }
        let wanted = if self.spec.ndim() == 2 { ColorSpace::Luma } else { ColorSpace::RGB };
        let options = DecoderOptions::default()
            .set_max_width(1 << 16)
            .set_max_height(1 << 16)
            .jpeg_set_out_colorspace(wanted);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        let pixels =
            decoder.decode().map_err(|e| Error::corrupt(&self.path, None, e.to_string()))?;
        if pixels.len() as u64 != self.spec.bytes() {
            return Err(self.changed());
        }
        copy_box(&pixels, &self.spec.region(), out, region, 1);
        Ok(())
    }
}

fn shape(height: usize, width: usize, samples: usize) -> Vec<usize> {
    if samples == 1 { vec![height, width] } else { vec![height, width, samples] }
}

/// PNG stores the high byte first, and a mask's ones come out as 255.
fn fix(out: &mut [u8], size: usize, kind: PngKind) {
    if kind.mask {
        out.iter_mut().for_each(|b| *b = u8::from(*b != 0));
    }
    if cfg!(target_endian = "little") {
        swap_samples(out, size);
    }
}

fn png_error(path: &Path, e: &png::DecodingError) -> Error {
    Error::corrupt(path, None, e.to_string())
}

fn png_reader(path: &Path) -> Result<png::Reader<BufReader<File>>> {
    let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
    guarded(path, String::new, || {
        let limits = png::Limits { bytes: 64 << 20 };
        let mut decoder = png::Decoder::new_with_limits(BufReader::new(file), limits);
        // Palettes become colours, and grey of 2 and 4 bits becomes 8.
        decoder.set_transformations(png::Transformations::EXPAND);
        decoder.set_ignore_text_chunk(true);
        decoder.read_info().map_err(|e| png_error(path, &e))
    })
}

/// Width, height and samples per pixel.
fn jpeg_header(path: &Path) -> Result<(usize, usize, usize)> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, "read", e))?;
    guarded(path, String::new, || {
        let options = DecoderOptions::default().set_max_width(1 << 16).set_max_height(1 << 16);
        let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
        decoder.decode_headers().map_err(|e| Error::corrupt(path, None, e.to_string()))?;
        let size = decoder.dimensions();
        let (width, height) = size.ok_or_else(|| Error::corrupt(path, None, "it has no size"))?;
        let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
        Ok((width, height, if grey { 1 } else { 3 }))
    })
}

impl Source for PictureSource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        let row = self.spec.bytes() / self.spec.shape[0].max(1) as u64;
        match self.png {
            // Two rows, the window of deflate and buffers.
            Some(kind) if !kind.interlaced => 8 * row + (1 << 20),
            Some(_) => self.spec.bytes() + 8 * row + (1 << 20),
            None => self.file_bytes + 5 * self.spec.bytes() + (1 << 20),
        }
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        let region = out.region().clone();
        self.read_into(&region, out.bytes_mut())
    }

    fn locator(&self) -> Option<String> {
        Some(self.path.display().to_string())
    }
}

#[cfg(test)]
mod tests;
