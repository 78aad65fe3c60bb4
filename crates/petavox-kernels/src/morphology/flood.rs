//! Sets that grow into a mask, row by row of packed bits: dilations until nothing changes, in any order, and single dilations.
//!
//! The final set does not depend on the order in which rows are done, so that several threads may work on one volume.

use crate::bits::row::{fill_bits, tail_mask};
use crate::bits::{load, store};
use petavox_core::strides;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;

/// A mask of any number of axes as rows of whole words, in raster order.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// Samples per axis; at least one axis.
    shape: Vec<usize>,
    /// Rows between neighbours along every axis but the last.
    steps: Vec<usize>,
    width: usize,
}

impl Rows {
    /// The rows of a mask of this shape. An image without axes is a row of one sample.
    pub fn new(shape: &[usize]) -> Rows {
        let shape = if shape.is_empty() { vec![1] } else { shape.to_vec() };
        let last = shape.len() - 1;
        Rows { steps: strides(&shape[..last]), width: shape[last].div_ceil(64), shape }
    }

    /// Words of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.shape[..self.shape.len() - 1].iter().product()
    }

    /// Words of the mask.
    pub fn n_words(&self) -> usize {
        self.n_rows() * self.width
    }

    /// Samples per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Samples of a row.
    pub fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    /// Number of the row of a point.
    pub fn row_of(&self, point: &[i64]) -> usize {
        point.iter().zip(&self.steps).map(|(p, s)| *p as usize * s).sum()
    }

    /// The row that lies `offset` away, if there is one.
    fn neighbour(&self, row: usize, offset: &[i64]) -> Option<usize> {
        let mut rest = row;
        let mut there = 0;
        for (a, (&step, &o)) in self.steps.iter().zip(offset).enumerate() {
            let x = (rest / step) as i64 + o;
            rest %= step;
            if x < 0 || x >= self.shape[a] as i64 {
                return None;
            }
            there += x as usize * step;
        }
        Some(there)
    }
}

/// How a set grows: a sample joins it if a sample at one of some offsets belongs to it.
pub struct Growth {
    rows: Rows,
    /// Offsets along all axes but the last, and the offsets along rows that go with each.
    groups: Vec<(Vec<i64>, Vec<i64>)>,
    /// Offsets inside the row itself.
    along: Vec<i64>,
    outside: bool,
}

impl Growth {
    /// `offsets` say where a sample looks; `outside` is what it sees beyond the image.
    pub fn new(rows: Rows, offsets: &[Vec<i64>], outside: bool) -> Growth {
        let last = rows.shape.len() - 1;
        let mut groups: BTreeMap<Vec<i64>, Vec<i64>> = BTreeMap::new();
        for offset in offsets {
            groups.entry(offset[..last].to_vec()).or_default().push(offset[last]);
        }
        let along = groups.get(&vec![0; last]).cloned().unwrap_or_default();
        Growth { rows, groups: groups.into_iter().collect(), along, outside }
    }

    /// The rows.
    pub fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Bits that the samples of a row see, into `seen`.
    fn look(&self, set: &[AtomicU64], row: usize, seen: &mut [u64], line: &mut [u64]) {
        let (width, len) = (self.rows.width, self.rows.row_len());
        seen.fill(0);
        for (outer, shifts) in &self.groups {
            let Some(there) = self.rows.neighbour(row, outer) else {
                if self.outside {
                    seen.fill(!0);
                    return;
                }
                continue;
            };
            let words = &set[there * width..(there + 1) * width];
            let mut any = 0;
            for (l, w) in line.iter_mut().zip(words) {
                *l = load(w);
                any |= *l;
            }
            for &shift in shifts {
                if any != 0 {
                    or_shifted(line, shift, seen);
                }
                if self.outside && shift != 0 {
                    let n = (shift.unsigned_abs() as usize).min(len);
                    let (from, to) = if shift > 0 { (len - n, len) } else { (0, n) };
                    fill_bits(seen, from, to, true);
                }
            }
        }
    }

    /// Lets a row grow as far as it can by what its neighbours are now; true if it changed. `scratch` holds three rows.
    pub fn grow(
        &self,
        set: &[AtomicU64],
        mask: Option<&[AtomicU64]>,
        row: usize,
        scratch: &mut [u64],
    ) -> bool {
        let width = self.rows.width;
        let Some((seen, rest)) = scratch.split_at_mut_checked(width) else { return false };
        let (line, allowed) = rest.split_at_mut(width);
        let words = row * width..(row + 1) * width;
        self.allowed(mask, row, allowed);
        let own = &set[words];
        // What has grown already needs no look.
        if own.iter().zip(allowed.iter()).all(|(o, a)| a & !load(o) == 0) {
            return false;
        }
        self.look(set, row, seen, line);
        let mut changed = false;
        for ((s, o), a) in seen.iter_mut().zip(own).zip(allowed.iter()) {
            let old = load(o);
            *s = old | *s & a;
            changed |= *s != old;
        }
        // Along the row until it rests.
        while changed && !self.along.is_empty() {
            let mut more = false;
            for &shift in &self.along {
                more |= match shift {
                    0 => false,
                    -1 => fill_up(seen, allowed),
                    1 => fill_down(seen, allowed),
                    _ => {
                        line.fill(0);
                        or_shifted(seen, shift, line);
                        let mut any = false;
                        for ((s, l), a) in seen.iter_mut().zip(line.iter()).zip(allowed.iter()) {
                            let new = *s | l & a;
                            any |= new != *s;
                            *s = new;
                        }
                        any
                    }
                };
            }
            if !more {
                break;
            }
        }
        if changed {
            own.iter().zip(seen.iter()).for_each(|(o, s)| store(o, *s));
        }
        changed
    }

    /// One dilation of a row from `from` to `to`; true if it differs. `scratch` holds three rows.
    pub fn once(
        &self,
        from: &[AtomicU64],
        to: &[AtomicU64],
        mask: Option<&[AtomicU64]>,
        row: usize,
        scratch: &mut [u64],
    ) -> bool {
        let width = self.rows.width;
        let Some((seen, rest)) = scratch.split_at_mut_checked(width) else { return false };
        let (line, allowed) = rest.split_at_mut(width);
        self.allowed(mask, row, allowed);
        self.look(from, row, seen, line);
        let mut changed = false;
        for w in 0..width {
            let old = load(&from[row * width + w]);
            let new = seen[w] & allowed[w] | old & !allowed[w];
            store(&to[row * width + w], new);
            changed |= new != old;
        }
        changed
    }

    fn allowed(&self, mask: Option<&[AtomicU64]>, row: usize, allowed: &mut [u64]) {
        let width = self.rows.width;
        match mask {
            Some(mask) => {
                let mask = &mask[row * width..(row + 1) * width];
                allowed.iter_mut().zip(mask).for_each(|(a, m)| *a = load(m));
            }
            None => {
                allowed.fill(!0);
                if let Some(last) = allowed.last_mut() {
                    *last = tail_mask(self.rows.row_len());
                }
            }
        }
    }

    /// Calls `f` for every other row that looks at this one.
    pub fn for_watchers(&self, row: usize, mut f: impl FnMut(usize)) {
        for (outer, _) in &self.groups {
            let back: Vec<i64> = outer.iter().map(|o| -o).collect();
            match self.rows.neighbour(row, &back) {
                Some(there) if there != row => f(there),
                _ => {}
            }
        }
    }
}

/// Adds to bit `i` of `to` bit `i + shift` of `from`.
fn or_shifted(from: &[u64], shift: i64, to: &mut [u64]) {
    let n = from.len();
    let by = shift.unsigned_abs() as usize;
    let (words, bits) = (by / 64, by % 64);
    if words >= n {
        return;
    }
    if shift >= 0 {
        let from = &from[words..];
        for (w, t) in to[..n - words].iter_mut().enumerate() {
            *t |= from[w] >> bits;
        }
        if bits > 0 {
            for (t, f) in to.iter_mut().zip(&from[1..]) {
                *t |= f << (64 - bits);
            }
        }
    } else {
        for (t, f) in to[words..].iter_mut().zip(from) {
            *t |= f << bits;
        }
        if bits > 0 {
            for (t, f) in to[words + 1..].iter_mut().zip(from) {
                *t |= f >> (64 - bits);
            }
        }
    }
}

/// Fills runs of `allowed` from their set bits towards higher places: an addition carries through a run of ones.
fn fill_up(set: &mut [u64], allowed: &[u64]) -> bool {
    let mut carry = false;
    let mut changed = false;
    for (s, &a) in set.iter_mut().zip(allowed) {
        let inside = *s & a;
        let (sum, over) = a.overflowing_add(inside);
        let (sum, again) = sum.overflowing_add(u64::from(carry));
        let new = *s | (sum ^ a) & a;
        // A carry leaves the word only through a run that reaches its last bit.
        carry = over || again;
        changed |= new != *s;
        *s = new;
    }
    changed
}

/// Fills runs of `allowed` from their set bits towards lower places.
fn fill_down(set: &mut [u64], allowed: &[u64]) -> bool {
    let mut carry = 0;
    let mut changed = false;
    for (s, &a) in set.iter_mut().zip(allowed).rev() {
        let mut run = a;
        let mut grown = *s & a | carry << 63 & a;
        for k in [1, 2, 4, 8, 16, 32] {
            grown |= run & grown >> k;
            run &= run >> k;
        }
        let new = *s | grown;
        carry = new & 1;
        changed |= new != *s;
        *s = new;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bits::shared;
    use proptest::prelude::*;

    fn bit(words: &[u64], i: usize) -> bool {
        words[i / 64] >> (i % 64) & 1 == 1
    }

    proptest! {
        #[test]
        fn runs_are_filled_to_both_sides(words in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..4)) {
            let allowed: Vec<u64> = words.iter().map(|w| w.0 | w.1).collect();
            let set: Vec<u64> = words.iter().zip(&allowed).map(|(w, a)| w.2 & w.0 & w.0.rotate_left(9) & a).collect();
            let n = 64 * words.len();
            let (mut up, mut down) = (set.clone(), set.clone());
            fill_up(&mut up, &allowed);
            fill_down(&mut down, &allowed);
            let mut on = false;
            for i in 0..n {
                on = bit(&allowed, i) && (on || bit(&set, i));
                prop_assert_eq!(bit(&up, i), on, "up {}", i);
            }
            let mut on = false;
            for i in (0..n).rev() {
                on = bit(&allowed, i) && (on || bit(&set, i));
                prop_assert_eq!(bit(&down, i), on, "down {}", i);
            }
        }

        #[test]
        fn shifted_rows_are_read_from_the_other_side(words in prop::collection::vec(any::<u64>(), 1..4), shift in -200i64..200) {
            let n = 64 * words.len() as i64;
            let mut to = vec![0; words.len()];
            or_shifted(&words, shift, &mut to);
            for i in 0..n {
                let there = i + shift;
                let want = (0..n).contains(&there) && bit(&words, there as usize);
                prop_assert_eq!(bit(&to, i as usize), want);
            }
        }
    }

    #[test]
    fn a_set_grows_around_corners() {
        let rows = Rows::new(&[3, 70]);
        let offsets = [vec![0, -1], vec![0, 1], vec![-1, 0], vec![1, 0], vec![0, 0]];
        let growth = Growth::new(rows.clone(), &offsets, false);
        let mut mask = vec![!0, tail_mask(70), 0, 1 << 5, !0, tail_mask(70)];
        let mut set = vec![1, 0, 0, 0, 0, 0];
        let (set_words, mask_words) = (shared(&mut set), shared(&mut mask));
        let mut scratch = vec![0; 3 * rows.width()];
        while (0..3).any(|r| growth.grow(set_words, Some(mask_words), r, &mut scratch)) {}
        assert_eq!(set, mask);
        let mut seen = vec![];
        growth.for_watchers(0, |r| seen.push(r));
        assert_eq!(seen, [1]);
    }
}
