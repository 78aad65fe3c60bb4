//! Gaussian smoothing and derivatives.

use super::separable::{correlate_axes, correlate_axes_scratch_bytes};
use super::taps::Weights;
use crate::sample::numpy_sum;
use petavox_core::{Block, Boundary, CancelToken, Dtype, Error, Result};

/// How an image is smoothed, in scipy.ndimage's words.
#[derive(Clone, Debug, PartialEq)]
pub struct GaussianOptions {
    /// Standard deviation per axis, in samples; an axis with 0 (at most 1e-15) is left as it is.
    pub sigma: Vec<f64>,
    /// Order of the derivative per axis; 0 smooths.
    pub order: Vec<usize>,
    /// The filter ends at this many standard deviations.
    pub truncate: f64,
    /// Weights per axis that the caller has computed, `None` for an axis that is left as it is; they take the place of what `sigma`,
    /// `order` and `truncate` lead to.
    pub given: Option<Vec<Option<Vec<f64>>>>,
}

impl GaussianOptions {
    /// Smoothing (order 0) cut at four standard deviations, scipy's defaults.
    ///
    /// ```
    /// use petavox_kernels::filter::GaussianOptions;
    /// assert_eq!(GaussianOptions::new([2.0, 1.0]).radius()?, [8, 4]);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    pub fn new(sigma: impl Into<Vec<f64>>) -> GaussianOptions {
        let sigma = sigma.into();
        GaussianOptions { order: vec![0; sigma.len()], sigma, truncate: 4.0, given: None }
    }

    /// Samples needed on each side, per axis.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] as for [`gaussian_weights`].
    pub fn radius(&self) -> Result<Vec<usize>> {
        Ok(self.weights()?.iter().map(|w| w.as_ref().map_or(0, Weights::radius)).collect())
    }

    /// The weights per axis, `None` for an axis that is left as it is.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] as for [`gaussian_weights`], or if `order` and `sigma` differ in length.
    pub fn weights(&self) -> Result<Vec<Option<Weights>>> {
        if let Some(given) = &self.given {
            return given.iter().map(|w| w.clone().map(Weights::new).transpose()).collect();
        }
        if self.order.len() != self.sigma.len() {
            return Err(Error::argument("order", self.order.len(), "as many values as sigma"));
        }
        let pairs = self.sigma.iter().zip(&self.order);
        pairs
            .map(|(&sigma, &order)| {
                let weights = gaussian_weights(sigma, order, self.truncate)?;
                if sigma > 1e-15 { Weights::new(weights).map(Some) } else { Ok(None) }
            })
            .collect()
    }
}

impl GaussianOptions {
    fn weights_for(&self, ndim: usize) -> Result<Vec<Option<Weights>>> {
        let n = self.given.as_ref().map_or(self.sigma.len(), Vec::len);
        if n != ndim {
            let given = format!("{n} values");
            return Err(Error::argument("sigma", given, format!("{ndim}, one per axis")));
        }
        self.weights()
    }
}

/// More taps than this are refused: the line would no longer be an image's.
const MAX_RADIUS: f64 = 1e7;

/// scipy.ndimage's weights for a Gaussian of this standard deviation (in samples), or for its derivative, left to right as
/// they are correlated; `2 * int(truncate * sigma + 0.5) + 1` of them. Smoothing weights sum to 1.
///
/// They are scipy's to the last bit wherever numpy takes the exponential from the C library. On processors with AVX-512
/// numpy has its own, one unit off in the last place for one value in twenty; Petavox gives the same answer on all.
///
/// ```
/// let w = petavox_kernels::filter::gaussian_weights(1.0, 0, 4.0)?;
/// assert_eq!(w.len(), 9);
/// assert!((w.iter().sum::<f64>() - 1.0).abs() < 1e-15);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] if `sigma` or `truncate` is negative or not finite, or the filter would be absurdly long.
pub fn gaussian_weights(sigma: f64, order: usize, truncate: f64) -> Result<Vec<f64>> {
    if !(sigma.is_finite() && sigma >= 0.0) {
        return Err(Error::argument("sigma", sigma, "a finite number, 0 or more"));
    }
    if !(truncate.is_finite() && truncate >= 0.0) {
        return Err(Error::argument("truncate", truncate, "a finite number, 0 or more"));
    }
    let radius = truncate * sigma + 0.5;
    if radius > MAX_RADIUS {
        return Err(Error::argument("sigma", sigma, "a filter that reaches at most 1e7 samples"));
    }
    if sigma <= 1e-15 {
        return Ok(vec![1.0]);
    }
    let radius = radius as i64;
    let sigma2 = sigma * sigma;
    let mut phi: Vec<f64> =
        (-radius..=radius).map(|x| (-0.5 / sigma2 * (x * x) as f64).exp()).collect();
    let sum = numpy_sum(&phi, |x| x);
    phi.iter_mut().for_each(|p| *p /= sum);
    if order == 0 {
        return Ok(phi);
    }
    // The n-th derivative is a polynomial q times the Gaussian; each derivative maps q to q' - q x / sigma^2.
    let mut q = vec![0.0; order + 1];
    q[0] = 1.0;
    for _ in 0..order {
        let mut next = vec![0.0; order + 1];
        for i in 0..=order {
            let from_derivative = if i < order { (i + 1) as f64 * q[i + 1] } else { 0.0 };
            let from_product = if i > 0 { q[i - 1] * (1.0 / -sigma2) } else { 0.0 };
            next[i] = from_derivative + from_product;
        }
        q = next;
    }
    // A correlation reads the derivative backwards.
    let polynomial = |x: f64| q.iter().enumerate().map(|(i, c)| x.powi(i as i32) * c).sum::<f64>();
    let mut weights: Vec<f64> =
        (-radius..=radius).zip(&phi).map(|(x, p)| polynomial(x as f64) * p).collect();
    weights.reverse();
    Ok(weights)
}

/// Bytes of scratch that [`gaussian`] needs for a target of this shape.
///
/// # Errors
/// [`Error::InvalidArgument`] as for [`gaussian_weights`], or if there is not one sigma per axis.
pub fn gaussian_scratch_bytes(
    target_shape: &[usize],
    options: &GaussianOptions,
    dtype: Dtype,
) -> Result<usize> {
    Ok(correlate_axes_scratch_bytes(target_shape, &options.weights_for(target_shape.len())?, dtype))
}

/// Smooths a block: bit for bit scipy.ndimage's `gaussian_filter` with an output of the input's dtype.
///
/// `input` covers `output`'s region grown by [`GaussianOptions::radius`]; samples outside the image were made by the engine
/// according to `boundary`. Every axis is summed in double and cut to the samples' dtype, in the order of the axes,
/// so integer results are truncated, as scipy's are. NaN spreads as far as the filter reaches. Takes every dtype.
/// Derivative weights (order above 0) may differ from scipy's in the last bit.
///
/// ```
/// use petavox_core::{Block, Boundary, CancelToken, Dtype, Region};
/// use petavox_kernels::filter::{GaussianOptions, gaussian, gaussian_scratch_bytes};
/// let options = GaussianOptions { truncate: 1.0, ..GaussianOptions::new([1.0]) };
/// let input = Block::from_vec(Region::new([-1], [5]), vec![9f64, 9.0, 0.0, 0.0, 0.0])?;
/// let mut output = Block::zeros(Region::new([0], [3]), Dtype::Float64)?;
/// let mut scratch = petavox_core::Buffer::zeroed(gaussian_scratch_bytes(&[3], &options, Dtype::Float64)?)?;
/// gaussian(&input, &mut output, &options, Boundary::Reflect, &[3], scratch.bytes_mut(), &CancelToken::new())?;
/// assert!((output.typed::<f64>()?[0] - 6.5337).abs() < 1e-3);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for options that make no filter; [`Error::Internal`] if the blocks do not fit together; [`Error::Cancelled`].
pub fn gaussian(
    input: &Block,
    output: &mut Block,
    options: &GaussianOptions,
    boundary: Boundary,
    image_shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let weights = options.weights_for(output.region().ndim())?;
    correlate_axes(input, output, &weights, boundary, image_shape, scratch, cancel)
}

#[cfg(test)]
mod tests;
