//! Thresholds from the mean and the deviation of a box around each sample.

use super::box_sums::{BoxAxis, box_sums};
use crate::filter::for_each_index;
use crate::window::{Tiling, Window};
use petavox_core::{Block, CancelToken, Dtype, Element, Error, Result, dispatch};

/// Doubles of a tile with its halo: as few as keep the halo small.
const TILE_BYTES: [usize; 3] = [256 << 10, 1 << 20, 4 << 20];
/// How many times as many samples a tile should have at most with its halo.
const WITH_HALO: f64 = 1.4;

fn tiling(target: &[usize], window: &Window) -> Tiling {
    let tiled = |bytes| Tiling::new(target, window, Dtype::Float64, bytes);
    let small = TILE_BYTES.map(tiled).into_iter().find(|t| t.with_halo() <= WITH_HALO);
    small.unwrap_or_else(|| tiled(TILE_BYTES[TILE_BYTES.len() - 1]))
}

/// How the threshold follows from the mean `m` and the deviation `s` of a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LocalThreshold {
    /// `m - k s` (Niblack).
    Niblack {
        /// The weight of the deviation.
        k: f64,
    },
    /// `m (1 + k (s / r - 1))` (Sauvola).
    Sauvola {
        /// The weight of the deviation.
        k: f64,
        /// The greatest deviation there can be.
        r: f64,
    },
}

/// Bytes of scratch that [`local_threshold`] needs for a target of this shape.
pub fn local_threshold_scratch_bytes(target_shape: &[usize], window: &Window) -> usize {
    tiling(target_shape, window).len().saturating_mul(32)
}

/// Niblack's or Sauvola's threshold around each sample: `float32` for `float32`, else `float64`.
///
/// Sums of the samples and of their squares are made axis by axis, of what lies before and behind fixed places of the image, so that they
/// do not depend on how it is cut and take as long for any window; sums of integers of up to 16 bits are exact.
///
/// # Errors
/// [`Error::Internal`] if the blocks, the window or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
pub fn local_threshold(
    input: &Block,
    output: &mut Block,
    window: &Window,
    method: LocalThreshold,
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "local_threshold";
    if output.region().is_empty() {
        return Ok(());
    }
    let tiling = tiling(output.shape(), window);
    let (len, lines) = (tiling.len(), tiling.strides());
    let doubles = scratch.get_mut(..len * 32).map(bytemuck::try_cast_slice_mut::<u8, f64>);
    let Some(Ok(doubles)) = doubles else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    let (sums, rest) = doubles.split_at_mut(len);
    let (squares, rest) = rest.split_at_mut(len);
    let (found, other) = rest.split_at_mut(len);
    let single = input.dtype() == Dtype::Float32;
    let n = window.len() as f64;
    let target = output.region().clone();
    let output_dtype = output.dtype();
    if output_dtype != (if single { Dtype::Float32 } else { Dtype::Float64 }) {
        return Err(Error::internal(place, "the output has another dtype"));
    }
    tiling.each(input.region(), &target, window, &mut |tile| {
        cancel.check()?;
        dispatch!(input.dtype(), T => {
            let samples = input.typed::<T>()?;
            tile.rows_in(input.region(), &lines, &mut |from, to, row| {
                for i in 0..row {
                    let v = samples[from + i].to_f64();
                    sums[to + i] = v;
                    squares[to + i] = if single { f64::from((v as f32) * (v as f32)) } else { v * v };
                }
            });
        });
        for (a, &extent) in window.shape().iter().enumerate() {
            let axis = BoxAxis { n: tile.grown()[a], extent, origin: tile.first()[a] };
            // Along the axes that are done, only sums of whole boxes are left.
            for_each_index(&tile.shape()[..a], &mut |at| {
                let base: usize = at.iter().zip(&lines).map(|(i, l)| i * l).sum();
                let range = base..base + axis.n * lines[a];
                box_sums(&mut sums[range.clone()], found, other, axis, lines[a]);
                box_sums(&mut squares[range], found, other, axis, lines[a]);
            });
        }
        let (sums, squares) = (&*sums, &*squares);
        let bytes = output.bytes_mut();
        tile.rows_out(&target, &lines, &mut |from, to, row| {
            for i in 0..row {
                let (sum, square) = (sums[from + i], squares[from + i]);
                if single {
                    let value = in_singles(sum as f32 / n as f32, square as f32 / n as f32, method);
                    bytes[4 * (to + i)..4 * (to + i) + 4].copy_from_slice(&value.to_ne_bytes());
                } else {
                    let value = in_doubles(sum / n, square / n, method);
                    bytes[8 * (to + i)..8 * (to + i) + 8].copy_from_slice(&value.to_ne_bytes());
                }
            }
        });
        Ok(())
    })
}

#[inline(always)]
fn in_doubles(mean: f64, square: f64, method: LocalThreshold) -> f64 {
    let deviation = (square - mean * mean).max(0.0).sqrt();
    match method {
        LocalThreshold::Niblack { k } => mean - k * deviation,
        LocalThreshold::Sauvola { k, r } => mean * (1.0 + k * (deviation / r - 1.0)),
    }
}

#[inline(always)]
fn in_singles(mean: f32, square: f32, method: LocalThreshold) -> f32 {
    let deviation = (square - mean * mean).max(0.0).sqrt();
    match method {
        LocalThreshold::Niblack { k } => mean - k as f32 * deviation,
        LocalThreshold::Sauvola { k, r } => mean * (1.0 + k as f32 * (deviation / r as f32 - 1.0)),
    }
}
