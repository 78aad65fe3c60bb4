//! Which runs of a cell's rows belong together.

use super::Neighbours;
use super::rows::{Reach, Rows};
use crate::wide::counting;

/// Disjoint sets of runs; the first run of a set stands for it.
pub(super) struct Sets<'a> {
    parents: Vec<u32>,
    /// The runs' samples, where they differ.
    values: &'a [u64],
}

impl Sets<'_> {
    #[inline(always)]
    fn join(&mut self, a: usize, b: usize) {
        if !self.values.is_empty() && self.values[a] != self.values[b] {
            return;
        }
        let (x, y) = (self.root(a), self.root(b));
        if x != y {
            self.parents[x.max(y)] = x.min(y) as u32;
        }
    }

    #[inline(always)]
    fn root(&mut self, mut run: usize) -> usize {
        loop {
            let up = self.parents[run] as usize;
            if up == run {
                return run;
            }
            let above = self.parents[up];
            self.parents[run] = above;
            run = above as usize;
        }
    }
}

/// Bits of some rows of a group, and the group's runs.
#[derive(Clone, Copy)]
struct Side<'a> {
    bits: &'a [u64],
    starts: &'a [u64],
    ranks: &'a [u32],
}

impl<'a> Side<'a> {
    #[inline(always)]
    fn new(rows: &'a Rows, bits: &'a [u64], group: usize) -> Side<'a> {
        let own = group * rows.width..(group + 1) * rows.width;
        Side { bits, starts: &rows.starts[own.clone()], ranks: &rows.ranks[own] }
    }

    #[inline(always)]
    fn run_at(&self, x: usize) -> usize {
        let upto = (2u64 << (x % 64)).wrapping_sub(1);
        (self.ranks[x / 64] + (self.starts[x / 64] & upto).count_ones()) as usize - 1
    }

    /// The bits one sample on: those of `k`'s word, and of the words beside it.
    #[inline(always)]
    fn moved(words: &[u64], k: usize, by: i64) -> u64 {
        match by {
            0 => words[k],
            1 => words[k] >> 1 | words.get(k + 1).map_or(0, |next| next << 63),
            _ => words[k] << 1 | if k > 0 { words[k - 1] >> 63 } else { 0 },
        }
    }
}

/// The first run of every run's set.
pub(super) fn join_rows(rows: &Rows, neighbours: &Neighbours) -> Vec<u32> {
    let mut sets = Sets { parents: (0..rows.n_runs as u32).collect(), values: &rows.values };
    join_all(rows, neighbours, &mut sets);
    // A run's parent comes before it.
    for run in 0..sets.parents.len() {
        sets.parents[run] = sets.parents[sets.parents[run] as usize];
    }
    sets.parents
}

counting! {
    /// Joins every group with the neighbouring groups before it.
    join_all(rows: &Rows, neighbours: &Neighbours, sets: &mut Sets<'_>) = join_body
}

#[inline(always)]
fn join_body(rows: &Rows, neighbours: &Neighbours, sets: &mut Sets<'_>) {
    let shape = &rows.groups.shape;
    let n_axes = shape.len();
    if n_axes == 0 || rows.width == 0 {
        return;
    }
    let width = rows.width;
    let away = |offset: &[i64]| offset.iter().zip(shape).fold(0, |at, (o, n)| at * *n as i64 + o);
    let before = neighbours.before();
    let (mut own, mut other) = (vec![0; width], vec![0; width]);
    let mut index = vec![0i64; n_axes];
    for group in 0..shape.iter().product::<usize>() {
        for towards in &before {
            let offset = &towards.offset;
            let inside = |a: usize| (0..shape[a] as i64).contains(&(index[a] + offset[a]));
            if !(0..n_axes).all(inside) {
                continue;
            }
            let there = (group as i64 + away(offset)) as usize;
            let last = offset[n_axes - 1];
            let last_but_one = if n_axes > 1 { offset[n_axes - 2] } else { 0 };
            rows.side(group, [last_but_one, last].map(Reach::towards), &mut own);
            rows.side(there, [-last_but_one, -last].map(Reach::towards), &mut other);
            let (a, b) = (Side::new(rows, &own, group), Side::new(rows, &other, there));
            match towards.along[..] {
                [-1, 0, 1] => join_near(a, b, sets),
                _ => towards.along.iter().for_each(|by| join_at(a, b, *by, sets)),
            }
        }
        for a in (0..n_axes).rev() {
            index[a] += 1;
            if index[a] < shape[a] as i64 {
                break;
            }
            index[a] = 0;
        }
    }
}

/// Joins runs where a sample of `b` lies `by` after one of `a`.
#[inline(always)]
fn join_at(a: Side<'_>, b: Side<'_>, by: i64, sets: &mut Sets<'_>) {
    let mut before = 0;
    for k in 0..a.bits.len() {
        let both = a.bits[k] & Side::moved(b.bits, k, by);
        // A pair of runs is met where both begin to be there.
        let mut met = both & (!(both << 1 | before) | a.starts[k] | Side::moved(b.starts, k, by));
        before = both >> 63;
        while met != 0 {
            let x = 64 * k + met.trailing_zeros() as usize;
            sets.join(a.run_at(x), b.run_at((x as i64 + by) as usize));
            met &= met - 1;
        }
    }
}

/// Joins runs where a sample of `b` lies at most one away from one of `a`.
#[inline(always)]
fn join_near(a: Side<'_>, b: Side<'_>, sets: &mut Sets<'_>) {
    join_at(a, b, 0, sets);
    for k in 0..a.bits.len() {
        // Only those that do not meet side by side as well, one sample on or back.
        let (own, gap) = (a.bits[k], !b.bits[k]);
        let mut back = own & Side::moved(b.bits, k, -1);
        back &= (!Side::moved(a.bits, k, -1) | a.starts[k]) & (gap | b.starts[k]);
        let starts = Side::moved(b.starts, k, 1);
        let mut on = own & Side::moved(b.bits, k, 1) & (gap | starts);
        on &= !Side::moved(a.bits, k, 1) | Side::moved(a.starts, k, 1);
        while back != 0 {
            let x = 64 * k + back.trailing_zeros() as usize;
            sets.join(a.run_at(x), b.run_at(x - 1));
            back &= back - 1;
        }
        while on != 0 {
            let x = 64 * k + on.trailing_zeros() as usize;
            sets.join(a.run_at(x), b.run_at(x + 1));
            on &= on - 1;
        }
    }
}
