//! Pairs that confirm each other against the stage and against other pairs.
//!
//! What repeats in a specimen errs by the same everywhere, so that two wrong pairs can close a loop. Where pairs were left out that the stage
//! supports, and those that were believed instead are far from what it means, more of those are asked for.

use super::hold::Joined;
use super::prior::Prior;
use super::{Fate, Net, median};
use std::collections::HashMap;

/// So many more pairs have to contradict the stage than support it.
const MORE: usize = 2;
/// So many more than three times those that support it have to, or what they hold is told not to be sure.
const SURE: usize = 4;

/// What is not believed after all.
pub(super) struct Audit {
    /// Pairs that must not count.
    pub(super) refused: Vec<usize>,
    /// Pairs that count but are too few for what they say.
    pub(super) thin: Vec<usize>,
}

pub(super) fn audit(net: &Net<'_>, fates: &[Fate], places: &[Vec<f64>]) -> Audit {
    let n = net.nominal.len();
    let used: Vec<bool> = fates.iter().map(|f| *f == Fate::Used).collect();
    let alone: Vec<usize> = (0..n).collect();
    let prior = Prior::of(net, &used, &alone, &net.meant);
    // Parts that hang together without any pair that is far from what the stage means.
    let mut joined = Joined::new(n);
    for e in (0..used.len()).filter(|&e| used[e] && !prior.far[e]) {
        joined.join(net.pairs[e].first, net.pairs[e].second);
    }
    let residuals: Vec<f64> = (0..used.len()).map(|e| net.distance(places, e)).collect();
    let counting: Vec<f64> = (0..used.len()).filter(|&e| used[e]).map(|e| residuals[e]).collect();
    let near = 6.0 * median(&counting) + 1.0;
    let roots: Vec<usize> = (0..n).map(|t| joined.root(t)).collect();
    let mut sizes = vec![0usize; n];
    roots.iter().for_each(|&r| sizes[r] += 1);
    let most = (0..n).max_by_key(|&t| (sizes[t], std::cmp::Reverse(t))).unwrap_or(0);
    // Per part but the largest: the pairs that hold it, and how many contradict those and agree with the stage.
    let mut around: HashMap<usize, (Vec<usize>, usize)> = HashMap::new();
    for (e, p) in net.pairs.iter().enumerate().filter(|(_, p)| p.weight > 0.0) {
        let ends = [roots[p.first], roots[p.second]];
        for &end in ends.iter().filter(|r| ends[0] != ends[1] && **r != most) {
            let said = around.entry(end).or_default();
            if used[e] {
                said.0.push(e);
            } else if !prior.far[e] && residuals[e] > near {
                said.1 += 1;
            }
        }
    }
    let mut out = Audit { refused: Vec::new(), thin: Vec::new() };
    for (against, with) in around.into_values() {
        if with > 0 && against.len() < with + MORE {
            out.refused.extend(against);
        } else if against.len() < 3 * with + SURE {
            out.thin.extend(against);
        }
    }
    for list in [&mut out.refused, &mut out.thin] {
        list.sort_unstable();
        list.dedup();
    }
    out
}
