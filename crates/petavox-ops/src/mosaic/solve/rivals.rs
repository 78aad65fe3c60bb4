//! Pairs that nothing confirms, and that would hold what trusted pairs do not.
//!
//! They are taken in the order of how near they are to what the stage means, as long as they join what was apart. One that then closes a
//! loop either confirms the pairs of the loop, or one of them is wrong. Then it is left out, being the farthest from what the stage means, and
//! the others are doubtful; where only one other is in question that is not clearly nearer, both are left out.

use super::Net;
use super::hold::Joined;
use super::prior::Prior;
use super::trust::{CLEARLY, Trust};

/// What holds tiles without being confirmed by small loops.
pub(super) struct Held {
    /// Pairs that count.
    pub(super) pairs: Vec<usize>,
    /// Those of them that another pair contradicts, but that the stage supports.
    pub(super) doubtful: Vec<usize>,
}

/// What a pair is while loops are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Confirmed,
    Doubtful,
    Wrong,
}

pub(super) fn rivals(net: &Net<'_>, trust: &Trust) -> Held {
    let prior = Prior::of(net, &trust.trusted, &trust.part, &trust.places);
    let apart = |e: &usize| {
        let p = &net.pairs[*e];
        p.weight > 0.0
            && trust.part[p.first] != trust.part[p.second]
            && !trust.refuted[*e]
            && !prior.far[*e]
    };
    let mut order: Vec<usize> = (0..net.pairs.len()).filter(apart).collect();
    order.sort_by(|&a, &b| prior.squares[a].total_cmp(&prior.squares[b]));
    let n = net.nominal.len();
    let mut joined = Joined::new(n);
    let mut tree: Vec<Vec<(usize, usize, f64)>> = vec![Vec::new(); n];
    let (mut held, mut closing) = (Vec::new(), Vec::new());
    for e in order {
        let (a, b) = (trust.part[net.pairs[e].first], trust.part[net.pairs[e].second]);
        if joined.join(a, b) {
            tree[a].push((b, e, 1.0));
            tree[b].push((a, e, -1.0));
            held.push(e);
        } else {
            closing.push(e);
        }
    }
    let mut state = vec![State::Open; net.pairs.len()];
    let mut open = Vec::new();
    for e in closing {
        let Some(path) = path(net, trust, &tree, e) else { continue };
        let far = trust.tolerance * ((path.len() as f64 + 1.0) / 4.0).sqrt().max(1.0);
        if off(net, trust, &path, e) <= far {
            held.push(e);
            state[e] = State::Confirmed;
            path.iter().for_each(|(e, _)| state[*e] = State::Confirmed);
        } else {
            open.push((e, path));
        }
    }
    for (e, path) in open {
        let free: Vec<usize> = path
            .into_iter()
            .map(|(o, _)| o)
            .filter(|o| state[*o] != State::Confirmed && state[*o] != State::Wrong)
            .collect();
        let even = |o: usize| prior.squares[o] > prior.squares[e] - CLEARLY;
        let between_two = free.len() == 1;
        for o in free {
            state[o] = if between_two && even(o) { State::Wrong } else { State::Doubtful };
        }
    }
    held.retain(|e| state[*e] != State::Wrong);
    let doubtful = held.iter().copied().filter(|e| state[*e] == State::Doubtful).collect();
    Held { pairs: held, doubtful }
}

/// The pairs of the tree from the node of a pair's first tile to that of its second, and whether they are gone forwards.
fn path(
    net: &Net<'_>,
    trust: &Trust,
    tree: &[Vec<(usize, usize, f64)>],
    e: usize,
) -> Option<Vec<(usize, f64)>> {
    let (from, to) = (trust.part[net.pairs[e].first], trust.part[net.pairs[e].second]);
    // From both ends at once, so that short loops stay cheap beside long trees.
    let mut came: std::collections::HashMap<usize, (usize, usize, f64, bool)> =
        [(from, (from, e, 0.0, true)), (to, (to, e, 0.0, false))].into();
    let (mut near, mut far) = (vec![from], vec![to]);
    let back = |came: &std::collections::HashMap<usize, (usize, usize, f64, bool)>,
                mut at: usize| {
        let mut way = Vec::new();
        while let Some(&(before, pair, sign, _)) = came.get(&at).filter(|c| c.0 != at) {
            way.push((pair, sign));
            at = before;
        }
        way
    };
    while !near.is_empty() || !far.is_empty() {
        for side in [true, false] {
            let line = if side { &mut near } else { &mut far };
            for at in std::mem::take(line) {
                for &(next, pair, sign) in &tree[at] {
                    match came.get(&next) {
                        Some(&(_, _, _, other)) if other != side => {
                            let (a, b) = if side { (at, next) } else { (next, at) };
                            let middle = (pair, if side { sign } else { -sign });
                            let mut way: Vec<_> = back(&came, a).into_iter().rev().collect();
                            way.push(middle);
                            // The second half was found backwards.
                            way.extend(back(&came, b).into_iter().map(|(e, s)| (e, -s)));
                            return Some(way);
                        }
                        Some(_) => {}
                        None => {
                            came.insert(next, (at, pair, sign, side));
                            line.push(next);
                        }
                    }
                }
            }
        }
    }
    None
}

/// How far the loop of a path and the pair that closes it is open.
fn off(net: &Net<'_>, trust: &Trust, path: &[(usize, f64)], e: usize) -> f64 {
    let one = |e: usize, a: usize| {
        let p = &net.pairs[e];
        trust.places[p.first][a] + p.shift[a] - trust.places[p.second][a]
    };
    (0..net.ndim)
        .map(|a| path.iter().map(|(k, s)| s * one(*k, a)).sum::<f64>() - one(e, a))
        .map(|d| d * d)
        .sum::<f64>()
        .sqrt()
}
