//! The medial axis of a 2-D mask: samples go from the border inwards, in the order of their distance, unless the axis would break or end.

use crate::distance::features::{Line, NOWHERE};

/// The neighbourhoods (bits as in `pattern`) whose middle stays: its removal would change the number of 8-connected pieces, or it has
/// one neighbour at most.
pub fn medial_table() -> [bool; 512] {
    std::array::from_fn(|p| p & 16 != 0 && (pieces(p) != pieces(p & !16) || p.count_ones() < 3))
}

/// Pieces of a neighbourhood of nine samples.
fn pieces(pattern: usize) -> usize {
    let mut rest = pattern;
    let mut n = 0;
    while rest != 0 {
        n += 1;
        let mut piece = rest & rest.wrapping_neg();
        loop {
            let beside =
                (piece | (piece & 0b011_011_011) << 1 | (piece & 0b110_110_110) >> 1) & 0x1ff;
            let grown = (beside | beside << 3 | beside >> 3) & rest;
            if grown == piece {
                break;
            }
            piece = grown;
        }
        rest &= !piece;
    }
    n
}

/// The neighbourhood of a sample of an image of `width` and `height`: bit `3 * row + column`; outside there is nothing.
fn pattern(mask: &[u64], (height, width): (usize, usize), at: usize) -> usize {
    let (y, x) = (at / width, at % width);
    let mut bits = 0;
    for dy in 0..3 {
        for dx in 0..3 {
            let (yy, xx) = ((y + dy).wrapping_sub(1), (x + dx).wrapping_sub(1));
            if yy < height && xx < width && mask[yy * width + xx] != 0 {
                bits |= 1 << (3 * dy + dx);
            }
        }
    }
    bits
}

/// Squared distances of the samples of a mask to its background, as words whose order is theirs.
pub fn distances(mask: &[u64], out: &mut [u64], width: usize) {
    let height = mask.len() / width.max(1);
    let squares: &mut [f64] = bytemuck::cast_slice_mut(out);
    for (square, m) in squares.iter_mut().zip(mask) {
        *square = if *m != 0 { f64::INFINITY } else { 0.0 };
    }
    let mut line = Line::default();
    let (mut values, mut features) = (vec![], vec![]);
    for (n_lines, start, len, step) in [(width, 1, height, width), (height, width, width, 1)] {
        for k in 0..n_lines {
            let at = |i: usize| k * start + i * step;
            values.clear();
            values.extend((0..len).map(|i| squares[at(i)]));
            features.clear();
            features.extend(values.iter().map(|v| if v.is_finite() { 0 } else { NOWHERE }));
            line.pass(&mut values, &mut features, 1.0);
            values.iter().enumerate().for_each(|(i, v)| squares[at(i)] = *v);
        }
    }
}

/// Thins a mask (a word per sample, 0 or not) to its medial axis in place. `distances` are words in the order of the samples' distances to the
/// background; samples at the same distance go by the number of background samples around them, the fewest first, and then by `ties`.
/// `order` has room for a word per sample. False if `go_on` said so.
pub fn medial_axis(
    mask: &mut [u64],
    distances: &[u64],
    ties: Option<&[u64]>,
    order: &mut [u64],
    shape: (usize, usize),
    go_on: &dyn Fn() -> bool,
) -> bool {
    let mut n = 0;
    for (i, _) in mask.iter().enumerate().filter(|(_, m)| **m != 0) {
        order[n] = i as u64;
        n += 1;
    }
    let order = &mut order[..n];
    // The corner score is put above the mask's bit, so that sorting need not look around.
    for chunk in order.chunks(1 << 16) {
        if !go_on() {
            return false;
        }
        for &i in chunk {
            let around = 9 - u64::from(pattern(mask, shape, i as usize).count_ones());
            mask[i as usize] |= around << 1 | 1;
        }
    }
    let key = |i: &u64| {
        let at = *i as usize;
        (distances[at], mask[at] >> 1, ties.map_or(*i, |t| t[at]))
    };
    order.sort_unstable_by_key(key);
    let table = medial_table();
    for chunk in order.chunks(1 << 16) {
        if !go_on() {
            return false;
        }
        for &i in chunk {
            if !table[pattern(mask, shape, i as usize)] {
                mask[i as usize] = 0;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_over_corners_too() {
        assert_eq!(pieces(0), 0);
        assert_eq!(pieces(0b100_010_001), 1);
        assert_eq!(pieces(0b101_000_101), 4);
        assert_eq!(pieces(0b101_010_101), 1);
        assert_eq!(pieces(0b100_000_110), 2);
    }

    #[test]
    fn a_bar_becomes_a_line_with_arms_to_its_corners() {
        let (h, w) = (7, 7);
        let mut mask = vec![0; h * w];
        for y in 1..6 {
            for x in 2..5 {
                mask[y * w + x] = 1;
            }
        }
        let mut squares = vec![0; h * w];
        distances(&mask, &mut squares, w);
        assert_eq!(squares[3 * w + 3], 4f64.to_bits());
        let mut order = vec![0; h * w];
        assert!(medial_axis(&mut mask, &squares, None, &mut order, (h, w), &|| true));
        let left: Vec<usize> = (0..h * w).filter(|i| mask[*i] != 0).collect();
        assert_eq!(left, [9, 11, 17, 24, 31, 37, 39]);
    }
}
