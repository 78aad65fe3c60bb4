//! A block walked in tiles: each is loaded with its halo as keys, worked on in the cache, and stored.

use super::keys::Key;
use super::shape::Window;
use crate::filter::for_each_index;
use petavox_core::{Block, Dtype, Error, Region, Result, strides};

/// Rows of a tile are at first this long.
const ROW_BYTES: usize = 2048;

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
            tile[n - 1] = target[n - 1].clamp(1, ROW_BYTES / dtype.size());
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

    /// How many times as many samples the largest tile has with its halo.
    pub(crate) fn with_halo(&self) -> f64 {
        self.len() as f64 / self.tile.iter().product::<usize>().max(1) as f64
    }

    /// Strides of every tile's array: those of the largest one.
    pub(crate) fn strides(&self) -> Vec<usize> {
        strides(&self.grown())
    }

    /// Calls `work` for each tile of a target.
    pub(crate) fn each(
        &self,
        from: &Region,
        to: &Region,
        window: &Window,
        work: &mut dyn FnMut(&Tile) -> Result<()>,
    ) -> Result<()> {
        if from.ndim() != to.ndim() || self.tile.len() != to.ndim() {
            return Err(Error::internal("window tiles", "blocks and window disagree"));
        }
        let n = to.ndim();
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
            failed = if from.contains(&Region::new(first.clone(), grown.clone())) {
                work(&Tile { place, shape, first, grown })
            } else {
                Err(Error::internal("window tiles", "the input does not cover the halo"))
            };
        });
        failed
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
        if memory.len() < self.len() {
            return Err(Error::internal("window tiles", "memory too small"));
        }
        let (from, to) = (input.region().clone(), output.region().clone());
        let (load, store) = (K::loader(self.dtype, flipped), K::storer(self.dtype, flipped));
        let (size, lines) = (self.dtype.size(), self.strides());
        self.each(&from, &to, window, &mut |tile| {
            tile.rows_in(&from, &lines, &mut |f, t, row| {
                load(&input.bytes()[f * size..(f + row) * size], &mut memory[t..t + row]);
            });
            // One past the last sample that a result can stand at.
            let steps = tile.shape.iter().zip(&lines).map(|(s, l)| (s - 1) * l);
            let found = work(memory, steps.sum::<usize>() + 1)?;
            let bytes = output.bytes_mut();
            tile.rows_out(&to, &lines, &mut |f, t, row| {
                let from = &memory[found + f..found + f + row];
                store(from, &mut bytes[t * size..(t + row) * size]);
            });
            Ok(())
        })
    }
}

/// A part of a target.
pub(crate) struct Tile {
    /// Where it begins in the target.
    place: Vec<usize>,
    shape: Vec<usize>,
    /// Where its halo begins.
    first: Vec<i64>,
    grown: Vec<usize>,
}

impl Tile {
    /// Samples per axis, without its halo.
    pub(crate) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Samples per axis, halo and all.
    pub(crate) fn grown(&self) -> &[usize] {
        &self.grown
    }

    /// Where its halo begins in the image.
    pub(crate) fn first(&self) -> &[i64] {
        &self.first
    }

    /// Calls `f` with the place in the input's block, the place in the tile's array and the length of each row, halo and all.
    pub(crate) fn rows_in(
        &self,
        from: &Region,
        lines: &[usize],
        f: &mut dyn FnMut(usize, usize, usize),
    ) {
        let from_lines = strides(from.shape());
        let base = from.offset_of(&self.first);
        let row = self.grown.last().copied().unwrap_or(1);
        for_each_index(&self.grown[..self.grown.len().saturating_sub(1)], &mut |line| {
            f(base + dot(line, &from_lines), dot(line, lines), row);
        });
    }

    /// Calls `f` with the place in the tile's array, the place in the output's block and the length of each row of the tile itself.
    pub(crate) fn rows_out(
        &self,
        to: &Region,
        lines: &[usize],
        f: &mut dyn FnMut(usize, usize, usize),
    ) {
        let to_lines = strides(to.shape());
        let base = dot(&self.place, &to_lines);
        let row = self.shape.last().copied().unwrap_or(1);
        for_each_index(&self.shape[..self.shape.len().saturating_sub(1)], &mut |line| {
            f(dot(line, lines), base + dot(line, &to_lines), row);
        });
    }
}

fn dot(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}
