//! Comparing many pairs at once, inside the memory there is.

use super::edges::Edge;
use super::patches::{Looker, Part, middle};
use crate::mosaic::pieces::{Pieces, working_set};
use crate::mosaic::solve::{Fate, Solution};
use crate::mosaic::tiles::{Placed, Tiles};
use petavox_core::{Error, Region, Result, Workers};
use petavox_engine::{Reservation, RunContext};
use petavox_kernels::register::{
    Coherence, Fft, Found, Patch, Search, Weights, coherence, reach_of, refine, search,
};
use std::any::Any;
use std::sync::{Arc, Mutex};

/// Samples of a part that is compared, at most; larger overlaps say nothing more that is needed.
const MOST: usize = 3 << 19;
/// Fewer say too little.
const LEAST: usize = 1 << 14;
/// Bytes per sample of a part while it is compared: samples, filtered ones, padded ones and spectra of both tiles.
const BYTES: u64 = 72;
/// More where some do not count.
const COUNTED_BYTES: u64 = 40;
/// How far around a prediction a pair is looked for again, in samples.
const AGAIN: usize = 6;

/// The tiles that each end of a pair is looked at in.
pub(super) type Ends<'a> = dyn Fn(&Edge) -> (usize, usize) + Sync + 'a;

/// What came of a pair.
#[derive(Clone, Debug)]
pub(super) enum Finding {
    /// A shift.
    Found(Found),
    /// Nothing, and why.
    Nothing(String),
}

impl Finding {
    pub(super) fn found(&self) -> Option<&Found> {
        match self {
            Finding::Found(f) => Some(f),
            Finding::Nothing(_) => None,
        }
    }

    pub(super) fn strength(&self) -> f64 {
        self.found().map_or(0.0, Found::strength)
    }
}

/// How pairs are found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Smoothing {
    pub(super) sigma: f64,
    /// The least strength that is taken for an agreement.
    pub(super) limit: f64,
    /// How strongly pairs agree that cannot, usually.
    pub(super) by_chance: f64,
}

/// How shifts are measured.
pub(super) struct Measuring {
    pub(super) sigma: f64,
    /// How much each frequency counts; all as they are without.
    pub(super) weights: Option<Weights>,
}

/// Smoothing before frequencies are weighed: so little that none is lost.
pub(super) const FINE: f64 = 0.7;

/// What pairs are compared with.
pub(super) struct Bench {
    pub(super) looker: Looker,
    pub(super) reach: Vec<usize>,
    /// Samples of a part at most.
    pub(super) most: usize,
    memory: Reservation,
    // Never locked: only that it can be shared.
    _pieces: Mutex<Box<dyn Any + Send>>,
}

impl Bench {
    pub(super) fn new(
        tiles: Arc<Tiles>,
        pieces: Arc<Pieces>,
        align: Option<usize>,
        reach: Vec<usize>,
        context: &RunContext,
    ) -> Result<Bench> {
        let room = context.budget.free();
        let held = (working_set(&tiles, tiles.spec.dtype) * 2 + (4 << 20))
            .min(tiles.bytes())
            .min(room / 3);
        let keep = pieces.hold(held);
        let n_threads = context.workers.n_threads() as u64;
        let of_mask = |t: &Placed| t.mask.as_ref().map_or(0, |m| m.decode_bytes);
        let decode = tiles.placed.iter().map(|t| t.decode_bytes.max(of_mask(t))).max().unwrap_or(0);
        let is_masked = tiles.placed.iter().any(|t| t.mask.is_some());
        let bytes = BYTES + if is_masked { COUNTED_BYTES } else { 0 };
        let share = (room - held) / 10 * 9 / n_threads;
        let most = (share.saturating_sub(decode) / bytes).min(MOST as u64) as usize;
        if most < LEAST {
            let needed = context.budget.used()
                + held
                + n_threads * (decode + bytes * LEAST as u64) * 10 / 9
                + (1 << 20);
            return Err(Error::Budget {
                what: "comparing tiles".into(),
                needed,
                budget: context.budget.limit(),
            });
        }
        let memory = context
            .budget
            .reserve("comparing tiles", held + n_threads * (decode + bytes * most as u64))?;
        let looker = Looker { tiles, pieces, align };
        Ok(Bench { looker, reach, most, memory, _pieces: Mutex::new(keep) })
    }

    /// Memory that comparing takes.
    pub(super) fn bytes(&self) -> u64 {
        self.memory.bytes()
    }

    /// Calls `f` for every item, side by side, and gives what came of it in order.
    pub(super) fn each<T: Send>(
        &self,
        title: &str,
        n: usize,
        context: &RunContext,
        f: &(dyn Fn(usize, &mut Fft) -> Result<T> + Sync),
    ) -> Result<Vec<T>> {
        // Not all at once, so that transforms need not be planned anew for every pair.
        const TURN: usize = 4;
        let results: Mutex<Vec<Option<Result<Vec<T>>>>> =
            Mutex::new((0..n.div_ceil(TURN)).map(|_| None).collect());
        context.progress.begin(title, n as u64);
        context.workers.for_each(n.div_ceil(TURN), &|turn| {
            let mut fft = Fft::new();
            let items = turn * TURN..((turn + 1) * TURN).min(n);
            let made: Result<Vec<T>> = items
                .clone()
                .map(|i| {
                    context.cancel.check()?;
                    f(i, &mut fft)
                })
                .collect();
            context.progress.advance(items.len() as u64, 0);
            if let Ok(mut results) = results.lock() {
                results[turn] = Some(made);
            }
        });
        context.progress.end();
        let results = results.into_inner().map_err(|_| Error::internal("stitch", "lock"))?;
        let mut out = Vec::with_capacity(n);
        for part in results {
            out.extend(part.ok_or_else(|| Error::internal("stitch", "a pair was not compared"))??);
        }
        Ok(out)
    }

    /// The parts of two tiles that may show the same.
    pub(super) fn whole_parts(
        &self,
        ends: (usize, usize),
        how: &Search,
    ) -> Option<(Region, Region)> {
        let shapes = (self.looker.shape(ends.0), self.looker.shape(ends.1));
        reach_of(&shapes.0, &shapes.1, how)
    }

    /// The middle of them, where all would take too much memory.
    fn parts(&self, ends: (usize, usize), how: &Search) -> Option<(Region, Region)> {
        let (a, b) = self.whole_parts(ends, how)?;
        Some(middle(a, b, &how.nominal, &how.reach, self.most))
    }

    /// Raw parts of the two tiles of a search, the second from elsewhere if it is to be one that cannot agree.
    pub(super) fn raw(
        &self,
        ends: (usize, usize),
        how: &Search,
        elsewhere: Option<usize>,
    ) -> Result<Option<[Part; 2]>> {
        let Some((a, b)) = self.parts(ends, how) else { return Ok(None) };
        let first = self.looker.raw(ends.0, &a)?;
        let second = match elsewhere {
            None => self.looker.raw(ends.1, &b)?,
            Some(other) => {
                // The same part of another tile, or the opposite one of the same.
                let shape = self.looker.shape(other);
                let start: Vec<i64> = (0..shape.len())
                    .map(|k| {
                        let (start, room) = (b.start()[k], shape[k] as i64 - b.shape()[k] as i64);
                        if other == ends.1 { room - start } else { start.min(room) }.max(0)
                    })
                    .collect();
                let extent: Vec<usize> =
                    b.shape().iter().zip(&shape).map(|(n, s)| *n.min(s)).collect();
                if extent != b.shape() {
                    return Ok(None);
                }
                self.looker.raw(other, &Region::new(start, extent))?
            }
        };
        Ok(Some([first, Part { region: b, ..second }]))
    }

    /// Searches with parts that were read.
    pub(super) fn search_raw(
        &self,
        ends: (usize, usize),
        how: &Search,
        raw: &[Part; 2],
        sigma: f64,
        fft: &mut Fft,
    ) -> Finding {
        if let Some(why) = raw.iter().find_map(Part::nothing) {
            return Finding::Nothing(why.into());
        }
        let [a, b] = [0, 1].map(|k| raw[k].filtered(sigma));
        let shapes = (self.looker.shape(ends.0), self.looker.shape(ends.1));
        match search(&a, &b, (&shapes.0, &shapes.1), how, fft) {
            Some(found) => Finding::Found(found),
            None => Finding::Nothing("they share too little".into()),
        }
    }

    /// Searches all pairs; those of `only`, if it is given.
    pub(super) fn search_all(
        &self,
        edges: &[Edge],
        ends: &Ends<'_>,
        sigma: f64,
        only: Option<&[(usize, Search)]>,
        context: &RunContext,
    ) -> Result<Vec<Finding>> {
        let n = only.map_or(edges.len(), <[_]>::len);
        self.each("compare tiles", n, context, &|i, fft| {
            let (ends, how) = match only {
                Some(some) => (ends(&edges[some[i].0]), some[i].1.clone()),
                None => (ends(&edges[i]), self.usual(&edges[i])),
            };
            match self.raw(ends, &how, None)? {
                Some(raw) => Ok(self.search_raw(ends, &how, &raw, sigma, fft)),
                None => Ok(Finding::Nothing("they share nothing".into())),
            }
        })
    }

    pub(super) fn usual(&self, edge: &Edge) -> Search {
        Search { nominal: edge.nominal.clone(), reach: self.reach.clone() }
    }

    /// Searches pairs that were not found, or that the others contradict, near where the others say.
    pub(super) fn search_again(
        &self,
        edges: &[Edge],
        ends: &Ends<'_>,
        smoothing: Smoothing,
        solution: &Solution,
        found: &mut [Finding],
        context: &RunContext,
    ) -> Result<()> {
        let mut again = Vec::new();
        for (e, edge) in edges.iter().enumerate() {
            let used = solution.fates[e] == Fate::Used && found[e].strength() >= smoothing.limit;
            let sure = |t: usize| solution.groups[t] == Some(0);
            if used || !(sure(edge.first) && sure(edge.second)) {
                continue;
            }
            let nominal = between(solution, edge);
            let reach = self.reach.iter().map(|r| AGAIN.min(*r)).collect();
            again.push((e, Search { nominal, reach }));
        }
        let made = self.search_all(edges, ends, smoothing.sigma, Some(&again), context)?;
        for ((e, _), new) in again.iter().zip(made) {
            if new.strength() >= smoothing.limit {
                found[*e] = new;
            }
        }
        Ok(())
    }

    /// Exact shifts of the pairs that count, at where the solution says they are.
    pub(super) fn refine_all(
        &self,
        edges: &[Edge],
        ends: &Ends<'_>,
        how: &Measuring,
        solution: &Solution,
        found: &[Finding],
        context: &RunContext,
    ) -> Result<Vec<Option<Vec<f64>>>> {
        self.each("measure shifts", edges.len(), context, &|e, fft| {
            let Some(f) = found[e].found().filter(|_| solution.fates[e] != Fate::LeftOut) else {
                return Ok(None);
            };
            let Some((a, b)) = self.near(ends(&edges[e]), &f.shift, how.sigma)? else {
                return Ok(None);
            };
            let exact = refine(&a, &b, &f.shift, how.weights.as_ref(), fft);
            // What moved away is another peak, not a better measurement of this one.
            let moved = |s: &[f64]| s.iter().zip(&f.shift).any(|(n, o)| (n - o).abs() > 1.0);
            Ok(exact.map(|x| x.shift).filter(|s| !moved(s)))
        })
    }

    /// What a pair that lies at `shift` tells of each frequency.
    pub(super) fn coherence(
        &self,
        ends: (usize, usize),
        shift: &[f64],
        fft: &mut Fft,
    ) -> Result<Option<Coherence>> {
        let parts = self.near(ends, shift, FINE)?;
        Ok(parts.and_then(|(a, b)| coherence(&a, &b, shift, fft)))
    }

    /// The parts of two tiles that show the same if the second lies at `shift`.
    fn near(
        &self,
        ends: (usize, usize),
        shift: &[f64],
        sigma: f64,
    ) -> Result<Option<(Patch, Patch)>> {
        let how = Search {
            nominal: shift.to_vec(),
            reach: self.reach.iter().map(|r| 3.min(*r)).collect(),
        };
        let raw = self.raw(ends, &how, None)?;
        Ok(raw.map(|[a, b]| (a.filtered(sigma), b.filtered(sigma))))
    }
}

/// Where the second tile of a pair lies in the first, by the solution.
pub(super) fn between(solution: &Solution, edge: &Edge) -> Vec<f64> {
    let (a, b) = (&solution.places[edge.first], &solution.places[edge.second]);
    a.iter().zip(b).map(|(a, b)| b - a).collect()
}
