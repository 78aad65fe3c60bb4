//! Tiles that are not only moved: what each pair shows is measured in several places, and all tiles are solved for with a matrix each.
//!
//! Which pairs are believed is decided as for tiles that are only moved: how tiles are turned is told by how the parts of each pair lie
//! against each other, and with that taken out, loops of pairs close again. Then pairs are measured anew with both tiles turned as they were
//! found to be, twice.

use super::cycles::drifted;
use super::edges::{Edge, Mover};
use super::measure::{Bench, Ends, FINE, Finding, Measuring, Smoothing};
use super::settled;
use super::sights::{Frame, Sights};
use crate::mosaic::solve::{Fate, Match, Model, Shape, Shapes, Solution, median};
use petavox_core::Result;
use petavox_engine::RunContext;
use petavox_kernels::register::Coherence;

/// Times that pairs are measured with tiles turned.
const TIMES: usize = 2;
/// What a doubtful pair counts against others.
const DOUBTFUL: f64 = 1e-3;

/// What a tile was found to be.
pub(super) struct Bent {
    /// From its samples to the mosaic's, row by row with the offset last; nothing if it is only moved.
    pub(super) forward: Option<Vec<Vec<f64>>>,
    pub(super) shape: Shape,
    /// Places that it shares with others, of those that are believed.
    pub(super) n_matches: usize,
}

/// Everything that was found.
pub(super) struct Bending {
    pub(super) found: Vec<Finding>,
    pub(super) solution: Solution,
    /// Per mover.
    pub(super) bent: Vec<Bent>,
    pub(super) sigma: f64,
}

/// What does not change from one step to the next.
#[derive(Clone, Copy)]
pub(super) struct Task<'a> {
    pub(super) bench: &'a Bench,
    pub(super) edges: &'a [Edge],
    pub(super) ends: &'a Ends<'a>,
    pub(super) movers: &'a [Mover],
    pub(super) nominal: &'a [Vec<f64>],
    pub(super) smoothing: Smoothing,
    pub(super) model: Model,
    /// Smoothing that was asked for.
    pub(super) sigma: Option<f64>,
    pub(super) context: &'a RunContext,
}

/// Finds where tiles lie, and how.
pub(super) fn bend(task: &Task<'_>) -> Result<Bending> {
    let Task { bench, edges, nominal, smoothing, model, context, .. } = *task;
    let frame = Frame::new(bench, task.movers);
    let middles = (0..nominal.len()).map(|m| frame.middle(m, &nominal[m])).collect();
    let radius = frame.half.first().map_or(1.0, |half| {
        half.iter().zip(&frame.units).map(|(h, u)| (h * u).powi(2)).sum::<f64>().sqrt()
    });
    let mut shapes = Shapes::new(middles, radius, model);
    let sights = bench.each("compare tiles", edges.len(), context, &|e, fft| {
        bench.seek(e, &edges[e], (task.ends)(&edges[e]), smoothing, &frame, fft)
    })?;
    let (mut found, mut matches) = apart(sights);
    let nominal = drifted(nominal, task.movers, edges, &found, smoothing.limit);
    let task = &Task { nominal: &nominal, ..*task };
    shapes.turn(&weighed(&matches, |_| 1.0));
    let mut solution = task.believed(&frame, &shapes, &matches, &mut found);
    task.refit(&frame, &mut shapes, &matches, &solution);
    let mut how = Measuring { sigma: task.sigma.unwrap_or(smoothing.sigma), weights: None };
    for time in 0..TIMES {
        // Where tiles are sure to be about where they are.
        let known = |e: usize| {
            let sure = |t: usize| solution.groups[t] == Some(0);
            solution.fates[e] != Fate::LeftOut || sure(edges[e].first) && sure(edges[e].second)
        };
        let sights = bench.each("compare turned tiles", edges.len(), context, &|e, fft| {
            if !known(e) {
                return Ok(None);
            }
            let ends = (task.ends)(&edges[e]);
            let how = (smoothing, &how);
            bench.sight(e, &edges[e], ends, how, &frame, &shapes.tiles, fft).map(Some)
        })?;
        let mut all = Coherence::default();
        for (e, sights) in sights.into_iter().enumerate() {
            let Some(Sights { finding, matches: own, coherence }) = sights else { continue };
            if solution.fates[e] == Fate::Used {
                coherence.iter().for_each(|c| all.add(c));
            }
            if !own.is_empty() {
                (found[e], matches[e]) = (finding, own);
            }
        }
        solution = task.believed(&frame, &shapes, &matches, &mut found);
        task.refit(&frame, &mut shapes, &matches, &solution);
        if time == 0 && task.sigma.is_none() {
            let weights = all.weights();
            let sigma = if weights.is_some() { FINE } else { smoothing.sigma };
            how = Measuring { sigma, weights };
        }
    }
    let believed = task.counting(&matches, &solution);
    let before: Vec<Model> = shapes.tiles.iter().map(|t| t.model).collect();
    let n_matches = shapes.simplify(&believed);
    if shapes.tiles.iter().zip(&before).any(|(t, b)| t.model != *b) {
        shapes.fit(&believed);
    }
    task.told(&frame, &shapes, &matches, &mut solution);
    let bent = (0..nominal.len())
        .map(|m| {
            let shape = shapes.tiles[m].clone();
            let map = frame.forward(m, &shape);
            let rows =
                map.matrix.iter().zip(&map.offset).map(|(row, o)| [&row[..], &[*o]].concat());
            let forward = shape.model.bends().then(|| rows.collect());
            Bent { forward, shape, n_matches: n_matches[m] }
        })
        .collect();
    Ok(Bending { found, solution, bent, sigma: how.sigma })
}

fn apart(sights: Vec<Sights>) -> (Vec<Finding>, Vec<Vec<Match>>) {
    sights.into_iter().map(|s| (s.finding, s.matches)).unzip()
}

/// All matches, their weights in units of what is usual.
fn weighed(matches: &[Vec<Match>], by: impl Fn(usize) -> f64) -> Vec<Match> {
    let all: Vec<f64> = matches.iter().flatten().map(|m| m.weight).collect();
    let usual = median(&all).max(1e-9);
    let one = |m: &Match| {
        let weight = (m.weight / usual).clamp(0.1, 4.0) * by(m.pair);
        Match { weight, ..m.clone() }
    };
    matches.iter().flatten().map(one).filter(|m| m.weight > 0.0).collect()
}

impl Task<'_> {
    /// Which pairs are believed: solved for with tiles as they are turned, as if they were only moved.
    fn believed(
        &self,
        frame: &Frame,
        shapes: &Shapes,
        matches: &[Vec<Match>],
        found: &mut [Finding],
    ) -> Solution {
        for (e, own) in matches.iter().enumerate() {
            let own: Vec<&Match> = own.iter().collect();
            let (Some(shift), Finding::Found(f)) = (shapes.shift(&own), &mut found[e]) else {
                continue;
            };
            let edge = &self.edges[e];
            let half = (&frame.half[edge.first], &frame.half[edge.second]);
            f.shift = (0..shift.len())
                .map(|k| shift[k] / frame.units[k] + half.0[k] - half.1[k])
                .collect();
        }
        settled(self.nominal, self.edges, found, self.smoothing.limit)
    }

    /// The matches that count.
    fn counting(&self, matches: &[Vec<Match>], solution: &Solution) -> Vec<Match> {
        weighed(matches, |e| {
            let by = match solution.fates[e] {
                Fate::Used => 1.0,
                Fate::Doubtful => DOUBTFUL,
                Fate::LeftOut => 0.0,
            };
            by * self.edges[e].hold
        })
    }

    /// All tiles at once, from where the solution has them.
    fn refit(
        &self,
        frame: &Frame,
        shapes: &mut Shapes,
        matches: &[Vec<Match>],
        solution: &Solution,
    ) {
        for (m, tile) in shapes.tiles.iter_mut().enumerate() {
            tile.middle = frame.middle(m, &solution.places[m]);
            if solution.groups[m].is_none() {
                // Nothing holds it, so that it is as it is said to be.
                *tile = Shape::moved(tile.middle.clone(), tile.model);
            }
        }
        shapes.fit(&self.counting(matches, solution));
    }

    /// The solution as the tiles lie in the end.
    fn told(
        &self,
        frame: &Frame,
        shapes: &Shapes,
        matches: &[Vec<Match>],
        solution: &mut Solution,
    ) {
        for (m, place) in solution.places.iter_mut().enumerate() {
            *place = frame.first(m, &shapes.tiles[m].middle);
        }
        for (e, own) in matches.iter().enumerate().filter(|(_, own)| !own.is_empty()) {
            let sum: f64 = own.iter().map(|m| shapes.distance(m).powi(2)).sum();
            solution.residuals[e] = (sum / own.len() as f64).sqrt();
        }
        let used = (0..matches.len()).filter(|&e| solution.fates[e] == Fate::Used);
        solution.typical = median(&used.map(|e| solution.residuals[e]).collect::<Vec<_>>());
    }
}
