//! What the counts of a window's samples tell: scikit-image's `filters.rank`.

use crate::window::Window;
use petavox_core::{Block, CancelToken, Dtype, Error, Result};

/// What is made of the samples of a window that lie inside the image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LocalStatistic {
    /// The image stretched so that the window's range becomes the whole range.
    Autolevel,
    /// The share of samples up to this one, stretched to the whole range.
    Equalize,
    /// Shannon's entropy, in bits.
    Entropy,
    /// The greatest or the least sample, whichever is nearer.
    EnhanceContrast,
    /// Greatest less least.
    Gradient,
    /// The greatest.
    Maximum,
    /// The mean, cut to an integer.
    Mean,
    /// The upper of the middle samples.
    Median,
    /// The least.
    Minimum,
    /// The most frequent, the least of several.
    Modal,
    /// The first sample that more than this share lies at or below; for 1 the greatest.
    Percentile(f64),
    /// How many there are.
    Pop,
    /// Their sum.
    Sum,
    /// 1 where the sample exceeds the mean.
    Threshold,
}

impl LocalStatistic {
    /// Every statistic by its name; a percentile's share is set afterwards.
    pub const ALL: &'static [(&'static str, LocalStatistic)] = &[
        ("autolevel", LocalStatistic::Autolevel),
        ("equalize", LocalStatistic::Equalize),
        ("entropy", LocalStatistic::Entropy),
        ("enhance_contrast", LocalStatistic::EnhanceContrast),
        ("gradient", LocalStatistic::Gradient),
        ("maximum", LocalStatistic::Maximum),
        ("mean", LocalStatistic::Mean),
        ("median", LocalStatistic::Median),
        ("minimum", LocalStatistic::Minimum),
        ("modal", LocalStatistic::Modal),
        ("percentile", LocalStatistic::Percentile(0.0)),
        ("pop", LocalStatistic::Pop),
        ("sum", LocalStatistic::Sum),
        ("threshold", LocalStatistic::Threshold),
    ];

    /// The dtype of the result for samples of `dtype`.
    pub fn dtype(self, dtype: Dtype) -> Dtype {
        if self == LocalStatistic::Entropy { Dtype::Float64 } else { dtype }
    }
}

/// Bytes of scratch that [`local_statistic`] needs.
pub fn local_statistic_scratch_bytes(dtype: Dtype) -> usize {
    4 << (8 * dtype.size().min(2))
}

/// A statistic of the samples of each window, without those outside the image. `n_bins` is the number of grey values there can be,
/// 256 for `uint8`; results that are stretched depend on it.
///
/// `input` covers `output`'s region grown by the window's halo; what it holds outside the image is not looked at.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless samples are `uint8` or `uint16`; [`Error::Internal`] if the blocks or the scratch do not fit together;
/// [`Error::Cancelled`], soon after it was asked for.
pub fn local_statistic(
    input: &Block,
    output: &mut Block,
    window: &Window,
    statistic: LocalStatistic,
    n_bins: usize,
    image_shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "local_statistic";
    let dtype = input.dtype();
    if output.dtype() != statistic.dtype(dtype) || window.ndim() != output.region().ndim() {
        return Err(Error::internal(place, "blocks and window disagree"));
    }
    let halo = window.halo();
    if !input.region().contains(&output.region().grow(&halo.low, &halo.high)) {
        return Err(Error::internal(place, "the input does not cover the halo"));
    }
    let counts = scratch.get_mut(..local_statistic_scratch_bytes(dtype));
    let Some(Ok(counts)) = counts.map(bytemuck::try_cast_slice_mut::<u8, u32>) else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    let walk = Walk { input, window, image_shape, n_bins: n_bins.min(counts.len()), statistic };
    match dtype {
        Dtype::UInt8 => {
            let samples = input.typed::<u8>()?;
            walk.run(samples, |v| v as usize, output, counts, cancel)
        }
        Dtype::UInt16 => {
            let samples = input.typed::<u16>()?;
            walk.run(samples, |v| v as usize, output, counts, cancel)
        }
        other => Err(Error::dtype("local statistics", other, "uint8, uint16")),
    }
}

struct Walk<'a> {
    input: &'a Block,
    window: &'a Window,
    image_shape: &'a [usize],
    n_bins: usize,
    statistic: LocalStatistic,
}

impl Walk<'_> {
    fn run<T: Copy>(
        &self,
        samples: &[T],
        index: fn(T) -> usize,
        output: &mut Block,
        counts: &mut [u32],
        cancel: &CancelToken,
    ) -> Result<()> {
        let region = output.region().clone();
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
            let sample = |row: usize, x: i64| index(samples[row + (x - from_x) as usize]);
            let mut local = Local { counts: &mut counts[..], pop: 0, sum: 0 };
            for &(row, first, end) in &inside {
                for x in (x0 + first).max(0)..=(x0 + end).min(width - 1) {
                    local.change(sample(row, x), 1);
                }
            }
            let own = from.offset_of(point) - (x0 - from_x) as usize;
            for i in 0..region.row_len() {
                let x = x0 + i as i64;
                let value = local.value(self.statistic, sample(own, x), self.n_bins);
                store(output, at + i, value);
                for &(row, first, end) in &inside {
                    let (leaves, enters) = (x + first, x + end + 1);
                    if (0..width).contains(&leaves) {
                        local.change(sample(row, leaves), -1);
                    }
                    if (0..width).contains(&enters) && enters < from.end(last) {
                        local.change(sample(row, enters), 1);
                    }
                }
            }
            local.counts.fill(0);
            at += region.row_len();
        });
        cancel.check()
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

/// The counts of a window.
struct Local<'a> {
    counts: &'a mut [u32],
    pop: i64,
    sum: i64,
}

impl Local<'_> {
    #[inline(always)]
    fn change(&mut self, bin: usize, by: i64) {
        self.counts[bin] = self.counts[bin].wrapping_add_signed(by as i32);
        self.pop += by;
        self.sum += by * bin as i64;
    }

    fn least(&self) -> f64 {
        self.counts.iter().position(|c| *c > 0).unwrap_or(0) as f64
    }

    fn greatest(&self) -> f64 {
        self.counts.iter().rposition(|c| *c > 0).unwrap_or(0) as f64
    }

    /// The first bin with more than `share` samples in it and those before.
    fn first_above(&self, share: f64) -> f64 {
        let mut sum = 0;
        let found = self.counts.iter().position(|c| {
            sum += i64::from(*c);
            sum as f64 > share
        });
        found.map_or_else(|| self.greatest(), |bin| bin as f64)
    }

    fn value(&self, statistic: LocalStatistic, own: usize, n_bins: usize) -> f64 {
        if self.pop == 0 {
            return 0.0;
        }
        let (pop, own_f, most) = (self.pop as f64, own as f64, n_bins as f64 - 1.0);
        match statistic {
            LocalStatistic::Autolevel => {
                let (least, range) = (self.least(), self.greatest() - self.least());
                if range > 0.0 { (most * (own_f - least) / range).trunc() } else { 0.0 }
            }
            LocalStatistic::Equalize => {
                let up_to: i64 = self.counts[..=own].iter().map(|c| i64::from(*c)).sum();
                most * up_to as f64 / pop
            }
            LocalStatistic::Entropy => {
                let shares = self.counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / pop);
                shares.fold(0.0, |e, p| e - p * p.ln() / std::f64::consts::LN_2)
            }
            LocalStatistic::EnhanceContrast => {
                let (least, greatest) = (self.least(), self.greatest());
                if greatest - own_f < own_f - least { greatest } else { least }
            }
            LocalStatistic::Gradient => self.greatest() - self.least(),
            LocalStatistic::Maximum => self.greatest(),
            LocalStatistic::Mean => self.sum as f64 / pop,
            LocalStatistic::Median => self.first_above(pop / 2.0),
            LocalStatistic::Minimum => self.least(),
            LocalStatistic::Modal => {
                let best = self.counts.iter().enumerate().rev().max_by_key(|(_, c)| **c);
                best.map_or(0.0, |(bin, _)| bin as f64)
            }
            LocalStatistic::Percentile(share) if share >= 1.0 => self.greatest(),
            LocalStatistic::Percentile(share) => self.first_above(share * pop),
            LocalStatistic::Pop => pop,
            LocalStatistic::Sum => self.sum as f64,
            LocalStatistic::Threshold => f64::from(u8::from(own_f > self.sum as f64 / pop)),
        }
    }
}
