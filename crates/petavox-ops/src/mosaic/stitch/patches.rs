//! Parts of tiles, made ready to be compared.

use crate::mosaic::Pieces;
use crate::mosaic::tiles::Tiles;
use petavox_core::{Block, Dtype, Element, Region, Result, dispatch};
use petavox_kernels::register::{Patch, laplacian_of_gaussian, laplacian_where};
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

    /// The samples of a part of a tile, given along its space axes: of the channel that is looked at, of the first time, and the mean of
    /// colours; and which of them count, if not all do.
    pub(super) fn raw(&self, number: usize, part: &Region) -> Result<Part> {
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
        let inner = region.shape()[last + 1..].iter().product::<usize>().max(1);
        let mut block = Block::zeros(region.clone(), self.tiles.spec.dtype)?;
        self.pieces.read(number, &mut block, None)?;
        let mut samples = vec![0.0f32; part.len()];
        dispatch!(block.dtype(), T => {
            let own = block.typed::<T>()?;
            for (o, s) in samples.iter_mut().zip(own.chunks_exact(inner)) {
                let sum: f64 = s.iter().map(|v| v.to_f64()).sum();
                *o = (sum / inner as f64) as f32;
            }
        });
        let mut counts: Option<Vec<f32>> = None;
        if tile.mask.is_some() {
            let mut mask = Block::zeros(region, Dtype::Float32)?;
            self.pieces.read_mask(number, &mut mask, None)?;
            let own = mask.typed::<f32>()?;
            if own.contains(&0.0) {
                let least = |c: &[f32]| c.iter().copied().fold(1.0, f32::min);
                counts = Some(own.chunks_exact(inner).map(least).collect());
            }
        }
        // What is no number would spread over all.
        if samples.iter().any(|v| !v.is_finite()) {
            let counts = counts.get_or_insert_with(|| vec![1.0; samples.len()]);
            for (v, c) in samples.iter_mut().zip(counts).filter(|(v, _)| !v.is_finite()) {
                (*v, *c) = (0.0, 0.0);
            }
        }
        Ok(Part { region: part.clone(), samples, counts })
    }
}

/// A part of a tile.
pub(super) struct Part {
    pub(super) region: Region,
    pub(super) samples: Vec<f32>,
    /// 1, or 0 where a sample does not count; all do without.
    pub(super) counts: Option<Vec<f32>>,
}

impl Part {
    /// The samples that count.
    fn counting(&self) -> impl Iterator<Item = f32> {
        let counts = self.counts.as_deref();
        let counts = move |i: usize| counts.is_none_or(|c| c[i] > 0.0);
        self.samples.iter().enumerate().filter(move |(i, _)| counts(*i)).map(|(_, v)| *v)
    }

    /// Why it shows nothing, if it does not.
    pub(super) fn nothing(&self) -> Option<&'static str> {
        let mut all = self.counting();
        match all.next() {
            None => Some("one of the tiles is masked where they overlap"),
            Some(first) => all
                .all(|v| v == first)
                .then_some("one of the tiles is all of one value where they overlap"),
        }
    }

    /// As it is compared.
    pub(super) fn filtered(&self, sigma: f64) -> Patch {
        let (mut samples, mut counts) = (self.samples.clone(), self.counts.clone());
        match &mut counts {
            Some(counts) => {
                laplacian_where(&mut samples, counts, self.region.shape(), sigma);
            }
            None => laplacian_of_gaussian(&mut samples, self.region.shape(), sigma),
        }
        Patch { region: self.region.clone(), samples, counts }
    }
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
