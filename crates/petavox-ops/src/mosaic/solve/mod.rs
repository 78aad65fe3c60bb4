//! Where all tiles lie, from where pairs of them lie against each other.
//!
//! Pairs that agree perfectly can be wrong, so that a score proves nothing; a loop of pairs that closes does. Pairs that confirm each other
//! that way make tiles into rigid parts, loops between the parts make larger ones (`trust`); what is left has nothing but the stage to be
//! weighed with (`rivals`), and is told. Then all pairs that agree pull like springs, squares, weighted. What the stage said pulls weakly, so
//! that whole groups stay where they were. A regression of found on nominal places tells what the stage means by its numbers, and so where
//! tiles belong that nothing was found of.

mod alike;
mod audit;
mod blocks;
mod gradients;
mod hold;
mod loops;
mod prior;
mod rivals;
mod shapes;
mod springs;
mod stage;
mod trust;

pub use shapes::{Match, Model, Shape, Shapes};
pub use springs::{Link, settle};
pub use stage::{StageModel, regress};

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
    /// Another contradicts it, but it is what holds one of its tiles, and nearer to what the stage means.
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
    /// Per tile: it is in a group, but one pair that nothing confirms is between it and the most of the others.
    pub unconfirmed: Vec<bool>,
    /// What the stage means by its numbers.
    pub stage: StageModel,
    /// The usual distance of a pair that counts, in samples.
    pub typical: f64,
}

/// Pairs are never left out for less than this, in samples.
const LEAST_LIMIT: f64 = 0.5;
/// How many times the usual distance is far off.
const FAR: f64 = 6.0;
/// The pull of the stage against that of a pair.
const STAGE: f64 = 1e-6;

/// What is solved: tiles where they are said to lie, where the stage means them to lie as far as pairs tell, and pairs.
struct Net<'a> {
    ndim: usize,
    nominal: &'a [Vec<f64>],
    meant: Vec<Vec<f64>>,
    pairs: &'a [Pair],
}

impl<'a> Net<'a> {
    fn new(nominal: &'a [Vec<f64>], pairs: &'a [Pair]) -> Net<'a> {
        let ndim = nominal.first().map_or(0, Vec::len);
        // What the stage means, of the pairs both ways round, so that there is no offset: a wrong scale must not pull.
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for p in pairs.iter().filter(|p| p.weight > 0.0) {
            let (a, b) = (&nominal[p.first], &nominal[p.second]);
            for sign in [1.0, -1.0] {
                from.push(a.iter().zip(b).map(|(a, b)| sign * (b - a)).collect::<Vec<f64>>());
                to.push(p.shift.iter().map(|s| sign * s).collect::<Vec<f64>>());
            }
        }
        fn slices(v: &[Vec<f64>]) -> Vec<&[f64]> {
            v.iter().map(|v| &v[..]).collect()
        }
        let meant = match from.is_empty() {
            true => nominal.to_vec(),
            false => {
                let model = regress(&slices(&from), &slices(&to));
                nominal.iter().map(|p| model.place(p)).collect()
            }
        };
        Net { ndim, nominal, meant, pairs }
    }

    /// How far a pair is from where its tiles lie.
    fn distance(&self, places: &[Vec<f64>], e: usize) -> f64 {
        let p = &self.pairs[e];
        let off = |a: usize| places[p.second][a] - places[p.first][a] - p.shift[a];
        (0..self.ndim).map(|a| off(a) * off(a)).sum::<f64>().sqrt()
    }

    /// Moves tiles to where the sum of the squares is least.
    fn relax(&self, places: &mut [Vec<f64>], weights: &[f64], accuracy: f64) {
        let pulling = || self.pairs.iter().zip(weights).filter(|(_, w)| **w > 0.0);
        let links: Vec<Link> =
            pulling().map(|(p, w)| Link { first: p.first, second: p.second, weight: *w }).collect();
        for a in 0..self.ndim {
            let shifts: Vec<f64> = pulling().map(|(p, _)| p.shift[a]).collect();
            let mut x: Vec<f64> = places.iter().map(|p| p[a]).collect();
            let pulled: Vec<f64> = self.meant.iter().map(|p| p[a]).collect();
            settle(&links, &shifts, &pulled, STAGE, &mut x, accuracy);
            places.iter_mut().zip(&x).for_each(|(p, x)| p[a] = *x);
        }
    }

    /// The solution, or the pairs that must not be believed first.
    fn solve(&self) -> (Solution, Vec<usize>) {
        let (n, pairs) = (self.nominal.len(), self.pairs);
        let trust = trust::trust(self);
        let held = rivals::rivals(self, &trust);
        let mut may = trust.trusted.clone();
        held.pairs.iter().for_each(|&e| may[e] = true);
        // What lies between tiles that are held together anyway counts if it agrees.
        let within = |e: usize| {
            let p = &pairs[e];
            p.weight > 0.0 && trust.part[p.first] == trust.part[p.second]
        };
        let candidates: Vec<usize> = (0..pairs.len()).filter(|&e| may[e] || within(e)).collect();
        let weights = |fates: &[Fate]| -> Vec<f64> {
            let by = |(p, f): (&Pair, &Fate)| match f {
                Fate::Used => p.weight,
                Fate::Doubtful => p.weight * 1e-3,
                Fate::LeftOut => 0.0,
            };
            pairs.iter().zip(fates).map(by).collect()
        };
        let mut fates: Vec<Fate> =
            may.iter().map(|m| if *m { Fate::Used } else { Fate::LeftOut }).collect();
        let mut places = trust.places;
        self.relax(&mut places, &weights(&fates), 1e-4);
        let mut typical = 0.0;
        for _ in 0..2 {
            let residuals: Vec<f64> = (0..pairs.len()).map(|e| self.distance(&places, e)).collect();
            let counts = |e: &usize| fates[*e] == Fate::Used;
            typical =
                median(&(0..pairs.len()).filter(counts).map(|e| residuals[e]).collect::<Vec<_>>());
            let limit = (FAR * typical).max(LEAST_LIMIT);
            fates = pruned(n, pairs, &candidates, &may, &residuals, limit);
            self.relax(&mut places, &weights(&fates), 1e-6);
        }
        let mut audit = audit::audit(self, &fates, &places);
        audit.thin.extend(&trust.thin);
        blocks::blocks(self, &fates, &places, trust.tolerance, &mut audit);
        alike::alike(self, &fates, &places, trust.tolerance, &mut audit);
        for &e in &held.doubtful {
            if fates[e] == Fate::Used {
                fates[e] = Fate::Doubtful;
            }
        }
        let groups = hold::groups(n, pairs, &fates);
        let stage = stage::align(self.nominal, &mut places, &groups);
        let residuals = (0..pairs.len()).map(|e| self.distance(&places, e)).collect();
        let unconfirmed = hold::unconfirmed(n, pairs, &fates, &audit.thin);
        let solution = Solution { places, residuals, fates, groups, unconfirmed, stage, typical };
        (solution, audit.refused)
    }
}

/// Finds the places of `nominal.len()` tiles.
pub fn solve(nominal: &[Vec<f64>], pairs: &[Pair]) -> Solution {
    let mut pairs = pairs.to_vec();
    // Each round leaves out pairs that counted in the one before.
    loop {
        let net = Net::new(nominal, &pairs);
        let (solution, refused) = net.solve();
        if refused.is_empty() {
            return solution;
        }
        refused.iter().for_each(|&e| pairs[e].weight = 0.0);
    }
}

/// Leaves out pairs beyond `limit`, nearest ones first, as long as others hold their tiles.
fn pruned(
    n: usize,
    pairs: &[Pair],
    candidates: &[usize],
    may: &[bool],
    residuals: &[f64],
    limit: f64,
) -> Vec<Fate> {
    let mut joined = hold::Joined::new(n);
    let mut fates = vec![Fate::LeftOut; pairs.len()];
    let mut order = candidates.to_vec();
    order.sort_by(|&a, &b| residuals[a].total_cmp(&residuals[b]));
    for e in order {
        let apart = joined.join(pairs[e].first, pairs[e].second);
        if residuals[e] <= limit {
            fates[e] = Fate::Used;
        } else if apart && may[e] {
            fates[e] = Fate::Doubtful;
        }
    }
    fates
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
mod silent;
#[cfg(test)]
mod tests;
