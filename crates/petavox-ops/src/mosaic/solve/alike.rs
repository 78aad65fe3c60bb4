//! Errors that come again.
//!
//! What repeats in a specimen, or stands still while the stage moves, makes pairs err by the same vector. A few of them that are alike close
//! loops with each other. If many of the pairs that were left out err by one vector, those that count and lie as near to where the stage
//! would have them with that error as without may err by it too: they prove nothing.

use super::audit::Audit;
use super::{Fate, Net, median};

/// So many pairs that were left out have to err by the same, and this part of all that were.
const LEAST: usize = 3;
const PART: f64 = 0.25;
/// The stage has to speak for a pair by this much, as squares in units of what is usual.
const CLEARLY: f64 = 1.0;

/// Adds to the audit the pairs that count but may err as others do.
pub(super) fn alike(
    net: &Net<'_>,
    fates: &[Fate],
    places: &[Vec<f64>],
    tolerance: f64,
    audit: &mut Audit,
) {
    let off = |e: usize, at: &[Vec<f64>]| -> Vec<f64> {
        let p = &net.pairs[e];
        (0..net.ndim).map(|k| p.shift[k] - (at[p.second][k] - at[p.first][k])).collect()
    };
    let length = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let out: Vec<Vec<f64>> = (0..fates.len())
        .filter(|&e| net.pairs[e].weight > 0.0 && fates[e] == Fate::LeftOut)
        .map(|e| off(e, places))
        .filter(|v| length(v) > 2.0 * tolerance)
        .collect();
    // One way or the other: which tile of a pair is the first means nothing.
    let near = |a: &[f64], b: &[f64]| {
        let apart =
            |sign: f64| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - sign * b).collect() };
        length(&apart(1.0)).min(length(&apart(-1.0))) <= 2.0 * tolerance
    };
    let like = |v: &[f64]| out.iter().filter(|o| near(o, v)).count();
    let Some(again) = out.iter().max_by_key(|v| like(v)) else { return };
    let count = like(again);
    if count < LEAST || (count as f64) < PART * out.len() as f64 {
        return;
    }
    let used: Vec<usize> = (0..fates.len()).filter(|&e| fates[e] == Fate::Used).collect();
    let from_stage: Vec<Vec<f64>> = used.iter().map(|&e| off(e, &net.meant)).collect();
    let usual: Vec<f64> = (0..net.ndim)
        .map(|a| {
            let along: Vec<f64> = from_stage.iter().map(|v| v[a].abs()).collect();
            (1.4826 * median(&along)).max(0.5)
        })
        .collect();
    let square = |v: &[f64], sign: f64| -> f64 {
        (0..net.ndim).map(|a| ((v[a] - sign * again[a]) / usual[a]).powi(2)).sum()
    };
    for (&e, v) in used.iter().zip(&from_stage) {
        if square(v, 1.0).min(square(v, -1.0)) < square(v, 0.0) + CLEARLY {
            audit.thin.push(e);
        }
    }
}
