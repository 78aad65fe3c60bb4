//! Samples into bits and back, row by row.

use super::BitLayout;
use std::ops::Range;

/// Writes contiguous samples of `part` (ranges of z, y, x inside the mask) over its bits; `set` says which are ones.
///
/// Only the words of `part` are touched, and bits of them outside `part` keep their values.
///
/// # Panics
/// If there are fewer samples or words than the ranges name (a programming error).
pub fn pack_rows<T: Copy>(
    layout: &BitLayout,
    words: &mut [u64],
    part: &[Range<usize>; 3],
    samples: &[T],
    set: impl Fn(T) -> bool,
) {
    let [zs, ys, xs] = part;
    if xs.is_empty() {
        return;
    }
    let mut rows = samples.chunks_exact(xs.len());
    for z in zs.clone() {
        for y in ys.clone() {
            let Some(samples) = rows.next() else { return };
            pack_row(&mut words[layout.row(z, y)], xs.start, samples, &set);
        }
    }
}

fn pack_row<T: Copy>(row: &mut [u64], start: usize, samples: &[T], set: &impl Fn(T) -> bool) {
    // A first piece up to a word's border, whole words, and a last piece.
    let head = ((64 - start % 64) % 64).min(samples.len());
    let (first, rest) = samples.split_at(head);
    let mut w = start / 64;
    if head > 0 {
        merge(&mut row[w], start % 64, first, set);
        w += 1;
    }
    let mut whole = rest.chunks_exact(64);
    for chunk in &mut whole {
        let mut bits = 0;
        for (b, &v) in chunk.iter().enumerate() {
            bits |= u64::from(set(v)) << b;
        }
        row[w] = bits;
        w += 1;
    }
    if !whole.remainder().is_empty() {
        merge(&mut row[w], 0, whole.remainder(), set);
    }
}

fn merge<T: Copy>(word: &mut u64, shift: usize, samples: &[T], set: &impl Fn(T) -> bool) {
    let mut bits = 0;
    for (b, &v) in samples.iter().enumerate() {
        bits |= u64::from(set(v)) << b;
    }
    let mask = (!0 >> (64 - samples.len())) << shift;
    *word = *word & !mask | bits << shift;
}

/// Writes the bits of `part` (ranges of z, y, x inside the mask) as contiguous samples of 0 and 1.
///
/// # Panics
/// If there are fewer words than the ranges name (a programming error).
pub fn unpack_rows(
    layout: &BitLayout,
    words: &[u64],
    part: &[Range<usize>; 3],
    samples: &mut [u8],
) {
    let [zs, ys, xs] = part;
    if xs.is_empty() {
        return;
    }
    let mut rows = samples.chunks_exact_mut(xs.len());
    for z in zs.clone() {
        for y in ys.clone() {
            let Some(samples) = rows.next() else { return };
            let row = &words[layout.row(z, y)];
            let mut x = xs.start;
            let mut rest = samples;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at_mut((64 - x % 64).min(rest.len()));
                let bits = row[x / 64] >> (x % 64);
                x += piece.len();
                rest = after;
                if bits == 0 {
                    piece.fill(0);
                } else {
                    piece.iter_mut().enumerate().for_each(|(b, v)| *v = (bits >> b & 1) as u8);
                }
            }
        }
    }
}
