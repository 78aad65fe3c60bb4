//! The sums of a part of the output.

use super::rows;
use crate::interpolate::rounding::store;
use petavox_core::{Block, Error, Region, Result};

/// What becomes of samples that several tiles show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blend {
    /// The largest.
    Max,
    /// The mean.
    Mean,
    /// That of the first tile.
    First,
    /// The mean, in which samples count less towards the border of their tile.
    Linear,
    /// The same, in which samples count by the contrast around them too.
    Content,
}

/// A part of the output while tiles are added to it.
pub struct Strip<'a> {
    pub(super) region: Region,
    pub(super) blend: Blend,
    sums: &'a mut [f64],
    weights: &'a mut [f64],
}

impl<'a> Strip<'a> {
    /// Bytes of scratch that a strip of so many samples takes.
    pub fn scratch_bytes(n_samples: usize) -> u64 {
        16 * n_samples as u64 + 8
    }

    /// An empty strip.
    ///
    /// # Errors
    /// [`Error::Internal`] if there is too little scratch.
    pub fn new(region: Region, blend: Blend, scratch: &'a mut [u8]) -> Result<Strip<'a>> {
        let head = scratch.as_ptr().align_offset(8);
        let body = scratch.get_mut(head..).unwrap_or_default();
        let n = body.len() / 8 * 8;
        let doubles: &mut [f64] = bytemuck::cast_slice_mut(&mut body[..n]);
        let n = region.len();
        if doubles.len() < 2 * n {
            return Err(Error::internal("Strip::new", format!("too little scratch for {region}")));
        }
        let (sums, rest) = doubles.split_at_mut(n);
        let weights = &mut rest[..n];
        sums.fill(0.0);
        weights.fill(0.0);
        Ok(Strip { region, blend, sums, weights })
    }

    /// Adds values with weights `by · scale` to the samples from `at` on.
    pub(super) fn add(&mut self, at: usize, values: &[f64], by: &[f64], scale: f64) {
        let n = values.len();
        let (sums, weights) = (&mut self.sums[at..at + n], &mut self.weights[at..at + n]);
        match self.blend {
            Blend::Mean | Blend::Linear | Blend::Content => {
                rows::mean(sums, weights, values, by, scale)
            }
            Blend::Max => rows::largest(sums, weights, values, by),
            Blend::First => rows::first(sums, weights, values, by),
        }
    }

    /// Writes the strip into the block of which it is a part.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is no part of it.
    pub fn finish(self, output: &mut Block) -> Result<()> {
        if !output.region().contains(&self.region) {
            return Err(Error::internal("Strip::finish", format!("{} is elsewhere", self.region)));
        }
        let row = self.region.row_len();
        let whole = output.region().clone();
        let mut at = 0;
        let mut failed = Ok(());
        self.region.for_each_row(|point| {
            if failed.is_ok() {
                failed = store(&self.sums[at..at + row], output, whole.offset_of(point));
            }
            at += row;
        });
        failed
    }
}
