//! Count, sum, mean, extremes and standard deviation of all samples.

use super::exact_sum::ExponentBins;
use super::{ExactSum, Extent, extent};
use crate::pointwise::Scalar;
use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Dtype, Result};

/// What is known of the samples seen so far. Sums are exact, so the results are the same bits for every order and cut.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    count: u64,
    extent: Extent,
    integer_sum: i128,
    is_integer: bool,
    sum: ExactSum,
    squares: ExactSum,
}

impl Statistics {
    /// Looks at a block. Takes every dtype; `bool` counts as 0 and 1. Allocates 64 KiB meanwhile.
    ///
    /// # Errors
    /// None today.
    pub fn of_block(input: &Block) -> Result<Statistics> {
        let mut out = Statistics {
            count: input.region().len() as u64,
            extent: extent(input)?,
            is_integer: !input.dtype().is_float(),
            ..Statistics::default()
        };
        let (mut sum, mut squares) = (ExponentBins::new(), ExponentBins::new());
        if input.dtype() == Dtype::Float32 {
            for &x in input.typed::<f32>()? {
                let x = f64::from(x);
                sum.add(x);
                // The square of a single is an exact double.
                squares.add(x * x);
            }
        }
        if input.dtype() == Dtype::Float64 {
            for &x in input.typed::<f64>()? {
                sum.add(x);
                let square = x * x;
                squares.add(square);
                if square.is_finite() {
                    // What the square lost in rounding.
                    squares.add(x.mul_add(x, -square));
                }
            }
        }
        (out.sum, out.squares) = (sum.finish(), squares.finish());
        dispatch_integers!(input.dtype(), T => out.add_integers::<T>(input.typed()?), else ());
        Ok(out)
    }

    fn add_integers<T: Integer>(&mut self, samples: &[T]) {
        // Halves of 64 bits, so that sums of large squares do not overflow.
        let (mut high, mut low) = (0u128, 0u128);
        for &x in samples {
            let wide: i128 = x.into();
            self.integer_sum += wide;
            let square = wide.unsigned_abs() * wide.unsigned_abs();
            if size_of::<T>() < 8 {
                low += square;
            } else {
                high += square >> 64;
                low += square & u128::from(u64::MAX);
            }
        }
        for (value, power) in [(low, 0), (high, 64)] {
            for part in 0..2 {
                let half = (value >> (64 * part)) as u64;
                self.squares.add_scaled(half.into(), 1074 + power + 64 * part);
            }
        }
    }

    /// Both parts together.
    pub fn merge(mut self, other: &Statistics) -> Statistics {
        self.count += other.count;
        self.extent = self.extent.merge(other.extent);
        self.integer_sum += other.integer_sum;
        self.is_integer |= other.is_integer;
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
        self
    }

    /// Number of samples, NaN included.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Smallest and largest sample, and how many are NaN.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The sum: an integer for integer images, exact; the nearest double for floats, NaN if a sample is.
    pub fn sum(&self) -> Scalar {
        if self.is_integer {
            Scalar::Int(self.integer_sum)
        } else {
            Scalar::Float(self.sum.value())
        }
    }

    /// The mean; NaN if there are no samples or one is NaN.
    pub fn mean(&self) -> f64 {
        let (sum, rest) = self.sum_and_rest();
        let n = self.count as f64;
        let mean = sum / n;
        if !mean.is_finite() {
            return mean;
        }
        // One step of correction makes it the nearest double but for rare ties.
        mean + (mean.mul_add(-n, sum) + rest) / n
    }

    /// The standard deviation of the samples (divided by their number, numpy's default), from exact sums and with
    /// twice the digits of a double in between: right unless it is below 1e-15 of the mean.
    pub fn std(&self) -> f64 {
        let n = self.count as f64;
        let (sum, sum_rest) = self.sum_and_rest();
        let (squares, squares_rest) = self.squares.value_and_rest();
        // n * squares - sum^2 in twice the precision, because the two are often nearly equal.
        let (a, b) = (n * squares, sum * sum);
        let a_rest = n.mul_add(squares, -a) + n * squares_rest;
        let b_rest = sum.mul_add(sum, -b) + 2.0 * sum * sum_rest;
        (((a - b) + (a_rest - b_rest)).max(0.0) / (n * n)).sqrt()
    }

    fn sum_and_rest(&self) -> (f64, f64) {
        if !self.is_integer {
            return self.sum.value_and_rest();
        }
        let sum = self.integer_sum as f64;
        (sum, (self.integer_sum - sum as i128) as f64)
    }
}

#[cfg(test)]
mod tests;
