//! Byte and bit shuffles: the same byte (or bit) of all elements side by side.

/// Puts byte `k` of every element side by side; bytes after the last whole element stay at the end.
pub(super) fn shuffle(size: usize, input: &[u8], out: &mut [u8]) {
    let n = input.len() / size.max(1);
    let whole = n * size;
    for k in 0..size {
        let bytes = input[..whole].iter().skip(k).step_by(size);
        out[k * n..(k + 1) * n].iter_mut().zip(bytes).for_each(|(o, b)| *o = *b);
    }
    out[whole..].copy_from_slice(&input[whole..]);
}

/// Undoes [`shuffle`].
pub(super) fn unshuffle(size: usize, input: &[u8], out: &mut [u8]) {
    let n = input.len() / size.max(1);
    let whole = n * size;
    let plane = |k: usize| input[k * n..(k + 1) * n].iter();
    match size {
        // The common sizes in one pass over the output, which the compiler turns into interleaving.
        2 => {
            let bytes = plane(0).zip(plane(1));
            out.as_chunks_mut::<2>().0.iter_mut().zip(bytes).for_each(|(o, (a, b))| *o = [*a, *b]);
        }
        4 => {
            let bytes = plane(0).zip(plane(1)).zip(plane(2).zip(plane(3)));
            let samples = out.as_chunks_mut::<4>().0.iter_mut();
            samples.zip(bytes).for_each(|(o, ((a, b), (c, d)))| *o = [*a, *b, *c, *d]);
        }
        _ => {
            for k in 0..size {
                for (i, &byte) in plane(k).enumerate() {
                    out[i * size + k] = byte;
                }
            }
        }
    }
    out[whole..].copy_from_slice(&input[whole..]);
}

/// Undoes a bit shuffle: bit `b` of byte `k` of all elements stands in a row of `n / 8` bytes. The row's elements beyond a
/// multiple of eight were left as they are.
pub(super) fn bit_unshuffle(size: usize, input: &[u8], out: &mut [u8]) {
    let size = size.max(1);
    let n = input.len() / size / 8 * 8;
    let row = n / 8;
    for k in 0..size {
        for m in 0..row {
            let mut word = 0u64;
            for b in 0..8 {
                word |= u64::from(input[(k * 8 + b) * row + m]) << (8 * b);
            }
            let turned = transpose8(word).to_le_bytes();
            for (e, &byte) in turned.iter().enumerate() {
                out[(8 * m + e) * size + k] = byte;
            }
        }
    }
    out[n * size..].copy_from_slice(&input[n * size..]);
}

/// Transposes an 8 x 8 matrix of bits, byte `i` being row `i` (three rounds of swapping blocks, Hacker's Delight 7-3).
fn transpose8(mut x: u64) -> u64 {
    let mut swap = |shift: u32, mask: u64| {
        let t = (x ^ (x >> shift)) & mask;
        x ^= t ^ (t << shift);
    };
    swap(7, 0x00AA_00AA_00AA_00AA);
    swap(14, 0x0000_CCCC_0000_CCCC);
    swap(28, 0x0000_0000_F0F0_F0F0);
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shuffles_undo_themselves() {
        let bytes: Vec<u8> = (0..103u8).collect();
        for size in [1, 2, 3, 4, 8] {
            let (mut there, mut back) = (vec![0; 103], vec![0; 103]);
            shuffle(size, &bytes, &mut there);
            unshuffle(size, &there, &mut back);
            assert_eq!(back, bytes);
        }
    }

    #[test]
    fn bits_of_eight_small_elements_are_turned() {
        // Eight one-byte elements: bit b of element e is bit e of byte b.
        let elements = [0x01u8, 0x80, 0xff, 0x00, 0x12, 0x34, 0x56, 0x78];
        let mut shuffled = [0u8; 8];
        for (e, v) in elements.iter().enumerate() {
            for b in 0..8 {
                shuffled[b] |= ((v >> b) & 1) << e;
            }
        }
        let mut back = [0; 8];
        bit_unshuffle(1, &shuffled, &mut back);
        assert_eq!(back, elements);
    }
}
