//! Zhang and Suen's 2-D thinning as scikit-image does it.
//!
//! T. Y. Zhang and C. Y. Suen, A fast parallel algorithm for thinning digital patterns, Communications of the ACM 27, 1984.
//! scikit-image decides by a table of the 8 neighbours that differs from the paper's rule in 25 entries, so that diagonal
//! staircases get thin too; `PASSES` is the paper's rule with those entries changed.

use crate::bits::{load, store};
use std::sync::atomic::AtomicU64;

/// Where scikit-image departs from the paper: neighbours (as in [`PASSES`]) and the half-passes that delete.
const DEPARTURES: [(u8, u8); 25] = [
    (3, 1),
    (6, 1),
    (10, 3),
    (11, 1),
    (12, 1),
    (14, 1),
    (24, 2),
    (26, 2),
    (40, 3),
    (48, 0),
    (56, 2),
    (96, 2),
    (104, 2),
    (108, 2),
    (129, 0),
    (130, 3),
    (131, 1),
    (134, 1),
    (160, 3),
    (161, 1),
    (176, 2),
    (192, 2),
    (194, 1),
    (198, 1),
    (224, 2),
];

/// For the 8 neighbours, bit 0 at (-1, -1) and then clockwise: bit 0 if the first half-pass deletes, bit 1 if the second.
static PASSES: [u8; 256] = passes();

const fn passes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut n = 0u32;
    while n < 256 {
        let byte = n as u8;
        let count = byte.count_ones();
        // Steps from clear to set around the pixel.
        let starts = (!byte & byte.rotate_right(1)).count_ones();
        if count >= 2 && count <= 6 && starts == 1 {
            let (north, east) = (byte >> 1 & 1, byte >> 3 & 1);
            let (south, west) = (byte >> 5 & 1, byte >> 7 & 1);
            let first = north & east & south == 0 && east & south & west == 0;
            let second = north & east & west == 0 && north & south & west == 0;
            table[n as usize] = first as u8 | (second as u8) << 1;
        }
        n += 1;
    }
    let mut i = 0;
    while i < DEPARTURES.len() {
        table[DEPARTURES[i].0 as usize] = DEPARTURES[i].1;
        i += 1;
    }
    table
}

/// Writes the pixels of a row that half-pass `pass` (0 or 1) deletes into `deleted`; true if there are any.
///
/// `rows` are the row before, the row and the row after; a row outside the mask is empty.
pub fn deletions(rows: [&[AtomicU64]; 3], pass: usize, deleted: &[AtomicU64]) -> bool {
    let mut any = 0;
    for (w, out) in deleted.iter().enumerate() {
        let word = |r: usize, w: usize| rows[r].get(w).map_or(0, load);
        let mut left = word(1, w);
        let mut gone = 0;
        if left != 0 {
            let [up, mid, down] = [0, 1, 2].map(|r| {
                let (before, at, after) = (word(r, w.wrapping_sub(1)), word(r, w), word(r, w + 1));
                // Left neighbour, itself, right neighbour of every pixel of the word.
                [at << 1 | before >> 63, at, at >> 1 | after << 63]
            });
            // A pixel whose four neighbours by edge are all set is never deleted.
            left &= !(up[1] & mid[0] & mid[2] & down[1]);
            let around = [up[0], up[1], up[2], mid[2], down[2], down[1], down[0], mid[0]];
            while left != 0 {
                let b = left.trailing_zeros();
                left &= left - 1;
                let mut n = 0;
                for (i, bits) in around.iter().enumerate() {
                    n |= (bits >> b & 1) << i;
                }
                gone |= u64::from(PASSES[n as usize] >> pass & 1) << b;
            }
        }
        store(out, gone);
        any |= gone;
    }
    any != 0
}

/// Clears the pixels of `row` that are set in `deleted`.
pub fn delete(row: &[AtomicU64], deleted: &[AtomicU64]) {
    for (word, gone) in row.iter().zip(deleted) {
        let gone = load(gone);
        if gone != 0 {
            store(word, load(word) & !gone);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_with_four_edge_neighbours_is_never_deleted() {
        for n in 0..256 {
            let cross = 0b1010_1010;
            assert!(n & cross != cross || PASSES[n] == 0, "{n:#b}");
        }
    }

    #[test]
    fn passes_are_each_other_turned_by_half() {
        // Deleting from the south-east and from the north-west differ by half a turn only.
        let mut n_odd = 0;
        for n in 0..=255u8 {
            let (a, b) = (PASSES[n as usize], PASSES[n.rotate_right(4) as usize]);
            n_odd += usize::from(a & 1 != b >> 1);
        }
        assert!(n_odd <= DEPARTURES.len());
    }
}
