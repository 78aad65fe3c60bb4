//! From the samples of one tile to its bytes in the file: bit packing, predictor, compression.

use super::page::Layout;
use crate::Codec;
use petavox_core::{Dtype, Error, Result};
use std::io::Write;
use std::path::Path;

/// The TIFF compression and predictor of a codec.
///
/// # Errors
/// [`Error::InvalidArgument`] for codecs that TIFF does not have.
pub(crate) fn scheme(codec: &Codec, dtype: Dtype) -> Result<(u64, u64)> {
    let compression = match codec {
        Codec::Default | Codec::Gzip(_) => 8,
        Codec::None => 1,
        Codec::Lzw => 5,
        Codec::Zstd(_) => 50000,
        Codec::Blosc(..) => {
            let expected = "none, gzip, lzw or zstd, which TIFF files can use";
            return Err(Error::argument("codec", "blosc", expected));
        }
    };
    let predictor = match dtype {
        _ if compression == 1 => 1,
        Dtype::Bool => 1,
        d if d.is_float() => 3,
        _ => 2,
    };
    Ok((compression, predictor))
}

/// Encodes the samples of a whole tile; `layout` says how.
pub(crate) fn encode(
    layout: &Layout,
    codec: &Codec,
    mut samples: Vec<u8>,
    path: &Path,
) -> Result<Vec<u8>> {
    if layout.dtype == Dtype::Bool {
        samples = pack_bits(&samples, layout.chunk_width * layout.chunk_samples());
    }
    let size = layout.dtype.size();
    let row = layout.row_bytes();
    match layout.predictor {
        2 => samples
            .chunks_exact_mut(row)
            .for_each(|line| difference(line, layout.chunk_samples(), size)),
        3 => {
            let mut scratch = vec![0; row];
            samples.chunks_exact_mut(row).for_each(|line| {
                float_difference(line, &mut scratch, layout.chunk_samples(), size);
            });
        }
        _ => {}
    }
    let io = |e| Error::io(path, "compress", e);
    let deflate = |level: u32| -> Result<Vec<u8>> {
        let room = Vec::with_capacity(samples.len() / 2);
        let mut to = flate2::write::ZlibEncoder::new(room, flate2::Compression::new(level));
        to.write_all(&samples).map_err(io)?;
        to.finish().map_err(io)
    };
    match codec {
        Codec::None => Ok(samples),
        Codec::Default => deflate(4),
        Codec::Gzip(level) => deflate(*level),
        Codec::Lzw => weezl::encode::Encoder::with_tiff_size_switch(weezl::BitOrder::Msb, 8)
            .encode(&samples)
            .map_err(|e| Error::internal("tiff::encode", e)),
        Codec::Zstd(level) => {
            let mut to = zstd::bulk::Compressor::new(*level).map_err(io)?;
            to.include_checksum(true).map_err(io)?;
            to.compress(&samples).map_err(io)
        }
        Codec::Blosc(..) => Err(Error::internal("tiff::encode", "blosc")),
    }
}

/// One bit per sample, the first in the high bit; `row` is a multiple of 8.
fn pack_bits(samples: &[u8], row: usize) -> Vec<u8> {
    let pack = |bits: &[u8]| {
        bits.iter().enumerate().fold(0, |byte, (i, b)| byte | u8::from(*b != 0) << (7 - i))
    };
    samples.chunks(row).flat_map(|line| line.chunks(8).map(pack)).collect()
}

/// Predictor 2: each sample less the one before it.
fn difference(line: &mut [u8], samples: usize, size: usize) {
    fn subtract<const N: usize>(
        line: &mut [u8],
        samples: usize,
        minus: impl Fn([u8; N], [u8; N]) -> [u8; N],
    ) {
        let line = line.as_chunks_mut::<N>().0;
        for i in (samples..line.len()).rev() {
            line[i] = minus(line[i], line[i - samples]);
        }
    }
    match size {
        1 => subtract::<1>(line, samples, |a, b| [a[0].wrapping_sub(b[0])]),
        2 => subtract::<2>(line, samples, |a, b| {
            u16::from_ne_bytes(a).wrapping_sub(u16::from_ne_bytes(b)).to_ne_bytes()
        }),
        4 => subtract::<4>(line, samples, |a, b| {
            u32::from_ne_bytes(a).wrapping_sub(u32::from_ne_bytes(b)).to_ne_bytes()
        }),
        _ => subtract::<8>(line, samples, |a, b| {
            u64::from_ne_bytes(a).wrapping_sub(u64::from_ne_bytes(b)).to_ne_bytes()
        }),
    }
}

/// Predictor 3: all highest bytes first, then the next, and each byte less the one before it.
fn float_difference(line: &mut [u8], scratch: &mut [u8], samples: usize, size: usize) {
    let n = line.len() / size;
    for (i, sample) in line.chunks_exact(size).enumerate() {
        for (b, byte) in sample.iter().enumerate() {
            let high_first = if cfg!(target_endian = "little") { size - 1 - b } else { b };
            scratch[high_first * n + i] = *byte;
        }
    }
    for i in (samples..line.len()).rev() {
        scratch[i] = scratch[i].wrapping_sub(scratch[i - samples]);
    }
    line.copy_from_slice(scratch);
}
