//! Pairs that confirm each other.
//!
//! A pair is trusted because a loop of pairs through it closes, not because it scores well: what repeats in the specimen, or stands still
//! while the stage moves, agrees perfectly at wrong places. Tiles that trusted pairs hold together become one node, and loops are looked
//! for again between the nodes, until nothing more closes.

use super::hold::Joined;
use super::loops::{COMPARED, Graph, Leg, Way};
use super::prior::Prior;
use super::{Net, median};

/// A loop may always be open by this much, in samples.
const LEAST: f64 = 0.6;
/// Loops may be open by this many times what is usual of those that close.
const TIMES: f64 = 5.0;
/// Two nodes are told apart by the stage if one is nearer to what it means by this, as squares in units of what is usual.
pub(super) const CLEARLY: f64 = 9.0;

/// What is known when no more loops close.
pub(super) struct Trust {
    /// Per pair: confirmed.
    pub(super) trusted: Vec<bool>,
    /// Per pair: confirmed once, and then contradicted by more; or one of as many on either side.
    pub(super) refuted: Vec<bool>,
    /// Pairs that were believed against others that are clearly nearer to what the stage means, and only one fewer.
    pub(super) thin: Vec<usize>,
    /// Per tile: the tile that stands for those that are held together.
    pub(super) part: Vec<usize>,
    /// Per tile; only differences within a part mean something.
    pub(super) places: Vec<Vec<f64>>,
    /// How far loops may be open.
    pub(super) tolerance: f64,
}

/// Finds the pairs that confirm each other.
pub(super) fn trust(net: &Net<'_>) -> Trust {
    let n = net.nominal.len();
    let graph = between(net, &(0..n).collect::<Vec<_>>(), net.nominal, |_| true);
    let ways = graph.ways();
    let loops = loops(&graph, &ways);
    let tolerance = tolerance(&graph, &ways, &loops);
    let (mut closed, mut open) = (vec![0.0; net.pairs.len()], vec![0.0; net.pairs.len()]);
    for &(a, b, d) in &loops {
        let count = if d <= tolerance { &mut closed } else { &mut open };
        let legs = graph.of(&ways[a]).chain(graph.of(&ways[b]));
        legs.for_each(|l| count[graph.legs[l].pair] += 1.0);
    }
    let mut reliable: Vec<f64> =
        closed.iter().zip(&open).map(|(c, o)| (1.0 + c) / (1.0 + c + o)).collect();
    let mut trust = Trust {
        trusted: closed.iter().map(|c| *c > 0.0).collect(),
        refuted: vec![false; net.pairs.len()],
        thin: Vec::new(),
        part: (0..n).collect(),
        places: net.meant.clone(),
        tolerance,
    };
    // Each round makes at least one pair trusted that never was before.
    loop {
        trust.settle(net, &reliable);
        let next = trust.confirm(net);
        if next.is_empty() {
            return trust;
        }
        for e in next {
            trust.trusted[e] = true;
            reliable[e] = reliable[e].max(0.5);
        }
    }
}

/// The pairs between different nodes, by how far off they are where tiles are now.
fn between(
    net: &Net<'_>,
    part: &[usize],
    places: &[Vec<f64>],
    wanted: impl Fn(usize) -> bool,
) -> Graph {
    let mut graph = Graph::new(net.ndim);
    for (e, p) in net.pairs.iter().enumerate() {
        let (from, to) = (part[p.first], part[p.second]);
        if p.weight > 0.0 && from != to && wanted(e) {
            let (a, b) = (&places[p.first], &places[p.second]);
            graph.push(Leg { from, to, pair: e }, (0..net.ndim).map(|k| a[k] + p.shift[k] - b[k]));
        }
    }
    graph
}

/// Two ways between the same ends, and how far apart they lead.
fn loops(graph: &Graph, ways: &[Way]) -> Vec<(usize, usize, f64)> {
    let mut out = Vec::new();
    let mut begin = 0;
    for group in ways.chunk_by(|a, b| a.ends == b.ends) {
        let most = group.len().min(COMPARED);
        for i in 0..most {
            for j in i + 1..most {
                if graph.disjoint(&group[i], &group[j]) {
                    out.push((begin + i, begin + j, graph.apart(&group[i], &group[j])));
                }
            }
        }
        begin += group.len();
    }
    out
}

/// How far a loop may be open: by how open the better ones are, and much less than ways are apart that have nothing to do with each other.
fn tolerance(graph: &Graph, ways: &[Way], loops: &[(usize, usize, f64)]) -> f64 {
    let mut open: Vec<f64> = loops.iter().map(|l| l.2).collect();
    open.sort_by(f64::total_cmp);
    let (Some(tenth), Some(quarter)) = (open.get(open.len() / 10), open.get(open.len() / 4)) else {
        return LEAST;
    };
    // A quarter of the lengths of vectors with normal errors are shorter than 0.76 of the error, a tenth than 0.46. Where few loops close,
    // the quarter is one that does not.
    let usual = (quarter / 0.76).min(2.0 * tenth / 0.46);
    let n = loops.len();
    let strangers: Vec<f64> = (0..n)
        .map(|k| graph.apart(&ways[loops[k].0], &ways[loops[(k + n / 2 + k % 3) % n].1]))
        .collect();
    (TIMES * usual).min(0.5 * median(&strangers)).max(LEAST)
}

impl Trust {
    /// Where the trusted pairs put the tiles; those that the others contradict are not trusted any more.
    fn settle(&mut self, net: &Net<'_>, reliable: &[f64]) {
        let weights = |trusted: &[bool]| -> Vec<f64> {
            trusted.iter().zip(reliable).map(|(t, r)| if *t { *r } else { 0.0 }).collect()
        };
        let plain = weights(&self.trusted);
        net.relax(&mut self.places, &plain, 1e-3);
        let far = |places: &[Vec<f64>], e: usize, by: f64| net.distance(places, e) > by;
        let any =
            (0..plain.len()).any(|e| self.trusted[e] && far(&self.places, e, 0.5 * self.tolerance));
        if any {
            // The least sum of distances, which a minority hardly moves, then less of what is far off.
            let mut gentle = 8.0 * self.tolerance;
            for round in 0..12 {
                let weights: Vec<f64> = plain
                    .iter()
                    .enumerate()
                    .map(|(e, w)| {
                        let by = gentle / net.distance(&self.places, e).max(gentle);
                        w * if round < 6 { by } else { by * by }
                    })
                    .collect();
                net.relax(&mut self.places, &weights, 1e-3);
                gentle = (gentle * 0.6).max(0.25 * self.tolerance);
            }
            for e in 0..plain.len() {
                if self.trusted[e] && far(&self.places, e, self.tolerance) {
                    (self.trusted[e], self.refuted[e]) = (false, true);
                }
            }
            let weights = weights(&self.trusted);
            net.relax(&mut self.places, &weights, 1e-3);
        }
        let mut joined = Joined::new(self.part.len());
        for (p, _) in net.pairs.iter().zip(&self.trusted).filter(|(_, t)| **t) {
            joined.join(p.first, p.second);
        }
        self.part = (0..self.part.len()).map(|t| joined.root(t)).collect();
        self.center(net);
    }

    /// Moves every part to where the stage means its tiles to lie in the middle.
    fn center(&mut self, net: &Net<'_>) {
        let mut order: Vec<usize> = (0..self.part.len()).collect();
        order.sort_by_key(|&t| self.part[t]);
        for tiles in order.chunk_by(|a, b| self.part[*a] == self.part[*b]) {
            for a in 0..net.ndim {
                let off = |t: &usize| net.meant[*t][a] - self.places[*t][a];
                let by = median(&tiles.iter().map(off).collect::<Vec<_>>());
                tiles.iter().for_each(|&t| self.places[t][a] += by);
            }
        }
    }

    /// The pairs between nodes that confirm each other: more of them for one place than for any other. Where two places have as many, the
    /// stage decides, and if it cannot, none is believed.
    fn confirm(&mut self, net: &Net<'_>) -> Vec<usize> {
        let graph =
            between(net, &self.part, &self.places, |e| !self.trusted[e] && !self.refuted[e]);
        let prior = Prior::of(net, &self.trusted, &self.part, &self.places);
        let ways = graph.ways();
        let mut out = Vec::new();
        for group in ways.chunk_by(|a, b| a.ends == b.ends).filter(|g| g.len() > 1) {
            let group = &group[..group.len().min(COMPARED)];
            let camps: Vec<Vec<usize>> =
                (0..group.len()).map(|c| camp(&graph, group, c, self.tolerance)).collect();
            let Some(best) = (0..camps.len()).max_by(|&a, &b| camps[a].len().cmp(&camps[b].len()))
            else {
                continue;
            };
            if camps[best].len() < 2 {
                continue;
            }
            let rival = (0..camps.len())
                .filter(|&c| graph.apart(&group[c], &group[best]) > 2.0 * self.tolerance)
                .max_by(|&a, &b| camps[a].len().cmp(&camps[b].len()));
            let pairs = |camp: usize| -> Vec<usize> {
                let ways = camps[camp].iter().flat_map(|&w| graph.of(&group[w]));
                ways.map(|l| graph.legs[l].pair).collect()
            };
            let wins = match rival.filter(|&r| camps[r].len() + 1 >= camps[best].len()) {
                None => Some(best),
                Some(rival) => {
                    let ahead = prior.mean(&pairs(rival)) - prior.mean(&pairs(best));
                    let even = camps[rival].len() == camps[best].len();
                    match ahead {
                        a if a > CLEARLY => Some(best),
                        a if a < -CLEARLY && even => Some(rival),
                        a if !even => {
                            if a < -CLEARLY {
                                self.thin.extend(pairs(best));
                            }
                            Some(best)
                        }
                        _ => {
                            for e in pairs(rival).into_iter().chain(pairs(best)) {
                                self.refuted[e] = true;
                            }
                            None
                        }
                    }
                }
            };
            out.extend(wins.map(pairs).unwrap_or_default());
        }
        out.retain(|e| !self.refuted[*e]);
        out
    }
}

/// The ways that lead where `center` leads and have nothing in common with each other.
fn camp(graph: &Graph, group: &[Way], center: usize, tolerance: f64) -> Vec<usize> {
    let mut out = vec![center];
    for (k, way) in group.iter().enumerate() {
        let agrees = k != center && graph.apart(way, &group[center]) <= tolerance;
        if agrees && out.iter().all(|&o| graph.disjoint(way, &group[o])) {
            out.push(k);
        }
    }
    out
}
