//! The most frequent samples of cells of two by two (by two) samples, many cells side by side.

use crate::sample::Integer;
use crate::wide::widest;

/// Cells that are done side by side.
const LANES: usize = 32;

/// Pairs that are put in order one after another until all samples of a cell are.
const FOUR: [(usize, usize); 5] = [(0, 2), (1, 3), (0, 1), (2, 3), (1, 2)];
const EIGHT: [(usize, usize); 19] = [
    (0, 2),
    (1, 3),
    (4, 6),
    (5, 7),
    (0, 4),
    (1, 5),
    (2, 6),
    (3, 7),
    (0, 1),
    (2, 3),
    (4, 5),
    (6, 7),
    (2, 4),
    (3, 5),
    (1, 4),
    (3, 6),
    (1, 2),
    (3, 4),
    (5, 6),
];

widest! {
    /// The most frequent sample of every cell, the least of equally frequent ones: cells are two samples of each of two or four rows.
    pub(super) fn modes_of_halves<T: Integer>(rows: &[&[T]], to: &mut [T]) {
        if rows.len() == 2 {
            modes::<T, 4>(rows, to, &FOUR);
        } else {
            modes::<T, 8>(rows, to, &EIGHT);
        }
    }
}

// Plain loops over lanes are what compilers make vectors of.
#[allow(clippy::needless_range_loop)]
#[inline(always)]
fn modes<T: Integer, const N: usize>(rows: &[&[T]], to: &mut [T], order: &[(usize, usize)]) {
    let mut first = 0;
    for to in to.chunks_mut(LANES) {
        let mut cells = [[to[0]; LANES]; N];
        for (k, row) in rows.iter().enumerate().take(N / 2) {
            let row = &row[2 * first..2 * (first + to.len())];
            for (i, pair) in row.chunks_exact(2).enumerate() {
                cells[2 * k][i] = pair[0];
                cells[2 * k + 1][i] = pair[1];
            }
        }
        first += to.len();
        for &(a, b) in order {
            let (low, high) = (cells[a], cells[b]);
            for i in 0..LANES {
                cells[a][i] = low[i].min(high[i]);
                cells[b][i] = low[i].max(high[i]);
            }
        }
        let (mut best, mut most, mut same) = (cells[0], [1u32; LANES], [1u32; LANES]);
        for k in 1..N {
            for i in 0..LANES {
                same[i] = if cells[k][i] == cells[k - 1][i] { same[i] + 1 } else { 1 };
                best[i] = if same[i] > most[i] { cells[k][i] } else { best[i] };
                most[i] = most[i].max(same[i]);
            }
        }
        to.copy_from_slice(&best[..to.len()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_of_sorted_cells() {
        let mut state = 1u64;
        for n_rows in [2, 4] {
            let rows: Vec<Vec<i16>> = (0..n_rows)
                .map(|_| {
                    let next = |_| {
                        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                        (state >> 33) as i16 % 4 - 1
                    };
                    (0..142).map(next).collect()
                })
                .collect();
            let rows: Vec<&[i16]> = rows.iter().map(Vec::as_slice).collect();
            let mut got = vec![0; 71];
            modes_of_halves(&rows, &mut got);
            for (x, got) in got.iter().enumerate() {
                let mut cell: Vec<i16> =
                    rows.iter().flat_map(|row| row[2 * x..2 * x + 2].iter().copied()).collect();
                cell.sort_unstable();
                let most = cell.chunk_by(|a, b| a == b).map(<[i16]>::len).max().unwrap();
                let want = cell.chunk_by(|a, b| a == b).find(|same| same.len() == most).unwrap()[0];
                assert_eq!(*got, want);
            }
        }
    }
}
