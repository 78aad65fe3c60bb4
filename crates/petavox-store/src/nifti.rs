//! NIfTI-1 and NIfTI-2, plain and gzipped.
//!
//! A plain file's samples are fetched one by one. A gzipped file has no places to jump to: it is unpacked once, when it is
//! opened, into a file of the scratch folder that has no name and vanishes with the source.

use crate::limits::Limits;
use crate::memory::check_request;
use crate::raw::{RawArray, RawFile};
use crate::{Info, OpenOptions, Opened};
use petavox_core::{
    Axes, Block, ChunkGrid, Dtype, Element, Error, ImageSpec, Region, Result, Source, Spacing,
    dispatch,
};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Samples are scaled this many bytes at a time.
const PIECE_BYTES: usize = 1 << 20;

/// NIfTI in the table of formats.
pub(crate) const FORMAT: crate::format::Format = crate::format::Format {
    name: "NIfTI",
    endings: &[],
    matches: |look| {
        let gzipped = look.head.starts_with(&[0x1f, 0x8b]) && look.name.ends_with(".nii.gz");
        gzipped || Order::of(look.head).is_some()
    },
    open,
    open_level: None,
    create: None,
};

fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    let source = NiftiSource::open_with(path, options)?;
    let mut info =
        Info::of(&path.display().to_string(), "NIfTI", source.spec(), source.grid().chunk());
    info.stored_bytes = std::fs::metadata(path).ok().map(|m| m.len());
    if source.gzipped {
        info.codecs = vec!["gzip".into()];
    }
    Ok(Opened { source: Arc::new(source), info })
}

/// Version and byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    two: bool,
    little: bool,
}

impl Order {
    /// Recognises a header by its length field and its magic word.
    fn of(head: &[u8]) -> Option<Order> {
        let length: [u8; 4] = head.get(..4)?.try_into().ok()?;
        let (two, little) = match (i32::from_le_bytes(length), i32::from_be_bytes(length)) {
            (348, _) => (false, true),
            (_, 348) => (false, false),
            (540, _) => (true, true),
            (_, 540) => (true, false),
            _ => return None,
        };
        let magic = if two { head.get(4..7)? } else { head.get(344..347)? };
        let known: &[&[u8]] = if two { &[b"n+2"] } else { &[b"n+1"] };
        known.contains(&magic).then_some(Order { two, little })
    }
}

/// Reads numbers out of a header.
struct Header<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl Header<'_> {
    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        let mut out = [0; N];
        if let Some(from) = self.bytes.get(at..at + N) {
            out.copy_from_slice(from);
        }
        if !self.little {
            out.reverse();
        }
        out
    }

    fn i16(&self, at: usize) -> i16 {
        i16::from_le_bytes(self.array(at))
    }

    fn i64(&self, at: usize) -> i64 {
        i64::from_le_bytes(self.array(at))
    }

    fn f32(&self, at: usize) -> f64 {
        f64::from(f32::from_le_bytes(self.array(at)))
    }

    fn f64(&self, at: usize) -> f64 {
        f64::from_le_bytes(self.array(at))
    }
}

/// What the header says.
struct Parsed {
    shape: Vec<usize>,
    spacing: Vec<f64>,
    datatype: i16,
    base: u64,
    slope: f64,
    intercept: f64,
    units: u8,
}

fn parse(bytes: &[u8], order: Order, path: &Path) -> Result<Parsed> {
    let h = Header { bytes, little: order.little };
    let corrupt = |problem: String| Error::corrupt(path, Some("header".into()), problem);
    let dim = |i: usize| if order.two { h.i64(16 + 8 * i) } else { i64::from(h.i16(40 + 2 * i)) };
    let pixdim = |i: usize| if order.two { h.f64(104 + 8 * i) } else { h.f32(76 + 4 * i) };
    let n = dim(0);
    if !(1..=7).contains(&n) {
        return Err(corrupt(format!("{n} axes")));
    }
    let mut shape = Vec::new();
    let mut spacing = Vec::new();
    // The file's first axis is the fastest: ours come the other way round.
    for i in (1..=n as usize).rev() {
        let size = usize::try_from(dim(i)).ok().filter(|&s| s > 0);
        shape.push(size.ok_or_else(|| corrupt(format!("axis {i} has {} samples", dim(i))))?);
        let step = pixdim(i).abs();
        spacing.push(if step.is_finite() && step > 0.0 { step } else { 1.0 });
    }
    let base = if order.two { h.i64(168) as f64 } else { h.f32(108) };
    let least = if order.two { 540.0 } else { 348.0 };
    if !(base.is_finite() && (least..9e15).contains(&base)) {
        return Err(corrupt(format!("its samples begin at {base}")));
    }
    Ok(Parsed {
        shape,
        spacing,
        datatype: if order.two { h.i16(12) } else { h.i16(70) },
        base: base as u64,
        slope: if order.two { h.f64(176) } else { h.f32(112) },
        intercept: if order.two { h.f64(184) } else { h.f32(116) },
        units: if order.two {
            bytes.get(500 + if order.little { 0 } else { 3 })
        } else {
            bytes.get(123)
        }
        .copied()
        .unwrap_or(0),
    })
}

/// A NIfTI volume: axes `zyx` (or `tzyx` ...), the file's `x, y, z` turned around.
///
/// Samples with a slope or intercept come out as `float64`, like nibabel's.
#[derive(Debug)]
pub struct NiftiSource {
    path: PathBuf,
    file: RawFile,
    base: u64,
    stored: Dtype,
    swapped: bool,
    scale: Option<(f64, f64)>,
    spec: ImageSpec,
    grid: ChunkGrid,
    gzipped: bool,
}

impl NiftiSource {
    /// Reads and checks the header; unpacks a gzipped file.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a file that is not what it says, [`Error::Unsupported`] for colours, complex numbers and the
    /// like.
    pub fn open(path: &Path, limits: &Limits) -> Result<NiftiSource> {
        let options = OpenOptions { limits: limits.clone(), ..OpenOptions::default() };
        NiftiSource::open_with(path, &options)
    }

    fn open_with(path: &Path, options: &OpenOptions) -> Result<NiftiSource> {
        let packed = RawFile::open(path)?;
        let mut start = [0; 2];
        packed.read_at(&mut start, 0, || "header".into())?;
        let gzipped = start == [0x1f, 0x8b];
        let head = if gzipped {
            unpacked_head(path)?
        } else {
            packed.read_vec(0, packed.len().min(544), || "header".into())?
        };
        let order = Order::of(&head)
            .ok_or_else(|| Error::corrupt(path, Some("header".into()), "not a NIfTI file"))?;
        let parsed = parse(&head, order, path)?;
        let stored = sample_type(parsed.datatype, path)?;
        let scaled = parsed.slope.is_finite()
            && parsed.slope != 0.0
            && parsed.intercept.is_finite()
            && (parsed.slope, parsed.intercept) != (1.0, 0.0);
        let scale = scaled.then_some((parsed.slope, parsed.intercept));
        let dtype = if scaled { Dtype::Float64 } else { stored };
        options.limits.check_image(path, &parsed.shape, dtype)?;
        let spec = describe(&parsed, dtype)?;
        let bytes = spec.len() as u64 * stored.size() as u64;
        let end = parsed.base.saturating_add(bytes);
        let file = if gzipped {
            let folder = options.scratch.clone().unwrap_or_else(std::env::temp_dir);
            unpack(path, packed.len(), end, &folder)?
        } else {
            packed
        };
        if file.len() < end {
            let problem = format!(
                "{} bytes of samples where shape {:?} of {stored} needs {bytes}; it may be cut short",
                file.len().saturating_sub(parsed.base),
                parsed.shape
            );
            return Err(Error::corrupt(path, None, problem));
        }
        let n = spec.ndim();
        let chunk: Vec<usize> =
            (0..n).map(|a| if a + 2 >= n { spec.shape[a] } else { 1 }).collect();
        let swapped = order.little != cfg!(target_endian = "little");
        let grid = ChunkGrid::new(&spec.shape, &chunk);
        let (path, base) = (path.to_owned(), parsed.base);
        Ok(NiftiSource { path, file, base, stored, swapped, scale, spec, grid, gzipped })
    }

    fn read_stored(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let whole = self.spec.region();
        let (base, size, swapped) = (self.base, self.stored.size(), self.swapped);
        let array = RawArray { file: &self.file, base, region: &whole, size, swapped };
        array.read(out, region, || format!("samples {region}"))
    }

    /// Reads in pieces along the first axis that is longer than one, and scales each.
    fn read_scaled(&self, region: &Region, out: &mut [f64], scale: (f64, f64)) -> Result<()> {
        let size = self.stored.size();
        if region.len() * size > PIECE_BYTES
            && let Some(axis) = region.shape().iter().position(|&s| s > 1)
        {
            let half = region.shape()[axis] / 2;
            let (mut low, mut high) = (region.shape().to_vec(), region.shape().to_vec());
            low[axis] = half;
            high[axis] -= half;
            let mut middle = region.start().to_vec();
            middle[axis] += half as i64;
            let (low, high) = (Region::new(region.start(), low), Region::new(middle, high));
            let (a, b) = out.split_at_mut(low.len());
            self.read_scaled(&low, a, scale)?;
            return self.read_scaled(&high, b, scale);
        }
        let mut block = Block::zeros(region.clone(), self.stored)?;
        self.read_stored(region, block.bytes_mut())?;
        dispatch!(self.stored, T => {
            for (to, from) in out.iter_mut().zip(block.typed::<T>()?) {
                *to = Element::to_f64(*from) * scale.0 + scale.1;
            }
        });
        Ok(())
    }
}

/// Axes and spacing.
fn describe(parsed: &Parsed, dtype: Dtype) -> Result<ImageSpec> {
    let letters = "vuwctzyx";
    let n = parsed.shape.len();
    let axes = Axes::parse(&letters[letters.len() - n..])?;
    // Units of length in the low three bits; times are not part of an image's spacing.
    let (unit, factor) = match parsed.units & 7 {
        1 => (Some("millimeter"), 1000.0),
        2 => (Some("millimeter"), 1.0),
        3 => (Some("micrometer"), 1.0),
        _ => (None, 1.0),
    };
    let values = parsed
        .spacing
        .iter()
        .enumerate()
        .map(|(a, v)| if axes.is_spatial(a) { v * factor } else { 1.0 })
        .collect();
    let spacing = Spacing::new(values, unit.map(str::to_owned))?;
    let spec = ImageSpec::new(parsed.shape.clone(), dtype)?.with_axes(axes)?;
    Ok(ImageSpec { spacing, ..spec })
}

fn sample_type(code: i16, path: &Path) -> Result<Dtype> {
    Ok(match code {
        2 => Dtype::UInt8,
        4 => Dtype::Int16,
        8 => Dtype::Int32,
        16 => Dtype::Float32,
        64 => Dtype::Float64,
        256 => Dtype::Int8,
        512 => Dtype::UInt16,
        768 => Dtype::UInt32,
        1024 => Dtype::Int64,
        1280 => Dtype::UInt64,
        other => {
            let feature = format!("NIfTI data type {other}");
            let expected = "8 to 64-bit integers, float32 and float64 are read";
            return Err(Error::unsupported(path, feature, expected));
        }
    })
}

fn unzip(path: &Path) -> Result<flate2::read::MultiGzDecoder<std::io::BufReader<std::fs::File>>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io(path, "open", e))?;
    Ok(flate2::read::MultiGzDecoder::new(std::io::BufReader::new(file)))
}

fn unpacked_head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::with_capacity(544);
    let read = unzip(path)?.take(544).read_to_end(&mut head);
    read.map_err(|e| Error::corrupt(path, Some("header".into()), e.to_string()))?;
    Ok(head)
}

/// Unpacks the first `end` bytes into a file without a name in this folder.
fn unpack(path: &Path, packed_bytes: u64, end: u64, folder: &Path) -> Result<RawFile> {
    // Deflate makes at most 1032 bytes of one.
    if end > packed_bytes.saturating_mul(1040) {
        let problem = format!("{packed_bytes} bytes cannot hold the {end} it claims");
        return Err(Error::corrupt(path, None, problem));
    }
    let refused = |e| Error::io(folder, "unpack into", e);
    let mut to = tempfile::tempfile_in(folder).map_err(refused)?;
    let mut from = unzip(path)?;
    let mut buffer = vec![0; 256 << 10];
    let mut n = 0;
    // Reading to the end checks the sum of the whole stream; what lies beyond the samples is not kept.
    loop {
        let read = from.read(&mut buffer);
        let len = read.map_err(|e| Error::corrupt(path, None, format!("gzip: {e}")))?;
        if len == 0 {
            break;
        }
        let kept = (end - n).min(len as u64) as usize;
        to.write_all(&buffer[..kept]).map_err(refused)?;
        n += kept as u64;
        if n == end && kept < len {
            break;
        }
    }
    RawFile::of(to, path)
}

impl Source for NiftiSource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        RawArray::SCRATCH_BYTES + if self.scale.is_some() { PIECE_BYTES as u64 } else { 0 }
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        let region = out.region().clone();
        match self.scale {
            Some(scale) => self.read_scaled(&region, out.typed_mut::<f64>()?, scale),
            None => self.read_stored(&region, out.bytes_mut()),
        }
    }

    fn locator(&self) -> Option<String> {
        Some(self.path.display().to_string())
    }
}

#[cfg(test)]
mod tests;
