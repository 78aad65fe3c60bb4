//! Gains that make overlapping tiles equally bright.

use super::correct::Correction;
use super::pieces::Pieces;
use super::place::Place;
use super::solve::{Link, settle};
use super::tiles::Tiles;
use petavox_core::{Block, Dtype, Element, Region, Result};

/// Samples of an overlap that are looked at, at most.
const LOOKED_AT: usize = 1 << 16;
/// The pull of every gain towards 1, against that of an overlap.
const PULL: f64 = 1e-3;

/// A gain for every tile: least squares over the ratios of what pairs show of the same places.
pub(super) fn gains(
    tiles: &Tiles,
    pieces: &Pieces,
    correction: &Correction,
    plane: [usize; 2],
) -> Result<Vec<(f32, f32)>> {
    let mut links = Vec::new();
    let mut ratios = Vec::new();
    for (first, tile) in tiles.placed.iter().enumerate() {
        for second in tiles.meeting(&tile.covers).into_iter().filter(|s| *s > first) {
            let other = &tiles.placed[second];
            let Some(common) = tile.covers.intersect(&other.covers) else { continue };
            // Corners say little, and turned tiles are compared where they are sampled.
            if common.len() < 64 {
                continue;
            }
            let part = middle(&common);
            let mean = |number: usize| -> Result<Option<f64>> {
                let tile = &tiles.placed[number];
                let Place::Moved(shift) = &tile.place else { return Ok(None) };
                let raw = pieces.raw(number, shift.needs(&part))?;
                let block = match correction.is_nothing() {
                    true => raw,
                    false => correction.apply(number, &raw, plane)?,
                };
                Ok(Some(mean_of(&block)?))
            };
            let (Some(a), Some(b)) = (mean(first)?, mean(second)?) else { continue };
            if a > 0.0 && b > 0.0 {
                links.push(Link { first, second, weight: (common.len() as f64).sqrt() });
                ratios.push((a / b).ln());
            }
        }
    }
    let most = links.iter().map(|l| l.weight).fold(1e-9, f64::max);
    links.iter_mut().for_each(|l| l.weight /= most);
    let mut logs = vec![0.0; tiles.placed.len()];
    let ones = logs.clone();
    settle(&links, &ratios, &ones, PULL, &mut logs, 1e-6);
    let mean = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
    Ok(logs.iter().map(|l| ((l - mean).exp() as f32, 0.0)).collect())
}

/// The middle of a region, of a bounded number of samples.
fn middle(region: &Region) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    while shape.iter().product::<usize>() > LOOKED_AT {
        let Some(axis) = (0..shape.len()).max_by_key(|&a| shape[a]) else { break };
        start[axis] += (shape[axis] / 4) as i64;
        shape[axis] = shape[axis].div_ceil(2);
    }
    Region::new(start, shape)
}

fn mean_of(block: &Block) -> Result<f64> {
    let n = block.region().len().max(1) as f64;
    if block.dtype() == Dtype::Float32 {
        return Ok(block.typed::<f32>()?.iter().map(|v| f64::from(*v)).sum::<f64>() / n);
    }
    Ok(
        petavox_core::dispatch!(block.dtype(), T => block.typed::<T>()?.iter().map(|v| v.to_f64()).sum::<f64>())
            / n,
    )
}
