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
    /// How much it counts against others: little between tiles of a grid that was imaged again.
    pub(super) hold: f64,
}

/// Less of a tile than this, of that of its largest neighbour, is a corner and not a side.
const SIDE: f64 = 0.25;
/// What pairs of a grid that was imaged again count against those with the first one, which its tiles are aligned to.
const AGAIN: f64 = 0.01;

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

/// The pairs that share enough where they are said to lie: of each grid, and of every grid that was imaged again with the first one.
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
    // What a tile shares with its neighbours is little beside what it shares with itself at another time.
    let mut largest = vec![[0.0f64; 2]; movers.len()];
    let is_across = |a: usize, b: usize| usize::from(movers[a].cycle != movers[b].cycle);
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
            let with_first = cycles.0 == first_cycle || cycles.1 == first_cycle;
            if cycles.0 != cycles.1 && !with_first {
                continue;
            }
            let extents = shared(m, other);
            if extents.iter().any(|e| *e < 1.0) {
                continue;
            }
            let area: f64 = extents.iter().product();
            let kind = is_across(m, other);
            largest[m][kind] = largest[m][kind].max(area);
            largest[other][kind] = largest[other][kind].max(area);
            found.push((m, other, area));
        }
    }
    found
        .into_iter()
        .filter(|(a, b, area)| {
            let kind = is_across(*a, *b);
            *area >= SIDE * largest[*a][kind].min(largest[*b][kind])
        })
        .map(|(first, second, _)| {
            let at = |m: usize| &tiles.placed[movers[m].looked_at].at;
            let nominal = at(first).iter().zip(at(second)).map(|(a, b)| b - a).collect();
            let is_first = [first, second].iter().any(|&m| movers[m].cycle == first_cycle);
            Edge { first, second, nominal, hold: if is_first { 1.0 } else { AGAIN } }
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
