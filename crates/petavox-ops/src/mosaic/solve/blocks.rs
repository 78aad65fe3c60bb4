//! Blocks of tiles that would satisfy more pairs elsewhere.
//!
//! Two wrong pairs can close a loop by chance and hold a block of tiles at a wrong place. Then the right pairs around the block were left
//! out, all off by the same. Whether there is such a block is a question of flow: every pair of them sends one unit over the pairs that
//! count, from the tile that should move to the one that should not; if not all units get through, what holds them up is a border that fewer
//! pairs support than contradict.

use super::audit::Audit;
use super::prior::Prior;
use super::trust::CLEARLY;
use super::{Fate, Net};
use std::collections::{HashMap, VecDeque};

/// A pair that was left out.
struct Out {
    pair: usize,
    off: Vec<f64>,
    length: f64,
}

/// Adds to the audit what holds blocks at places that as many pairs contradict, or more.
pub(super) fn blocks(
    net: &Net<'_>,
    fates: &[Fate],
    places: &[Vec<f64>],
    tolerance: f64,
    audit: &mut Audit,
) {
    let used: Vec<bool> = fates.iter().map(|f| *f == Fate::Used).collect();
    let alone: Vec<usize> = (0..places.len()).collect();
    let prior = Prior::of(net, &used, &alone, &net.meant);
    let mut out: Vec<Out> = Vec::new();
    for (e, p) in net.pairs.iter().enumerate() {
        if p.weight > 0.0 && fates[e] == Fate::LeftOut {
            let (a, b) = (&places[p.first], &places[p.second]);
            let off: Vec<f64> = (0..net.ndim).map(|k| p.shift[k] - (b[k] - a[k])).collect();
            let length = off.iter().map(|o| o * o).sum::<f64>().sqrt();
            if length > 2.0 * tolerance {
                out.push(Out { pair: e, off, length });
            }
        }
    }
    out.sort_by(|a, b| a.length.total_cmp(&b.length).then(a.pair.cmp(&b.pair)));
    let mut around: Vec<Vec<(usize, usize)>> = vec![Vec::new(); places.len()];
    for (e, p) in net.pairs.iter().enumerate().filter(|(e, _)| fates[*e] != Fate::LeftOut) {
        around[p.first].push((p.second, e));
        around[p.second].push((p.first, e));
    }
    let mut taken = vec![false; out.len()];
    for i in 0..out.len() {
        if std::mem::replace(&mut taken[i], true) {
            continue;
        }
        // All that are off by the same, one way or the other: (pair, tile that should move, tile that should not).
        let ends = |o: &Out, forwards: bool| {
            let p = &net.pairs[o.pair];
            if forwards { (o.pair, p.second, p.first) } else { (o.pair, p.first, p.second) }
        };
        let mut alike = vec![ends(&out[i], true)];
        for j in i + 1..out.len() {
            if out[j].length > out[i].length + 2.0 * tolerance {
                break;
            }
            let apart = |sign: f64| -> f64 {
                let by = out[i].off.iter().zip(&out[j].off).map(|(a, b)| (a - sign * b).powi(2));
                by.sum::<f64>().sqrt()
            };
            let near = [true, false].map(|f| apart(if f { 1.0 } else { -1.0 }) <= 2.0 * tolerance);
            if !taken[j] && (near[0] || near[1]) {
                taken[j] = true;
                alike.push(ends(&out[j], near[0]));
            }
        }
        if alike.len() > 1 {
            judge(&around, &alike, &prior, audit);
        }
    }
}

/// Whether what is held by the pairs that count may stay where it is.
fn judge(
    around: &[Vec<(usize, usize)>],
    alike: &[(usize, usize, usize)],
    prior: &Prior,
    audit: &mut Audit,
) {
    let mut flow = Flow { around, sent: HashMap::new(), room: HashMap::new() };
    for &(_, _, to) in alike {
        *flow.room.entry(to).or_default() += 1;
    }
    let mut stuck = false;
    for &(_, from, _) in alike {
        if let Err(border) = flow.send(from) {
            audit.refused.extend(border);
            stuck = true;
        }
    }
    if stuck {
        return;
    }
    // One more than there are: where that is too many, as many pairs are for the one place as for the other.
    for &(_, from, to) in alike {
        *flow.room.entry(to).or_default() += 1;
        if let Err(border) = flow.send(from) {
            let with: Vec<usize> = alike.iter().map(|a| a.0).collect();
            match prior.mean(&border) - prior.mean(&with) > CLEARLY {
                true => audit.refused.extend(border),
                false => audit.thin.extend(border),
            }
            return;
        }
        // It must not be there for the next one.
        return_one(&mut flow, to);
    }
}

fn return_one(flow: &mut Flow<'_>, to: usize) {
    if let Some(room) = flow.room.get_mut(&to) {
        *room = room.saturating_sub(1);
    }
}

/// Units that are sent over pairs, each of which carries one.
struct Flow<'a> {
    around: &'a [Vec<(usize, usize)>],
    /// Per pair that carries one: the tile it comes from.
    sent: HashMap<usize, usize>,
    /// How many more a tile takes.
    room: HashMap<usize, usize>,
}

impl Flow<'_> {
    /// Sends one from a tile to any that takes it, or gives the pairs that are in the way.
    fn send(&mut self, from: usize) -> Result<(), Vec<usize>> {
        let mut came: HashMap<usize, (usize, usize)> = HashMap::from([(from, (from, usize::MAX))]);
        let mut line = VecDeque::from([from]);
        while let Some(at) = line.pop_front() {
            if let Some(room) = self.room.get_mut(&at).filter(|r| **r > 0) {
                *room -= 1;
                let mut here = at;
                while let Some(&(before, pair)) = came.get(&here).filter(|c| c.0 != here) {
                    // What comes the other way is taken back instead.
                    if self.sent.remove(&pair).is_none() {
                        self.sent.insert(pair, before);
                    }
                    here = before;
                }
                return Ok(());
            }
            for &(next, pair) in &self.around[at] {
                if self.sent.get(&pair) != Some(&at) && !came.contains_key(&next) {
                    came.insert(next, (at, pair));
                    line.push_back(next);
                }
            }
        }
        let mut border: Vec<usize> = came
            .keys()
            .flat_map(|&t| &self.around[t])
            .filter(|(next, _)| !came.contains_key(next))
            .map(|(_, pair)| *pair)
            .collect();
        border.sort_unstable();
        Err(border)
    }
}
