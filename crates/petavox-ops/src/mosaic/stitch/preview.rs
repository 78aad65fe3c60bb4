//! Which way the camera is mounted: the eight small mosaics, and how well their overlaps agree.

use super::patches::Looker;
use crate::mosaic::layout::Layout;
use crate::mosaic::orient::Orientation;
use crate::mosaic::pieces::Pieces;
use crate::mosaic::place::Between;
use crate::mosaic::tiles::{Given, TileOptions, Tiles};
use petavox_core::{Error, Region, Result};
use petavox_engine::RunContext;
use std::sync::Arc;

/// Samples along the longest edge of a small tile.
const EDGE: usize = 160;
/// Tiles that are looked at, those nearest to the middle of the mosaic.
const MOST_TILES: usize = 48;
/// How far small tiles may lie from where they are said to lie, in their samples.
const REACH: i64 = 5;
/// Samples of an overlap that say something.
const LEAST: usize = 100;
/// Pixels along the longest edge of a drawing.
const DRAWN: f64 = 420.0;

/// A mosaic with the camera mounted one way.
pub struct OrientationSeen {
    /// Which way.
    pub orientation: Orientation,
    /// Mean correlation of what neighbours show of the same places, at the best of a few places nearby.
    pub agreement: f64,
    /// Pairs that were compared.
    pub n_pairs: usize,
    /// The tiles as they would lie: rows and columns, and grey values row by row.
    pub picture: ([usize; 2], Vec<u8>),
}

/// A tile, small.
struct Small {
    shape: [usize; 2],
    samples: Vec<f32>,
    /// Without what changes slowly.
    detail: Vec<f32>,
    at: [f64; 2],
}

/// The eight ways in which the camera may be mounted, those first whose overlaps agree best; and the number of tiles looked at.
///
/// # Errors
/// [`Error::InvalidArgument`] for tiles without places or axes y and x; whatever is wrong with a tile.
pub fn orientations(
    layout: &Layout,
    given: Option<&Given>,
    skip_missing: bool,
    context: &RunContext,
) -> Result<(Vec<OrientationSeen>, usize)> {
    let mut plain = layout.clone();
    plain.tiles.iter_mut().for_each(|t| t.orientation = None);
    let how = TileOptions { skip_missing, ..TileOptions::default() };
    let tiles = Arc::new(Tiles::open(&plain, given, &how, Between::Nearest)?);
    let [y, x] = tiles.plane();
    if y == x {
        let expected = "tiles with axes y and x";
        return Err(Error::argument("preview-orientation", tiles.spec.axes.as_str(), expected));
    }
    let chosen = nearest_to_middle(&tiles);
    let largest = tiles.placed.iter().map(|t| t.shape[y].max(t.shape[x])).max().unwrap_or(1);
    let factor = largest.div_ceil(EDGE).max(1);
    let looker =
        Looker { pieces: Arc::new(Pieces::new(tiles.clone())), tiles: tiles.clone(), align: None };
    let _memory = context.budget.reserve("small tiles", need(&tiles, chosen.len(), factor))?;
    let mut small = Vec::new();
    context.progress.begin("make tiles small", chosen.len() as u64);
    for &number in &chosen {
        context.cancel.check()?;
        small.push(shrink(&looker, number, factor)?);
        context.progress.advance(1, 0);
    }
    context.progress.end();
    let window = window(&small);
    let mut seen = Vec::new();
    for orientation in Orientation::all() {
        context.cancel.check()?;
        let turned: Vec<Small> = small.iter().map(|s| s.turned(orientation)).collect();
        let (agreement, n_pairs) = agreement(&turned);
        let picture = drawn(&turned, window);
        seen.push(OrientationSeen { orientation, agreement, n_pairs, picture });
    }
    seen.sort_by(|a, b| b.agreement.total_cmp(&a.agreement));
    Ok((seen, chosen.len()))
}

/// Bytes that it takes: a band of one tile, and all small ones twice.
fn need(tiles: &Tiles, n: usize, factor: usize) -> u64 {
    let [y, x] = tiles.plane();
    let band = |t: &crate::mosaic::tiles::Placed| {
        let rows = t.grid.chunk()[y].max(factor).min(t.shape[y]);
        (rows * t.shape[x]) as u64 * 24 + t.decode_bytes
    };
    let largest = tiles.placed.iter().map(band).max().unwrap_or(0);
    largest + (n * EDGE * EDGE * 16) as u64 + (8 << 20)
}

/// The tiles of one time, channel and plane that lie nearest to the middle.
fn nearest_to_middle(tiles: &Tiles) -> Vec<usize> {
    let n = tiles.spatial.len();
    let plane = |t: usize| {
        let at = &tiles.placed[t].at;
        [at[n - 2], at[n - 1]]
    };
    let first = &tiles.placed[0];
    let mut all: Vec<usize> = (0..tiles.placed.len())
        .filter(|&t| {
            let tile = &tiles.placed[t];
            tile.cycle == first.cycle && tile.channel.unwrap_or(0) == first.channel.unwrap_or(0)
        })
        .collect();
    let count = all.len().max(1) as f64;
    let middle = [0, 1].map(|k| all.iter().map(|&t| plane(t)[k]).sum::<f64>() / count);
    let far = |t: &usize| {
        let at = plane(*t);
        (at[0] - middle[0]).powi(2) + (at[1] - middle[1]).powi(2)
    };
    all.sort_by(|a, b| far(a).total_cmp(&far(b)).then(a.cmp(b)));
    all.truncate(MOST_TILES);
    all
}

/// Means over squares of `factor` samples, of the middle plane of a tile.
fn shrink(looker: &Looker, number: usize, factor: usize) -> Result<Small> {
    let tiles = &looker.tiles;
    let tile = &tiles.placed[number];
    let full = looker.shape(number);
    let n = full.len();
    let shape = [(full[n - 2] / factor).max(1), (full[n - 1] / factor).max(1)];
    let width = full[n - 1];
    let mut samples = vec![0.0f32; shape[0] * shape[1]];
    // Bands of whole pieces, so that each is decoded once or twice.
    let piece = tile.grid.chunk()[tiles.plane()[0]];
    let band = (piece / factor).max(1);
    for first in (0..shape[0]).step_by(band) {
        let rows = band.min(shape[0] - first);
        let mut start: Vec<i64> = full.iter().map(|s| (s / 2) as i64).collect();
        let mut extent = vec![1; n];
        (start[n - 2], extent[n - 2]) =
            ((first * factor) as i64, (rows * factor).min(full[n - 2] - first * factor));
        (start[n - 1], extent[n - 1]) = (0, width);
        let raw = looker.raw(number, &Region::new(start, extent.clone()))?.samples;
        for (r, line) in raw.chunks_exact(width.max(1)).enumerate() {
            let to = &mut samples[(first + r / factor).min(shape[0] - 1) * shape[1]..][..shape[1]];
            for (c, v) in line.iter().enumerate().take(shape[1] * factor) {
                to[c / factor] += v;
            }
        }
    }
    let area = (factor * factor) as f32;
    samples.iter_mut().for_each(|v| *v /= area);
    let at = [tile.at[n - 2] / factor as f64, tile.at[n - 1] / factor as f64];
    Ok(Small { detail: detail(&samples, shape), shape, samples, at })
}

/// Each sample against the mean around it.
fn detail(samples: &[f32], [h, w]: [usize; 2]) -> Vec<f32> {
    const RADIUS: usize = 4;
    // Sums of all above and to the left.
    let mut sums = vec![0.0f64; (h + 1) * (w + 1)];
    for y in 0..h {
        let mut row = 0.0;
        for x in 0..w {
            row += f64::from(samples[y * w + x]);
            sums[(y + 1) * (w + 1) + x + 1] = sums[y * (w + 1) + x + 1] + row;
        }
    }
    let mut out = Vec::with_capacity(h * w);
    for y in 0..h {
        let (top, bottom) = (y.saturating_sub(RADIUS), (y + RADIUS + 1).min(h));
        for x in 0..w {
            let (left, right) = (x.saturating_sub(RADIUS), (x + RADIUS + 1).min(w));
            let at = |y: usize, x: usize| sums[y * (w + 1) + x];
            let sum = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
            let mean = sum / ((bottom - top) * (right - left)) as f64;
            out.push((f64::from(samples[y * w + x]) - mean) as f32);
        }
    }
    out
}

impl Small {
    fn turned(&self, orientation: Orientation) -> Small {
        let shape = match orientation.transposes() {
            true => [self.shape[1], self.shape[0]],
            false => self.shape,
        };
        let turn = |from: &[f32]| -> Vec<f32> {
            let at = |i: usize| {
                let place = [(i / shape[1]) as i64, (i % shape[1]) as i64];
                let [y, x] = orientation.back(place, self.shape);
                from[y as usize * self.shape[1] + x as usize]
            };
            (0..from.len()).map(at).collect()
        };
        Small { samples: turn(&self.samples), detail: turn(&self.detail), shape, at: self.at }
    }
}

/// The mean over all neighbours of their best correlation nearby, and how many there are.
fn agreement(tiles: &[Small]) -> (f64, usize) {
    let (mut sum, mut n) = (0.0, 0);
    for (k, a) in tiles.iter().enumerate() {
        for b in &tiles[k + 1..] {
            let apart = [0, 1].map(|k| (b.at[k] - a.at[k]).round() as i64);
            let mut best: Option<f64> = None;
            for dy in -REACH..=REACH {
                for dx in -REACH..=REACH {
                    let found = correlation(a, b, [apart[0] + dy, apart[1] + dx]);
                    best = found.into_iter().chain(best).reduce(f64::max);
                }
            }
            if let Some(best) = best {
                (sum, n) = (sum + best, n + 1);
            }
        }
    }
    (if n > 0 { sum / n as f64 } else { 0.0 }, n)
}

/// The correlation of what two tiles share if the second lies `apart` from the first; nothing for corners and flat places.
fn correlation(a: &Small, b: &Small, apart: [i64; 2]) -> Option<f64> {
    let span = |k: usize| {
        let (low, high) = (apart[k].max(0), (a.shape[k] as i64).min(apart[k] + b.shape[k] as i64));
        (low, (high - low).max(0) as usize)
    };
    let ((y0, h), (x0, w)) = (span(0), span(1));
    // A strip along a side, not a corner.
    let side = a.shape[0].min(b.shape[0]).min(a.shape[1]).min(b.shape[1]);
    if h * w < LEAST || h.max(w) * 2 < side || h.min(w) < 2 {
        return None;
    }
    let (mut ab, mut aa, mut bb) = (0.0f64, 0.0f64, 0.0f64);
    for y in y0..y0 + h as i64 {
        let first = &a.detail[y as usize * a.shape[1] + x0 as usize..][..w];
        let at = (y - apart[0]) as usize * b.shape[1] + (x0 - apart[1]) as usize;
        for (p, q) in first.iter().zip(&b.detail[at..][..w]) {
            let (p, q) = (f64::from(*p), f64::from(*q));
            (ab, aa, bb) = (ab + p * q, aa + p * p, bb + q * q);
        }
    }
    (aa > 0.0 && bb > 0.0).then(|| ab / (aa * bb).sqrt())
}

/// The values that are drawn black and white.
fn window(tiles: &[Small]) -> (f32, f32) {
    let mut all: Vec<f32> =
        tiles.iter().flat_map(|t| t.samples.iter().step_by(7)).copied().collect();
    all.sort_unstable_by(f32::total_cmp);
    let at =
        |part: f64| all.get(((all.len() as f64 - 1.0) * part) as usize).copied().unwrap_or(0.0);
    (at(0.005), at(0.995))
}

/// The tiles where they are said to lie; the mean where several do.
fn drawn(tiles: &[Small], (black, white): (f32, f32)) -> ([usize; 2], Vec<u8>) {
    let fold = |f: fn(f64, f64) -> f64, from: f64, k: usize, end: bool| {
        let place = |t: &Small| t.at[k] + if end { t.shape[k] as f64 } else { 0.0 };
        tiles.iter().map(place).fold(from, f)
    };
    let low = [0, 1].map(|k| fold(f64::min, f64::INFINITY, k, false));
    let high = [0, 1].map(|k| fold(f64::max, f64::NEG_INFINITY, k, true));
    let extent = [0, 1].map(|k| (high[k] - low[k]).max(1.0));
    let scale = (DRAWN / extent[0].max(extent[1])).min(2.0);
    let [h, w] = extent.map(|e| ((e * scale).ceil() as usize).max(1));
    let (mut sums, mut counts) = (vec![0.0f32; h * w], vec![0u16; h * w]);
    for tile in tiles {
        let first = [0, 1].map(|k| ((tile.at[k] - low[k]) * scale).max(0.0) as usize);
        let end = [0, 1].map(|k| ((tile.at[k] - low[k] + tile.shape[k] as f64) * scale) as usize);
        for y in first[0]..end[0].min(h) {
            for x in first[1]..end[1].min(w) {
                let back = |v: usize, k: usize| {
                    let c = (v as f64 + 0.5) / scale - (tile.at[k] - low[k]);
                    (c.max(0.0) as usize).min(tile.shape[k] - 1)
                };
                sums[y * w + x] += tile.samples[back(y, 0) * tile.shape[1] + back(x, 1)];
                counts[y * w + x] += 1;
            }
        }
    }
    let range = (white - black).max(f32::MIN_POSITIVE);
    let grey = |(s, n): (&f32, &u16)| match n {
        0 => 255,
        n => ((s / f32::from(*n) - black) / range * 235.0).clamp(0.0, 235.0) as u8,
    };
    ([h, w], sums.iter().zip(&counts).map(grey).collect())
}
