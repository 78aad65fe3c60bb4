//! How much images are smoothed, how strong an agreement has to be, and which frequencies tell most: all by the data.

use super::edges::Edge;
use super::measure::{Bench, Ends, Smoothing, between};
use crate::mosaic::solve::{Fate, Solution, median};
use petavox_core::Result;
use petavox_engine::RunContext;
use petavox_kernels::register::{Coherence, Weights};

/// Smoothings that are tried.
const FINDING: [f64; 4] = [1.0, 1.5, 2.0, 3.0];
/// Pairs that are tried with each.
const TRIED: usize = 8;
/// Pairs that cannot agree, of which the limit is taken.
const CHANCE: usize = 24;
/// Pairs of which frequencies are weighed.
const MEASURED: usize = 60;

/// Some numbers below `n`, spread evenly.
fn spread(n: usize, most: usize) -> Vec<usize> {
    let count = n.min(most);
    (0..count).map(|k| (2 * k + 1) * n / (2 * count)).collect()
}

/// A tile that does not show what the first of an edge shows: far from it in the list; the second itself if there is no other.
fn elsewhere(edges: &[Edge], e: usize, ends: &Ends<'_>, turn: usize) -> usize {
    let (first, second) = (edges[e].first, edges[e].second);
    let touches =
        |other: &Edge| [other.first, other.second].iter().any(|t| *t == first || *t == second);
    let n = edges.len();
    let candidates = (1..n).map(|k| (e + n / 2 + k * 7 + turn * 13) % n);
    candidates
        .map(|k| &edges[k])
        .find(|other| {
            !touches(other)
                && !edges.iter().any(|o| {
                    let pair = (o.first.min(o.second), o.first.max(o.second));
                    let wanted = (first.min(other.second), first.max(other.second));
                    pair == wanted
                })
        })
        .map_or_else(|| ends(&edges[e]).1, |other| ends(other).1)
}

/// The smoothing with which true pairs stand out most from pairs that cannot agree, and the limit between them.
pub(super) fn for_finding(
    bench: &Bench,
    edges: &[Edge],
    ends: &Ends<'_>,
    given: Option<f64>,
    context: &RunContext,
) -> Result<Smoothing> {
    let sigmas: Vec<f64> = given.map_or_else(|| FINDING.to_vec(), |s| vec![s]);
    let tried = spread(edges.len(), TRIED);
    let both = bench.each("choose the smoothing", tried.len(), context, &|k, fft| {
        let e = tried[k];
        let (ends_of, how) = (ends(&edges[e]), bench.usual(&edges[e]));
        let true_parts = bench.raw(ends_of, &how, None)?;
        let false_parts = bench.raw(ends_of, &how, Some(elsewhere(edges, e, ends, k)))?;
        let mut rows = Vec::new();
        for &sigma in &sigmas {
            let mut one = |parts: &Option<_>| {
                parts
                    .as_ref()
                    .map_or(0.0, |p| bench.search_raw(ends_of, &how, p, sigma, fft).strength())
            };
            rows.push((one(&true_parts), one(&false_parts)));
        }
        Ok(rows)
    })?;
    let stands_out = |s: usize| {
        let real: Vec<f64> = both.iter().map(|rows| rows[s].0).collect();
        let chance: Vec<f64> = both.iter().map(|rows| rows[s].1).collect();
        let (r, c) = (median(&real), median(&chance));
        let spread = 1.4826 * median(&chance.iter().map(|v| (v - c).abs()).collect::<Vec<_>>());
        (r - c) / (c + 2.0 * spread).max(1e-9)
    };
    let best =
        (0..sigmas.len()).max_by(|&a, &b| stands_out(a).total_cmp(&stands_out(b))).unwrap_or(0);
    let sigma = sigmas[best];
    // More pairs that cannot agree, for the limit.
    let mut chance: Vec<f64> = both.iter().map(|rows| rows[best].1).collect();
    let more =
        if edges.is_empty() { vec![] } else { spread(edges.len().max(CHANCE), CHANCE - TRIED) };
    let extra = bench.each("what agrees by chance", more.len(), context, &|k, fft| {
        let e = more[k] % edges.len();
        let (ends_of, how) = (ends(&edges[e]), bench.usual(&edges[e]));
        let parts = bench.raw(ends_of, &how, Some(elsewhere(edges, e, ends, k + 100)))?;
        Ok(parts.map_or(0.0, |p| bench.search_raw(ends_of, &how, &p, sigma, fft).strength()))
    })?;
    chance.extend(extra);
    chance.retain(|c| *c > 0.0);
    let usual = median(&chance);
    let spread = 1.4826 * median(&chance.iter().map(|v| (v - usual).abs()).collect::<Vec<_>>());
    // Noise alone agrees to about this much where nothing could be compared.
    let limit = (usual + 5.0 * spread).max(1.6 * usual).max(6.0);
    Ok(Smoothing { sigma, limit, by_chance: usual })
}

/// How much each frequency counts when shifts are measured: by what pairs have in common in it where they lie now.
pub(super) fn for_measuring(
    bench: &Bench,
    edges: &[Edge],
    ends: &Ends<'_>,
    nominal: &[Vec<f64>],
    solution: &Solution,
    context: &RunContext,
) -> Result<Option<Weights>> {
    let some = around(nominal, edges, solution);
    let told = bench.each("weigh the frequencies", some.len(), context, &|k, fft| {
        let edge = &edges[some[k]];
        bench.coherence(ends(edge), &between(solution, edge), fft)
    })?;
    let mut all = Coherence::default();
    told.iter().flatten().for_each(|one| all.add(one));
    Ok(all.weights())
}

/// Pairs that count around the middle of the mosaic: enough of them for a mean.
fn around(nominal: &[Vec<f64>], edges: &[Edge], solution: &Solution) -> Vec<usize> {
    let n = nominal.len().max(1) as f64;
    let ndim = nominal.first().map_or(0, Vec::len);
    let center: Vec<f64> =
        (0..ndim).map(|a| nominal.iter().map(|p| p[a]).sum::<f64>() / n).collect();
    let far = |t: usize| -> f64 { (0..ndim).map(|a| (nominal[t][a] - center[a]).powi(2)).sum() };
    let mut used: Vec<(f64, usize)> = (0..edges.len())
        .filter(|&e| solution.fates[e] == Fate::Used)
        .map(|e| (far(edges[e].first).max(far(edges[e].second)), e))
        .collect();
    used.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    used.into_iter().take(MEASURED).map(|(_, e)| e).collect()
}
