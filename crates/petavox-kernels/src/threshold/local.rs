//! Thresholds from the mean and the deviation of a box around each sample.

use crate::window::{LANES, Tiling, Window, lanes};
use petavox_core::{Block, CancelToken, Dtype, Element, Error, Result, dispatch};

/// A tile of doubles with its halo, times four.
const TILE_BYTES: usize = 256 << 10;

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
    Tiling::new(target_shape, window, Dtype::Float64, TILE_BYTES).len().saturating_mul(32)
}

/// Niblack's or Sauvola's threshold around each sample: `float32` for `float32`, else `float64`.
///
/// Sums of the samples and of their squares are made of sums of halves, always in the same order, so that they do not depend on how
/// the image is cut; sums of integers of up to 16 bits are exact.
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
    let tiling = Tiling::new(output.shape(), window, Dtype::Float64, TILE_BYTES);
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
        for (&extent, &line) in window.shape().iter().zip(&lines) {
            add_up(sums, found, extent, line);
            add_up(squares, other, extent, line);
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

/// Sums of `extent` samples `line` apart, from each on; they take the samples' place.
fn add_up(samples: &mut [f64], found: &mut [f64], extent: usize, line: usize) {
    let mut first = true;
    let (mut have, mut done) = (1, 0);
    loop {
        if extent & have != 0 {
            // The bits of the extent, lowest first: lines of `have` samples after those that are summed.
            let shift = (done * line).min(samples.len());
            let n = samples.len() - shift;
            if first {
                found.copy_from_slice(samples);
            } else {
                add_to(&mut found[..n], &samples[shift..]);
            }
            first = false;
            done += have;
        }
        if done == extent {
            break;
        }
        add_shifted(samples, have * line);
        have *= 2;
    }
    samples.copy_from_slice(found);
}

/// What is added up.
trait Real: Copy + std::ops::AddAssign + Default {}
impl Real for f64 {}

lanes! {
    fn add_to<K: Real>(sums: &mut [K], more: &[K]) {
        sums.iter_mut().zip(more).for_each(|(s, m)| *s += *m);
    }
}

lanes! {
    /// Each sample and the one `shift` behind it, in place.
    fn add_shifted<K: Real>(samples: &mut [K], shift: usize) {
        let n = samples.len().saturating_sub(shift);
        let whole = n - n % LANES;
        let mut i = 0;
        while i < whole {
            // What is read was not written yet, as it lies ahead.
            let mut ours = [K::default(); LANES];
            let mut others = [K::default(); LANES];
            ours.copy_from_slice(&samples[i..i + LANES]);
            others.copy_from_slice(&samples[i + shift..i + shift + LANES]);
            for k in 0..LANES {
                ours[k] += others[k];
            }
            samples[i..i + LANES].copy_from_slice(&ours);
            i += LANES;
        }
        for i in whole..n {
            let other = samples[i + shift];
            samples[i] += other;
        }
    }
}
