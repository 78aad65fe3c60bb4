//! Gaussian smoothing and derivatives.

use super::separable::Line;
use super::taps::Weights;
use crate::sample::numpy_sum;
use petavox_core::{Error, Result};

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
    /// let lines = GaussianOptions::new([2.0, 1.0]).lines()?;
    /// assert_eq!(lines[0].1.reach(), (8, 8));
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    pub fn new(sigma: impl Into<Vec<f64>>) -> GaussianOptions {
        let sigma = sigma.into();
        GaussianOptions { order: vec![0; sigma.len()], sigma, truncate: 4.0, given: None }
    }

    /// What is done along each axis, in their order; axes that are left as they are have no line.
    ///
    /// # Errors
    /// As for [`GaussianOptions::weights`].
    pub fn lines(&self) -> Result<Vec<(usize, Line)>> {
        let weights = self.weights()?.into_iter().enumerate();
        Ok(weights.filter_map(|(axis, w)| Some((axis, Line::Weighted(w?)))).collect())
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
                let weights = without_zeros(gaussian_weights(sigma, order, self.truncate)?);
                if sigma > 1e-15 { Weights::new(weights).map(Some) } else { Ok(None) }
            })
            .collect()
    }
}

/// Weights without the zeros on both sides. Beyond 39 standard deviations a double is zero: taps there change no sum, but blocks would
/// be read with a margin for them.
fn without_zeros(mut weights: Vec<f64>) -> Vec<f64> {
    let pairs = weights.iter().zip(weights.iter().rev()).take(weights.len() / 2);
    let n_zeros = pairs.take_while(|(a, b)| **a == 0.0 && **b == 0.0).count();
    weights.truncate(weights.len() - n_zeros);
    weights.drain(..n_zeros);
    weights
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

#[cfg(test)]
mod tests;
