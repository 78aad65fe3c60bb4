//! How many bytes a pass decodes of its sources: by which order of the blocks, and with how much memory for decoded chunks.
//!
//! The blocks are walked as nested loops over the axes of the grid. What a source gives to all blocks that share their places
//! on the outer loops is a band; a cache that holds the chunks of a band decodes each once while the next loop inwards
//! advances. Bands are asked of the program itself, in the coordinates of the source, so that it does not matter how the
//! operations between move, turn, drop or thin out axes.

use super::program::{Program, Regions, Step};
use super::reach::Reach;
use petavox_core::{ChunkGrid, Region, Source};
use std::collections::HashMap;
use std::sync::Arc;

/// More axes than this are walked in raster order only.
const MOST_TURNED: usize = 4;

/// What is decoded, and how.
pub(super) struct Decoding {
    /// The axes of the grid as nested loops, the outermost first.
    pub(super) order: Vec<usize>,
    /// Memory for decoded chunks.
    pub(super) cache_bytes: u64,
    /// Per line that reads: bytes decoded in the whole pass.
    pub(super) bytes: HashMap<usize, f64>,
}

/// One source whose chunks several blocks share.
struct Shared {
    line: usize,
    /// Bytes of its chunks that one block touches.
    hull: f64,
    /// Blocks that touch it, in all and per axis.
    n_blocks: f64,
    counts: Vec<f64>,
    chunk_bytes: f64,
    /// Bytes of its chunks that are touched by all blocks with the same place on some axes, by a mask of these axes.
    touched: HashMap<u32, f64>,
}

/// The regions of bands, by the place at home and the mask of the axes it is for; most lines are at home in the same place.
pub(super) struct Bands<'a> {
    program: &'a Program,
    grid: &'a ChunkGrid,
    known: HashMap<(Vec<usize>, u32), Regions>,
}

impl<'a> Bands<'a> {
    pub(super) fn new(program: &'a Program, grid: &'a ChunkGrid) -> Bands<'a> {
        Bands { program, grid, known: HashMap::new() }
    }

    pub(super) fn program(&self) -> &'a Program {
        self.program
    }

    pub(super) fn grid(&self) -> &'a ChunkGrid {
        self.grid
    }

    /// What the block at `home` asks of `line`.
    pub(super) fn block(&mut self, home: &[usize], line: usize) -> Option<&[Region]> {
        self.band(home, u32::MAX, line)
    }

    /// What the blocks that have the place `home` on the axes of `mask` ask of `line`, whatever their place on the others.
    fn band(&mut self, home: &[usize], mask: u32, line: usize) -> Option<&[Region]> {
        Some(&self.regions(home, mask).made[line][..]).filter(|r| !r.is_empty())
    }

    /// All that these blocks ask for; a mask of all axes is the block alone.
    pub(super) fn regions(&mut self, home: &[usize], mask: u32) -> &Regions {
        let (program, grid) = (self.program, self.grid);
        self.known.entry((home.to_vec(), mask)).or_insert_with(|| {
            let block = grid.region_at(home);
            let (mut start, mut shape) = (block.start().to_vec(), block.shape().to_vec());
            for a in (0..shape.len()).filter(|a| mask >> a & 1 == 0) {
                start[a] = 0;
                shape[a] = grid.shape()[a];
            }
            program.regions(&Region::new(start, shape))
        })
    }
}

/// Finds the order of blocks and the cache that decode least, with `spare` bytes; `in_order` blocks are walked in raster order.
pub(super) fn decoding(
    bands: &mut Bands<'_>,
    reach: &Reach,
    spare: u64,
    n_workers: usize,
    in_order: bool,
) -> Decoding {
    let (program, grid) = (bands.program, bands.grid);
    let raster: Vec<usize> = (0..grid.shape().len()).collect();
    let mut bytes = HashMap::new();
    let mut shared = Vec::new();
    for (line, l) in program.lines.iter().enumerate() {
        let (Step::Read(source), Some(whole)) = (&l.step, reach.whole(line)) else { continue };
        let size = l.spec.dtype.size() as f64;
        let (home, counts) = reach.home(line, grid);
        let n_blocks: f64 = counts.iter().product();
        let Some(made) = bands.block(&home, line) else {
            bytes.insert(line, samples_of(whole) * size);
            continue;
        };
        if source.reads_below_chunk() {
            bytes.insert(line, samples_of(made) * size * n_blocks);
            continue;
        }
        let hull = chunks_of(source, made) * size;
        let all = chunks_of(source, whole) * size;
        if hull * n_blocks <= all * 1.001 {
            bytes.insert(line, hull * n_blocks);
            continue;
        }
        let chunk_bytes = source.grid().chunk().iter().product::<usize>() as f64 * size;
        let mut touched = HashMap::from([(0, all)]);
        for mask in masks(&counts, in_order) {
            touched.entry(mask).or_insert_with(|| {
                bands.band(&home, mask, line).map_or(0.0, |r| chunks_of(source, r) * size)
            });
        }
        shared.push(Shared { line, hull, n_blocks, counts, chunk_bytes, touched });
    }
    /// Bytes decoded, the order, and what every shared source decodes with which cache.
    type Best = (f64, Vec<usize>, Vec<(f64, f64)>);
    let mut best: Option<Best> = None;
    let orders = match shared.is_empty() {
        true => vec![raster.clone()],
        false => orders(&grid.counts(), in_order),
    };
    for order in orders {
        let mut left = spare as f64;
        let picks: Vec<(f64, f64)> = shared
            .iter()
            .map(|s| {
                let pick = s.pick(&order, left, n_workers as f64);
                left -= pick.1;
                pick
            })
            .collect();
        let sum: f64 = picks.iter().map(|p| p.0).sum();
        // Another order must be worth it.
        if best.as_ref().is_none_or(|(b, _, _)| sum < b * 0.98) {
            best = Some((sum, order, picks));
        }
    }
    let (_, order, picks) = best.unwrap_or((0.0, raster, Vec::new()));
    bytes.extend(shared.iter().zip(&picks).map(|(s, p)| (s.line, p.0)));
    let cache: f64 = picks.iter().map(|p| p.1).sum();
    Decoding { order, cache_bytes: (cache as u64).min(spare), bytes }
}

impl Shared {
    /// Bytes decoded with the best cache of at most `spare` bytes, and that cache.
    fn pick(&self, order: &[usize], spare: f64, n_workers: f64) -> (f64, f64) {
        let every_time = self.hull * self.n_blocks;
        let mut best = (every_time, 0.0);
        let (mut mask, mut bands, mut outer) = (0, 1.0, self.touched[&0]);
        for &axis in order.iter().filter(|&&a| self.counts[a] > 1.0) {
            let decoded = (outer * bands).min(every_time);
            mask |= 1 << axis;
            let Some(&band) = self.touched.get(&mask) else { break };
            // A band's chunks that the next band needs too are still there; workers are not quite side by side.
            let need = band * 1.1 + self.chunk_bytes * n_workers;
            let fewer = decoded < best.0 * 0.999;
            let smaller = decoded <= best.0 * 1.001 && need < best.1;
            if need <= spare && (fewer || smaller) {
                best = (decoded, need);
            }
            bands *= self.counts[axis];
            outer = band;
        }
        best
    }
}

/// Samples of all the regions.
pub(super) fn samples_of(made: &[Region]) -> f64 {
    made.iter().map(|r| r.len() as f64).sum()
}

/// Samples of the chunks that `made` touches.
fn chunks_of(source: &Arc<dyn Source>, made: &[Region]) -> f64 {
    let (chunk, shape) = (source.grid().chunk(), source.grid().shape());
    let touched = |region: &Region| -> f64 {
        (0..shape.len())
            .map(|a| {
                let lo = region.start()[a] as usize / chunk[a] * chunk[a];
                let hi = ((region.end(a) as usize).div_ceil(chunk[a]) * chunk[a]).min(shape[a]);
                hi.saturating_sub(lo) as f64
            })
            .product()
    };
    made.iter().map(touched).sum()
}

/// The axes that blocks are counted along.
fn active(counts: impl Iterator<Item = bool>) -> Vec<usize> {
    counts.enumerate().filter(|(_, more)| *more).map(|(a, _)| a).collect()
}

/// The sets of axes that the outer loops of some order run over.
fn masks(counts: &[f64], in_order: bool) -> Vec<u32> {
    let axes = active(counts.iter().map(|c| *c > 1.0));
    if in_order || axes.len() > MOST_TURNED {
        let prefix = |n: usize| axes[..n].iter().fold(0, |m, a| m | 1 << a);
        return (1..=axes.len()).map(prefix).collect();
    }
    (1u32..1 << axes.len())
        .map(|set| {
            axes.iter()
                .enumerate()
                .filter(|(k, _)| set >> k & 1 == 1)
                .fold(0, |m, (_, a)| m | 1 << a)
        })
        .collect()
}

/// The orders that are tried, raster order first. Axes with one block stay where they are.
fn orders(counts: &[usize], in_order: bool) -> Vec<Vec<usize>> {
    let axes = active(counts.iter().map(|c| *c > 1));
    let mut turned: Vec<Vec<usize>> = vec![Vec::new()];
    if in_order || axes.len() > MOST_TURNED {
        return vec![(0..counts.len()).collect()];
    }
    for _ in &axes {
        turned = turned
            .iter()
            .flat_map(|order| {
                let left = axes.iter().filter(|a| !order.contains(a));
                left.map(|a| [order.as_slice(), &[*a]].concat())
            })
            .collect();
    }
    turned
        .into_iter()
        .map(|order| {
            let mut places = order.into_iter();
            (0..counts.len())
                .map(|a| if counts[a] > 1 { places.next().unwrap_or(a) } else { a })
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raster_order_is_tried_first_and_every_order_once() {
        let all = orders(&[3, 1, 4, 2], false);
        assert_eq!(all[0], [0, 1, 2, 3]);
        assert_eq!(all.len(), 6);
        assert!(all.iter().all(|o| o[1] == 1));
        assert_eq!(orders(&[3, 4], true), [[0, 1]]);
        assert_eq!(masks(&[3.0, 1.0, 4.0], false), [0b001, 0b100, 0b101]);
        assert_eq!(masks(&[3.0, 1.0, 4.0], true), [0b001, 0b101]);
    }
}
