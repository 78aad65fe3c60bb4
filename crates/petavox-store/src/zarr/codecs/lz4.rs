//! LZ4 as numcodecs writes it: the length as a little-endian word, then one LZ4 block.

use super::{Problem, too_long};

pub(super) fn decode(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    let (head, body) = input.split_at_checked(4).ok_or("lz4: cut short")?;
    let len = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let room = out.len();
    let out = out.get_mut(..len).ok_or_else(|| too_long(len, room))?;
    match lz4_flex::block::decompress_into(body, out) {
        Ok(n) if n == len => Ok(n),
        Ok(n) => Err(format!("lz4: {n} bytes where {len} were declared")),
        Err(e) => Err(format!("lz4: {e}")),
    }
}

pub(super) fn encode(input: &[u8]) -> Vec<u8> {
    lz4_flex::block::compress_prepend_size(input)
}
