//! Windows that walk along rows and count their samples: scikit-image's `filters.rank`.

use super::statistic::{Local, LocalRule, LocalStatistic};
use crate::window::Window;
use petavox_core::{Block, CancelToken, Dtype, Error, Result};

/// Bytes of scratch that [`local_statistic`] needs.
pub fn local_statistic_scratch_bytes(dtype: Dtype) -> usize {
    4 << (8 * dtype.size().min(2))
}

/// A statistic of the samples of each window, without those outside the image, and those where `mask` is 0 if there is one.
///
/// `input` and `mask` cover `output`'s region grown by the window's halo; what they hold outside the image is not looked at.
/// For [`LocalStatistic::Histogram`] the output has one axis more, the shares of the grey values.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless samples are `uint8` or `uint16`; [`Error::Internal`] if the blocks or the scratch do not fit together;
/// [`Error::Cancelled`], soon after it was asked for.
pub fn local_statistic(
    input: &Block,
    mask: Option<&Block>,
    output: &mut Block,
    window: &Window,
    rule: &LocalRule,
    image_shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "local_statistic";
    let dtype = input.dtype();
    let many = usize::from(rule.statistic == LocalStatistic::Histogram);
    let ndim = input.region().ndim();
    if output.dtype() != rule.statistic.dtype(dtype)
        || window.ndim() != ndim
        || output.region().ndim() != ndim + many
    {
        return Err(Error::internal(place, "blocks and window disagree"));
    }
    let halo = window.halo();
    let target = output.region();
    let target = petavox_core::Region::new(&target.start()[..ndim], &target.shape()[..ndim]);
    if !input.region().contains(&target.grow(&halo.low, &halo.high)) {
        return Err(Error::internal(place, "the input does not cover the halo"));
    }
    if mask.is_some_and(|m| m.region() != input.region()) {
        return Err(Error::internal(place, "the mask does not cover the input"));
    }
    let mask = mask.map(Block::typed::<u8>).transpose()?;
    let counts = scratch.get_mut(..local_statistic_scratch_bytes(dtype));
    let Some(Ok(counts)) = counts.map(bytemuck::try_cast_slice_mut::<u8, u32>) else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    let rule = LocalRule { n_bins: rule.n_bins.min(counts.len()), ..*rule };
    let walk = Walk { input, mask, window, image_shape, rule };
    match dtype {
        Dtype::UInt8 => {
            let samples = input.typed::<u8>()?;
            walk.run(samples, |v| v as usize, &target, output, counts, cancel)
        }
        Dtype::UInt16 => {
            let samples = input.typed::<u16>()?;
            walk.run(samples, |v| v as usize, &target, output, counts, cancel)
        }
        other => Err(Error::dtype("local statistics", other, "uint8, uint16")),
    }
}

struct Walk<'a> {
    input: &'a Block,
    mask: Option<&'a [u8]>,
    window: &'a Window,
    image_shape: &'a [usize],
    rule: LocalRule,
}

impl Walk<'_> {
    fn run<T: Copy>(
        &self,
        samples: &[T],
        index: fn(T) -> usize,
        region: &petavox_core::Region,
        output: &mut Block,
        counts: &mut [u32],
        cancel: &CancelToken,
    ) -> Result<()> {
        if region.is_empty() {
            return Ok(());
        }
        let last = region.ndim().saturating_sub(1);
        // Runs along the last axis: the row's offset, and the offsets of the first and the last sample.
        let mut runs: Vec<(Vec<i64>, i64, i64)> = vec![];
        for offset in self.window.offsets() {
            let x = offset.get(last).copied().unwrap_or(0);
            let row = offset[..last.min(offset.len())].to_vec();
            match runs.last_mut() {
                Some((r, _, end)) if *r == row && *end + 1 == x => *end = x,
                _ => runs.push((row, x, x)),
            }
        }
        let width = self.image_shape.last().copied().unwrap_or(1) as i64;
        let x0 = region.start().last().copied().unwrap_or(0);
        let from = self.input.region();
        let from_x = from.start().last().copied().unwrap_or(0);
        counts.fill(0);
        let mut at = 0;
        region.for_each_row(|point| {
            if cancel.is_cancelled() {
                return;
            }
            // Rows inside the image: where each begins in the block, and its run.
            let mut inside: Vec<(usize, i64, i64)> = vec![];
            for (row, first, end) in &runs {
                let mut start: Vec<i64> = point.iter().zip(row).map(|(p, o)| p + o).collect();
                if (0..last).all(|a| (0..self.image_shape[a] as i64).contains(&start[a])) {
                    if last < point.len() {
                        start.push(from_x);
                    }
                    inside.push((from.offset_of(&start), *first, *end));
                }
            }
            let mut local = Local { counts: &mut counts[..], pop: 0, sum: 0 };
            let change = |local: &mut Local<'_>, row: usize, x: i64, by: i64| {
                let at = row + (x - from_x) as usize;
                if self.mask.is_none_or(|m| m[at] != 0) {
                    local.change(index(samples[at]), by);
                }
            };
            for &(row, first, end) in &inside {
                for x in (x0 + first).max(0)..=(x0 + end).min(width - 1) {
                    change(&mut local, row, x, 1);
                }
            }
            let own = from.offset_of(point) - (x0 - from_x) as usize;
            for i in 0..region.row_len() {
                let x = x0 + i as i64;
                if self.rule.statistic == LocalStatistic::Histogram {
                    shares(&local, output, at + i);
                } else {
                    let own = index(samples[own + (x - from_x) as usize]);
                    store(output, at + i, local.value(&self.rule, own));
                }
                for &(row, first, end) in &inside {
                    let (leaves, enters) = (x + first, x + end + 1);
                    if (0..width).contains(&leaves) {
                        change(&mut local, row, leaves, -1);
                    }
                    if (0..width).contains(&enters) && enters < from.end(last) {
                        change(&mut local, row, enters, 1);
                    }
                }
            }
            local.counts.fill(0);
            at += region.row_len();
        });
        cancel.check()
    }
}

/// The shares of those grey values that the block of the output has.
fn shares(local: &Local<'_>, output: &mut Block, at: usize) {
    let region = output.region();
    let (n, first) = (region.row_len(), region.start().last().copied().unwrap_or(0) as usize);
    let scale = if local.pop > 0 { 1.0 / local.pop as f64 } else { 0.0 };
    let to = output.bytes_mut()[8 * at * n..8 * (at + 1) * n].chunks_exact_mut(8);
    for (to, count) in to.zip(&local.counts[first..]) {
        to.copy_from_slice(&(f64::from(*count) * scale).to_ne_bytes());
    }
}

fn store(output: &mut Block, at: usize, value: f64) {
    // C's conversions: cut towards zero, and wrapped.
    match output.dtype() {
        Dtype::UInt8 => output.bytes_mut()[at] = value as i64 as u8,
        Dtype::UInt16 => output.bytes_mut()[2 * at..2 * at + 2]
            .copy_from_slice(&(value as i64 as u16).to_ne_bytes()),
        _ => output.bytes_mut()[8 * at..8 * at + 8].copy_from_slice(&value.to_ne_bytes()),
    }
}
