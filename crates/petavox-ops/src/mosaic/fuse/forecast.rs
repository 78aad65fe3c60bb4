//! How often tiles will be decoded when the blocks of a mosaic are walked one way or another, and what is to be kept for that.
//!
//! A piece of a tile is asked for by the blocks that meet its place in the mosaic. Along nested loops, the first and the last of them say
//! how long it has to be kept, and the sum over all pieces how much memory that takes. Where it is not there, pieces are kept within one
//! turn of the outermost loop only and decoded again in the next, or within one of the next loop inwards, and so on.

use crate::mosaic::place::{Affine, Place};
use crate::mosaic::tiles::{Placed, Tiles};
use petavox_core::ChunkGrid;
use petavox_engine::Walk;
use petavox_kernels::interpolate::PointMap;

/// More pieces than this are taken several together.
const MOST_PIECES: usize = 1 << 16;
/// Turns of pieces that are followed one by one, and steps of a walk that are told apart, at most.
const MOST_TURNS: usize = 1 << 21;
const MOST_STEPS: usize = 1 << 20;

/// The places of pieces in the mosaic.
pub(super) struct Boxes {
    /// First place and the one behind the last, per axis, of one piece after another.
    spans: Vec<(i64, i64)>,
    samples: Vec<u64>,
    ndim: usize,
    largest: u64,
}

/// What a walk asks of pieces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    /// Samples decoded, repeated reads counted.
    pub(super) decoded: f64,
    /// Samples that are to be kept for that.
    pub(super) kept: f64,
    /// Nothing is decoded twice.
    pub(super) is_once: bool,
}

impl Boxes {
    /// Those of all tiles. Where tiles are looked at as `whole` before any of their samples is used, all of a tile is needed at once; a
    /// turned one is asked for `around` samples beside those it is made of.
    pub(super) fn new(tiles: &Tiles, whole: bool, around: i64) -> Boxes {
        let n_tiles = tiles.placed.len().max(1);
        let all: usize = tiles.placed.iter().map(|t| t.grid.len()).sum();
        let most = if all > MOST_PIECES { (MOST_PIECES / n_tiles).max(1) } else { usize::MAX };
        let ndim = tiles.spec.ndim();
        let mut out = Boxes { spans: Vec::new(), samples: Vec::new(), ndim, largest: 0 };
        for tile in &tiles.placed {
            let grid = coarser(&tile.grid, most);
            let forward = forward(&tile.place);
            for k in 0..grid.len() {
                let piece = grid.region(k);
                let piece = (piece.start(), piece.shape());
                let spans: Vec<(i64, i64)> = match (&tile.place, &forward) {
                    _ if whole => {
                        (0..ndim).map(|a| (tile.covers.start()[a], tile.covers.end(a))).collect()
                    }
                    (Place::Moved(shift), _) => (0..ndim)
                        .map(|a| {
                            let start = tile.covers.start()[a] + piece.0[a];
                            // The sample before the first one needs it too where places lie between samples.
                            let before = i64::from(shift.fraction[a] > 0.0);
                            (start - before, start + piece.1[a] as i64)
                        })
                        .collect(),
                    (_, forward) => turned(tile, &tiles.spatial, forward.as_ref(), piece, around),
                };
                let inside = (0..ndim).map(|a| {
                    let (lo, hi) = (tile.covers.start()[a], tile.covers.end(a));
                    (spans[a].0.clamp(lo, hi), spans[a].1.clamp(lo, hi))
                });
                out.spans.extend(inside);
                let samples = piece.1.iter().map(|n| *n as u64).product();
                out.samples.push(samples);
                out.largest = out.largest.max(samples);
            }
        }
        out
    }

    /// What is decoded in a walk if at most `room` samples are kept.
    pub(super) fn asked(&self, walk: &Walk<'_>, room: f64) -> Asked {
        let loops = Loops::new(walk);
        let mut decoded = 0.0;
        let mut kept = 0.0;
        for n_outer in 0..=self.ndim {
            let (often, most) = self.turns(&loops, n_outer, walk.n_workers);
            decoded = often;
            // Pieces that are done with make room a little later than they could.
            kept = most * 1.05 + (self.largest * walk.n_workers as u64) as f64;
            if kept <= room {
                return Asked { decoded, kept, is_once: n_outer == 0 };
            }
        }
        // Not even what a block asks for: its parts decode anew what several of them need.
        let again = (kept / room.max(1.0)).clamp(1.0, 16.0);
        Asked { decoded: decoded * again, kept: room, is_once: false }
    }

    /// Samples decoded, and samples that are there at once at most, if pieces are kept within the turns of `n_outer` loops.
    fn turns(&self, loops: &Loops, n_outer: usize, n_workers: usize) -> (f64, f64) {
        // Blocks that are made side by side, and that the quickest is ahead.
        let lag = 2 * (n_workers - 1);
        let shift = (loops.n_steps >> MOST_STEPS.ilog2()).checked_ilog2().map_or(0, |l| l + 1);
        let mut change = vec![0i64; (loops.n_steps >> shift) + 2];
        let last = change.len() - 1;
        let (outer, inner) = loops.axes.split_at(n_outer);
        let mut decoded = 0.0;
        let mut n_turns = 0;
        for (spans, &samples) in self.spans.chunks_exact(self.ndim).zip(&self.samples) {
            if spans.iter().any(|(lo, hi)| lo >= hi) {
                continue;
            }
            let reach = |l: &Loop| l.blocks(spans[l.axis]);
            let n: usize = outer.iter().map(reach).map(|(first, last)| last - first + 1).product();
            decoded += samples as f64 * n as f64;
            n_turns += n;
            if n_turns > MOST_TURNS {
                continue;
            }
            let (mut begin, mut end) = (0, 0);
            for l in inner {
                let (first, last) = reach(l);
                begin += first * l.stride;
                end += last * l.stride;
            }
            for turn in 0..n {
                let (mut rest, mut at) = (turn, 0);
                for l in outer {
                    let (first, last) = reach(l);
                    let count = last - first + 1;
                    at += (first + rest % count) * l.stride;
                    rest /= count;
                }
                change[(at + begin) >> shift] += samples as i64;
                change[(((at + end + lag) >> shift) + 1).min(last)] -= samples as i64;
            }
        }
        if n_turns > MOST_TURNS {
            return (decoded, f64::INFINITY);
        }
        let (mut now, mut most) = (0, 0);
        for c in &change[..last] {
            now += c;
            most = most.max(now);
        }
        (decoded, most as f64)
    }
}

/// One of the nested loops over blocks.
struct Loop {
    axis: usize,
    chunk: i64,
    count: usize,
    /// Steps of the walk from one block along the axis to the next.
    stride: usize,
}

impl Loop {
    /// The first and the last block that a span meets.
    fn blocks(&self, (lo, hi): (i64, i64)) -> (usize, usize) {
        let at = |i: i64| ((i.max(0) / self.chunk) as usize).min(self.count - 1);
        (at(lo), at(hi - 1))
    }
}

struct Loops {
    axes: Vec<Loop>,
    n_steps: usize,
}

impl Loops {
    fn new(walk: &Walk<'_>) -> Loops {
        let counts = walk.grid.counts();
        let mut n_steps = 1;
        let mut axes: Vec<Loop> = Vec::new();
        for &axis in walk.order.iter().rev() {
            let (chunk, count) = (walk.grid.chunk()[axis].max(1) as i64, counts[axis].max(1));
            axes.push(Loop { axis, chunk, count, stride: n_steps });
            n_steps *= count;
        }
        axes.reverse();
        Loops { axes, n_steps }
    }
}

/// Fewer, larger pieces, at most `most` of them where that can be.
fn coarser(grid: &ChunkGrid, most: usize) -> ChunkGrid {
    let mut chunk = grid.chunk().to_vec();
    loop {
        let now = ChunkGrid::new(grid.shape(), &chunk);
        let counts = now.counts();
        let Some(axis) = (0..chunk.len()).max_by_key(|&a| counts[a]) else { return now };
        if now.len() <= most || counts[axis] <= 1 {
            return now;
        }
        chunk[axis] = (chunk[axis] * 2).min(grid.shape()[axis].max(1));
    }
}

/// From a turned tile's samples to the mosaic, along the space axes.
fn forward(place: &Place) -> Option<Affine> {
    let Place::Warped { warp, .. } = place else { return None };
    let PointMap::Affine { matrix, offset } = &warp.map else { return None };
    Affine { matrix: matrix.clone(), offset: offset.clone() }.inverse().ok()
}

/// The box in which a piece of a turned tile lies.
fn turned(
    tile: &Placed,
    spatial: &[usize],
    forward: Option<&Affine>,
    piece: (&[i64], &[usize]),
    around: i64,
) -> Vec<(i64, i64)> {
    let mut spans: Vec<(i64, i64)> = (0..piece.0.len())
        .map(|a| match spatial.contains(&a) {
            true => (tile.covers.start()[a], tile.covers.end(a)),
            false => {
                let start = tile.covers.start()[a] + piece.0[a];
                (start, start + piece.1[a] as i64)
            }
        })
        .collect();
    let Some(forward) = forward else { return spans };
    let n = spatial.len();
    let (mut low, mut high) = (vec![f64::INFINITY; n], vec![f64::NEG_INFINITY; n]);
    for corner in 0..1usize << n {
        let c: Vec<f64> = (0..n)
            .map(|k| {
                let a = spatial[k];
                let end = piece.0[a] + piece.1[a] as i64 + around;
                (if corner >> k & 1 == 0 { piece.0[a] - around } else { end }) as f64
            })
            .collect();
        for (k, p) in forward.apply(&c).into_iter().enumerate() {
            low[k] = low[k].min(p);
            high[k] = high[k].max(p);
        }
    }
    for (k, &a) in spatial.iter().enumerate() {
        spans[a] = (low[k].floor() as i64, high[k].ceil() as i64 + 1);
    }
    spans
}
