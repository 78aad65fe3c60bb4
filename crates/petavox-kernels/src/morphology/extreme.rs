//! The least or greatest sample of a window: flat grey erosion and dilation.
//!
//! Everything is a shift of whole arrays: a tile lies in memory without gaps, so that "the sample `k` steps along an axis" is one distance for
//! all of it, and a pass is one loop without a look at the shape. What such a loop makes beyond the ends of rows is never used.
//! A line of `n` samples is made of lines of half its length, in `log2(n)` passes for all samples at once; a general footprint
//! is made of its runs, longer ones from shorter ones.

use crate::window::{Key, LANES, Tiling, Window, by_key, lanes, tile_bytes};
use petavox_core::{Block, CancelToken, Dtype, Error, Result};
use std::collections::BTreeMap;

/// Bytes of scratch that [`extreme`] needs for a target of this shape.
pub fn extreme_scratch_bytes(target_shape: &[usize], window: &Window, dtype: Dtype) -> usize {
    let tiling = Tiling::new(target_shape, window, dtype, tile_bytes());
    let arrays = if window.mask().is_some() { 2 } else { 1 };
    tiling.len().saturating_mul(arrays).saturating_mul(dtype.size())
}

/// Each sample's greatest (`greatest`) or least neighbour: scipy.ndimage's `maximum_filter` and `minimum_filter`.
///
/// `input` covers `output`'s region grown by the window's halo; both have the same dtype, any of them. NaN in a window makes the result NaN.
/// `scratch` is aligned to 8 bytes and has at least [`extreme_scratch_bytes`].
///
/// ```
/// use petavox_core::{Block, CancelToken, Dtype, Region};
/// use petavox_kernels::morphology::extreme;
/// use petavox_kernels::window::Window;
/// let input = Block::from_vec(Region::new([-1], [6]), vec![3i16, -3, 8, 1, 0, 0])?;
/// let mut output = Block::zeros(Region::new([0], [4]), Dtype::Int16)?;
/// let mut scratch = petavox_core::Buffer::zeroed(1 << 20)?;
/// extreme(&input, &mut output, &Window::new(&[3], &[0], None)?, true, scratch.bytes_mut(), &CancelToken::new())?;
/// assert_eq!(output.typed::<i16>()?, [8, 8, 8, 1]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Internal`] if the regions, dtypes or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
pub fn extreme(
    input: &Block,
    output: &mut Block,
    window: &Window,
    greatest: bool,
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let dtype = input.dtype();
    if dtype != output.dtype() || window.ndim() != output.region().ndim() {
        return Err(Error::internal("extreme", "blocks and window disagree"));
    }
    if output.region().is_empty() {
        return Ok(());
    }
    let tiling = Tiling::new(output.shape(), window, dtype, tile_bytes());
    let bytes = extreme_scratch_bytes(output.shape(), window, dtype);
    let Some(scratch) = scratch.get_mut(..bytes) else {
        return Err(Error::internal("extreme", "scratch too small"));
    };
    let passes = Passes::new(window, &tiling.strides());
    by_key!(dtype, K => {
        let memory: &mut [K] = bytemuck::try_cast_slice_mut(scratch)
            .map_err(|_| Error::internal("extreme", "scratch not aligned"))?;
        let len = tiling.len();
        tiling.walk(input, output, window, !greatest, memory, |memory, used| {
            cancel.check()?;
            let (samples, found) = memory.split_at_mut(len);
            Ok(passes.run(samples, found, used))
        })
    })
}

/// How the greatest sample of a window is found in arrays of some strides.
struct Passes {
    /// Boxes: the array with itself shifted, one after the other.
    lines: Vec<usize>,
    /// Other windows: runs by their length.
    runs: BTreeMap<usize, Vec<usize>>,
}

impl Passes {
    fn new(window: &Window, strides: &[usize]) -> Passes {
        let mut passes = Passes { lines: vec![], runs: BTreeMap::new() };
        if window.mask().is_none() {
            for (&n, &stride) in window.shape().iter().zip(strides) {
                passes.lines.extend(doublings(1, n).map(|step| step * stride));
            }
            return passes;
        }
        for (at, len) in window.runs(strides) {
            passes.runs.entry(len).or_default().push(at);
        }
        passes
    }

    /// Works on `samples`; the first `used` places are those of results. Returns where the first one stands in both arrays together.
    fn run<K: Key>(&self, samples: &mut [K], found: &mut [K], used: usize) -> usize {
        let mut reach = samples.len();
        for &shift in &self.lines {
            reach -= shift;
            greatest_of_two(samples, reach, shift);
        }
        let (mut have, mut first) = (1, true);
        for (&len, shifts) in &self.runs {
            for step in doublings(have, len) {
                let n = samples.len() - step;
                greatest_of_two(samples, n, step);
            }
            have = len;
            for few in shifts.chunks(8) {
                greatest_of_many(samples, &mut found[..used], few, first);
                first = false;
            }
        }
        if self.runs.is_empty() { 0 } else { samples.len() }
    }
}

/// The shifts by which lines of `have` samples become lines of `want`.
fn doublings(mut have: usize, want: usize) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let step = have.min(want - have);
        have += step;
        (step > 0).then_some(step)
    })
}

lanes! {
    /// Each of the first `n` samples and the one `shift` behind it, in place.
    fn greatest_of_two<K: Key>(samples: &mut [K], n: usize, shift: usize) {
        let whole = n - n % LANES;
        let samples = &mut samples[..n + shift];
        let mut i = 0;
        while i < whole {
            // What is read was not written yet, as it lies ahead.
            let mut ours = [K::TOP; LANES];
            let mut others = [K::TOP; LANES];
            ours.copy_from_slice(&samples[i..i + LANES]);
            others.copy_from_slice(&samples[i + shift..i + shift + LANES]);
            for k in 0..LANES {
                ours[k] = ours[k].max(others[k]);
            }
            samples[i..i + LANES].copy_from_slice(&ours);
            i += LANES;
        }
        for i in whole..n {
            samples[i] = samples[i].max(samples[i + shift]);
        }
    }
}

lanes! {
    /// The greatest of the samples at these distances and what was found so far, unless these are the first.
    fn greatest_of_many<K: Key>(samples: &[K], found: &mut [K], shifts: &[usize], first: bool) {
        let n = found.len();
        let whole = n - n % LANES;
        let start = usize::from(first);
        let mut i = 0;
        while i < whole {
            let mut most = [K::TOP; LANES];
            if first {
                most.copy_from_slice(&samples[i + shifts[0]..i + shifts[0] + LANES]);
            } else {
                most.copy_from_slice(&found[i..i + LANES]);
            }
            for shift in &shifts[start..] {
                let others = &samples[i + shift..i + shift + LANES];
                for k in 0..LANES {
                    most[k] = most[k].max(others[k]);
                }
            }
            found[i..i + LANES].copy_from_slice(&most);
            i += LANES;
        }
        for i in whole..n {
            let so_far = if first { samples[i + shifts[0]] } else { found[i] };
            found[i] = shifts.iter().fold(so_far, |most, shift| most.max(samples[i + shift]));
        }
    }
}

#[cfg(test)]
mod tests;
