//! Thinning by borders of six directions: what happens in one row.
//!
//! Both rules collect the candidates of a direction first, on the mask as it was: border voxels of the direction that are
//! no endpoints and (26,6)-simple. They differ in how candidates are deleted: [`delete_parity`] and [`delete_lee`].

use super::neighborhood::{at_most_one_component, is_endpoint, is_simple};
use crate::bits::{BitLayout, load, store};
use std::sync::atomic::AtomicU64;

/// The side on which a border voxel has background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smaller y.
    YDown,
    /// Larger y.
    YUp,
    /// Larger x.
    XUp,
    /// Smaller x.
    XDown,
    /// Larger z.
    ZUp,
    /// Smaller z.
    ZDown,
}

impl Direction {
    /// The order of the passes, that of scikit-image 0.26 and ImageJ. A mask of one plane takes only the first four.
    pub const ALL: [Direction; 6] = [
        Direction::YDown,
        Direction::YUp,
        Direction::XUp,
        Direction::XDown,
        Direction::ZUp,
        Direction::ZDown,
    ];
}

/// The nine rows around row (z, y); those outside the mask are empty.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a>([&'a [AtomicU64]; 9]);

impl<'a> Rows<'a> {
    /// The rows around `(z, y)` of the mask in `words`.
    #[inline]
    pub fn around(layout: &BitLayout, words: &'a [AtomicU64], z: usize, y: usize) -> Rows<'a> {
        let [nz, ny, _] = layout.shape();
        let mut rows: [&[AtomicU64]; 9] = [&[]; 9];
        for (i, row) in rows.iter_mut().enumerate() {
            let (rz, ry) = ((z + i / 3).wrapping_sub(1), (y + i % 3).wrapping_sub(1));
            if rz < nz && ry < ny {
                *row = &words[layout.row(rz, ry)];
            }
        }
        Rows(rows)
    }

    #[inline(always)]
    fn word(&self, row: usize, w: usize) -> u64 {
        self.0[row].get(w).map_or(0, load)
    }

    /// The set bits of word `w` whose neighbour in `direction` is clear.
    #[inline(always)]
    fn border(&self, direction: Direction, w: usize) -> u64 {
        let word = self.word(4, w);
        if word == 0 {
            return 0;
        }
        let beyond = match direction {
            Direction::YDown => self.word(3, w),
            Direction::YUp => self.word(5, w),
            Direction::ZDown => self.word(1, w),
            Direction::ZUp => self.word(7, w),
            Direction::XUp => word >> 1 | self.word(4, w + 1) << 63,
            Direction::XDown => word << 1 | self.word(4, w.wrapping_sub(1)) >> 63,
        };
        word & !beyond
    }

    #[inline(always)]
    fn window(&self, w: usize) -> Window {
        let mut window = Window { low: [0; 9], high: [0; 9] };
        for r in 0..9 {
            let word = self.word(r, w);
            window.low[r] = word << 1 | self.word(r, w.wrapping_sub(1)) >> 63;
            window.high[r] = word >> 1 | self.word(r, w + 1) << 63;
        }
        window
    }
}

/// A word of each of nine rows with a bit more on either side.
struct Window {
    /// Moved up by one, so that bits b-1, b, b+1 are found from bit b on; good for bits 0 to 61.
    low: [u64; 9],
    /// Moved down by one, so that they are found from bit b-2 on; good for bits 2 to 63.
    high: [u64; 9],
}

impl Window {
    /// The 26 neighbours of bit `b`.
    #[inline(always)]
    fn neighbors(&self, b: u32) -> u32 {
        let (rows, shift) = if b < 32 { (&self.low, b) } else { (&self.high, b - 2) };
        let mut n = 0;
        for r in 0..9 {
            n |= ((rows[r] >> shift) as u32 & 7) << (3 * r);
        }
        n & !(1 << 13)
    }

    /// Clears bit `b` of the middle row.
    #[inline(always)]
    fn clear(&mut self, b: u32) {
        let bit = 1 << b;
        self.low[4] &= !(bit << 1);
        self.high[4] &= !(bit >> 1);
    }
}

/// Writes the candidates of the middle row into `candidates`; true if there are any.
#[inline]
pub fn candidates(rows: &Rows<'_>, direction: Direction, candidates: &[AtomicU64]) -> bool {
    let mut any = 0;
    for (w, out) in candidates.iter().enumerate() {
        let mut left = rows.border(direction, w);
        let mut found = 0;
        if left != 0 {
            let window = rows.window(w);
            while left != 0 {
                let b = left.trailing_zeros();
                left &= left - 1;
                let n = window.neighbors(b);
                if !is_endpoint(n) && is_simple(n) {
                    found |= 1 << b;
                }
            }
        }
        store(out, found);
        any |= found;
    }
    any != 0
}

/// Deletes those candidates of the middle row that are still simple, first at even x, then at odd; true if any was.
///
/// Rows of one parity of z and of y may be done in any order or at once: no voxel of one is a neighbour of another.
#[inline]
pub fn delete_parity(rows: &Rows<'_>, candidates: &[AtomicU64]) -> bool {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let mut changed = false;
    for class in [EVEN, !EVEN] {
        for (w, mask) in candidates.iter().enumerate() {
            let mut left = load(mask) & class;
            if left == 0 {
                continue;
            }
            let window = rows.window(w);
            let mut gone = 0;
            while left != 0 {
                let b = left.trailing_zeros();
                left &= left - 1;
                if is_simple(window.neighbors(b)) {
                    gone |= 1 << b;
                }
            }
            if gone != 0 {
                let word = &rows.0[4][w];
                store(word, load(word) & !gone);
                changed = true;
            }
        }
    }
    changed
}

/// Deletes, in order of x, those candidates of the middle row whose neighbours still form at most one component; true if
/// any was. Rows must be done in raster order.
#[inline]
pub fn delete_lee(rows: &Rows<'_>, candidates: &[AtomicU64]) -> bool {
    let mut changed = false;
    for (w, mask) in candidates.iter().enumerate() {
        let mut left = load(mask);
        if left == 0 {
            continue;
        }
        let mut window = rows.window(w);
        let mut gone = 0;
        while left != 0 {
            let b = left.trailing_zeros();
            left &= left - 1;
            if at_most_one_component(window.neighbors(b)) {
                gone |= 1 << b;
                window.clear(b);
            }
        }
        if gone != 0 {
            let word = &rows.0[4][w];
            store(word, load(word) & !gone);
            changed = true;
        }
    }
    changed
}
