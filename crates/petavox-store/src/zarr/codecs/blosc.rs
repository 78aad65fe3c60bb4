//! The Blosc 1 container: blocks of shuffled elements, each compressed by itself.
//!
//! Layout: a header of 16 bytes (format version, compressor version, flags, element size, then decoded, block and encoded
//! length as little-endian words), the offset of every block, and the blocks. A block is one stream or, when it was split, one
//! per byte of an element; a stream is its length and its bytes, uncompressed where the length is the decoded one.

use super::shuffle::{bit_unshuffle, shuffle, unshuffle};
use super::{Problem, deflate};
use crate::BloscInner;

const HEADER: usize = 16;
const SHUFFLED: u8 = 1;
const COPIED: u8 = 2;
const BIT_SHUFFLED: u8 = 4;
const FROM_THE_FUTURE: u8 = 8;
const NOT_SPLIT: u8 = 16;

/// Splitting ends at elements of this size, and at streams of fewer bytes than [`MIN_STREAM`].
const MAX_SPLITS: usize = 16;
const MIN_STREAM: usize = 128;

/// Blocks are written this large: they and their shuffled copy stay in the second-level cache.
const BLOCK: usize = 256 << 10;

struct Header {
    flags: u8,
    typesize: usize,
    len: usize,
    block: usize,
    encoded: usize,
}

fn word(bytes: &[u8], at: usize) -> Result<usize, Problem> {
    let four = at.checked_add(4).and_then(|end| bytes.get(at..end)).ok_or("blosc: cut short")?;
    Ok(u32::from_le_bytes([four[0], four[1], four[2], four[3]]) as usize)
}

fn header(input: &[u8]) -> Result<Header, Problem> {
    if input.len() < HEADER {
        return Err("blosc: cut short".into());
    }
    let h = Header {
        flags: input[2],
        typesize: usize::from(input[3]).max(1),
        len: word(input, 4)?,
        block: word(input, 8)?,
        encoded: word(input, 12)?,
    };
    if input[0] != 2 || h.flags & FROM_THE_FUTURE != 0 {
        return Err(format!("blosc: format version {} is not 2", input[0]));
    }
    if h.encoded > input.len() {
        return Err(format!("blosc: {} bytes of {} are there", input.len(), h.encoded));
    }
    Ok(h)
}

pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    let h = header(input)?;
    let input = &input[..h.encoded];
    let room = out.len();
    let out = out.get_mut(..h.len).ok_or_else(|| super::too_long(h.len, room))?;
    if h.len == 0 {
        return Ok(0);
    }
    if h.flags & COPIED != 0 {
        let body = input.get(HEADER..HEADER + h.len).ok_or("blosc: cut short")?;
        out.copy_from_slice(body);
        return Ok(h.len);
    }
    if h.block == 0 || h.block > h.len {
        return Err(format!("blosc: blocks of {} bytes in {}", h.block, h.len));
    }
    // The block is no longer than the output, whose size the caller vouches for.
    let mut shuffled = vec![0; if h.flags & (SHUFFLED | BIT_SHUFFLED) != 0 { h.block } else { 0 }];
    for (k, block) in out.chunks_mut(h.block).enumerate() {
        let at = word(input, HEADER + 4 * k)?;
        let is_last_part = block.len() < h.block;
        if h.flags & SHUFFLED != 0 && h.typesize > 1 {
            let shuffled = &mut shuffled[..block.len()];
            decode_streams(&h, input, at, is_last_part, shuffled)?;
            unshuffle(h.typesize, shuffled, block);
        } else if h.flags & BIT_SHUFFLED != 0 && block.len() >= h.typesize {
            let shuffled = &mut shuffled[..block.len()];
            decode_streams(&h, input, at, is_last_part, shuffled)?;
            // Blosc leaves a block alone that is not a multiple of eight elements.
            if (block.len() / h.typesize).is_multiple_of(8) {
                bit_unshuffle(h.typesize, shuffled, block);
            } else {
                block.copy_from_slice(shuffled);
            }
        } else {
            decode_streams(&h, input, at, is_last_part, block)?;
        }
    }
    Ok(h.len)
}

/// Decodes the streams of one block, which begin at `at`, into all of `out`.
fn decode_streams(
    h: &Header,
    input: &[u8],
    mut at: usize,
    is_last_part: bool,
    out: &mut [u8],
) -> Result<(), Problem> {
    let is_split = h.flags & NOT_SPLIT == 0
        && h.typesize <= MAX_SPLITS
        && out.len() / h.typesize >= MIN_STREAM
        && !is_last_part;
    let n = if is_split { h.typesize } else { 1 };
    let stream = out.len() / n;
    if stream * n != out.len() {
        return Err(format!("blosc: blocks of {} bytes for elements of {n}", out.len()));
    }
    for part in out.chunks_mut(stream) {
        let len = word(input, at)?;
        at += 4;
        let bytes = at.checked_add(len).and_then(|end| input.get(at..end));
        let bytes = bytes.ok_or("blosc: a block reaches beyond the end")?;
        at += len;
        if len == stream {
            part.copy_from_slice(bytes);
            continue;
        }
        let n = match h.flags >> 5 {
            0 => blosclz(bytes, part)?,
            1 => lz4_flex::block::decompress_into(bytes, part).map_err(|e| format!("lz4: {e}"))?,
            3 => deflate::inflate(bytes, part)?,
            4 => super::decode_zstd(bytes, part)?,
            2 => return Err("blosc with snappy inside is not supported".into()),
            other => return Err(format!("blosc: unknown compressor {other}")),
        };
        if n != stream {
            return Err(format!("blosc: a block holds {n} bytes instead of {stream}"));
        }
    }
    Ok(())
}

/// Blosc's own LZ format. A control byte below 32 begins a run of literals; one above holds three bits of a match's length
/// and the high bits of its distance.
fn blosclz(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    const FAR: usize = 31 << 8;
    const FAR_BASE: usize = 8191;
    let short = || Problem::from("blosclz: cut short");
    let mut bytes = input.iter().map(|&b| usize::from(b));
    let mut next = move || bytes.next();
    let Some(first) = next() else { return Ok(0) };
    let (mut control, mut len) = (first & 31, 0usize);
    loop {
        if control >= 32 {
            let mut run = (control >> 5) - 1;
            let mut distance = (control & 31) << 8;
            if run == 6 {
                loop {
                    let more = next().ok_or_else(short)?;
                    run += more;
                    if more != 255 {
                        break;
                    }
                }
            }
            run += 3;
            let low = next().ok_or_else(short)?;
            if low == 255 && distance == FAR {
                let high = next().ok_or_else(short)?;
                distance = (high << 8) + next().ok_or_else(short)? + FAR_BASE;
            } else {
                distance += low;
            }
            distance += 1;
            if distance > len || run > out.len() - len {
                return Err("blosclz: a match reaches outside the block".into());
            }
            // Byte by byte, because source and target may overlap.
            for i in len..len + run {
                out[i] = out[i - distance];
            }
            len += run;
        } else {
            for _ in 0..=control {
                let byte = next().ok_or_else(short)?;
                *out.get_mut(len).ok_or("blosclz: too long")? = byte as u8;
                len += 1;
            }
        }
        let Some(c) = next() else { return Ok(len) };
        control = c;
    }
}

pub(super) fn encode(
    input: &[u8],
    inner: BloscInner,
    level: u32,
    typesize: usize,
) -> Result<Vec<u8>, Problem> {
    let len = u32::try_from(input.len())
        .ok()
        .filter(|&n| n <= i32::MAX as u32 - HEADER as u32)
        .ok_or("blosc: a chunk holds at most 2 GiB")?;
    let typesize = if (1..256).contains(&typesize) { typesize } else { 1 };
    let block = (BLOCK / typesize * typesize).max(typesize).min(input.len()).max(1);
    let code = match inner {
        BloscInner::Lz4 => 1,
        BloscInner::Zlib => 3,
        BloscInner::Zstd => 4,
    };
    let is_shuffled = typesize > 1;
    let flags = code << 5 | NOT_SPLIT | if is_shuffled { SHUFFLED } else { 0 };
    let head = |flags: u8, encoded: u32| {
        let mut head = vec![2, 1, flags, typesize as u8];
        for n in [len, block as u32, encoded] {
            head.extend(n.to_le_bytes());
        }
        head
    };
    let n_blocks = input.len().div_ceil(block);
    let mut out = head(flags, 0);
    out.resize(HEADER + 4 * n_blocks, 0);
    let mut shuffled = vec![0; if is_shuffled { block } else { 0 }];
    for (k, part) in input.chunks(block).enumerate() {
        let start = out.len() as u32;
        out[HEADER + 4 * k..HEADER + 4 * k + 4].copy_from_slice(&start.to_le_bytes());
        let source = if is_shuffled {
            shuffle(typesize, part, &mut shuffled[..part.len()]);
            &shuffled[..part.len()]
        } else {
            part
        };
        let packed = match inner {
            _ if level == 0 => source.to_vec(),
            BloscInner::Lz4 => lz4_flex::block::compress(source),
            BloscInner::Zlib => deflate::deflate(source, level)?,
            BloscInner::Zstd => super::encode_zstd(source, zstd_level(level), false)?,
        };
        let packed = if packed.len() < source.len() { &packed[..] } else { source };
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend(packed);
    }
    if out.len() >= input.len() + HEADER {
        let mut out = head(flags | COPIED, len + HEADER as u32);
        out.extend(input);
        return Ok(out);
    }
    let encoded = (out.len() as u32).to_le_bytes();
    out[12..16].copy_from_slice(&encoded);
    Ok(out)
}

/// Blosc's levels 1 to 9 spread over zstd's 1 to 22.
fn zstd_level(level: u32) -> i32 {
    if level >= 9 { 22 } else { (2 * level as i32 - 1).max(1) }
}
