//! The door of the rank filters, and which of the ways is taken.

use super::histogram::{Counts, n_counters};
use super::program::Program;
use crate::window::{Key, Tiling, Window, by_key, tile_bytes};
use petavox_core::{Block, CancelToken, Dtype, Error, Result};

/// Windows of more samples than these are not given to a network: for keys that can be counted, and for others.
const MOST_COUNTED: usize = 400;
const MOST_COMPARED: usize = 1500;
/// Arrays that a network works on should stay within the first-level cache.
const SLOTS_BYTES: usize = 40 << 10;

/// A window and the rank of the sample that it leaves, prepared for a dtype.
#[derive(Debug)]
pub struct RankFilter {
    window: Window,
    rank: usize,
    dtype: Dtype,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Network(Program),
    Counts,
    Selection,
}

impl RankFilter {
    /// The sample with `rank` lesser or equal ones before it in the order of the window's.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the window has no such sample.
    pub fn new(window: Window, rank: usize, dtype: Dtype) -> Result<RankFilter> {
        let n = window.len();
        if rank >= n {
            return Err(Error::argument(
                "rank",
                rank,
                format!("less than {n}, the window's samples"),
            ));
        }
        let counted = dtype.size() <= 2;
        let most = if counted { MOST_COUNTED } else { MOST_COMPARED };
        let network = if n <= most { Program::new(&window, rank) } else { None };
        let way = match network {
            Some(program) => Way::Network(program),
            None if counted => Way::Counts,
            None => Way::Selection,
        };
        Ok(RankFilter { window, rank, dtype, way })
    }

    /// The window.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The rank, 0 for the least.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// A rough cost in nanoseconds per sample, for planners.
    pub fn cost_ns(&self) -> f64 {
        let n = self.window.len() as f64;
        match self.way {
            Way::Network(_) => 0.05 * n * self.dtype.size() as f64,
            Way::Counts => 10.0 + 2.0 * n.sqrt() * self.dtype.size() as f64,
            Way::Selection => 3.0 * n,
        }
    }

    fn tiling(&self, target: &[usize]) -> Tiling {
        Tiling::new(target, &self.window, self.dtype, tile_bytes())
    }

    /// Samples of scratch beside a tile and its results.
    fn beside(&self) -> usize {
        let size = self.dtype.size();
        match &self.way {
            Way::Network(program) => {
                by_key!(self.dtype, K => program.slots_len(program.segment::<K>(SLOTS_BYTES)))
            }
            Way::Counts => n_counters(size) * 4 / size,
            Way::Selection => self.window.len(),
        }
    }

    fn run<K: Key>(
        &self,
        input: &Block,
        output: &mut Block,
        scratch: &mut [u8],
        cancel: &CancelToken,
        to_key: fn(usize) -> K,
    ) -> Result<()> {
        let tiling = self.tiling(output.shape());
        let (len, strides) = (tiling.len(), tiling.strides());
        let (beside, memory) = match self.way {
            Way::Counts => scratch.split_at_mut(n_counters(size_of::<K>()) * 4),
            _ => scratch.split_at_mut(0),
        };
        let unaligned = |_| Error::internal("rank_filter", "scratch not aligned");
        let memory: &mut [K] = bytemuck::try_cast_slice_mut(memory).map_err(unaligned)?;
        let counters = bytemuck::try_cast_slice_mut(beside).map_err(unaligned)?;
        let window = &self.window;
        match &self.way {
            Way::Network(program) => {
                // Results, then slots: rows are read in whole vectors, a little beyond the tile.
                let segment = program.segment::<K>(SLOTS_BYTES);
                let placed = program.placed(&strides, 2 * len, segment);
                tiling.walk(input, output, window, false, memory, |memory, used| {
                    cancel.check()?;
                    placed.run(memory, len, used);
                    Ok(len)
                })
            }
            Way::Counts => {
                let mut counts = Counts::new(counters, size_of::<K>());
                let runs = window.runs(&strides);
                tiling.walk(input, output, window, false, memory, |memory, used| {
                    cancel.check()?;
                    counts.slide(memory, len, used, &runs, self.rank, to_key);
                    Ok(len)
                })
            }
            Way::Selection => {
                let runs = window.runs(&strides);
                tiling.walk(input, output, window, false, memory, |memory, used| {
                    let (samples, rest) = memory.split_at_mut(len);
                    let (results, some) = rest.split_at_mut(len);
                    let some = &mut some[..window.len()];
                    for (at, result) in results[..used].iter_mut().enumerate() {
                        if at % 1024 == 0 {
                            cancel.check()?;
                        }
                        let mut to = 0;
                        for &(start, n) in &runs {
                            some[to..to + n].copy_from_slice(&samples[start + at..start + at + n]);
                            to += n;
                        }
                        *result = *some.select_nth_unstable(self.rank).1;
                    }
                    Ok(len)
                })
            }
        }
    }
}

/// Bytes of scratch that [`rank_filter`] needs for a target of this shape.
pub fn rank_filter_scratch_bytes(target_shape: &[usize], filter: &RankFilter) -> usize {
    let samples = filter.tiling(target_shape).len().saturating_mul(2);
    samples.saturating_add(filter.beside()).saturating_mul(filter.dtype.size())
}

/// The sample of a rank in each sample's window: scipy.ndimage's `rank_filter`, `median_filter`, `percentile_filter`.
///
/// `input` covers `output`'s region grown by the window's halo; both have the filter's dtype. NaN counts as greater than every number.
/// `scratch` is aligned to 8 bytes and has at least [`rank_filter_scratch_bytes`].
///
/// ```
/// use petavox_core::{Block, CancelToken, Dtype, Region};
/// use petavox_kernels::rank::{RankFilter, rank_filter};
/// use petavox_kernels::window::Window;
/// let median = RankFilter::new(Window::new(&[3], &[0], None)?, 1, Dtype::UInt8)?;
/// let input = Block::from_vec(Region::new([-1], [6]), vec![5u8, 5, 9, 0, 1, 1])?;
/// let mut output = Block::zeros(Region::new([0], [4]), Dtype::UInt8)?;
/// let mut scratch = petavox_core::Buffer::zeroed(1 << 20)?;
/// rank_filter(&input, &mut output, &median, scratch.bytes_mut(), &CancelToken::new())?;
/// assert_eq!(output.typed::<u8>()?, [5, 5, 1, 1]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Internal`] if the regions, dtypes or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
pub fn rank_filter(
    input: &Block,
    output: &mut Block,
    filter: &RankFilter,
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let dtype = filter.dtype;
    if input.dtype() != dtype
        || output.dtype() != dtype
        || filter.window.ndim() != output.region().ndim()
    {
        return Err(Error::internal("rank_filter", "blocks and filter disagree"));
    }
    if output.region().is_empty() {
        return Ok(());
    }
    let bytes = rank_filter_scratch_bytes(output.shape(), filter);
    let Some(scratch) = scratch.get_mut(..bytes) else {
        return Err(Error::internal("rank_filter", "scratch too small"));
    };
    match dtype.size() {
        1 => filter.run::<u8>(input, output, scratch, cancel, |i| i as u8),
        2 => filter.run::<u16>(input, output, scratch, cancel, |i| i as u16),
        4 => filter.run::<u32>(input, output, scratch, cancel, |i| i as u32),
        _ => filter.run::<u64>(input, output, scratch, cancel, |i| i as u64),
    }
}

#[cfg(test)]
mod tests;
