//! One row of bits: from bytes and back, read at any place, filled.

/// Packs bytes, other than 0 being ones, from the first bit on. Bits past the last byte become zero.
///
/// # Panics
/// If there are fewer words than the bytes need (a programming error).
pub fn pack_bytes(bytes: &[u8], words: &mut [u64]) {
    let mut whole = bytes.chunks_exact(64);
    let mut words = words.iter_mut();
    for (chunk, word) in (&mut whole).zip(&mut words) {
        let mut bits = 0;
        for (k, eight) in chunk.chunks_exact(8).enumerate() {
            bits |= eight_bits(eight) << (8 * k);
        }
        *word = bits;
    }
    let rest = whole.remainder();
    if rest.is_empty() {
        words.for_each(|w| *w = 0);
        return;
    }
    if let Some(word) = words.next() {
        *word = rest.iter().enumerate().fold(0, |w, (b, v)| w | u64::from(*v != 0) << b);
    }
    words.for_each(|w| *w = 0);
}

/// Eight bytes as eight bits: each byte's lowest bit says whether it was 0, and a product gathers them.
#[inline(always)]
fn eight_bits(bytes: &[u8]) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(bytes);
    let v = u64::from_le_bytes(eight);
    let low = 0x7f7f_7f7f_7f7f_7f7f;
    let set = (((v & low).wrapping_add(low) | v) & !low) >> 7;
    set.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

/// Writes bits as bytes of 0 and 1, from the first bit on.
///
/// # Panics
/// If there are fewer words than the bytes need (a programming error).
pub fn unpack_bytes(words: &[u64], bytes: &mut [u8]) {
    for (chunk, &word) in bytes.chunks_mut(64).zip(words) {
        let mut eights = chunk.chunks_exact_mut(8);
        let mut rest = word;
        for eight in &mut eights {
            // Byte k keeps bit k of the eight, then is 0 or 1.
            let spread = (rest & 0xff).wrapping_mul(0x0101_0101_0101_0101) & 0x8040_2010_0804_0201;
            let ones = (spread.wrapping_add(0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101;
            eight.copy_from_slice(&ones.to_le_bytes());
            rest >>= 8;
        }
        let tail = eights.into_remainder();
        tail.iter_mut().enumerate().for_each(|(b, v)| *v = (rest >> b & 1) as u8);
    }
}

/// Packs bytes over the bits from `start` on; other bits keep their values. What is 0 becomes a one if `inverted`.
///
/// # Panics
/// If the row is shorter (a programming error).
pub fn put_bytes(row: &mut [u64], start: usize, bytes: &[u8], inverted: bool) {
    let flip = if inverted { !0 } else { 0 };
    let head = ((64 - start % 64) % 64).min(bytes.len());
    let (first, rest) = bytes.split_at(head);
    let mut piece = |w: usize, shift: usize, bytes: &[u8]| {
        let bits = bytes.iter().enumerate().fold(0, |b, (i, v)| b | u64::from(*v != 0) << i) ^ flip;
        let mask = (!0 >> (64 - bytes.len())) << shift;
        row[w] = row[w] & !mask | bits << shift & mask;
    };
    if !first.is_empty() {
        piece(start / 64, start % 64, first);
    }
    let (whole, tail) = rest.split_at(rest.len() / 64 * 64);
    let w = (start + head) / 64;
    if !tail.is_empty() {
        piece(w + whole.len() / 64, 0, tail);
    }
    let words = &mut row[w..w + whole.len() / 64];
    pack_bytes(whole, words);
    words.iter_mut().for_each(|w| *w ^= flip);
}

/// Writes the bits from `start` on as bytes of 0 and 1; the other way round if `inverted`.
pub fn get_bytes(row: &[u64], start: usize, bytes: &mut [u8], inverted: bool) {
    let flip = if inverted { !0 } else { 0 };
    for (i, chunk) in bytes.chunks_mut(64).enumerate() {
        unpack_bytes(&[bits_at(row, start + 64 * i) ^ flip], chunk);
    }
}

/// The 64 bits from bit `at` on; zeros past the end.
#[inline(always)]
pub fn bits_at(row: &[u64], at: usize) -> u64 {
    let (w, s) = (at / 64, at % 64);
    let low = row.get(w).copied().unwrap_or(0) >> s;
    if s == 0 { low } else { low | row.get(w + 1).copied().unwrap_or(0) << (64 - s) }
}

/// Sets bits `start..end` of a row to `value`.
///
/// # Panics
/// If the row is shorter (a programming error).
pub fn fill_bits(row: &mut [u64], start: usize, end: usize, value: bool) {
    let mut at = start;
    while at < end {
        let n = (64 - at % 64).min(end - at);
        let mask = (!0 >> (64 - n)) << (at % 64);
        if value {
            row[at / 64] |= mask;
        } else {
            row[at / 64] &= !mask;
        }
        at += n;
    }
}

/// The bits of a row's last word that belong to a row of `len`.
pub fn tail_mask(len: usize) -> u64 {
    if len.is_multiple_of(64) { !0 } else { !0 >> (64 - len % 64) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_go_to_bits_and_come_back() {
        for n in [0, 1, 7, 8, 9, 63, 64, 65, 200] {
            let bytes: Vec<u8> = (0..n).map(|i| [0, 1, 255, 0, 128, 2][i * i % 6]).collect();
            let mut words = vec![!0; n.div_ceil(64) + 1];
            pack_bytes(&bytes, &mut words);
            let mut back = vec![9; n];
            unpack_bytes(&words, &mut back);
            let want: Vec<u8> = bytes.iter().map(|b| u8::from(*b != 0)).collect();
            assert_eq!(back, want);
            assert_eq!(words[n.div_ceil(64)], 0);
            for at in 0..n {
                assert_eq!(bits_at(&words, at) & 1, u64::from(want[at]));
            }
        }
    }

    #[test]
    fn bytes_are_put_and_got_at_any_place() {
        let bytes: Vec<u8> = (0..150).map(|i| u8::from(i * i % 7 < 3)).collect();
        for (start, inverted) in [(0, false), (1, false), (64, true), (37, true), (63, false)] {
            let mut row = vec![0x5555_5555_5555_5555; 4];
            put_bytes(&mut row, start, &bytes, inverted);
            let mut back = vec![7; 150];
            get_bytes(&row, start, &mut back, inverted);
            assert_eq!(back, bytes);
            for b in (0..start).chain(start + 150..256) {
                assert_eq!(row[b / 64] >> (b % 64) & 1, u64::from(b % 2 == 0), "{b}");
            }
        }
    }

    #[test]
    fn ranges_are_filled_and_nothing_else() {
        let mut row = vec![0; 3];
        fill_bits(&mut row, 60, 131, true);
        let set: Vec<usize> = (0..192).filter(|b| row[b / 64] >> (b % 64) & 1 == 1).collect();
        assert_eq!(set, (60..131).collect::<Vec<_>>());
        fill_bits(&mut row, 64, 128, false);
        assert_eq!(row, [!0 << 60, 0, 7]);
        assert_eq!((tail_mask(64), tail_mask(3)), (!0, 7));
    }
}
