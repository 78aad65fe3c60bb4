//! numpy's `.npy`: a short header and the plain samples.

pub(crate) mod write;

use crate::limits::Limits;
use crate::memory::check_request;
use crate::raw::{RawArray, RawFile, for_each_point};
use crate::{Info, OpenOptions, Opened};
use petavox_core::{Block, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Source};
use std::path::Path;
use std::sync::Arc;

/// Pieces of a Fortran-order array are turned around this many bytes at a time.
const PIECE_BYTES: usize = 1 << 20;

/// `.npy` in the table of formats.
pub(crate) const FORMAT: crate::format::Format = crate::format::Format {
    name: "npy",
    endings: &[".npy"],
    matches: |look| look.head.starts_with(b"\x93NUMPY"),
    open,
    open_level: None,
    create: Some(write::create),
};

fn open(path: &Path, options: &OpenOptions) -> Result<Opened> {
    let source = NpySource::open(path, &options.limits)?;
    let mut info =
        Info::of(&path.display().to_string(), "npy", source.spec(), source.grid().chunk());
    info.stored_bytes = Some(source.file.len());
    Ok(Opened { source: Arc::new(source), info })
}

/// An array in a `.npy` file; any region is read at its own cost, in C and in Fortran order.
#[derive(Debug)]
pub struct NpySource {
    file: RawFile,
    base: u64,
    spec: ImageSpec,
    grid: ChunkGrid,
    swapped: bool,
    fortran: bool,
}

impl NpySource {
    /// Reads and checks the header of versions 1, 2 and 3.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a file that is not what it says, [`Error::Unsupported`] for types that are not samples.
    pub fn open(path: &Path, limits: &Limits) -> Result<NpySource> {
        let file = RawFile::open(path)?;
        let header = || "header".to_owned();
        let corrupt = |problem: &str| Error::corrupt(path, Some(header()), problem);
        let mut head = [0; 10];
        file.read_at(&mut head, 0, header)?;
        if !head.starts_with(b"\x93NUMPY") {
            return Err(corrupt("not an npy file"));
        }
        let (len, start) = match head[6] {
            1 => (u64::from(u16::from_le_bytes([head[8], head[9]])), 10),
            2 | 3 => {
                let mut len = [0; 4];
                file.read_at(&mut len, 8, header)?;
                (u64::from(u32::from_le_bytes(len)), 12)
            }
            v => {
                let feature = format!("npy version {v}");
                return Err(Error::unsupported(path, feature, "versions 1, 2 and 3 are read"));
            }
        };
        if len > limits.metadata_bytes {
            return Err(corrupt("its header is longer than the limit"));
        }
        let text = String::from_utf8_lossy(&file.read_vec(start, len, header)?).into_owned();
        let field = |name: &str| -> Result<&str> {
            let at = [format!("'{name}':"), format!("\"{name}\":")]
                .iter()
                .find_map(|key| text.find(key.as_str()).map(|i| i + key.len()))
                .ok_or_else(|| corrupt(&format!("its header does not tell {name}")))?;
            Ok(text[at..].trim_start())
        };
        let (dtype, swapped) = parse_dtype(field("descr")?, path)?;
        let fortran = field("fortran_order")?.starts_with("True");
        let shape =
            parse_shape(field("shape")?).ok_or_else(|| corrupt("its shape cannot be read"))?;
        limits.check_size(path, &shape, dtype)?;
        let spec = ImageSpec::new(shape, dtype)?;
        let base = start + len;
        if file.len() - base < spec.bytes() {
            let problem = format!(
                "{} bytes of samples where shape {:?} of {dtype} needs {}; it may be cut short",
                file.len() - base,
                spec.shape,
                spec.bytes()
            );
            return Err(Error::corrupt(path, None, problem));
        }
        let n = spec.ndim();
        // A plane that lies together in the file.
        let plane = |a: usize| if fortran { a < 2 } else { a + 2 >= n };
        let chunk: Vec<usize> = (0..n).map(|a| if plane(a) { spec.shape[a] } else { 1 }).collect();
        let grid = ChunkGrid::new(&spec.shape, &chunk);
        Ok(NpySource { file, base, spec, grid, swapped, fortran })
    }

    /// The same samples under a spec of the same shape and dtype.
    fn described(mut self, spec: ImageSpec) -> NpySource {
        self.spec = spec;
        self
    }

    /// Reads a region into contiguous memory.
    pub(crate) fn read_into(&self, region: &Region, out: &mut [u8]) -> Result<()> {
        let whole = Region::whole(&self.spec.shape);
        let size = self.spec.dtype.size();
        let part = || format!("samples {region}");
        if region.is_empty() {
            return Ok(());
        }
        if self.fortran {
            let reversed = reverse(&whole);
            let array = RawArray {
                file: &self.file,
                base: self.base,
                region: &reversed,
                size,
                swapped: self.swapped,
            };
            read_reversed(&array, &reverse(region), region, out, size)?;
        } else {
            let (file, base, swapped) = (&self.file, self.base, self.swapped);
            RawArray { file, base, region: &whole, size, swapped }.read(out, region, part)?;
        }
        if self.spec.dtype == Dtype::Bool {
            out.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        Ok(())
    }
}

fn reverse(region: &Region) -> Region {
    let start: Vec<i64> = region.start().iter().rev().copied().collect();
    let shape: Vec<usize> = region.shape().iter().rev().copied().collect();
    Region::new(start, shape)
}

/// Reads a piece of an array whose axes are stored the other way round, halving it until it is small.
fn read_reversed(
    array: &RawArray<'_>,
    piece: &Region,
    out_region: &Region,
    out: &mut [u8],
    size: usize,
) -> Result<()> {
    if piece.len() * size > PIECE_BYTES
        && let Some(axis) = piece.shape().iter().position(|&s| s > 1)
    {
        let half = piece.shape()[axis] / 2;
        let (mut low, mut high) = (piece.shape().to_vec(), piece.shape().to_vec());
        low[axis] = half;
        high[axis] -= half;
        let mut middle = piece.start().to_vec();
        middle[axis] += half as i64;
        read_reversed(array, &Region::new(piece.start(), low), out_region, out, size)?;
        return read_reversed(array, &Region::new(middle, high), out_region, out, size);
    }
    let mut samples = vec![0; piece.len() * size];
    array.read(&mut samples, piece, || format!("samples {out_region}"))?;
    let mut from = samples.chunks_exact(size);
    let mut at = vec![0; piece.ndim()];
    for_each_point(piece, |p| {
        for (a, v) in p.iter().rev().enumerate() {
            at[a] = *v;
        }
        let t = out_region.offset_of(&at) * size;
        if let Some(sample) = from.next() {
            out[t..t + size].copy_from_slice(sample);
        }
    });
    Ok(())
}

fn parse_dtype(text: &str, path: &Path) -> Result<(Dtype, bool)> {
    let quoted = text.strip_prefix(['\'', '"']).and_then(|t| t.split(['\'', '"']).next());
    let name = quoted.unwrap_or("a record");
    let (order, kind) = match name.split_at_checked(1) {
        Some((order @ ("<" | ">" | "|" | "="), kind)) => (order, kind),
        _ => ("=", name),
    };
    let dtype = match kind {
        "b1" | "?" => Dtype::Bool,
        "u1" => Dtype::UInt8,
        "i1" => Dtype::Int8,
        "u2" => Dtype::UInt16,
        "i2" => Dtype::Int16,
        "u4" => Dtype::UInt32,
        "i4" => Dtype::Int32,
        "u8" => Dtype::UInt64,
        "i8" => Dtype::Int64,
        "f4" => Dtype::Float32,
        "f8" => Dtype::Float64,
        _ => {
            let feature = format!("numpy type {name}");
            let expected = "bool, 8 to 64-bit integers, float32 and float64 are read";
            return Err(Error::unsupported(path, feature, expected));
        }
    };
    let foreign = if cfg!(target_endian = "little") { ">" } else { "<" };
    Ok((dtype, order == foreign))
}

/// `(3, 4)`, `(3,)`; older writers add an `L`.
fn parse_shape(text: &str) -> Option<Vec<usize>> {
    let inside = text.strip_prefix('(')?.split_once(')')?.0;
    let sizes = inside.split(',').map(|s| s.trim().trim_end_matches('L')).filter(|s| !s.is_empty());
    sizes.map(|s| s.parse().ok()).collect()
}

impl Source for NpySource {
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
        RawArray::SCRATCH_BYTES + if self.fortran { PIECE_BYTES as u64 } else { 0 }
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        let region = out.region().clone();
        self.read_into(&region, out.bytes_mut())
    }

    fn locator(&self) -> Option<String> {
        Some(self.file.path().display().to_string())
    }
}

#[cfg(test)]
mod tests;
