//! Grids that were imaged again, each moved as a whole.

use super::edges::{Edge, Mover};
use super::measure::Finding;
use crate::mosaic::solve::median;
use std::collections::BTreeMap;

/// Where tiles are said to lie, each grid that was imaged again moved as a whole to where most of its tiles were found on the first one.
pub(super) fn drifted(
    nominal: &[Vec<f64>],
    movers: &[Mover],
    edges: &[Edge],
    found: &[Finding],
    limit: f64,
) -> Vec<Vec<f64>> {
    let first_cycle = movers.iter().map(|m| m.cycle).min().unwrap_or(0);
    let mut off: BTreeMap<usize, Vec<Vec<f64>>> = BTreeMap::new();
    for (edge, finding) in edges.iter().zip(found) {
        let cycles = (movers[edge.first].cycle, movers[edge.second].cycle);
        let Some(f) = finding.found().filter(|f| f.strength() >= limit) else { continue };
        let (again, sign) = match cycles {
            (a, b) if a == b => continue,
            (a, again) if a == first_cycle => (again, 1.0),
            (again, _) => (again, -1.0),
        };
        let by = f.shift.iter().zip(&edge.nominal).map(|(s, n)| sign * (s - n)).collect();
        off.entry(again).or_default().push(by);
    }
    let mut out = nominal.to_vec();
    for (place, mover) in out.iter_mut().zip(movers) {
        let Some(off) = off.get(&mover.cycle) else { continue };
        for (a, p) in place.iter_mut().enumerate() {
            *p += median(&off.iter().map(|o| o[a]).collect::<Vec<_>>());
        }
    }
    out
}
