//! What holds tiles together.

use super::{Fate, Pair};
use std::collections::HashMap;

/// Which tiles hang together.
pub(super) struct Joined(Vec<usize>);

impl Joined {
    pub(super) fn new(n: usize) -> Joined {
        Joined((0..n).collect())
    }

    pub(super) fn root(&mut self, mut t: usize) -> usize {
        while self.0[t] != t {
            self.0[t] = self.0[self.0[t]];
            t = self.0[t];
        }
        t
    }

    /// Joins two tiles; true if they were apart.
    pub(super) fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
}

/// The groups of tiles that pairs connect, by size; nothing for tiles without pairs.
pub(super) fn groups(n: usize, pairs: &[Pair], fates: &[Fate]) -> Vec<Option<usize>> {
    let held = |e: usize| fates[e] != Fate::LeftOut;
    let (roots, has) = joined(n, pairs, held);
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    for t in (0..n).filter(|&t| has[t]) {
        *sizes.entry(roots[t]).or_default() += 1;
    }
    let mut order: Vec<(usize, usize)> = sizes.into_iter().collect();
    order.sort_by_key(|(root, size)| (std::cmp::Reverse(*size), *root));
    let number: HashMap<usize, usize> =
        order.iter().enumerate().map(|(k, (root, _))| (*root, k)).collect();
    (0..n).map(|t| if has[t] { number.get(&roots[t]).copied() } else { None }).collect()
}

/// The tile that stands for each tile's group, and whether it has pairs at all.
fn joined(n: usize, pairs: &[Pair], held: impl Fn(usize) -> bool) -> (Vec<usize>, Vec<bool>) {
    let mut joined = Joined::new(n);
    let mut has = vec![false; n];
    for (_, p) in pairs.iter().enumerate().filter(|(e, _)| held(*e)) {
        joined.join(p.first, p.second);
        (has[p.first], has[p.second]) = (true, true);
    }
    ((0..n).map(|t| joined.root(t)).collect(), has)
}

/// The tiles whose place against the most of the others hangs on one pair somewhere, which nothing confirms, or on `thin` ones.
pub(super) fn unconfirmed(n: usize, pairs: &[Pair], fates: &[Fate], thin: &[usize]) -> Vec<bool> {
    let mut sure = fates.to_vec();
    thin.iter().for_each(|&e| sure[e] = Fate::LeftOut);
    let bridges = bridges(n, pairs, &sure);
    let held = |e: usize| sure[e] != Fate::LeftOut && bridges.binary_search(&e).is_err();
    let (roots, has) = joined(n, pairs, held);
    let mut sizes = vec![0usize; n];
    (0..n).filter(|&t| has[t]).for_each(|t| sizes[roots[t]] += 1);
    let most = (0..n).max_by_key(|&t| (sizes[t], std::cmp::Reverse(t)));
    let (_, any) = joined(n, pairs, |e| fates[e] != Fate::LeftOut);
    (0..n).map(|t| any[t] && !(has[t] && Some(roots[t]) == most)).collect()
}

/// The pairs without which tiles would fall apart, in order.
pub(super) fn bridges(n: usize, pairs: &[Pair], fates: &[Fate]) -> Vec<usize> {
    let mut around: Vec<Vec<(usize, usize)>> = vec![Vec::new(); n];
    for (e, p) in pairs.iter().enumerate().filter(|(e, _)| fates[*e] != Fate::LeftOut) {
        around[p.first].push((p.second, e));
        around[p.second].push((p.first, e));
    }
    // A pair is a bridge if nothing behind it reaches a tile that was seen before it.
    let (mut seen, mut low, mut clock) = (vec![0usize; n], vec![0usize; n], 0);
    let mut out = Vec::new();
    for root in 0..n {
        if seen[root] != 0 {
            continue;
        }
        clock += 1;
        (seen[root], low[root]) = (clock, clock);
        let mut path: Vec<(usize, usize, usize)> = vec![(root, usize::MAX, 0)];
        while let Some((tile, by, next)) = path.last_mut() {
            let (tile, by) = (*tile, *by);
            if let Some(&(other, e)) = around[tile].get(*next) {
                *next += 1;
                if e == by {
                    continue;
                }
                if seen[other] == 0 {
                    clock += 1;
                    (seen[other], low[other]) = (clock, clock);
                    path.push((other, e, 0));
                } else {
                    low[tile] = low[tile].min(seen[other]);
                }
                continue;
            }
            path.pop();
            if let Some((before, _, _)) = path.last() {
                low[*before] = low[*before].min(low[tile]);
                if low[tile] > seen[*before] {
                    out.push(by);
                }
            }
        }
    }
    out.sort_unstable();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ends: &[(usize, usize)]) -> Vec<Pair> {
        let pair = |&(first, second): &_| Pair { first, second, shift: vec![0.0], weight: 1.0 };
        ends.iter().map(pair).collect()
    }

    #[test]
    fn bridges_are_what_circles_do_not_hold() {
        // A triangle, a tail of two, and another triangle behind.
        let pairs = pairs(&[(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (4, 6)]);
        assert_eq!(bridges(7, &pairs, &[Fate::Used; 8]), [3, 4]);
        let mut fates = [Fate::Used; 8];
        fates[0] = Fate::LeftOut;
        assert_eq!(bridges(7, &pairs, &fates), [1, 2, 3, 4]);
    }

    #[test]
    fn what_hangs_on_one_pair_is_not_confirmed() {
        // A square, a triangle behind one pair, a tile behind another, and one without pairs.
        let pairs =
            pairs(&[(0, 1), (1, 2), (2, 3), (3, 0), (3, 4), (4, 5), (5, 6), (4, 6), (1, 7)]);
        let told = unconfirmed(9, &pairs, &[Fate::Used; 9], &[]);
        assert_eq!(told, [false, false, false, false, true, true, true, true, false]);
    }
}
