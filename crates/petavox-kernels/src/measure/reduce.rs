//! Reductions of samples to cells: sums, means, extremes and counts, under numpy's names and with numpy's dtypes.
//!
//! What is kept per cell can be merged with what other blocks kept, and is exact, so that results are the same bits however an image
//! is cut and in whatever order its blocks come. Only products of floats are rounded as they go: they want all samples of a cell in
//! one call.

mod add;
mod exact;
mod finish;
mod lines;

use super::ExactSum;
use petavox_core::{Block, Dtype, Error, Region, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What samples are reduced to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Their sum. Integers wrap around at 64 bits, as numpy's.
    Sum,
    /// Their product. Integers wrap around at 64 bits, as numpy's.
    Prod,
    /// Their mean.
    Mean,
    /// The smallest; NaN if one is. -0 counts as smaller than 0.
    Min,
    /// The largest; NaN if one is.
    Max,
    /// The largest less the smallest.
    Ptp,
    /// Their variance: the sum of squared deviations, divided by their number less `ddof`.
    Var {
        /// Delta degrees of freedom.
        ddof: u32,
    },
    /// The square root of their variance.
    Std {
        /// Delta degrees of freedom.
        ddof: u32,
    },
    /// Whether one is not 0; NaN is not.
    Any,
    /// Whether none is 0.
    All,
    /// How many are not 0.
    CountNonzero,
    /// The raster number of the first that is the largest, or NaN.
    ArgMax,
    /// The raster number of the first that is the smallest, or NaN.
    ArgMin,
}

/// What is kept of the samples of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// A 64-bit sum that wraps.
    Sum,
    /// A 64-bit product that wraps.
    Product,
    /// A product of doubles.
    FloatProduct,
    /// Sum and sum of squares of integers of at most 16 bits.
    Moments,
    /// An exact sum of doubles.
    ExactSum,
    /// Exact sums of doubles and of their squares.
    ExactMoments,
    /// The place of the largest sample, see `order`.
    Max,
    /// The place of the smallest.
    Min,
    /// Both.
    Both,
    /// The place of the largest and its raster number.
    ArgMax,
    /// The place of the smallest and its raster number.
    ArgMin,
    /// How many are not 0.
    Count,
}

/// A reduction of samples of one dtype.
#[derive(Clone, Copy, Debug)]
pub struct Reducer {
    method: Method,
    dtype: Dtype,
    n_samples: u64,
    kept: Kept,
}

/// What is kept of the samples seen so far, for the cells of a region: plain 64-bit words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Accumulators {
    region: Region,
    /// Lane after lane, a word per cell each.
    words: Vec<u64>,
    /// What the lanes of exact sums could not take, by cell; those of squares come after all cells.
    lost: BTreeMap<u64, ExactSum>,
}

/// The result of a cell, before it is rounded to the output's dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Found {
    /// A whole number that fits the output's dtype.
    Int(i128),
    /// A measurement.
    Float(f64),
    /// Yes or no.
    Bool(bool),
}

impl Reducer {
    /// The reduction of `n_samples` samples of `dtype` per cell.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for the peak-to-peak of booleans; [`Error::InvalidArgument`] for extremes of no samples.
    pub fn new(method: Method, dtype: Dtype, n_samples: u64) -> Result<Reducer> {
        use Method::{
            All, Any, ArgMax, ArgMin, CountNonzero, Max, Mean, Min, Prod, Ptp, Std, Sum, Var,
        };
        if method == Ptp && dtype == Dtype::Bool {
            return Err(Error::dtype("ptp", dtype, "numbers: booleans cannot be subtracted"));
        }
        let what = match method {
            ArgMax => Some("attempt to get argmax of an empty sequence"),
            ArgMin => Some("attempt to get argmin of an empty sequence"),
            Max | Ptp => {
                Some("zero-size array to reduction operation maximum which has no identity")
            }
            Min => Some("zero-size array to reduction operation minimum which has no identity"),
            _ => None,
        };
        if let (Some(what), 0) = (what, n_samples) {
            return Err(Error::argument("axis", what, "at least one sample to reduce"));
        }
        let is_small = dtype.size() <= 2 && !dtype.is_float();
        let kept = match method {
            Sum if !dtype.is_float() => Kept::Sum,
            Mean if is_small => Kept::Sum,
            Sum | Mean => Kept::ExactSum,
            Prod if dtype.is_float() => Kept::FloatProduct,
            Prod => Kept::Product,
            Std { .. } | Var { .. } if is_small => Kept::Moments,
            Std { .. } | Var { .. } => Kept::ExactMoments,
            Min => Kept::Min,
            Max => Kept::Max,
            Ptp => Kept::Both,
            Any | All | CountNonzero => Kept::Count,
            ArgMax => Kept::ArgMax,
            ArgMin => Kept::ArgMin,
        };
        Ok(Reducer { method, dtype, n_samples, kept })
    }

    /// The dtype of the result: numpy's.
    pub fn dtype(&self) -> Dtype {
        use Method::{
            All, Any, ArgMax, ArgMin, CountNonzero, Max, Mean, Min, Prod, Ptp, Std, Sum, Var,
        };
        match self.method {
            Min | Max | Ptp => self.dtype,
            Any | All => Dtype::Bool,
            CountNonzero | ArgMax | ArgMin => Dtype::Int64,
            _ if self.dtype.is_float() => self.dtype,
            Mean | Std { .. } | Var { .. } => Dtype::Float64,
            Sum | Prod if self.dtype.is_signed() || self.dtype == Dtype::Bool => Dtype::Int64,
            Sum | Prod => Dtype::UInt64,
        }
    }

    /// Bytes kept per cell.
    pub fn cell_bytes(&self) -> u64 {
        8 * self.kept.n_lanes() as u64
    }

    /// True if samples of a cell must come in one call of [`Reducer::add`], because what is kept is rounded as it grows.
    pub fn wants_whole_cells(&self) -> bool {
        self.kept == Kept::FloatProduct
    }

    /// What is kept of no samples, for the cells of a region.
    pub fn start(&self, region: Region) -> Accumulators {
        let n = region.len();
        let mut words = vec![0; n * self.kept.n_lanes()];
        match self.kept {
            Kept::Product => words.fill(1),
            Kept::FloatProduct => words.fill(1f64.to_bits()),
            Kept::Min => words.fill(u64::MAX),
            Kept::Both => words[..n].fill(u64::MAX),
            Kept::ArgMax => words[n..].fill(u64::MAX),
            Kept::ArgMin => words.fill(u64::MAX),
            _ => {}
        }
        Accumulators { region, words, lost: BTreeMap::new() }
    }

    /// Adds the samples of a block of an image of shape `whole`; the cells are those of the block's axes that are not reduced.
    ///
    /// # Errors
    /// [`Error::Internal`] if dtype or region do not fit.
    pub fn add(
        &self,
        into: &mut Accumulators,
        block: &Block,
        is_reduced: &[bool],
        whole: &[usize],
    ) -> Result<()> {
        let region = kept_region(block.region(), is_reduced);
        if region != into.region || block.dtype() != self.dtype {
            let problem = format!("{} {} into {}", block.dtype(), block.region(), into.region);
            return Err(Error::internal("reduce", problem));
        }
        if block.region().is_empty() {
            return Ok(());
        }
        add::add(self.kept, into, block, is_reduced, whole)
    }

    /// Adds what was kept elsewhere for some of the cells.
    ///
    /// # Errors
    /// [`Error::Internal`] if these are other cells.
    pub fn merge(&self, into: &mut Accumulators, from: &Accumulators) -> Result<()> {
        if !into.region.contains(&from.region)
            || from.words.len() != from.region.len() * self.kept.n_lanes()
        {
            let problem = format!("{} into {}", from.region, into.region);
            return Err(Error::internal("reduce", problem));
        }
        add::merge(self.kept, into, from);
        Ok(())
    }

    /// Fills `out`, whose region (of the axes that are kept) lies in that of the cells, with their results.
    ///
    /// # Errors
    /// [`Error::Internal`] if region or dtype do not fit.
    pub fn finish(&self, of: &Accumulators, region: &Region, out: &mut Block) -> Result<()> {
        if !of.region.contains(region)
            || out.region().len() != region.len()
            || out.dtype() != self.dtype()
        {
            let problem = format!("{} {region} of {}", out.dtype(), of.region);
            return Err(Error::internal("reduce", problem));
        }
        finish::finish(self, of, region, out)
    }

    /// The result of the first cell, not yet rounded to the output's dtype.
    ///
    /// # Errors
    /// [`Error::Internal`] if there is no cell.
    pub fn value(&self, of: &Accumulators) -> Result<Found> {
        if of.region.is_empty() {
            return Err(Error::internal("reduce", "no cell"));
        }
        Ok(finish::value(self, of, 0))
    }
}

impl Accumulators {
    /// The cells.
    pub fn region(&self) -> &Region {
        &self.region
    }

    /// Bytes of memory taken.
    pub fn bytes(&self) -> u64 {
        8 * self.words.len() as u64 + self.lost_bytes()
    }

    /// Bytes beyond those of [`Reducer::cell_bytes`]: samples of very different size take more.
    pub fn lost_bytes(&self) -> u64 {
        // A node of the tree, an accumulator and its limbs.
        256 * self.lost.len() as u64
    }
}

impl Kept {
    fn n_lanes(self) -> usize {
        match self {
            Kept::ExactMoments => 6,
            Kept::ExactSum => 3,
            Kept::Moments | Kept::Both | Kept::ArgMax | Kept::ArgMin => 2,
            _ => 1,
        }
    }
}

/// The axes of a region that are not reduced.
pub fn kept_region(region: &Region, is_reduced: &[bool]) -> Region {
    let axes: Vec<usize> = (0..region.ndim()).filter(|a| !is_reduced[*a]).collect();
    Region::new(
        axes.iter().map(|&a| region.start()[a]).collect::<Vec<_>>(),
        axes.iter().map(|&a| region.shape()[a]).collect::<Vec<_>>(),
    )
}

#[cfg(test)]
mod tests;
