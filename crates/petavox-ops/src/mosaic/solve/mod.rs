//! Where all tiles lie, from where pairs of them lie against each other.
//!
//! Every pair that was found pulls like a spring; wrong ones are found by what all others say. First the sum of the distances is made
//! least, which a minority of wrong pairs hardly moves; then pairs that are far off are left out, unless nothing else holds a tile; then
//! squares, weighted. What the stage said pulls weakly, so that whole groups stay where they were. A regression of found on nominal
//! places tells what the stage means by its numbers, and so where tiles belong that nothing was found of.

mod springs;
mod stage;

pub use springs::{Link, settle};
pub use stage::{StageModel, regress};

use std::collections::HashMap;

/// A pair of tiles: the second lies `shift` from the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The first tile.
    pub first: usize,
    /// The second tile.
    pub second: usize,
    /// In samples.
    pub shift: Vec<f64>,
    /// How much it counts, from 0 to 1.
    pub weight: f64,
}

/// What became of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It counts.
    Used,
    /// The others contradict it, but nothing else holds one of its tiles.
    Doubtful,
    /// The others contradict it.
    LeftOut,
}

/// Where all tiles lie.
#[derive(Clone, Debug)]
pub struct Solution {
    /// Per tile, in samples.
    pub places: Vec<Vec<f64>>,
    /// Per pair: how far it is from where its tiles lie.
    pub residuals: Vec<f64>,
    /// Per pair.
    pub fates: Vec<Fate>,
    /// Per tile: which group of connected tiles it is in, the largest being 0; `None` for tiles without pairs.
    pub groups: Vec<Option<usize>>,
    /// What the stage means by its numbers.
    pub stage: StageModel,
    /// The usual distance of a pair that counts, in samples.
    pub typical: f64,
}

/// Pairs are never left out for less than this, in samples.
const LEAST_LIMIT: f64 = 1.0;
/// How many times the usual distance is far off.
const FAR: f64 = 6.0;
/// The pull of the stage against that of a pair.
const STAGE: f64 = 1e-6;

/// Finds the places of `nominal.len()` tiles.
pub fn solve(nominal: &[Vec<f64>], pairs: &[Pair]) -> Solution {
    let n = nominal.len();
    let ndim = nominal.first().map_or(0, Vec::len);
    let mut places: Vec<Vec<f64>> = nominal.to_vec();
    let all = |weights: &[f64]| -> Vec<Link> {
        let link = |(p, w): (&Pair, &f64)| Link { first: p.first, second: p.second, weight: *w };
        pairs.iter().zip(weights).map(link).collect()
    };
    let distance = |places: &[Vec<f64>], p: &Pair| -> f64 {
        let off = |a: usize| places[p.second][a] - places[p.first][a] - p.shift[a];
        (0..ndim).map(|a| off(a) * off(a)).sum::<f64>().sqrt()
    };
    let shifts = |a: usize| -> Vec<f64> { pairs.iter().map(|p| p.shift[a]).collect() };
    let relax = |places: &mut Vec<Vec<f64>>, weights: &[f64], accuracy: f64| {
        // What the stage means, as far as is known by now: a wrong scale must not pull.
        let meant = {
            let (from, to): (Vec<&[f64]>, Vec<&[f64]>) =
                nominal.iter().zip(places.iter()).map(|(n, p)| (&n[..], &p[..])).unzip();
            regress(&from, &to)
        };
        let meant: Vec<Vec<f64>> = nominal.iter().map(|p| meant.place(p)).collect();
        let links = all(weights);
        for a in 0..ndim {
            let mut x: Vec<f64> = places.iter().map(|p| p[a]).collect();
            let pulled: Vec<f64> = meant.iter().map(|p| p[a]).collect();
            settle(&links, &shifts(a), &pulled, STAGE, &mut x, accuracy);
            places.iter_mut().zip(&x).for_each(|(p, x)| p[a] = *x);
        }
    };
    // The least sum of distances: every round weighs pairs by how near they are, less and less gently.
    let plain: Vec<f64> = pairs.iter().map(|p| p.weight).collect();
    relax(&mut places, &plain, 1e-4);
    relax(&mut places, &plain, 1e-4);
    let mut gentle = 16.0;
    for round in 0..14 {
        let weights: Vec<f64> =
            pairs.iter().map(|p| p.weight * gentle / distance(&places, p).max(gentle)).collect();
        let weights: Vec<f64> = match round < 7 {
            true => weights,
            // A pair that is far off counts less the farther it is.
            false => weights
                .iter()
                .zip(&plain)
                .map(|(w, p)| if *p > 0.0 { w * (w / p) } else { 0.0 })
                .collect(),
        };
        relax(&mut places, &weights, 1e-4);
        gentle = (gentle * 0.6_f64).max(0.25);
    }
    // Which pairs agree with where the tiles are now.
    let mut fates = vec![Fate::Used; pairs.len()];
    let mut typical = 0.0;
    for _ in 0..2 {
        let residuals: Vec<f64> = pairs.iter().map(|p| distance(&places, p)).collect();
        let counts = |e: &usize| fates[*e] == Fate::Used && pairs[*e].weight > 0.0;
        let near: Vec<f64> = (0..pairs.len()).filter(counts).map(|e| residuals[e]).collect();
        typical = median(&near);
        let limit = (FAR * typical).max(LEAST_LIMIT);
        fates = pruned(n, pairs, &residuals, limit);
        let weights: Vec<f64> = pairs
            .iter()
            .zip(&fates)
            .map(|(p, f)| match f {
                Fate::Used => p.weight,
                Fate::Doubtful => p.weight * 1e-3,
                Fate::LeftOut => 0.0,
            })
            .collect();
        relax(&mut places, &weights, 1e-6);
    }
    let groups = groups(n, pairs, &fates);
    let stage = stage::align(nominal, &mut places, &groups);
    let residuals = pairs.iter().map(|p| distance(&places, p)).collect();
    Solution { places, residuals, fates, groups, stage, typical }
}

/// Leaves out pairs beyond `limit`, nearest ones first, as long as others hold their tiles.
fn pruned(n: usize, pairs: &[Pair], residuals: &[f64], limit: f64) -> Vec<Fate> {
    let mut joined = Joined::new(n);
    let mut fates = vec![Fate::LeftOut; pairs.len()];
    let mut order: Vec<usize> = (0..pairs.len()).filter(|&e| pairs[e].weight > 0.0).collect();
    order.sort_by(|&a, &b| residuals[a].total_cmp(&residuals[b]));
    for e in order {
        let apart = joined.join(pairs[e].first, pairs[e].second);
        if residuals[e] <= limit {
            fates[e] = Fate::Used;
        } else if apart {
            fates[e] = Fate::Doubtful;
        }
    }
    fates
}

/// The groups of tiles that pairs connect, by size.
fn groups(n: usize, pairs: &[Pair], fates: &[Fate]) -> Vec<Option<usize>> {
    let mut joined = Joined::new(n);
    let mut has = vec![false; n];
    for (p, _) in pairs.iter().zip(fates).filter(|(_, f)| **f != Fate::LeftOut) {
        joined.join(p.first, p.second);
        (has[p.first], has[p.second]) = (true, true);
    }
    let mut sizes: HashMap<usize, usize> = HashMap::new();
    let roots: Vec<usize> = (0..n).map(|t| joined.root(t)).collect();
    for t in (0..n).filter(|&t| has[t]) {
        *sizes.entry(roots[t]).or_default() += 1;
    }
    let mut order: Vec<(usize, usize)> = sizes.into_iter().collect();
    order.sort_by_key(|(root, size)| (std::cmp::Reverse(*size), *root));
    let number: HashMap<usize, usize> =
        order.iter().enumerate().map(|(k, (root, _))| (*root, k)).collect();
    (0..n).map(|t| if has[t] { number.get(&roots[t]).copied() } else { None }).collect()
}

/// Which tiles hang together.
struct Joined(Vec<usize>);

impl Joined {
    fn new(n: usize) -> Joined {
        Joined((0..n).collect())
    }

    fn root(&mut self, mut t: usize) -> usize {
        while self.0[t] != t {
            self.0[t] = self.0[self.0[t]];
            t = self.0[t];
        }
        t
    }

    /// Joins two tiles; true if they were apart.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
        a != b
    }
}

/// The middle value; 0 of none.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    match n {
        0 => 0.0,
        _ if n % 2 == 1 => sorted[n / 2],
        _ => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests;
