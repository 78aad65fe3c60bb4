//! Finding where tiles lie from what they share.
//!
//! Pairs that the layout lets overlap are searched (`petavox_kernels::register`); how strong an agreement has to be is read from pairs that
//! cannot agree, tiles against tiles from elsewhere. How much the images are smoothed before is chosen by the data, so that true pairs stand
//! out from those; then shifts are measured exactly, with every frequency counting as much as pairs have in common in it. All places are
//! solved for at once, between the two and after.

mod bends;
mod cycles;
mod edges;
mod measure;
mod models;
mod outcome;
mod patches;
mod pick;
mod preview;
mod projected;
mod sights;

pub use outcome::{PairFound, StageFound, Stitched, TileModel, Unregistered};
pub use preview::{OrientationSeen, orientations};
pub use projected::plan_stitch;

use super::layout::Layout;
use super::pieces::Pieces;
use super::place::Between;
use super::solve::{Fate, Model, Pair, Solution, solve};
use super::tiles::{Given, TileOptions, Tiles};
use edges::{Edge, edges};
use measure::{Bench, FINE, Finding, Measuring};
use petavox_core::{Error, Result};
use petavox_engine::RunContext;
use petavox_kernels::register::Found;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Samples of a part whose tiles may be turned, about.
const PART: usize = 1 << 15;

/// How places are found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StitchOptions {
    /// The channel that is looked at; the places hold for all. The first, or the mean of colours, by default.
    pub align_channel: Option<usize>,
    /// How far a tile may lie from where it should lie against its neighbour, in the unit of the positions; a tenth of the tile by default.
    pub max_shift: Option<f64>,
    /// Smoothing before tiles are compared, in samples; chosen by the data by default.
    pub sigma: Option<f64>,
    /// What tiles may be besides moved: `translation` (nothing, the default), `similarity` (turned and scaled) or `affine` (and sheared).
    pub model: Option<String>,
    /// Leave out tiles that are missing or cannot be read, and say so.
    pub skip_missing: bool,
}

impl StitchOptions {
    fn model(&self) -> Result<Model> {
        let all = [Model::Translation, Model::Similarity, Model::Affine];
        let name = self.model.as_deref().unwrap_or(Model::Translation.name());
        let expected = "one of translation, similarity, affine";
        let found = all.into_iter().find(|m| m.name() == name);
        found.ok_or_else(|| Error::argument("model", name, expected))
    }
}

/// Finds where the tiles of a layout lie.
///
/// # Errors
/// [`Error::InvalidArgument`] for layouts with affines, or options that make no sense; [`Error::Budget`]; whatever is wrong with a tile.
pub fn stitch(
    layout: &Layout,
    given: Option<&Given>,
    options: &StitchOptions,
    context: &RunContext,
) -> Result<Stitched> {
    accept(layout, options)?;
    let model = options.model()?;
    let how = TileOptions { skip_missing: options.skip_missing, ..TileOptions::default() };
    let tiles = Arc::new(Tiles::open(layout, given, &how, Between::Nearest)?);
    let reach = reach(&tiles, options)?;
    let groups = edges::movers(&tiles, options.align_channel);
    let edges = edges(&tiles, &groups, &reach);
    let nominal: Vec<Vec<f64>> =
        groups.iter().map(|g| tiles.placed[g.looked_at].at.clone()).collect();
    let kept = Arc::new(Pieces::new(tiles.clone()));
    let mut bench = Bench::new(tiles.clone(), kept, options.align_channel, reach, context)?;
    let ends = |e: &Edge| (groups[e.first].looked_at, groups[e.second].looked_at);

    if model.bends() {
        // Parts that are small show about the same however tiles are turned.
        let most = bench.most;
        bench.most = most.min(PART);
        let smoothing = pick::for_finding(&bench, &edges, &ends, options.sigma, context)?;
        bench.most = most;
        let task = models::Task {
            bench: &bench,
            edges: &edges,
            ends: &ends,
            movers: &groups,
            nominal: &nominal,
            smoothing,
            model,
            sigma: options.sigma,
            context,
        };
        let made = models::bend(&task)?;
        let (found, solution, sigma) = (&made.found, &made.solution, made.sigma);
        let (groups, edges) = (&groups, &edges);
        let mut out =
            outcome::outcome(layout, &tiles, groups, edges, found, solution, smoothing, sigma);
        bends::tell(&mut out, &tiles, groups, &made.bent, model);
        return Ok(out);
    }
    // Which pairs agree.
    let smoothing = pick::for_finding(&bench, &edges, &ends, options.sigma, context)?;
    let mut found: Vec<Finding> =
        bench.search_all(&edges, &ends, smoothing.sigma, None, context)?;
    let nominal = cycles::drifted(&nominal, &groups, &edges, &found, smoothing.limit);
    let mut solution = settled(&nominal, &edges, &found, smoothing.limit);
    // What was not found is looked for once more, near where the others say it is.
    bench.search_again(&edges, &ends, smoothing, &solution, &mut found, context)?;
    solution = settled(&nominal, &edges, &found, smoothing.limit);
    // Now exactly.
    let how = match options.sigma {
        Some(sigma) => Measuring { sigma, weights: None },
        None => {
            let weights = pick::for_measuring(&bench, &edges, &ends, &nominal, &solution, context)?;
            let sigma = if weights.is_some() { FINE } else { smoothing.sigma };
            Measuring { sigma, weights }
        }
    };
    let exact = bench.refine_all(&edges, &ends, &how, &solution, &found, context)?;
    for (f, e) in found.iter_mut().zip(exact) {
        if let (Finding::Found(f), Some(e)) = (f, e) {
            f.shift = e;
        }
    }
    solution = settled(&nominal, &edges, &found, smoothing.limit);
    Ok(outcome::outcome(layout, &tiles, &groups, &edges, &found, &solution, smoothing, how.sigma))
}

/// Refuses what cannot be stitched.
fn accept(layout: &Layout, options: &StitchOptions) -> Result<()> {
    if let Some(turned) = layout.tiles.iter().find(|t| t.affine.is_some()) {
        let expected = "positions; tiles with affines are fused as they are said to lie";
        return Err(Error::argument("stitch", format!("{} with an affine", turned.path), expected));
    }
    if options.sigma.is_some_and(|s| !(0.3..=20.0).contains(&s)) {
        let given = options.sigma.unwrap_or_default();
        return Err(Error::argument("sigma", given, "a number of samples from 0.3 to 20"));
    }
    Ok(())
}

/// How far pairs may be off, in samples, per space axis.
fn reach(tiles: &Tiles, options: &StitchOptions) -> Result<Vec<usize>> {
    let first = tiles.placed.first().ok_or_else(|| Error::internal("stitch", "no tile"))?;
    let spec = &tiles.spec;
    tiles
        .spatial
        .iter()
        .map(|&a| {
            let extent = first.shape[a];
            let samples = match options.max_shift {
                None => (extent as f64 * 0.1).max(8.0).min(extent as f64 / 2.0),
                Some(far) if far.is_finite() && far > 0.0 => far / spec.spacing.values[a],
                Some(far) => return Err(Error::argument("max_shift", far, "a positive length")),
            };
            Ok(if extent == 1 { 0 } else { (samples.ceil() as usize).clamp(1, extent - 1) })
        })
        .collect()
}

/// Solves for the places, of the pairs that agree strongly enough.
fn settled(nominal: &[Vec<f64>], edges: &[Edge], found: &[Finding], limit: f64) -> Solution {
    let usual = {
        let n: Vec<f64> = found.iter().filter_map(Finding::found).map(weight).collect();
        super::solve::median(&n).max(1e-9)
    };
    let pair = |(e, f): (&Edge, &Finding)| Pair {
        first: e.first,
        second: e.second,
        shift: f.found().map_or_else(|| e.nominal.clone(), |f| f.shift.clone()),
        weight: match f.found() {
            Some(f) if f.strength() >= limit => (weight(f) / usual).clamp(0.1, 4.0) * e.hold,
            _ => 0.0,
        },
    };
    let pairs: Vec<Pair> = edges.iter().zip(found).map(pair).collect();
    let solution = solve(nominal, &pairs);
    debug_assert!(
        solution.fates.iter().zip(&pairs).all(|(f, p)| p.weight > 0.0 || *f == Fate::LeftOut)
    );
    solution
}

/// The inverse of the variance that a shift is expected to have, up to a factor.
fn weight(found: &Found) -> f64 {
    let r = found.score.clamp(0.0, 0.999);
    r * r / (1.0 - r * r + 0.05) * found.n as f64
}
