//! Thinning by borders of six directions: what happens in a band of rows.
//!
//! Both rules collect the candidates of a direction first, on the mask as it was: border voxels of the direction that are
//! no endpoints and (26,6)-simple. They differ in how candidates are deleted: [`delete_parity`] and [`delete_lee`].

use super::neighborhood::{LANES, are_simple, at_most_one_component, is_endpoint};
use crate::bits::{BitLayout, bits, load, store};
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

/// Rows of one plane of a mask, with the planes around it.
///
/// Sets of the band's rows are slices of words: its row `i` is bit `i % 64` of word `i / 64`. Candidates are as the words of
/// the band's rows, and mean something only in rows that have some.
#[derive(Clone, Copy, Debug)]
pub struct Band<'a> {
    words: &'a [AtomicU64],
    words_per_row: usize,
    /// Where the planes before, of and after the band begin in `words`; [`OUTSIDE`] if that is outside the mask.
    planes: [usize; 3],
    n_rows: usize,
    first: usize,
}

impl<'a> Band<'a> {
    /// The rows of plane `z` from row `first` of the mask in `words`.
    pub fn new(layout: &BitLayout, words: &'a [AtomicU64], z: usize, first: usize) -> Band<'a> {
        let plane =
            |z: usize| if z < layout.shape()[0] { z * layout.words_per_plane() } else { OUTSIDE };
        Band {
            words,
            words_per_row: layout.words_per_row(),
            planes: [plane(z.wrapping_sub(1)), plane(z), plane(z + 1)],
            n_rows: layout.shape()[1],
            first,
        }
    }

    /// Row `i` of the band and those around it.
    #[inline(always)]
    fn rows(&self, i: usize) -> Rows<'a> {
        let y = self.first + i;
        let row = self.words_per_row;
        let [a, b, c] = self.planes.map(|plane| {
            let at = plane + y * row;
            let before = if y > 0 { at - row } else { OUTSIDE };
            let after = if y + 1 < self.n_rows { at + row } else { OUTSIDE };
            [before, at, after]
        });
        let starts = [a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]];
        Rows { words: self.words, starts, words_per_row: row }
    }

    /// Clears bits of a word of a row.
    #[inline(always)]
    fn delete(&self, row: usize, word: usize, gone: u64) {
        let at = self.planes[1] + (self.first + row) * self.words_per_row + word;
        if let Some(word) = self.words.get(at) {
            store(word, load(word) & !gone);
        }
    }
}

/// The nine rows around a row of a mask; those outside are background.
#[derive(Clone, Copy, Debug)]
struct Rows<'a> {
    words: &'a [AtomicU64],
    /// Where each row begins in `words`; [`OUTSIDE`] or more if it is outside the mask.
    starts: [usize; 9],
    words_per_row: usize,
}

/// So far that no word of such a row is within the mask.
const OUTSIDE: usize = usize::MAX / 2;

impl Rows<'_> {
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
        for r in (0..9).rev() {
            n = n << 3 | (window[r] >> (b - 1)) as u32 & 7;
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
}

/// Voxels of a band that wait for their test, so that many are tested at once.
struct Batch {
    n: usize,
    neighborhoods: [u32; LANES],
    places: [Place; LANES],
}

/// A voxel of a band: row of the band, word of the row, bit of the word.
#[derive(Clone, Copy, Default)]
struct Place {
    row: usize,
    word: usize,
    bit: u64,
}

impl Batch {
    fn new() -> Batch {
        Batch { n: 0, neighborhoods: [0; LANES], places: [Place::default(); LANES] }
    }

    /// Adds a voxel. Calls `simple` for all that wait and are simple if there is no room for more.
    #[inline(always)]
    fn push(&mut self, neighborhood: u32, place: Place, simple: &mut impl FnMut(Place)) {
        self.neighborhoods[self.n % LANES] = neighborhood;
        self.places[self.n % LANES] = place;
        self.n += 1;
        if self.n == LANES {
            self.flush(simple);
        }
    }

    /// Calls `simple` for all that wait and are simple.
    #[inline(always)]
    fn flush(&mut self, simple: &mut impl FnMut(Place)) {
        let found = are_simple(&self.neighborhoods) & ((1 << self.n) - 1);
        bits(found.into()).for_each(|i| simple(self.places[i]));
        self.n = 0;
    }
}

/// A function on a band, compiled once for any machine and once for those with vectors of 256 bits.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident, $body:ident($($arg:ident: $ty:ty),*)) => {
        $(#[$doc])*
        pub fn $name($($arg: $ty),*) -> bool {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,popcnt,bmi1,bmi2")]
                fn with_vectors($($arg: $ty),*) -> bool {
                    $body($($arg),*)
                }
                if is_x86_feature_detected!("avx2")
                    && is_x86_feature_detected!("popcnt")
                    && is_x86_feature_detected!("bmi1")
                    && is_x86_feature_detected!("bmi2")
                {
                    // SAFETY: the machine has just been found to have these instructions.
                    return unsafe { with_vectors($($arg),*) };
                }
            }
            $body($($arg),*)
        }
    };
}

dispatched! {
    /// Finds the candidates of a direction in the set of `rows`, and takes those without any out of the set. True if there
    /// are candidates.
    candidates, candidates_body(
        band: &Band<'_>, direction: Direction, rows: &[AtomicU64], candidates: &[AtomicU64]
    )
}

dispatched! {
    /// Deletes those candidates that are still simple in those of the set of `rows` that are `among` the rows of their word,
    /// first at even x, then at odd; no two of these rows may be neighbours. Says in `changed` which of these rows changed;
    /// true if any did.
    ///
    /// Rows of one parity of z and of y may be done in any order or at once: no voxel of one is a neighbour of another.
    delete_parity, delete_parity_body(
        band: &Band<'_>, among: u64, rows: &[AtomicU64], candidates: &[AtomicU64], changed: &[AtomicU64]
    )
}

dispatched! {
    /// Deletes, in raster order, those candidates in the set of `rows` whose neighbours still form at most one component.
    /// Says in `changed` which rows changed; true if any did. Bands must be done in raster order.
    delete_lee, delete_lee_body(
        band: &Band<'_>, rows: &[AtomicU64], candidates: &[AtomicU64], changed: &[AtomicU64]
    )
}

#[inline(always)]
fn candidates_body(
    band: &Band<'_>,
    direction: Direction,
    rows: &[AtomicU64],
    candidates: &[AtomicU64],
) -> bool {
    // Compiled for each direction, so that the search for borders is a short loop.
    match direction {
        Direction::YDown => towards::<{ Direction::YDown as u8 }>(band, rows, candidates),
        Direction::YUp => towards::<{ Direction::YUp as u8 }>(band, rows, candidates),
        Direction::XUp => towards::<{ Direction::XUp as u8 }>(band, rows, candidates),
        Direction::XDown => towards::<{ Direction::XDown as u8 }>(band, rows, candidates),
        Direction::ZUp => towards::<{ Direction::ZUp as u8 }>(band, rows, candidates),
        Direction::ZDown => towards::<{ Direction::ZDown as u8 }>(band, rows, candidates),
    }
}

#[inline(always)]
fn towards<const DIRECTION: u8>(
    band: &Band<'_>,
    rows: &[AtomicU64],
    candidates: &[AtomicU64],
) -> bool {
    let row_words = band.words_per_row;
    let mut any = false;
    let mut batch = Batch::new();
    let mut simple = |at: Place| {
        set(&candidates[at.row * row_words + at.word], at.bit);
        set(&rows[at.row / 64], 1 << (at.row % 64));
        any = true;
    };
    for (w, set) in rows.iter().enumerate() {
        let look = load(set);
        store(set, 0);
        for row in bits(look).map(|b| 64 * w + b) {
            let around = band.rows(row);
            let mut is_clear = false;
            for word in 0..row_words {
                let here = around.word(4, word);
                let border = if here == 0 { 0 } else { around.border::<DIRECTION>(word, here) };
                if border == 0 {
                    continue;
                }
                if !is_clear {
                    candidates[row * row_words..][..row_words].iter().for_each(|c| store(c, 0));
                    is_clear = true;
                }
                let window = around.window(word);
                for b in bits(border) {
                    let n = around.neighbors(&window, word, b as u32);
                    if !is_endpoint(n) {
                        batch.push(n, Place { row, word, bit: 1 << b }, &mut simple);
                    }
                }
            }
        }
    }
    batch.flush(&mut simple);
    any
}

/// Sets bits of a word.
#[inline(always)]
fn set(word: &AtomicU64, bits: u64) {
    store(word, load(word) | bits);
}

#[inline(always)]
fn delete_parity_body(
    band: &Band<'_>,
    among: u64,
    rows: &[AtomicU64],
    candidates: &[AtomicU64],
    changed: &[AtomicU64],
) -> bool {
    const EVEN: u64 = 0x5555_5555_5555_5555;
    let row_words = band.words_per_row;
    let mut any = false;
    changed.iter().for_each(|c| store(c, load(c) & !among));
    for class in [EVEN, !EVEN] {
        let mut batch = Batch::new();
        let mut simple = |at: Place| {
            band.delete(at.row, at.word, at.bit);
            set(&changed[at.row / 64], 1 << (at.row % 64));
            any = true;
        };
        for (w, set) in rows.iter().enumerate() {
            for row in bits(load(set) & among).map(|b| 64 * w + b) {
                let around = band.rows(row);
                for (word, mask) in candidates[row * row_words..][..row_words].iter().enumerate() {
                    let left = load(mask) & class;
                    if left == 0 {
                        continue;
                    }
                    let window = around.window(word);
                    for b in bits(left) {
                        let n = around.neighbors(&window, word, b as u32);
                        batch.push(n, Place { row, word, bit: 1 << b }, &mut simple);
                    }
                }
            }
        }
        batch.flush(&mut simple);
    }
    any
}

#[inline(always)]
fn delete_lee_body(
    band: &Band<'_>,
    rows: &[AtomicU64],
    candidates: &[AtomicU64],
    changed: &[AtomicU64],
) -> bool {
    let row_words = band.words_per_row;
    let mut any = false;
    for (w, set) in rows.iter().enumerate() {
        let mut gone_from = 0;
        for b in bits(load(set)) {
            let row = 64 * w + b;
            let around = band.rows(row);
            for (word, mask) in candidates[row * row_words..][..row_words].iter().enumerate() {
                let left = load(mask);
                if left == 0 {
                    continue;
                }
                let mut window = around.window(word);
                let before = window[4];
                for b in bits(left) {
                    if at_most_one_component(around.neighbors(&window, word, b as u32)) {
                        window[4] &= !(1 << b);
                    }
                }
                if window[4] != before {
                    band.delete(row, word, before & !window[4]);
                    gone_from |= 1 << (row % 64);
                }
            }
        }
        store(&changed[w], gone_from);
        any |= gone_from != 0;
    }
    any
}
