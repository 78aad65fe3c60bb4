//! Contrast limited adaptive histogram equalisation (K. Zuiderveld, Graphics Gems IV, 1994), with the numbers of
//! skimage.exposure.equalize_adapthist: every region has a map of grey levels made of its own histogram, and a sample is mapped by
//! the maps of the regions around it, weighted by its distance from their middles.

mod blend;

use blend::{Blend, CHUNK};
use petavox_core::{Block, Dtype, Error, Result, strides};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Range;

/// Grey levels of the input and of the maps.
pub const N_GREY: usize = 1 << 14;

/// The regions of an image, and what is done with their histograms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AdaptHist {
    /// The image's shape.
    pub shape: Vec<usize>,
    /// Samples of a region along each axis.
    pub kernel_size: Vec<usize>,
    /// Bins of a histogram.
    pub n_bins: usize,
    /// Largest part of a region that may lie in one bin; 0 for no limit.
    pub clip_limit: f64,
    /// The image is not one of grey levels yet: 16-bit samples from the first to the second number are spread over them; 8-bit samples
    /// count as 16-bit ones that repeat their bits.
    pub range: Option<(f64, f64)>,
}

impl AdaptHist {
    /// Regions along each axis; the last may reach beyond the image, which is mirrored there.
    pub fn n_regions(&self) -> Vec<usize> {
        self.shape.iter().zip(&self.kernel_size).map(|(s, k)| s.div_ceil(*k)).collect()
    }

    /// Grey levels in a bin.
    fn bin_size(&self) -> usize {
        1 + N_GREY / self.n_bins
    }

    /// The grey level of a 16-bit sample; of those without a range, what is no grey level stays as it is.
    fn grey(&self, sample: u16) -> usize {
        let v = f64::from(sample);
        let top = (N_GREY - 1) as f64;
        let grey = match self.range {
            None => return usize::from(sample),
            Some((low, high)) if low == high => v.clamp(0.0, top),
            Some((low, high)) => (v.max(low).min(high) - low) / (high - low) * top,
        };
        grey.round_ties_even() as usize
    }

    /// The bin of every sample that a block can hold; [`NO_BIN`] for what is no grey level.
    fn bins(&self, dtype: Dtype) -> Result<Vec<u16>> {
        let bin = |grey: usize| match grey < N_GREY {
            true => (grey / self.bin_size()) as u16,
            false => NO_BIN,
        };
        match dtype {
            Dtype::UInt16 => Ok((0..=u16::MAX).map(|v| bin(self.grey(v))).collect()),
            Dtype::UInt8 if self.range.is_some() => {
                Ok((0..=u8::MAX).map(|v| bin(self.grey(u16::from(v) * 257))).collect())
            }
            other => Err(Error::dtype("equalize_adapthist", other, "uint16")),
        }
    }

    /// For each position along an axis, the regions it is counted in, several times where the image is mirrored.
    fn regions_along(&self, axis: usize) -> Vec<Vec<usize>> {
        let (n, k) = (self.shape[axis], self.kernel_size[axis]);
        let mut regions = vec![Vec::new(); n];
        let period = (2 * n).saturating_sub(2).max(1);
        for p in 0..n.div_ceil(k) * k {
            let at = p % period;
            let at = if n == 1 { 0 } else { at.min(period - at) };
            regions[at].push(p / k);
        }
        regions
    }
}

/// Stands for the bin of a sample that is no grey level.
const NO_BIN: u16 = u16::MAX;

/// The runs of a row along which `same` holds from one position to the next.
fn runs(len: usize, same: impl Fn(usize, usize) -> bool) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for x in 0..len {
        match runs.last_mut() {
            Some(run) if same(x - 1, x) => run.end = x + 1,
            _ => runs.push(x..x + 1),
        }
    }
    runs
}

/// Adds the samples of a block (of grey levels below [`N_GREY`] if there is no [`AdaptHist::range`]) to the histograms of the regions
/// that they lie in.
///
/// # Errors
/// [`Error::InvalidArgument`] for a larger grey level; [`Error::UnsupportedDtype`] for other samples.
pub fn count_regions(
    input: &Block,
    how: &AdaptHist,
    counts: &mut BTreeMap<u32, Vec<u32>>,
) -> Result<()> {
    let bins = how.bins(input.dtype())?;
    match input.dtype() {
        Dtype::UInt8 => count::<u8>(input, how, &bins, counts),
        _ => count::<u16>(input, how, &bins, counts),
    }
}

/// Counters side by side, so that equal neighbours do not wait for each other.
const SIDE: usize = 4;

fn count<T: petavox_core::Element + Into<u16>>(
    input: &Block,
    how: &AdaptHist,
    bins: &[u16],
    counts: &mut BTreeMap<u32, Vec<u32>>,
) -> Result<()> {
    let ndim = how.shape.len();
    let along: Vec<Vec<Vec<usize>>> = (0..ndim).map(|a| how.regions_along(a)).collect();
    let steps = strides(&how.n_regions());
    let samples = input.typed::<T>()?;
    let region = input.region();
    let row_len = region.row_len();
    let first = region.start()[ndim - 1] as usize;
    let columns = &along[ndim - 1][first..first + row_len];
    // One more for what has no bin.
    let mut sides = vec![[0u32; SIDE]; how.n_bins + 1];
    let mut wrong = None;
    for run in runs(row_len, |p, q| columns[p] == columns[q]) {
        let here = &columns[run.start];
        let mut open: Vec<usize> = Vec::new();
        let mut flush = |bases: &[usize], sides: &mut [[u32; SIDE]]| {
            for region in bases.iter().flat_map(|b| here.iter().map(move |r| b + r)) {
                let sum = counts.entry(region as u32).or_insert_with(|| vec![0; how.n_bins]);
                for (sum, side) in sum.iter_mut().zip(&*sides) {
                    *sum += side.iter().sum::<u32>();
                }
            }
            sides.fill([0; SIDE]);
        };
        let mut from = 0;
        region.for_each_row(|point| {
            // The regions of the row's other axes.
            let mut bases = vec![0usize];
            for a in 0..ndim - 1 {
                let here = &along[a][point[a] as usize];
                let step = steps[a];
                bases = bases.iter().flat_map(|b| here.iter().map(move |r| b + r * step)).collect();
            }
            if bases != open {
                flush(&open, &mut sides);
                open = bases;
            }
            let row = &samples[from + run.start..from + run.end];
            from += row_len;
            for (x, sample) in row.iter().enumerate() {
                let value: u16 = (*sample).into();
                let bin = usize::from(bins[usize::from(value)]).min(how.n_bins);
                sides[bin][x % SIDE] += 1;
                if bin == how.n_bins {
                    wrong = Some(value);
                }
            }
        });
        flush(&open, &mut sides);
    }
    match wrong {
        Some(value) => Err(Error::argument("grey level", value, format!("less than {N_GREY}"))),
        None => Ok(()),
    }
}

/// The maps of all regions, [`AdaptHist::n_bins`] grey levels each, from their histograms.
pub fn grey_maps(how: &AdaptHist, counts: &BTreeMap<u32, Vec<u32>>) -> Vec<u16> {
    let n: usize = how.n_regions().iter().product();
    let size: usize = how.kernel_size.iter().product();
    let limit = match how.clip_limit > 0.0 {
        true => (how.clip_limit * size as f64).max(1.0) as i64,
        false => size as i64,
    };
    let mut maps = Vec::with_capacity(n * how.n_bins);
    let mut histogram = vec![0i64; how.n_bins];
    for region in 0..n {
        match counts.get(&(region as u32)) {
            Some(counts) => histogram.iter_mut().zip(counts).for_each(|(h, c)| *h = i64::from(*c)),
            None => histogram.fill(0),
        }
        clip(&mut histogram, limit);
        let scale = (N_GREY - 1) as f64 / size as f64;
        let mut sum = 0;
        maps.extend(histogram.iter().map(|h| {
            sum += h;
            (sum as f64 * scale).min((N_GREY - 1) as f64) as u16
        }));
    }
    maps
}

/// Cuts bins off at `limit` and shares what was cut off among the others.
fn clip(histogram: &mut [i64], limit: i64) {
    let n = histogram.len() as i64;
    let mut excess: i64 = histogram.iter().map(|h| (h - limit).max(0)).sum();
    histogram.iter_mut().for_each(|h| *h = (*h).min(limit));
    let share = excess / n;
    let upper = limit - share;
    for h in histogram.iter_mut() {
        if *h < upper {
            excess -= share;
            *h += share;
        }
        // A bin that has not room for a share is filled.
        if (upper..limit).contains(h) {
            excess += *h - limit;
            *h = limit;
        }
    }
    while excess > 0 {
        let before = excess;
        for first in 0..histogram.len() {
            let n_under = histogram.iter().filter(|h| **h < limit).count() as i64;
            let step = (n_under / excess).max(1) as usize;
            for h in histogram.iter_mut().skip(first).step_by(step).filter(|h| **h < limit) {
                *h += 1;
                excess -= 1;
            }
            if excess <= 0 {
                break;
            }
        }
        if excess == before {
            break;
        }
    }
}

/// Bytes that [`count_regions`] or [`adapt_histogram`] allocates for a block with rows of `row_len` samples: tables of bins and of maps, the
/// regions that positions along the axes lie in, and weights.
pub fn adapt_histogram_bytes(how: &AdaptHist, row_len: usize) -> u64 {
    let packs = 1usize << how.shape.len().saturating_sub(2);
    let positions: usize = how.shape.iter().sum();
    (2 * 65536 + how.n_bins * 8 * (packs + 2) + 40 * row_len + 64 * positions) as u64
}

/// Maps a block by the maps of the regions around each sample. Allocates a table of bins and one of maps, and a row of weights.
///
/// # Errors
/// [`Error::Internal`] for maps of another number; [`Error::UnsupportedDtype`] for other dtypes.
pub fn adapt_histogram(
    input: &Block,
    how: &AdaptHist,
    maps: &[u16],
    output: &mut Block,
) -> Result<()> {
    if maps.len() != how.n_regions().iter().product::<usize>() * how.n_bins {
        return Err(Error::internal("adapt_histogram", "another number of maps"));
    }
    let bins = how.bins(input.dtype())?;
    match input.dtype() {
        Dtype::UInt8 => apply::<u8>(input, how, maps, &bins, output),
        _ => apply::<u16>(input, how, maps, &bins, output),
    }
}

fn apply<T: petavox_core::Element + Into<u16>>(
    input: &Block,
    how: &AdaptHist,
    maps: &[u16],
    bins: &[u16],
    output: &mut Block,
) -> Result<()> {
    let ndim = how.shape.len();
    let n_regions = how.n_regions();
    let steps = strides(&n_regions);
    // Along each axis: where the maps of the two regions around a position begin, and the weight of the second.
    let around = |axis: usize, at: i64| {
        let k = how.kernel_size[axis];
        let padded = at as usize + k / 2;
        let place = |e: usize| {
            let region = (padded / k + e).saturating_sub(1).min(n_regions[axis] - 1);
            region * steps[axis] * how.n_bins
        };
        ([place(0), place(1)], (padded % k) as f64 / k as f64)
    };
    let region = output.region().clone();
    let row_len = region.row_len();
    let last: Vec<([usize; 2], f64)> =
        (0..row_len).map(|x| around(ndim - 1, region.start()[ndim - 1] + x as i64)).collect();
    let weights: Vec<f64> = last.iter().map(|(_, weight)| *weight).collect();
    let samples = input.typed::<T>()?;
    let out = output.typed_mut::<u16>()?;
    if samples.len() != out.len() {
        return Err(Error::internal("adapt_histogram", "blocks of two sizes"));
    }
    let mut blend = Blend::new(how.n_bins, 1 << (ndim - 1));
    for run in runs(row_len, |p, q| last[p].0 == last[q].0) {
        let places = last[run.start].0;
        blend.forget();
        let mut from = 0;
        region.for_each_row(|point| {
            let rows: Vec<([usize; 2], f64)> = (0..ndim - 1).map(|a| around(a, point[a])).collect();
            // The corners of the other axes: where their maps begin, and the factors of their weights, last axis first.
            blend.corners(maps, places, |corner| {
                let side = |a: usize| (corner >> (ndim - 2 - a)) & 1;
                let base = (0..ndim - 1).map(|a| rows[a].0[side(a)]).sum();
                let weight = |a: usize| if side(a) == 1 { rows[a].1 } else { 1.0 - rows[a].1 };
                let mut factors = [1.0; petavox_core::MAX_NDIM];
                (0..ndim - 1).rev().zip(&mut factors).for_each(|(a, f)| *f = weight(a));
                (base, factors)
            });
            let row = from + run.start..from + run.end;
            from += row_len;
            let parts = samples[row.clone()].chunks(CHUNK).zip(out[row].chunks_mut(CHUNK));
            for ((samples, out), weights) in parts.zip(weights[run.clone()].chunks(CHUNK)) {
                blend.mix(weights, out, |i| bins[usize::from(samples[i].into())]);
            }
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
