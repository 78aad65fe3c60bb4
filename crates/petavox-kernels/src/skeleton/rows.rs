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

/// The nine rows around row (z, y) of a mask; those outside are background.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    words: &'a [AtomicU64],
    /// Where each row begins in `words`; [`OUTSIDE`] if it is outside the mask.
    starts: [usize; 9],
    words_per_row: usize,
}

/// So far that no word of such a row is within the mask.
const OUTSIDE: usize = usize::MAX / 2;

impl<'a> Rows<'a> {
    /// The rows around `(z, y)` of the mask in `words`.
    #[inline(always)]
    pub fn around(layout: &BitLayout, words: &'a [AtomicU64], z: usize, y: usize) -> Rows<'a> {
        let [nz, ny, _] = layout.shape();
        let (row, plane) = (layout.words_per_row(), layout.words_per_plane());
        let centre = z * plane + y * row;
        let mut starts = [OUTSIDE; 9];
        for (i, start) in starts.iter_mut().enumerate() {
            let (rz, ry) = ((z + i / 3).wrapping_sub(1), (y + i % 3).wrapping_sub(1));
            if rz < nz && ry < ny {
                *start = (centre + i / 3 * plane + i % 3 * row).wrapping_sub(plane + row);
            }
        }
        Rows { words, starts, words_per_row: row }
    }

    /// Word `w` of a row; `w` lies within the row.
    #[inline(always)]
    fn word(&self, row: usize, w: usize) -> u64 {
        self.words.get(self.starts[row] + w).map_or(0, load)
    }

    /// Word `w` of a row, or 0 past its ends.
    #[inline(always)]
    fn word_or_none(&self, row: usize, w: usize) -> u64 {
        if w < self.words_per_row { self.word(row, w) } else { 0 }
    }

    /// The set bits of word `w`, which is `word`, whose neighbour in the direction is clear.
    #[inline(always)]
    fn border<const DIRECTION: u8>(&self, w: usize, word: u64) -> u64 {
        let beyond = match DIRECTION {
            d if d == Direction::YDown as u8 => self.word(3, w),
            d if d == Direction::YUp as u8 => self.word(5, w),
            d if d == Direction::ZDown as u8 => self.word(1, w),
            d if d == Direction::ZUp as u8 => self.word(7, w),
            d if d == Direction::XUp as u8 => word >> 1 | self.word_or_none(4, w + 1) << 63,
            _ => word << 1 | self.word_or_none(4, w.wrapping_sub(1)) >> 63,
        };
        word & !beyond
    }

    /// Word `w` of every row.
    #[inline(always)]
    fn window(&self, w: usize) -> [u64; 9] {
        std::array::from_fn(|r| self.word(r, w))
    }

    /// The 26 neighbours of bit `b` of word `w`, given the rows' words there.
    #[inline(always)]
    fn neighbors(&self, window: &[u64; 9], w: usize, b: u32) -> u32 {
        if b.wrapping_sub(1) >= 62 {
            return self.neighbors_at_end(window, w, b);
        }
        let mut n = 0;
        for r in 0..9 {
            n |= ((window[r] >> (b - 1)) as u32 & 7) << (3 * r);
        }
        n & !(1 << 13)
    }

    /// The same for the first and the last bit, which have neighbours in other words.
    #[cold]
    fn neighbors_at_end(&self, window: &[u64; 9], w: usize, b: u32) -> u32 {
        let mut n = 0;
        for r in 0..9 {
            let three = if b == 0 {
                window[r] << 1 & 7 | self.word_or_none(r, w.wrapping_sub(1)) >> 63
            } else {
                window[r] >> 62 | (self.word_or_none(r, w + 1) & 1) << 2
            };
            n |= (three as u32) << (3 * r);
        }
        n & !(1 << 13)
    }

    /// Clears bits of word `w` of the middle row.
    #[inline(always)]
    fn delete(&self, w: usize, gone: u64) {
        if let Some(word) = self.words.get(self.starts[4] + w) {
            store(word, load(word) & !gone);
        }
    }
}

/// A function on rows, compiled once for any machine and once for those that count bits in one instruction.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident, $body:ident($($arg:ident: $ty:ty),*)) => {
        $(#[$doc])*
        pub fn $name($($arg: $ty),*) -> bool {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "popcnt,bmi1,bmi2")]
                fn with_bit_counts($($arg: $ty),*) -> bool {
                    $body($($arg),*)
                }
                if is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                {
                    // SAFETY: the machine has just been found to have these instructions.
                    return unsafe { with_bit_counts($($arg),*) };
                }
            }
            $body($($arg),*)
        }
    };
}

dispatched! {
    /// Writes the candidates of the middle row into `candidates`; true if there are any, else nothing is written.
    candidates, candidates_body(rows: &Rows<'_>, direction: Direction, candidates: &[AtomicU64])
}

dispatched! {
    /// Deletes those candidates of the middle row that are still simple, first at even x, then at odd; true if any was.
    ///
    /// Rows of one parity of z and of y may be done in any order or at once: no voxel of one is a neighbour of another.
    delete_parity, delete_parity_body(rows: &Rows<'_>, candidates: &[AtomicU64])
}

dispatched! {
    /// Deletes, in order of x, those candidates of the middle row whose neighbours still form at most one component; true if
    /// any was. Rows must be done in raster order.
    delete_lee, delete_lee_body(rows: &Rows<'_>, candidates: &[AtomicU64])
}

#[inline(always)]
fn candidates_body(rows: &Rows<'_>, direction: Direction, candidates: &[AtomicU64]) -> bool {
    // Compiled for each direction, so that the search for borders is a short loop.
    match direction {
        Direction::YDown => towards::<{ Direction::YDown as u8 }>(rows, candidates),
        Direction::YUp => towards::<{ Direction::YUp as u8 }>(rows, candidates),
        Direction::XUp => towards::<{ Direction::XUp as u8 }>(rows, candidates),
        Direction::XDown => towards::<{ Direction::XDown as u8 }>(rows, candidates),
        Direction::ZUp => towards::<{ Direction::ZUp as u8 }>(rows, candidates),
        Direction::ZDown => towards::<{ Direction::ZDown as u8 }>(rows, candidates),
    }
}

#[inline(always)]
fn towards<const DIRECTION: u8>(rows: &Rows<'_>, candidates: &[AtomicU64]) -> bool {
    let mut any = false;
    for (w, out) in candidates.iter().enumerate() {
        let word = rows.word(4, w);
        let border = if word == 0 { 0 } else { rows.border::<DIRECTION>(w, word) };
        let found = if border == 0 { 0 } else { simple_among(rows, w, border) };
        if found != 0 && !any {
            // Most rows have none and are not written at all.
            candidates[..w].iter().for_each(|c| store(c, 0));
            any = true;
        }
        if any {
            store(out, found);
        }
    }
    any
}

/// Those of the bits of word `w` that are simple and no endpoints.
#[inline(always)]
fn simple_among(rows: &Rows<'_>, w: usize, mut left: u64) -> u64 {
    let window = rows.window(w);
    let mut found = 0;
    while left != 0 {
        let b = left.trailing_zeros();
        left &= left - 1;
        let n = rows.neighbors(&window, w, b);
        if !is_endpoint(n) && is_simple(n) {
            found |= 1 << b;
        }
    }
    found
}

#[inline(always)]
fn delete_parity_body(rows: &Rows<'_>, candidates: &[AtomicU64]) -> bool {
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
                if is_simple(rows.neighbors(&window, w, b)) {
                    gone |= 1 << b;
                }
            }
            if gone != 0 {
                rows.delete(w, gone);
                changed = true;
            }
        }
    }
    changed
}

#[inline(always)]
fn delete_lee_body(rows: &Rows<'_>, candidates: &[AtomicU64]) -> bool {
    let mut changed = false;
    for (w, mask) in candidates.iter().enumerate() {
        let mut left = load(mask);
        if left == 0 {
            continue;
        }
        let mut window = rows.window(w);
        let before = window[4];
        while left != 0 {
            let b = left.trailing_zeros();
            left &= left - 1;
            if at_most_one_component(rows.neighbors(&window, w, b)) {
                window[4] &= !(1 << b);
            }
        }
        if window[4] != before {
            rows.delete(w, before & !window[4]);
            changed = true;
        }
    }
    changed
}
