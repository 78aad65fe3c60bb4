//! A block walked in tiles: each is loaded with its halo as keys, worked on in the cache, and stored.

use super::keys::Key;
use super::shape::Window;
use crate::filter::for_each_index;
use petavox_core::{Block, Dtype, Error, Region, Result, strides};

/// A tile with its halo should stay within a share of the second-level cache.
pub(crate) fn tile_bytes() -> usize {
    512 << 10
}

/// How a target is cut, and what a tile looks like in memory: its samples and halo in C order, and a margin behind them that vectors may reach
/// into.
pub(crate) struct Tiling {
    tile: Vec<usize>,
    reach: Vec<usize>,
    dtype: Dtype,
}

impl Tiling {
    /// Tiles for a window over a target of this shape.
    pub(crate) fn new(target: &[usize], window: &Window, dtype: Dtype, bytes: usize) -> Tiling {
        let reach: Vec<usize> = window.shape().iter().map(|n| n - 1).collect();
        let n = target.len();
        let mut tile = vec![1usize; n];
        let size = |tile: &[usize]| {
            let grown = tile.iter().zip(&reach).map(|(t, r)| t + r);
            grown.fold(dtype.size(), |n, g| n.saturating_mul(g))
        };
        if n > 0 {
            tile[n - 1] = target[n - 1].clamp(1, 1024);
        }
        loop {
            // The axis whose halo weighs most grows next.
            let weight = |a: &usize| (reach[*a] + 1) as f64 / tile[*a] as f64;
            let mut open: Vec<usize> = (0..n).filter(|&a| tile[a] < target[a]).collect();
            open.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
            let fits = open.into_iter().find_map(|a| {
                let mut more = tile.clone();
                more[a] = (tile[a] * 2).min(target[a]);
                (size(&more) <= bytes).then_some(more)
            });
            match fits {
                Some(more) => tile = more,
                None => return Tiling { tile, reach, dtype },
            }
        }
    }

    /// Shape of the largest tile with its halo.
    fn grown(&self) -> Vec<usize> {
        self.tile.iter().zip(&self.reach).map(|(t, r)| t + r).collect()
    }

    /// Samples of the largest tile with its halo.
    pub(crate) fn len(&self) -> usize {
        self.grown().iter().fold(1, |n: usize, g| n.saturating_mul(*g))
    }

    /// Strides of every tile's array: those of the largest one.
    pub(crate) fn strides(&self) -> Vec<usize> {
        strides(&self.grown())
    }

    /// Calls `work` for each tile, with the keys of the tile and its halo in the first part of `memory`. It leaves the results where they
    /// belong in the tile's array, moved to its first sample, from the place that it returns on; they are stored from there.
    pub(crate) fn walk<K: Key>(
        &self,
        input: &Block,
        output: &mut Block,
        window: &Window,
        flipped: bool,
        memory: &mut [K],
        mut work: impl FnMut(&mut [K], usize) -> Result<usize>,
    ) -> Result<()> {
        let (from, to) = (input.region().clone(), output.region().clone());
        if from.ndim() != to.ndim() || self.tile.len() != to.ndim() || memory.len() < self.len() {
            return Err(Error::internal("window tiles", "blocks, window and memory disagree"));
        }
        let (load, store) = (K::loader(self.dtype, flipped), K::storer(self.dtype, flipped));
        let (n, size, lines) = (to.ndim(), self.dtype.size(), self.strides());
        let (from_lines, to_lines) = (strides(from.shape()), strides(to.shape()));
        let counts: Vec<usize> =
            to.shape().iter().zip(&self.tile).map(|(s, t)| s.div_ceil(*t)).collect();
        let mut failed = Ok(());
        for_each_index(&counts, &mut |at| {
            if failed.is_err() {
                return;
            }
            let place: Vec<usize> = at.iter().zip(&self.tile).map(|(i, t)| i * t).collect();
            let shape: Vec<usize> =
                (0..n).map(|a| self.tile[a].min(to.shape()[a] - place[a])).collect();
            let first: Vec<i64> =
                (0..n).map(|a| to.start()[a] + place[a] as i64 + window.start()[a]).collect();
            let grown: Vec<usize> = shape.iter().zip(&self.reach).map(|(s, r)| s + r).collect();
            if !from.contains(&Region::new(first.clone(), grown.clone())) {
                failed = Err(Error::internal("window tiles", "the input does not cover the halo"));
                return;
            }
            let row = grown.last().copied().unwrap_or(1);
            let base = from.offset_of(&first);
            let outer = n.saturating_sub(1);
            for_each_index(&grown[..outer], &mut |line| {
                let f = (base + dot(line, &from_lines)) * size;
                let t = dot(line, &lines);
                load(&input.bytes()[f..f + row * size], &mut memory[t..t + row]);
            });
            // One past the last sample that a result can stand at.
            let used = shape.iter().zip(&lines).map(|(s, l)| (s - 1) * l).sum::<usize>() + 1;
            let found = match work(memory, used) {
                Ok(found) => found,
                Err(e) => {
                    failed = Err(e);
                    return;
                }
            };
            let row = shape.last().copied().unwrap_or(1);
            let base = dot(&place, &to_lines);
            let bytes = output.bytes_mut();
            for_each_index(&shape[..outer], &mut |line| {
                let t = (base + dot(line, &to_lines)) * size;
                let f = found + dot(line, &lines);
                store(&memory[f..f + row], &mut bytes[t..t + row * size]);
            });
        });
        failed
    }
}

fn dot(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}
