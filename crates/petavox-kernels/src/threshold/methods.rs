//! The methods.

use crate::measure::Histogram;
use crate::measure::rounding;
use crate::sample::numpy_sum;
use petavox_core::{Error, Result};

pub(super) fn single(x: f64) -> f64 {
    f64::from(x as f32)
}

pub(super) fn counts_single(histogram: &Histogram) -> Vec<f64> {
    histogram.counts().iter().map(|&c| f64::from(c as f32)).collect()
}

/// Running sums, rounded after every addition.
fn cumulated(values: impl Iterator<Item = f64>, round: fn(f64) -> f64) -> Vec<f64> {
    let mut sum = 0.0;
    values
        .map(|v| {
            sum = round(sum + v);
            sum
        })
        .collect()
}

/// The first position of the largest value; the first NaN if there is one, as numpy's `argmax`.
fn argmax(values: impl Iterator<Item = f64>) -> usize {
    let (mut best, mut at) = (f64::NEG_INFINITY, 0);
    for (i, v) in values.enumerate() {
        if v.is_nan() {
            return i;
        }
        if v > best {
            (best, at) = (v, i);
        }
    }
    at
}

/// Otsu's threshold: the bin centre that separates two classes with the largest variance between them.
/// N. Otsu, IEEE Trans. Syst. Man Cybern. 9 (1979).
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::measure::{Binning, Histogram, accumulate_histogram};
/// let image = Block::from_vec(Region::new([0], [6]), vec![1u8, 2, 2, 8, 9, 9])?;
/// let binning = Binning::of_dtype(Dtype::UInt8).unwrap();
/// let mut counts = vec![0; binning.n_bins()];
/// accumulate_histogram(&image, &binning, &mut counts)?;
/// let histogram = Histogram::new(&binning, counts)?;
/// assert_eq!(petavox_kernels::threshold::threshold_otsu(&histogram), 2.0);
/// # Ok::<(), petavox_core::Error>(())
/// ```
pub fn threshold_otsu(histogram: &Histogram) -> f64 {
    if let Some(value) = histogram.constant() {
        return value;
    }
    let r = rounding(histogram.dtype());
    let counts = counts_single(histogram);
    let centres = histogram.centres();
    let n = counts.len();
    let moments: Vec<f64> = counts.iter().zip(centres).map(|(c, x)| r(c * x)).collect();
    let weight_1 = cumulated(counts.iter().copied(), single);
    let mut weight_2 = cumulated(counts.iter().rev().copied(), single);
    weight_2.reverse();
    let sum_1 = cumulated(moments.iter().copied(), r);
    let mut sum_2 = cumulated(moments.iter().rev().copied(), r);
    sum_2.reverse();
    let best = argmax((0..n - 1).map(|i| {
        let mean_1 = r(sum_1[i] / weight_1[i]);
        let mean_2 = r(sum_2[i + 1] / weight_2[i + 1]);
        let distance = r(mean_1 - mean_2);
        r(single(weight_1[i] * weight_2[i + 1]) * r(distance * distance))
    }));
    centres[best]
}

/// Yen's threshold, which maximises the correlation between classes. J. C. Yen et al., IEEE Trans. Image Process. 4 (1995).
///
/// Single-precision logarithms may differ from numpy's in the last bit, which can move a tie between two bins.
pub fn threshold_yen(histogram: &Histogram) -> f64 {
    let centres = histogram.centres();
    if let (Some(value), 1) = (histogram.constant(), centres.len()) {
        return value;
    }
    let counts = counts_single(histogram);
    let total = numpy_sum(&counts, single);
    let pmf: Vec<f64> = counts.iter().map(|c| single(c / total)).collect();
    let squares: Vec<f64> = pmf.iter().map(|p| single(p * p)).collect();
    let p1 = cumulated(pmf.iter().copied(), single);
    let p1_sq = cumulated(squares.iter().copied(), single);
    let mut p2_sq = cumulated(squares.iter().rev().copied(), single);
    p2_sq.reverse();
    let best = argmax((0..centres.len() - 1).map(|i| {
        let inverse = single(1.0 / single(p1_sq[i] * p2_sq[i + 1]));
        let product = single(p1[i] * single(1.0 - p1[i]));
        single(single(inverse * single(product * product)).ln())
    }));
    centres[best]
}

/// The triangle method: the bin farthest below the line from the peak to the end of the longer tail.
/// G. W. Zack et al., J. Histochem. Cytochem. 25 (1977).
pub fn threshold_triangle(histogram: &Histogram) -> f64 {
    if let Some(value) = histogram.constant() {
        return value;
    }
    let mut counts: Vec<f64> = histogram.counts().iter().map(|&c| c as f64).collect();
    let n = counts.len();
    let mut peak = argmax(counts.iter().copied());
    let mut low = counts.iter().position(|c| *c > 0.0).unwrap_or(0);
    let high = counts.iter().rposition(|c| *c > 0.0).unwrap_or(0);
    let flip = peak - low < high - peak;
    if flip {
        counts.reverse();
        low = n - high - 1;
        peak = n - peak - 1;
    }
    let (height, width) = (counts[peak], (peak - low) as f64);
    let norm = (height * height + width * width).sqrt();
    let (height, slope) = (height / norm, width / norm);
    let level = low + argmax((0..peak - low).map(|x| height * x as f64 - slope * counts[low + x]));
    histogram.centres()[if flip { n - level - 1 } else { level }]
}

/// The isodata threshold: the smallest bin centre that lies at the middle of the means of the two classes it makes.
/// T. W. Ridler and S. Calvard, IEEE Trans. Syst. Man Cybern. 8 (1978).
///
/// # Errors
/// [`Error::InvalidArgument`] if no bin has that property.
pub fn threshold_isodata(histogram: &Histogram) -> Result<f64> {
    let centres = histogram.centres();
    if let (Some(value), 1) = (histogram.constant(), centres.len()) {
        return Ok(value);
    }
    let r = rounding(histogram.dtype());
    let counts = counts_single(histogram);
    let n = counts.len();
    let low = cumulated(counts.iter().copied(), single);
    let sums = cumulated(counts.iter().zip(centres).map(|(c, x)| r(c * x)), r);
    let width = r(centres[1] - centres[0]);
    (0..n - 1)
        .find(|&i| {
            let lower = r(sums[i] / low[i]);
            let higher = r(r(sums[n - 1] - sums[i]) / single(low[n - 1] - low[i]));
            let distance = r(r(r(lower + higher) / 2.0) - centres[i]);
            distance >= 0.0 && distance < width
        })
        .map(|i| centres[i])
        .ok_or_else(|| {
            Error::argument("threshold", "isodata", "a histogram that has an isodata threshold")
        })
}

/// Li's threshold, by iteration to the least cross-entropy, for images of integers.
/// C. H. Li and P. K. S. Tam, Pattern Recognit. Lett. 19 (1998).
///
/// scikit-image works on the samples themselves for float images, which a histogram cannot repeat. Where
/// its subtraction of the smallest value overflows (signed images over more than half of their range) it answers NaN; this does not.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for the histogram of a float image.
pub fn threshold_li(histogram: &Histogram) -> Result<f64> {
    if histogram.dtype().is_float() {
        return Err(Error::dtype("threshold li", histogram.dtype(), "integers"));
    }
    if let Some(value) = histogram.constant() {
        return Ok(value);
    }
    let min = histogram.centres()[0];
    // Every value minus the smallest; the sums below are exact up to 2^53.
    let counts = histogram.counts();
    let total: u128 = counts.iter().map(|&c| u128::from(c)).sum();
    let moment: u128 = counts.iter().enumerate().map(|(i, &c)| i as u128 * u128::from(c)).sum();
    let counts = counts_single(histogram);
    let mean = |from: usize, to: usize| {
        let weights = &counts[from..to];
        let products: Vec<f64> =
            weights.iter().enumerate().map(|(i, c)| (from + i) as f64 * c).collect();
        numpy_sum(&products, |x| x) / numpy_sum(weights, |x| x)
    };
    let tolerance = 0.5;
    let (mut current, mut next) = (-2.0 * tolerance, moment as f64 / total as f64);
    while (next - current).abs() > tolerance {
        current = next;
        let split = ((current.floor() + 1.0).max(0.0) as usize).min(counts.len());
        let (fore, back) = (mean(split, counts.len()), mean(0, split));
        if back == 0.0 {
            break;
        }
        next = (back - fore) / (back.ln() - fore.ln());
    }
    Ok(next + min)
}

#[cfg(test)]
mod tests;
