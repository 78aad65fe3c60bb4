//! How much images are smoothed, and how strong an agreement has to be: both by the data.

use super::edges::Edge;
use super::measure::{Bench, Ends, Finding, Smoothing};
use crate::mosaic::solve::{Fate, Pair, Solution, median, solve};
use petavox_core::Result;
use petavox_engine::RunContext;

/// Smoothings that are tried.
const FINDING: [f64; 4] = [1.0, 1.5, 2.0, 3.0];
const MEASURING: [f64; 5] = [0.7, 1.0, 1.5, 2.0, 3.0];
/// Pairs that are tried with each.
const TRIED: usize = 8;
/// Pairs that cannot agree, of which the limit is taken.
const CHANCE: usize = 24;
/// Pairs in which measuring is tried.
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

/// The smoothing with which pairs contradict each other least.
#[allow(clippy::too_many_arguments)]
pub(super) fn for_measuring(
    bench: &Bench,
    edges: &[Edge],
    ends: &Ends<'_>,
    nominal: &[Vec<f64>],
    found: &[Finding],
    solution: &Solution,
    smoothing: Smoothing,
    context: &RunContext,
) -> Result<f64> {
    let some = around(nominal, edges, solution);
    let mut tiles: Vec<usize> =
        some.iter().flat_map(|&e| [edges[e].first, edges[e].second]).collect();
    tiles.sort_unstable();
    tiles.dedup();
    if some.len() < tiles.len() + 3 {
        // Nothing can contradict anything: the finest that still finds.
        return Ok(smoothing.sigma.min(1.5));
    }
    let shifts = bench.each("choose the smoothing", some.len(), context, &|k, fft| {
        let e = some[k];
        let Some(f) = found[e].found() else { return Ok(vec![None; MEASURING.len()]) };
        bench.exact(ends(&edges[e]), &f.shift, &MEASURING, fft)
    })?;
    let mut best = (f64::INFINITY, smoothing.sigma);
    for (s, &sigma) in MEASURING.iter().enumerate() {
        let measured: Vec<Option<&Vec<f64>>> = shifts.iter().map(|row| row[s].as_ref()).collect();
        let n_there = measured.iter().flatten().count();
        if n_there * 10 < some.len() * 9 {
            continue;
        }
        let left = settled_shifts(nominal, edges, &some, &measured);
        let middle = median(&left);
        let capped: f64 = left.iter().map(|r| r.min(3.0 * middle).powi(2)).sum::<f64>();
        let off = (capped / left.len().max(1) as f64).sqrt();
        if off < best.0 {
            best = (off, sigma);
        }
    }
    Ok(best.1)
}

/// Pairs that count around the middle of the mosaic: enough of them to contradict each other.
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

/// How far measured shifts of some pairs are from what all of them together say.
fn settled_shifts(
    nominal: &[Vec<f64>],
    edges: &[Edge],
    some: &[usize],
    measured: &[Option<&Vec<f64>>],
) -> Vec<f64> {
    let mut numbers: Vec<usize> =
        some.iter().flat_map(|&e| [edges[e].first, edges[e].second]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let at = |t: usize| numbers.binary_search(&t).unwrap_or(0);
    let pairs: Vec<Pair> = some
        .iter()
        .zip(measured)
        .filter_map(|(&e, m)| {
            let shift = (*m)?.clone();
            Some(Pair {
                first: at(edges[e].first),
                second: at(edges[e].second),
                shift,
                weight: 1.0,
            })
        })
        .collect();
    let places: Vec<Vec<f64>> = numbers.iter().map(|&t| nominal[t].clone()).collect();
    solve(&places, &pairs).residuals
}
