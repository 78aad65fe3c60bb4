//! Grey reconstruction: values that spread to neighbours as far as a ceiling lets them, slab by slab.
//!
//! The final image does not depend on the order in which samples are done. Reconstruction by erosion is the same on complemented
//! values.

use crate::window::lanes;
use petavox_core::strides;

/// Unsigned integers that stand for grey values.
pub trait Grey: Copy + Ord + Send + Sync + 'static {
    /// The least.
    const LEAST: Self;
}

macro_rules! greys {
    ($($ty:ident)*) => { $(impl Grey for $ty { const LEAST: $ty = 0; })* };
}
greys!(u8 u16 u32 u64 u128);

/// A slab of an image: planes of the first axis with everything behind them, and how its samples are joined.
pub struct Slab {
    shape: Vec<usize>,
    /// Neighbours in other rows: offset along all axes but the last, offsets along the row.
    others: Vec<(Vec<i64>, Vec<i64>)>,
    before: bool,
    after: bool,
    farther: Vec<i64>,
}

impl Slab {
    /// A slab of this shape. `offsets` are the neighbours that a sample takes values from.
    pub fn new(shape: &[usize], offsets: &[Vec<i64>]) -> Slab {
        let last = shape.len() - 1;
        let mut others: Vec<(Vec<i64>, Vec<i64>)> = vec![];
        let (mut before, mut after, mut farther) = (false, false, vec![]);
        for o in offsets {
            match (o[..last].iter().all(|x| *x == 0), o[last]) {
                (true, 0) => {}
                (true, -1) => before = true,
                (true, 1) => after = true,
                (true, x) => farther.push(x),
                (false, x) => match others.iter_mut().find(|(outer, _)| *outer == o[..last]) {
                    Some((_, along)) => along.push(x),
                    None => others.push((o[..last].to_vec(), vec![x])),
                },
            }
        }
        Slab { shape: shape.to_vec(), others, before, after, farther }
    }

    fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    fn n_rows(&self) -> usize {
        self.shape[..self.shape.len() - 1].iter().product()
    }

    /// The rows that a row takes from, with the offsets along them: all, or those that come before or after it.
    fn near(&self, row: usize, forward: Option<bool>, found: &mut Vec<(usize, usize)>) {
        self.rows(row, 1, found);
        found.retain(|(there, _)| forward.is_none_or(|f| (*there < row) == f));
    }

    /// The rows at the offsets from a row (`sign` 1), or those it is at the offsets from (-1).
    fn rows(&self, row: usize, sign: i64, found: &mut Vec<(usize, usize)>) {
        let outer = &self.shape[..self.shape.len() - 1];
        let steps = strides(outer);
        found.clear();
        'groups: for (k, (offset, _)) in self.others.iter().enumerate() {
            let (mut rest, mut there) = (row, 0);
            for (a, step) in steps.iter().enumerate() {
                let x = (rest / step) as i64 + sign * offset[a];
                rest %= step;
                if x < 0 || x >= outer[a] as i64 {
                    continue 'groups;
                }
                there += x as usize * step;
            }
            found.push((there, k));
        }
    }

    /// Spreads `values` under `ceiling` until nothing changes in rows `own`; rows outside it give values and take none. True if a
    /// sample changed. If the slab rested before, only the rows outside may have changed: then as many rows as `edges` says at either end
    /// are looked at first. Asks `go_on` after every row.
    pub fn relax<T: Grey>(
        &self,
        values: &mut [T],
        ceiling: &[T],
        own: std::ops::Range<usize>,
        edges: Option<usize>,
        mut go_on: impl FnMut() -> bool,
    ) -> bool {
        let (len, n_rows) = (self.row_len(), self.n_rows());
        if len == 0 || n_rows == 0 {
            return false;
        }
        let mut stale = vec![false; n_rows];
        match edges {
            None => stale[own.clone()].fill(true),
            Some(n) => {
                let n = n.min(own.len());
                stale[own.start..own.start + n].fill(true);
                stale[own.end - n..own.end].fill(true);
            }
        }
        let (mut near, mut line) = (vec![], vec![T::LEAST; len]);
        let mut any = false;
        let mut first = edges.is_none();
        loop {
            let mut changed = false;
            for forward in [true, false] {
                for k in 0..own.len() {
                    let row = if forward { own.start + k } else { own.end - 1 - k };
                    // The first pass forwards looks back only and the one backwards looks ahead: together they see all.
                    let opening = first && forward;
                    if !opening && !std::mem::take(&mut stale[row]) {
                        continue;
                    }
                    let side = first.then_some(forward);
                    self.near(row, side, &mut near);
                    let grew = self.row(values, ceiling, row, &near, &mut line, opening);
                    if grew {
                        changed = true;
                        self.rows(row, -1, &mut near);
                        near.iter()
                            .filter(|(r, _)| own.contains(r))
                            .for_each(|(r, _)| stale[*r] = true);
                    }
                    if !go_on() {
                        return true;
                    }
                }
            }
            any |= changed;
            if !changed || !stale.contains(&true) {
                return any;
            }
            first = false;
        }
    }

    /// One row: the highest of the neighbours, cut by the ceiling, then carried along the row both ways; that was done before unless this
    /// is the `opening`, so that nothing is to be carried if the neighbours raise nothing.
    fn row<T: Grey>(
        &self,
        values: &mut [T],
        ceiling: &[T],
        row: usize,
        near: &[(usize, usize)],
        line: &mut [T],
        opening: bool,
    ) -> bool {
        let len = line.len();
        let base = row * len;
        line.copy_from_slice(&values[base..base + len]);
        for &(there, k) in near {
            let from = &values[there * len..(there + 1) * len];
            for &along in &self.others[k].1 {
                raise(line, from, along);
            }
        }
        let top = &ceiling[base..base + len];
        cut(line, top);
        if !opening && line == &values[base..base + len] {
            return false;
        }
        loop {
            if self.before {
                let mut carried = T::LEAST;
                for (l, t) in line.iter_mut().zip(top) {
                    carried = carried.min(*t).max(*l);
                    *l = carried;
                }
            }
            if self.after {
                let mut carried = T::LEAST;
                for (l, t) in line.iter_mut().zip(top).rev() {
                    carried = carried.min(*t).max(*l);
                    *l = carried;
                }
            }
            if self.farther.is_empty() {
                break;
            }
            let from = line.to_vec();
            self.farther.iter().for_each(|along| raise(line, &from, *along));
            cut(line, top);
            if line == from {
                break;
            }
        }
        let own = &mut values[base..base + len];
        if own == line {
            return false;
        }
        own.copy_from_slice(line);
        true
    }
}

/// Raises sample `i` to sample `i + along` of `from`.
fn raise<T: Grey>(line: &mut [T], from: &[T], along: i64) {
    let n = line.len();
    let by = along.unsigned_abs() as usize;
    if by >= n {
        return;
    }
    let (to, from) = if along >= 0 {
        (&mut line[..n - by], &from[by..])
    } else {
        (&mut line[by..], &from[..n - by])
    };
    raise_to(to, from);
}

lanes! {
    fn raise_to<K: Grey>(to: &mut [K], from: &[K]) {
        to.iter_mut().zip(from).for_each(|(t, f)| *t = (*t).max(*f));
    }
}

lanes! {
    fn cut<K: Grey>(line: &mut [K], top: &[K]) {
        line.iter_mut().zip(top).for_each(|(l, t)| *l = (*l).min(*t));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::morphology::Footprint;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn slabs_in_any_order_end_where_single_steps_end(
            shape in prop::collection::vec(1usize..7, 1..4), seeds in prop::collection::vec((0u8..9, 0u8..9), 216), hops in 1usize..3, cut in 0usize..7,
            kept in prop::collection::vec(prop::bool::weighted(0.7), 27), is_whole in prop::bool::ANY,
        ) {
            let n: usize = shape.iter().product();
            let ceiling: Vec<u8> = seeds[..n].iter().map(|s| s.0).collect();
            let start: Vec<u8> = seeds[..n].iter().map(|s| if s.1 > 6 { s.0.min(s.1) } else { 0 }).collect();
            // Neighbours with and without their opposites.
            let footprint = Footprint::connectivity(shape.len(), hops).unwrap();
            let offsets: Vec<Vec<i64>> =
                footprint.offsets().iter().zip(&kept).filter(|(_, k)| is_whole || **k).map(|(o, _)| o.clone()).collect();
            let slab = Slab::new(&shape, &offsets);
            let mut want = start.clone();
            let steps = strides(&shape);
            let at = |i: usize, a: usize| (i / steps[a] % shape[a]) as i64;
            loop {
                let before = want.clone();
                for i in 0..n {
                    for o in &offsets {
                        if (0..shape.len()).all(|a| (0..shape[a] as i64).contains(&(at(i, a) + o[a]))) {
                            let there = (0..shape.len()).map(|a| (at(i, a) + o[a]) * steps[a] as i64).sum::<i64>();
                            want[i] = want[i].max(before[there as usize]).min(ceiling[i]);
                        }
                    }
                }
                if want == before { break }
            }
            let rows = n / shape[shape.len() - 1];
            let cut = cut.min(rows);
            let mut values = start;
            // The first time all rows are looked at, then only those at the ends.
            let mut edges = None;
            loop {
                let a = slab.relax(&mut values, &ceiling, cut..rows, None, || true);
                let b = slab.relax(&mut values, &ceiling, 0..cut, edges, || true);
                edges = Some(99);
                if !a && !b { break }
            }
            prop_assert_eq!(values, want);
        }
    }
}
