//! Parts of tiles, made ready to be compared.

use crate::mosaic::Pieces;
use crate::mosaic::tiles::Tiles;
use petavox_core::{Block, Element, Region, Result, dispatch};
use petavox_kernels::register::{Patch, laplacian_of_gaussian};
use std::sync::Arc;

/// What of a tile is compared.
pub(super) struct Looker {
    pub(super) tiles: Arc<Tiles>,
    pub(super) pieces: Arc<Pieces>,
    pub(super) align: Option<usize>,
}

impl Looker {
    /// The extents of a tile's space axes.
    pub(super) fn shape(&self, number: usize) -> Vec<usize> {
        let tile = &self.tiles.placed[number];
        self.tiles.spatial.iter().map(|&a| tile.shape[a]).collect()
    }

    /// The samples of a part of a tile, given along its space axes: of the channel that is looked at, of the first time, and the mean of colours.
    pub(super) fn raw(&self, number: usize, part: &Region) -> Result<Vec<f32>> {
        let tile = &self.tiles.placed[number];
        let spatial = &self.tiles.spatial;
        let last = spatial.last().copied().unwrap_or(0);
        let channel = self.tiles.spec.axes.position('c');
        let (mut start, mut shape) = (vec![0; tile.shape.len()], vec![1; tile.shape.len()]);
        for a in 0..tile.shape.len() {
            if let Some(k) = spatial.iter().position(|&s| s == a) {
                (start[a], shape[a]) = (part.start()[k], part.shape()[k]);
            } else if Some(a) == channel && !tile.is_channel {
                match self.align {
                    Some(c) => start[a] = c.min(tile.shape[a] - 1) as i64,
                    None if a > last => shape[a] = tile.shape[a],
                    None => {}
                }
            }
        }
        let region = Region::new(start, shape);
        let inner: usize = region.shape()[last + 1..].iter().product();
        let mut block = Block::zeros(region, self.tiles.spec.dtype)?;
        self.pieces.read(number, &mut block, None)?;
        let mut out = vec![0.0f32; part.len()];
        dispatch!(block.dtype(), T => {
            let samples = block.typed::<T>()?;
            for (o, s) in out.iter_mut().zip(samples.chunks_exact(inner.max(1))) {
                let sum: f64 = s.iter().map(|v| v.to_f64()).sum();
                *o = (sum / inner.max(1) as f64) as f32;
            }
        });
        // What is no number would spread over all.
        out.iter_mut().filter(|v| !v.is_finite()).for_each(|v| *v = 0.0);
        Ok(out)
    }
}

/// A part as it is compared.
pub(super) fn filtered(raw: &[f32], part: &Region, sigma: f64) -> Patch {
    let mut samples = raw.to_vec();
    laplacian_of_gaussian(&mut samples, part.shape(), sigma);
    Patch { region: part.clone(), samples }
}

/// The middle of two parts that may show the same, where all of them would take too much memory: along their longest axis.
pub(super) fn middle(
    first: Region,
    second: Region,
    nominal: &[f64],
    reach: &[usize],
    most: usize,
) -> (Region, Region) {
    let (mut a, mut b) = (first, second);
    for _ in 0..64 {
        if a.len().max(b.len()) <= most {
            break;
        }
        let n = a.ndim();
        let spare = |k: usize| a.shape()[k] as i64 - 2 * reach[k] as i64 - 64;
        let Some(axis) = (0..n).filter(|&k| spare(k) > 0).max_by_key(|&k| spare(k)) else { break };
        let (mut start, mut shape) = (a.start().to_vec(), a.shape().to_vec());
        let less = (shape[axis] / 4).min(spare(axis) as usize).max(1);
        start[axis] += (less / 2) as i64;
        shape[axis] -= less;
        a = Region::new(start, shape);
        let back: Vec<i64> = nominal.iter().map(|d| -d.round() as i64).collect();
        let around = a.translate(&back).grow(reach, reach);
        match b.intersect(&around) {
            Some(less) => b = less,
            None => break,
        }
    }
    (a, b)
}
