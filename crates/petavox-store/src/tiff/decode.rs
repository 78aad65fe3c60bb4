//! From the bytes of one strip or tile to its samples.

use super::page::{Format, Layout};
use crate::limits::try_zeroed;
use crate::raw::{guarded, swap_samples};
use petavox_core::{Error, Result};
use std::path::Path;

const READ: &str = "uncompressed, LZW, deflate, packbits, zstd and JPEG data are read";

/// Says early whether a page's coding can be read.
///
/// # Errors
/// [`Error::Unsupported`] that names the coding.
pub(crate) fn check(layout: &Layout, path: &Path) -> Result<()> {
    let unsupported =
        |feature: String, expected: &str| Err(Error::unsupported(path, feature, expected));
    let name = match layout.compression {
        1 | 5 | 8 | 32946 | 32773 | 50000 => None,
        7 if layout.bits == 8 && layout.format == Format::Uint => {
            if !matches!(layout.chunk_samples(), 1 | 3 | 4) {
                return unsupported(
                    format!("JPEG of {} samples per pixel", layout.chunk_samples()),
                    READ,
                );
            }
            None
        }
        7 => Some(format!("JPEG of {} bits", layout.bits)),
        2..=4 => Some(format!("fax compression (CCITT, {})", layout.compression)),
        6 => Some("the withdrawn JPEG of 1992 (compression 6)".into()),
        33003 | 33005 | 34712 => Some("JPEG 2000".into()),
        34676 | 34677 => Some("LogLuv".into()),
        34887 => Some("LERC".into()),
        34925 => Some("LZMA".into()),
        34933 | 50001 => Some(if layout.compression == 50001 { "WebP" } else { "PNG" }.into()),
        22610 | 34934 | 50002 => Some("JPEG XR or XL".into()),
        other => Some(format!("compression {other}")),
    };
    if let Some(name) = name {
        return unsupported(name, READ);
    }
    match (layout.predictor, layout.bits) {
        (1, _) | (2, 8 | 16 | 32 | 64) => Ok(()),
        (3, 16 | 32 | 64) if layout.format == Format::Float => Ok(()),
        (p, bits) => unsupported(
            format!("predictor {p} with samples of {bits} bits"),
            "predictors 1, 2 (whole bytes) and 3 (floats) are read",
        ),
    }
}

/// How many bytes a byte can become: beyond this a declared size is a lie and nothing is allocated for it.
fn most_per_byte(compression: u64) -> u64 {
    match compression {
        1 => 1,
        5 => 4096,
        8 | 32946 => 1040,
        32773 => 64,
        50000 => 1 << 16,
        _ => 1 << 18,
    }
}

/// Decodes a chunk of `rows` rows to samples of the layout's dtype in this machine's byte order.
///
/// # Errors
/// [`Error::Corrupt`] that names the chunk.
pub(crate) fn decode(
    layout: &Layout,
    mut data: Vec<u8>,
    rows: usize,
    path: &Path,
    part: &dyn Fn() -> String,
) -> Result<Vec<u8>> {
    let corrupt = |problem: String| Error::corrupt(path, Some(part()), problem);
    if layout.reversed_bits && layout.compression != 7 {
        data.iter_mut().for_each(|b| *b = b.reverse_bits());
    }
    let stored = layout.row_bytes() * rows;
    let most = (data.len() as u64).saturating_mul(most_per_byte(layout.compression));
    if most < stored as u64 {
        let problem = format!("{} bytes cannot hold the {stored} it should decode to", data.len());
        return Err(corrupt(problem));
    }
    if layout.compression == 1 {
        data.truncate(stored);
        return finish(layout, data, path);
    }
    let mut out = try_zeroed(path, stored)?;
    let n = guarded(path, part, || match layout.compression {
        5 => lzw(&data, &mut out).map_err(corrupt),
        8 | 32946 => deflate(&data, &mut out).map_err(corrupt),
        32773 => packbits(&data, &mut out).map_err(corrupt),
        50000 => {
            zstd::bulk::decompress_to_buffer(&data, &mut out).map_err(|e| corrupt(e.to_string()))
        }
        7 => super::jpeg::decode(layout, data, rows, &mut out).map_err(corrupt),
        other => Err(Error::internal("tiff::decode", format!("compression {other}"))),
    })?;
    if n < stored {
        return Err(corrupt(format!("it decodes to {n} bytes instead of {stored}")));
    }
    finish(layout, out, path)
}

fn lzw(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    use weezl::{BitOrder, LzwStatus, decode::Decoder};
    // The LZW of the first TIFF writers has its bits in the other order.
    let old = data.len() >= 2 && data[0] == 0 && data[1] & 1 == 1;
    let mut decoder = if old {
        Decoder::new(BitOrder::Lsb, 8)
    } else {
        Decoder::with_tiff_size_switch(BitOrder::Msb, 8)
    };
    let (mut at, mut n) = (0, 0);
    while n < out.len() {
        let step = decoder.decode_bytes(&data[at..], &mut out[n..]);
        at += step.consumed_in;
        n += step.consumed_out;
        match step.status.map_err(|e| e.to_string())? {
            LzwStatus::Ok if step.consumed_in + step.consumed_out > 0 => {}
            _ => break,
        }
    }
    Ok(n)
}

fn deflate(data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    use flate2::{Decompress, FlushDecompress, Status};
    let mut inflate = Decompress::new(true);
    let full = out.len() as u64;
    let mut spare = [0; 64];
    loop {
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let rest = &data[read as usize..];
        // Once all is there, one look further checks the sum at the end of the stream.
        let to = if written < full { &mut out[written as usize..] } else { &mut spare[..] };
        let status =
            inflate.decompress(rest, to, FlushDecompress::None).map_err(|e| e.to_string())?;
        let moved = inflate.total_in() != read || inflate.total_out() != written;
        if status == Status::StreamEnd || !moved || inflate.total_out() > full {
            return Ok(inflate.total_out().min(full) as usize);
        }
    }
}

fn packbits(mut data: &[u8], out: &mut [u8]) -> Result<usize, String> {
    let mut n = 0;
    while n < out.len() {
        let Some((&head, rest)) = data.split_first() else { break };
        data = rest;
        let room = out.len() - n;
        match head as i8 {
            -128 => {}
            head @ 0.. => {
                let len = head as usize + 1;
                if data.len() < len {
                    return Err("it ends in the middle of a run".into());
                }
                let kept = len.min(room);
                out[n..n + kept].copy_from_slice(&data[..kept]);
                n += kept;
                data = &data[len..];
            }
            head => {
                let Some((&value, rest)) = data.split_first() else {
                    return Err("it ends in the middle of a run".into());
                };
                let kept = (1 - head as isize) as usize;
                let kept = kept.min(room);
                out[n..n + kept].fill(value);
                n += kept;
                data = rest;
            }
        }
    }
    Ok(n)
}

/// Undoes predictor, byte order and bit packing.
fn finish(layout: &Layout, mut data: Vec<u8>, path: &Path) -> Result<Vec<u8>> {
    let size = layout.bits as usize / 8;
    let whole = layout.bits.is_multiple_of(8) && matches!(size, 1 | 2 | 4 | 8);
    let row = layout.row_bytes();
    if layout.compression != 7 && whole && row > 0 {
        if layout.predictor == 3 {
            let mut scratch = vec![0; row];
            for line in data.chunks_exact_mut(row) {
                undo_float_predictor(line, &mut scratch, layout.chunk_samples(), size);
            }
        } else {
            if layout.little != cfg!(target_endian = "little") {
                swap_samples(&mut data, size);
            }
            if layout.predictor == 2 {
                for line in data.chunks_exact_mut(row) {
                    undo_difference(line, layout.chunk_samples(), size);
                }
            }
        }
    }
    if whole && size == layout.dtype.size() {
        return Ok(data);
    }
    let n_row = layout.chunk_width * layout.chunk_samples();
    let rows = data.len().checked_div(row).unwrap_or(0);
    let mut out = try_zeroed(path, n_row * rows * layout.dtype.size())?;
    if layout.format == Format::Float {
        for (half, to) in data.chunks_exact(2).zip(out.chunks_exact_mut(4)) {
            let value = half_to_f32(u16::from_ne_bytes([half[0], half[1]]));
            to.copy_from_slice(&value.to_ne_bytes());
        }
        return Ok(out);
    }
    for (line, to) in data.chunks_exact(row).zip(out.chunks_exact_mut(n_row * layout.dtype.size()))
    {
        unpack_bits(line, to, layout.bits, layout.dtype.size(), layout.little);
    }
    Ok(out)
}

/// Samples of 1 to 32 bits, packed from the high bit of each byte on. Whole bytes follow the file's byte order.
fn unpack_bits(line: &[u8], out: &mut [u8], bits: u32, size: usize, little: bool) {
    let n_bytes = (bits / 8) as usize;
    let (mut held, mut n_held, mut at) = (0u64, 0, 0);
    for to in out.chunks_exact_mut(size) {
        let value = if bits.is_multiple_of(8) {
            let b = &line[at..at + n_bytes];
            at += n_bytes;
            let fold = |v: u64, &b: &u8| v << 8 | u64::from(b);
            if little { b.iter().rev().fold(0, fold) } else { b.iter().fold(0, fold) }
        } else {
            while n_held < bits {
                held = held << 8 | u64::from(line[at]);
                at += 1;
                n_held += 8;
            }
            n_held -= bits;
            (held >> n_held) & ((1 << bits) - 1)
        };
        match size {
            1 => to[0] = value as u8,
            2 => to.copy_from_slice(&(value as u16).to_ne_bytes()),
            _ => to.copy_from_slice(&(value as u32).to_ne_bytes()),
        }
    }
}

/// Adds up the differences of predictor 2.
fn undo_difference(line: &mut [u8], samples: usize, size: usize) {
    fn add<const N: usize>(
        line: &mut [u8],
        samples: usize,
        sum: impl Fn([u8; N], [u8; N]) -> [u8; N],
    ) {
        let line = line.as_chunks_mut::<N>().0;
        for i in samples..line.len() {
            line[i] = sum(line[i], line[i - samples]);
        }
    }
    match size {
        1 => add::<1>(line, samples, |a, b| [a[0].wrapping_add(b[0])]),
        2 => add::<2>(line, samples, |a, b| {
            u16::from_ne_bytes(a).wrapping_add(u16::from_ne_bytes(b)).to_ne_bytes()
        }),
        4 => add::<4>(line, samples, |a, b| {
            u32::from_ne_bytes(a).wrapping_add(u32::from_ne_bytes(b)).to_ne_bytes()
        }),
        _ => add::<8>(line, samples, |a, b| {
            u64::from_ne_bytes(a).wrapping_add(u64::from_ne_bytes(b)).to_ne_bytes()
        }),
    }
}

/// Predictor 3: bytes are differences, and all highest bytes of a row come first, then the next, whatever the byte order.
fn undo_float_predictor(line: &mut [u8], scratch: &mut [u8], samples: usize, size: usize) {
    for i in samples..line.len() {
        line[i] = line[i].wrapping_add(line[i - samples]);
    }
    scratch.copy_from_slice(line);
    let n = line.len() / size;
    for (i, sample) in line.chunks_exact_mut(size).enumerate() {
        for (b, to) in sample.iter_mut().enumerate() {
            let high_first = if cfg!(target_endian = "little") { size - 1 - b } else { b };
            *to = scratch[high_first * n + i];
        }
    }
}

/// An IEEE half as a float; every half is one exactly.
fn half_to_f32(half: u16) -> f32 {
    let sign = u32::from(half & 0x8000) << 16;
    let exponent = u32::from(half >> 10 & 0x1f);
    let fraction = u32::from(half & 0x3ff);
    match exponent {
        0 => {
            let value = fraction as f32 * (1.0 / (1 << 24) as f32);
            f32::from_bits(value.to_bits() | sign)
        }
        31 => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        e => f32::from_bits(sign | (e + 112) << 23 | fraction << 13),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_the_floats_they_name() {
        for (half, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (1, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
        ] {
            assert_eq!(half_to_f32(half), value);
        }
        assert!(half_to_f32(0x7e00).is_nan());
        assert_eq!(half_to_f32(0xfc00), f32::NEG_INFINITY);
        assert!(half_to_f32(0x8000).is_sign_negative());
    }

    #[test]
    fn packbits_runs_and_literals() {
        let mut out = [0; 8];
        assert_eq!(packbits(&[0xfe, 7, 128, 2, 1, 2, 3, 0xff, 9], &mut out), Ok(8));
        assert_eq!(out, [7, 7, 7, 1, 2, 3, 9, 9]);
        assert!(packbits(&[5, 1], &mut out).is_err());
    }

    #[test]
    fn bits_unpack_from_the_high_end() {
        let mut out = [0; 4];
        unpack_bits(&[0b1010_0000], &mut out, 1, 1, true);
        assert_eq!(out, [1, 0, 1, 0]);
        let mut out = [0; 4];
        unpack_bits(&[0xab, 0xcd, 0xef], &mut out, 12, 2, true);
        assert_eq!(
            [u16::from_ne_bytes([out[0], out[1]]), u16::from_ne_bytes([out[2], out[3]])],
            [0xabc, 0xdef]
        );
    }

    #[test]
    fn the_float_predictor_is_undone() {
        // Two floats, 1.0 (3f800000) and -2.0 (c0000000): planes 3fc0 8000 0000 0000, differences of bytes.
        let planes = [0x3fu8, 0xc0, 0x80, 0, 0, 0, 0, 0];
        let mut line: Vec<u8> = (0..8)
            .map(|i| if i == 0 { planes[0] } else { planes[i].wrapping_sub(planes[i - 1]) })
            .collect();
        undo_float_predictor(&mut line, &mut [0; 8], 1, 4);
        assert_eq!(line, [1.0f32.to_ne_bytes(), (-2.0f32).to_ne_bytes()].concat());
    }

    #[test]
    fn a_flipped_bit_in_deflate_is_found() {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&[5; 100]).unwrap();
        let mut data = encoder.finish().unwrap();
        let mut out = [0; 100];
        assert_eq!(deflate(&data, &mut out), Ok(100));
        data[50] ^= 4;
        assert!(deflate(&data, &mut out).is_err());
    }
}
