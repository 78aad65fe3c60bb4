//! Pairs that are the only hold of what lies behind them.

use crate::mosaic::solve::{Fate, Pair, Solution, median};

/// A pair that nothing confirms may differ from what the stage means by this many times what others do, and this many samples.
const TIMES: f64 = 6.0;
const SAMPLES: f64 = 2.0;
/// Of two pairs that contradict each other, one is believed if the squares of their distances to what the stage means, in units of what
/// is usual, differ by this.
const CLEARLY: f64 = 9.0;

/// The pairs that are bridges and contradict the stage, or another pair that would hold the same tiles and is nearer to what the stage
/// means. Where neither is clearly nearer, both.
pub(super) fn contradicted(
    nominal: &[Vec<f64>],
    pairs: &[Pair],
    solution: &Solution,
) -> Vec<usize> {
    let bridges = bridges(nominal.len(), pairs, &solution.fates);
    let Some(Stage { usual, off }) = Stage::of(nominal, pairs, solution, &bridges) else {
        return Vec::new();
    };
    let ndim = usual.len();
    let far = |e: usize| (0..ndim).any(|a| off[e][a].abs() > TIMES * usual[a] + SAMPLES);
    let distance = |e: usize| squares(&off[e], &usual);
    let mut wrong = Vec::new();
    for &bridge in &bridges {
        if far(bridge) {
            wrong.push(bridge);
            continue;
        }
        // Where several agree against the bridge, the solution has weighed them already.
        if let [rival] = rivals(nominal.len(), pairs, &solution.fates, bridge)[..] {
            let ahead = distance(rival) - distance(bridge);
            if ahead < CLEARLY {
                wrong.push(bridge);
            }
            if ahead.abs() < CLEARLY {
                wrong.push(rival);
            }
        }
    }
    wrong.sort_unstable();
    wrong.dedup();
    wrong
}

/// How much less a pair counts that is farther from what the stage means than others are: per pair, a factor.
pub(super) fn plausible(nominal: &[Vec<f64>], pairs: &[Pair], solution: &Solution) -> Vec<f64> {
    let bridges = bridges(nominal.len(), pairs, &solution.fates);
    match Stage::of(nominal, pairs, solution, &bridges) {
        None => vec![1.0; pairs.len()],
        Some(Stage { usual, off }) => {
            off.iter().map(|o| 1.0 / (squares(o, &usual) / CLEARLY).max(1.0)).collect()
        }
    }
}

/// How far pairs are from what the stage means.
struct Stage {
    /// What is usual, per axis.
    usual: Vec<f64>,
    /// Per pair and axis.
    off: Vec<Vec<f64>>,
}

impl Stage {
    /// Nothing if too little is known of the stage to contradict anything.
    fn of(
        nominal: &[Vec<f64>],
        pairs: &[Pair],
        solution: &Solution,
        bridges: &[usize],
    ) -> Option<Stage> {
        let off = |p: &Pair| -> Vec<f64> {
            let said = solution.stage.shift(&nominal[p.first], &nominal[p.second]);
            p.shift.iter().zip(said).map(|(a, b)| a - b).collect()
        };
        let off: Vec<Vec<f64>> = pairs.iter().map(off).collect();
        let is_sure =
            |e: &usize| solution.fates[*e] == Fate::Used && bridges.binary_search(e).is_err();
        let sure: Vec<usize> = (0..pairs.len()).filter(is_sure).collect();
        let ndim = nominal.first().map_or(0, Vec::len);
        if sure.len() < 6 {
            return None;
        }
        let typical = |a: usize| -> f64 {
            1.4826 * median(&sure.iter().map(|&e| off[e][a].abs()).collect::<Vec<_>>())
        };
        let usual = (0..ndim).map(typical).collect();
        Some(Stage { usual, off })
    }
}

/// The square of a distance in units of what is usual, and of half a sample at least.
fn squares(off: &[f64], usual: &[f64]) -> f64 {
    off.iter().zip(usual).map(|(o, u)| (o / u.max(0.5)).powi(2)).sum()
}

/// The pairs that were left out and would hold together what the bridge holds.
fn rivals(n: usize, pairs: &[Pair], fates: &[Fate], bridge: usize) -> Vec<usize> {
    let mut without = fates.to_vec();
    without[bridge] = Fate::LeftOut;
    // The tiles on the side of the bridge's first.
    let mut near = vec![false; n];
    let mut next = vec![pairs[bridge].first];
    while let Some(tile) = next.pop() {
        if std::mem::replace(&mut near[tile], true) {
            continue;
        }
        let held = pairs.iter().zip(&without).filter(|(_, f)| **f != Fate::LeftOut);
        next.extend(held.filter(|(p, _)| p.first == tile).map(|(p, _)| p.second));
        let held = pairs.iter().zip(&without).filter(|(_, f)| **f != Fate::LeftOut);
        next.extend(held.filter(|(p, _)| p.second == tile).map(|(p, _)| p.first));
    }
    let crosses = |p: &Pair| near[p.first] != near[p.second];
    (0..pairs.len())
        .filter(|&e| fates[e] == Fate::LeftOut && pairs[e].weight > 0.0 && crosses(&pairs[e]))
        .collect()
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

    #[test]
    fn of_two_contradicting_pairs_the_one_near_to_the_stage_is_believed() {
        // A row of tiles ten apart; the stage errs by a sample or so. Two pairs say where the last one lies.
        let nominal: Vec<Vec<f64>> = (0..12).map(|k| vec![10.0 * k as f64]).collect();
        let pair = |first: usize, second: usize, shift: f64| Pair {
            first,
            second,
            shift: vec![shift],
            weight: 1.0,
        };
        let said = |near: f64, far: f64| -> Vec<usize> {
            let mut pairs: Vec<Pair> = (0..10)
                .map(|k| pair(k, k + 1, if k % 2 == 0 { 11.0 } else { 9.0 }))
                .chain((0..9).map(|k| pair(k, k + 2, 20.0)))
                .collect();
            pairs.push(pair(10, 11, near));
            pairs.push(pair(9, 11, far));
            let fates = (0..pairs.len()).map(|e| match e {
                20 => Fate::LeftOut,
                _ => Fate::Used,
            });
            let solution = Solution {
                fates: fates.collect(),
                ..crate::mosaic::solve::solve(&nominal, &pairs)
            };
            contradicted(&nominal, &pairs, &solution)
        };
        // The pair that was left out is right.
        assert_eq!(said(18.0, 20.0), [19]);
        // The one that was kept is.
        assert_eq!(said(10.5, 29.0), [0usize; 0]);
        // Who can tell?
        assert_eq!(said(13.0, 17.0), [19, 20]);
    }

    #[test]
    fn bridges_are_what_circles_do_not_hold() {
        let pair = |first, second| Pair { first, second, shift: vec![0.0], weight: 1.0 };
        // A triangle, a tail of two, and another triangle behind.
        let ends = [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (4, 6)];
        let pairs: Vec<Pair> = ends.iter().map(|&(a, b)| pair(a, b)).collect();
        assert_eq!(bridges(7, &pairs, &[Fate::Used; 8]), [3, 4]);
        let mut fates = [Fate::Used; 8];
        fates[0] = Fate::LeftOut;
        assert_eq!(bridges(7, &pairs, &fates), [1, 2, 3, 4]);
    }
}
