//! Extents and histograms with the bins of numpy and scikit-image.

use crate::pointwise::Scalar;
use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Dtype, Error, Result};
use serde::{Deserialize, Serialize};

/// The smallest and the largest sample, and how many are NaN. Parts are merged in any order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Smallest and largest sample that is not NaN; `None` if there is none.
    pub range: Option<(Scalar, Scalar)>,
    /// Samples that are NaN. numpy's `min` is NaN if there is one; here the caller decides what that means.
    pub n_nan: u64,
}

impl Extent {
    /// The extent of both parts together.
    pub fn merge(self, other: Extent) -> Extent {
        let range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => {
                Some((if less(c, a) { c } else { a }, if less(b, d) { d } else { b }))
            }
            (a, b) => a.or(b),
        };
        Extent { range, n_nan: self.n_nan + other.n_nan }
    }
}

fn less(a: Scalar, b: Scalar) -> bool {
    match (a, b) {
        (Scalar::Int(a), Scalar::Int(b)) => a < b,
        (a, b) => a.to_f64() < b.to_f64(),
    }
}

/// The extent of a block. Takes every dtype; of -0.0 and 0.0 either may be reported.
///
/// # Errors
/// None today.
pub fn extent(input: &Block) -> Result<Extent> {
    fn floats<T: PartialOrd + Copy>(samples: &[T], infinity: T, minus: T) -> (u64, T, T) {
        let (mut n_nan, mut lo, mut hi) = (0, infinity, minus);
        for &x in samples {
            // Comparisons with NaN are false, so NaN changes neither end.
            lo = if x < lo { x } else { lo };
            hi = if x > hi { x } else { hi };
            n_nan += u64::from(x.partial_cmp(&x).is_none());
        }
        (n_nan, lo, hi)
    }
    if input.dtype() == Dtype::Float32 {
        let samples = input.typed::<f32>()?;
        let (n_nan, lo, hi) = floats(samples, f32::INFINITY, f32::NEG_INFINITY);
        let some = n_nan < samples.len() as u64;
        let range = some.then(|| (Scalar::Float(lo.into()), Scalar::Float(hi.into())));
        return Ok(Extent { range, n_nan });
    }
    dispatch_integers!(input.dtype(), T => {
        let samples = input.typed::<T>()?;
        let ends = samples.iter().fold(None, |ends: Option<(T, T)>, &x| {
            let (lo, hi) = ends.unwrap_or((x, x));
            Some((lo.min(x), hi.max(x)))
        });
        let range = ends.map(|(lo, hi)| (Scalar::Int(lo.into()), Scalar::Int(hi.into())));
        Ok(Extent { range, n_nan: 0 })
    }, else {
        let samples = input.typed::<f64>()?;
        let (n_nan, lo, hi) = floats(samples, f64::INFINITY, f64::NEG_INFINITY);
        let some = n_nan < samples.len() as u64;
        Ok(Extent { range: some.then_some((Scalar::Float(lo), Scalar::Float(hi))), n_nan })
    })
}

/// More bins than this are refused for integers (each takes eight bytes in every thread).
const MAX_BINS: i128 = 1 << 26;

/// Which bin a sample belongs to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Binning {
    dtype: Dtype,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    /// One bin per integer from `first`.
    Integers { first: i128, n_bins: usize },
    /// Equal bins from `min` to `max` with these edges (rounded to the samples' dtype), the last one closed.
    Floats { min: f64, max: f64, edges: Vec<f64> },
}

impl Binning {
    /// One bin for every value of an 8- or 16-bit dtype (or `bool`), for which no extent needs to be known; `None` for others.
    pub fn of_dtype(dtype: Dtype) -> Option<Binning> {
        let (first, n_bins) = match dtype.size() {
            1 | 2 => {
                let n = 1usize << (8 * dtype.size());
                (if dtype.is_signed() { -(n as i128) / 2 } else { 0 }, n)
            }
            _ => return None,
        };
        Some(Binning { dtype, kind: Kind::Integers { first, n_bins } })
    }

    /// scikit-image's bins for an image with this extent: one per integer from the smallest to the largest for integers, `n_bins`
    /// equal ones (numpy's edges, in the image's own precision) for floats. A constant float image gets bins half a unit around.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an empty image, NaN or infinite samples, no bins, or integers spread wider than 2^26.
    pub fn of_extent(dtype: Dtype, extent: &Extent, n_bins: usize) -> Result<Binning> {
        let Some((lo, hi)) = extent.range else {
            return Err(Error::argument("image", "no samples that are numbers", "at least one"));
        };
        if extent.n_nan > 0 {
            let given = format!("{} samples that are NaN", extent.n_nan);
            return Err(Error::argument("image", given, "numbers only, to make a histogram"));
        }
        if let (Scalar::Int(lo), Scalar::Int(hi)) = (lo, hi) {
            if hi - lo >= MAX_BINS {
                let expected = "integers within a range of 2^26; cast to float first";
                return Err(Error::argument("image", format!("{lo} to {hi}"), expected));
            }
            let n_bins = (hi - lo + 1) as usize;
            return Ok(Binning { dtype, kind: Kind::Integers { first: lo, n_bins } });
        }
        let (min, max) = (lo.to_f64(), hi.to_f64());
        if !(min.is_finite() && max.is_finite()) {
            return Err(Error::argument("image", format!("{min} to {max}"), "finite samples"));
        }
        if n_bins == 0 || n_bins as i128 > MAX_BINS {
            return Err(Error::argument("nbins", n_bins, "1 to 2^26"));
        }
        let r = rounding(dtype);
        let (first, last) = if min == max { (r(min - 0.5), r(max + 0.5)) } else { (min, max) };
        let step = r(r(last - first) / n_bins as f64);
        let mut edges: Vec<f64> = (0..=n_bins).map(|i| r(r(r(i as f64) * step) + first)).collect();
        edges[n_bins] = last;
        if edges.windows(2).any(|e| e[0] >= e[1]) {
            let given = format!("{n_bins} between {min} and {max}");
            return Err(Error::argument("nbins", given, "fewer, so that bins have a width"));
        }
        Ok(Binning { dtype, kind: Kind::Floats { min, max, edges } })
    }

    /// Number of bins.
    pub fn n_bins(&self) -> usize {
        match &self.kind {
            Kind::Integers { n_bins, .. } => *n_bins,
            Kind::Floats { edges, .. } => edges.len() - 1,
        }
    }
}

/// Rounds to the precision that numpy computes in for this dtype; one rounding after an operation in double gives exactly the
/// result of the operation in single.
pub(crate) fn rounding(dtype: Dtype) -> fn(f64) -> f64 {
    if dtype == Dtype::Float32 { |x| f64::from(x as f32) } else { |x| x }
}

/// Adds the samples of a block to `counts`; samples outside the bins and NaN are left out. Counts of several blocks are summed.
///
/// # Errors
/// [`Error::Internal`] if the dtype or the number of counts is not the binning's.
pub fn accumulate_histogram(input: &Block, binning: &Binning, counts: &mut [u64]) -> Result<()> {
    if input.dtype() != binning.dtype || counts.len() != binning.n_bins() {
        return Err(Error::internal("accumulate_histogram", "another dtype or number of bins"));
    }
    match &binning.kind {
        Kind::Integers { first, .. } => dispatch_integers!(input.dtype(), T => {
            integers::<T>(input.typed()?, *first, counts);
        }, else return Err(Error::internal("accumulate_histogram", "integer bins for floats"))),
        Kind::Floats { edges, .. } if input.dtype() == Dtype::Float32 => {
            let edges: Vec<f32> = edges.iter().map(|e| *e as f32).collect();
            floats_32(input.typed()?, &edges, counts);
        }
        Kind::Floats { edges, .. } => floats_64(input.typed()?, edges, counts),
    }
    Ok(())
}

fn integers<T: Integer>(samples: &[T], first: i128, counts: &mut [u64]) {
    // Two's complement differences below 2^63 are right whatever the sign.
    let first = first as u64;
    for &x in samples {
        let wide: i128 = x.into();
        if let Some(count) = counts.get_mut((wide as u64).wrapping_sub(first) as usize) {
            *count += 1;
        }
    }
}

macro_rules! floats {
    ($name:ident $ty:ident) => {
        /// numpy guesses by division and corrects by the edges; any near guess ends in the same bin, so a product will do.
        fn $name(samples: &[$ty], edges: &[$ty], counts: &mut [u64]) {
            let n = counts.len();
            let (first, last) = (edges[0], edges[n]);
            let scale = n as $ty / (last - first);
            for &x in samples {
                if !(x >= first && x <= last) {
                    continue;
                }
                let mut i = (((x - first) * scale) as usize).min(n - 1);
                while x < edges[i] {
                    i -= 1;
                }
                while i + 1 < n && x >= edges[i + 1] {
                    i += 1;
                }
                counts[i] += 1;
            }
        }
    };
}

floats!(floats_32 f32);
floats!(floats_64 f64);

/// How many samples fall into each bin of a whole image, with scikit-image's bin centres.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::measure::{Binning, Histogram, accumulate_histogram};
/// let image = Block::from_vec(Region::new([0], [4]), vec![3u8, 5, 5, 6])?;
/// let binning = Binning::of_dtype(Dtype::UInt8).unwrap();
/// let mut counts = vec![0; binning.n_bins()];
/// accumulate_histogram(&image, &binning, &mut counts)?;
/// let histogram = Histogram::new(&binning, counts)?;
/// assert_eq!(histogram.counts(), [1, 0, 2, 1]);
/// assert_eq!(histogram.centres(), [3.0, 4.0, 5.0, 6.0]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    dtype: Dtype,
    counts: Vec<u64>,
    centres: Vec<f64>,
    constant: Option<f64>,
}

impl Histogram {
    /// Takes the merged counts; empty bins at the ends are dropped for integers.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if all counts are zero; [`Error::Internal`] if their number is not the binning's.
    pub fn new(binning: &Binning, mut counts: Vec<u64>) -> Result<Histogram> {
        if counts.len() != binning.n_bins() {
            return Err(Error::internal("Histogram::new", "another number of bins"));
        }
        let filled = |c: &u64| *c > 0;
        let (Some(lo), Some(hi)) =
            (counts.iter().position(filled), counts.iter().rposition(filled))
        else {
            return Err(Error::argument("histogram", "no samples", "an image with samples"));
        };
        let (centres, constant) = match &binning.kind {
            Kind::Integers { first, .. } => {
                counts.truncate(hi + 1);
                counts.drain(..lo);
                let centres: Vec<f64> = (lo..=hi).map(|i| (first + i as i128) as f64).collect();
                let constant = (lo == hi).then(|| centres[0]);
                (centres, constant)
            }
            Kind::Floats { min, max, edges } => {
                let r = rounding(binning.dtype);
                let centres = edges.windows(2).map(|e| r(r(e[0] + e[1]) / 2.0)).collect();
                (centres, (min == max).then_some(*min))
            }
        };
        Ok(Histogram { dtype: binning.dtype, counts, centres, constant })
    }

    /// A histogram that was made elsewhere; empty bins at the ends are dropped, as scikit-image drops them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there are not as many counts as centres, or all counts are zero.
    pub fn given(dtype: Dtype, counts: &[u64], centres: &[f64]) -> Result<Histogram> {
        if counts.len() != centres.len() {
            let given = format!("{} counts and {} bins", counts.len(), centres.len());
            return Err(Error::argument("hist", given, "as many of both"));
        }
        let filled = |c: &u64| *c > 0;
        let (Some(lo), Some(hi)) =
            (counts.iter().position(filled), counts.iter().rposition(filled))
        else {
            return Err(Error::argument("hist", "no samples", "counts that are not all 0"));
        };
        let centres = centres[lo..=hi].to_vec();
        let constant = (lo == hi).then(|| centres[0]);
        Ok(Histogram { dtype, counts: counts[lo..=hi].to_vec(), centres, constant })
    }

    /// Samples per bin.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The middle of each bin.
    pub fn centres(&self) -> &[f64] {
        &self.centres
    }

    /// The image's dtype.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// The one value of an image that has only one.
    pub fn constant(&self) -> Option<f64> {
        self.constant
    }
}
