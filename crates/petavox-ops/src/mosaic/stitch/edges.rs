//! Which tiles move together, and which pairs of them may show the same.

use crate::mosaic::tiles::Tiles;
use petavox_core::Region;
use std::collections::HashMap;

/// Tiles that move as one: the channels of one field.
pub(super) struct Mover {
    /// The tile whose samples are compared.
    pub(super) looked_at: usize,
    /// All of them.
    pub(super) tiles: Vec<usize>,
    pub(super) cycle: usize,
}

/// A pair of movers that may overlap.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) first: usize,
    pub(super) second: usize,
    /// The second's first sample in the first, as the layout says.
    pub(super) nominal: Vec<f64>,
}

/// Less of a tile than this, of that of its largest neighbour, is a corner and not a side.
const SIDE: f64 = 0.25;

/// The movers of a layout: tiles of one place and cycle.
pub(super) fn movers(tiles: &Tiles, align: Option<usize>) -> Vec<Mover> {
    let mut movers: Vec<Mover> = Vec::new();
    let mut known: HashMap<(Vec<i64>, usize), usize> = HashMap::new();
    let has_channels = tiles.placed.iter().any(|t| t.channel.is_some());
    for (number, tile) in tiles.placed.iter().enumerate() {
        let key: Vec<i64> = tile.at.iter().map(|x| (x * 64.0).round() as i64).collect();
        let wanted = tile.channel.unwrap_or(0) == align.unwrap_or(0);
        match known.get(&(key.clone(), tile.cycle)).filter(|_| has_channels) {
            Some(&m) => {
                movers[m].tiles.push(number);
                if wanted {
                    movers[m].looked_at = number;
                }
            }
            None => {
                known.insert((key, tile.cycle), movers.len());
                movers.push(Mover { looked_at: number, tiles: vec![number], cycle: tile.cycle });
            }
        }
    }
    movers
}

/// The pairs that share enough where they are said to lie. Grids that were imaged again are compared with the first one only.
pub(super) fn edges(tiles: &Tiles, movers: &[Mover], reach: &[usize]) -> Vec<Edge> {
    let of_tile: HashMap<usize, usize> = movers
        .iter()
        .enumerate()
        .flat_map(|(m, mover)| mover.tiles.iter().map(move |&t| (t, m)))
        .collect();
    let first_cycle = movers.iter().map(|m| m.cycle).min().unwrap_or(0);
    let shared = |a: usize, b: usize| -> Vec<f64> {
        let (a, b) = (&tiles.placed[movers[a].looked_at], &tiles.placed[movers[b].looked_at]);
        let along = |k: usize| {
            let axis = tiles.spatial[k];
            let d = b.at[k] - a.at[k];
            (a.shape[axis] as f64).min(d + b.shape[axis] as f64) - d.max(0.0)
        };
        (0..tiles.spatial.len()).map(along).collect()
    };
    let mut found: Vec<(usize, usize, f64)> = Vec::new();
    let mut largest = vec![0.0f64; movers.len()];
    for (m, mover) in movers.iter().enumerate() {
        let tile = &tiles.placed[mover.looked_at];
        let mut around = tile.covers.clone();
        let mut grow = vec![0; around.ndim()];
        tiles.spatial.iter().zip(reach).for_each(|(&a, r)| grow[a] = r / 2);
        around = around.grow(&grow, &grow);
        let around = everything_else(&around, tiles);
        let mut others: Vec<usize> = tiles
            .meeting(&around)
            .into_iter()
            .filter_map(|t| of_tile.get(&t).copied())
            .filter(|&o| o > m)
            .collect();
        others.dedup();
        others.sort_unstable();
        others.dedup();
        for other in others {
            let cycles = (mover.cycle, movers[other].cycle);
            if cycles.0 != first_cycle && cycles.1 != first_cycle {
                continue;
            }
            let extents = shared(m, other);
            if extents.iter().any(|e| *e < 1.0) {
                continue;
            }
            let area: f64 = extents.iter().product();
            largest[m] = largest[m].max(area);
            largest[other] = largest[other].max(area);
            found.push((m, other, area));
        }
    }
    found
        .into_iter()
        .filter(|(a, b, area)| *area >= SIDE * largest[*a].min(largest[*b]))
        .map(|(first, second, _)| {
            let at = |m: usize| &tiles.placed[movers[m].looked_at].at;
            let nominal = at(first).iter().zip(at(second)).map(|(a, b)| b - a).collect();
            Edge { first, second, nominal }
        })
        .collect()
}

/// The region with all that lies along the axes that are not space.
fn everything_else(region: &Region, tiles: &Tiles) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    for a in (0..shape.len()).filter(|a| !tiles.spatial.contains(a)) {
        (start[a], shape[a]) = (0, tiles.spec.shape[a]);
    }
    Region::new(start, shape)
}
