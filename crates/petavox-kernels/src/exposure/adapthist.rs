//! Contrast limited adaptive histogram equalisation (K. Zuiderveld, Graphics Gems IV, 1994), with the numbers of
//! skimage.exposure.equalize_adapthist: every region has a map of grey levels made of its own histogram, and a sample is mapped by
//! the maps of the regions around it, weighted by its distance from their middles.

use petavox_core::{Block, Error, Result, strides};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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

/// Adds the samples of a block of grey levels (`uint16`, below [`N_GREY`]) to the histograms of the regions that they lie in.
///
/// # Errors
/// [`Error::InvalidArgument`] for a larger grey level.
pub fn count_regions(
    input: &Block,
    how: &AdaptHist,
    counts: &mut BTreeMap<u32, Vec<u32>>,
) -> Result<()> {
    let ndim = how.shape.len();
    let along: Vec<Vec<Vec<usize>>> = (0..ndim).map(|a| how.regions_along(a)).collect();
    let steps = strides(&how.n_regions());
    let bin_size = how.bin_size();
    let samples = input.typed::<u16>()?;
    let row_len = input.region().row_len();
    let start = input.region().start();
    let mut from = 0;
    let mut failed = None;
    input.region().for_each_row(|point| {
        // The regions of the row's other axes, then the last axis' sample by sample.
        let mut bases = vec![0usize];
        for a in 0..ndim - 1 {
            let here = &along[a][point[a] as usize];
            let step = steps[a];
            bases = bases.iter().flat_map(|b| here.iter().map(move |r| b + r * step)).collect();
        }
        let row = &samples[from..from + row_len];
        from += row_len;
        for base in bases {
            let mut table: Option<(usize, &mut Vec<u32>)> = None;
            for (x, value) in row.iter().enumerate() {
                let bin = usize::from(*value) / bin_size;
                if usize::from(*value) >= N_GREY {
                    failed = Some(*value);
                    return;
                }
                for region in &along[ndim - 1][(start[ndim - 1] + x as i64) as usize] {
                    let region = base + region;
                    if table.as_ref().is_none_or(|(r, _)| *r != region) {
                        let empty = || vec![0; how.n_bins];
                        table = Some((region, counts.entry(region as u32).or_insert_with(empty)));
                    }
                    if let Some((_, counts)) = &mut table {
                        counts[bin] += 1;
                    }
                }
            }
        }
    });
    match failed {
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

/// Maps a block of grey levels by the maps of the regions around each sample.
///
/// # Errors
/// [`Error::Internal`] for blocks of other dtypes or maps of another number.
pub fn adapt_histogram(
    input: &Block,
    how: &AdaptHist,
    maps: &[u16],
    output: &mut Block,
) -> Result<()> {
    let ndim = how.shape.len();
    let n_regions = how.n_regions();
    if maps.len() != n_regions.iter().product::<usize>() * how.n_bins {
        return Err(Error::internal("adapt_histogram", "another number of maps"));
    }
    let steps = strides(&n_regions);
    let bin_size = how.bin_size();
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
    let last: Vec<([usize; 2], f64)> = (0..region.row_len())
        .map(|x| around(ndim - 1, region.start()[ndim - 1] + x as i64))
        .collect();
    let samples = input.typed::<u16>()?;
    let out = output.typed_mut::<u16>()?;
    if samples.len() != out.len() {
        return Err(Error::internal("adapt_histogram", "blocks of two sizes"));
    }
    let row_len = region.row_len();
    let mut from = 0;
    region.for_each_row(|point| {
        let rows: Vec<([usize; 2], f64)> = (0..ndim - 1).map(|a| around(a, point[a])).collect();
        // The corners of the other axes: where their maps begin, and the factors of their weights, last axis first.
        let corners: Vec<(usize, Vec<f64>)> = (0..1usize << (ndim - 1))
            .map(|corner| {
                let side = |a: usize| (corner >> (ndim - 2 - a)) & 1;
                let base = (0..ndim - 1).map(|a| rows[a].0[side(a)]).sum();
                let weight = |a: usize| if side(a) == 1 { rows[a].1 } else { 1.0 - rows[a].1 };
                (base, (0..ndim - 1).rev().map(weight).collect())
            })
            .collect();
        let row = samples[from..from + row_len].iter().zip(&mut out[from..from + row_len]);
        for ((value, out), (places, weight)) in row.zip(&last) {
            let bin = usize::from(*value) / bin_size;
            let mut sum = 0.0f32;
            for (base, factors) in &corners {
                for (place, along) in places.iter().zip([1.0 - weight, *weight]) {
                    let weight = factors.iter().fold(along, |w, f| w * f);
                    sum += (f64::from(maps[base + place + bin]) * weight) as f32;
                }
            }
            *out = sum as u16;
        }
        from += row_len;
    });
    Ok(())
}
