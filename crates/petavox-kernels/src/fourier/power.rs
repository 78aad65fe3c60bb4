//! Products of spectra.

use num_complex::Complex;
use petavox_fft::Float;

/// What is done to the products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normalization {
    /// Each is divided by its length, or by a hundred times the dtype's rounding where it is shorter than that.
    Phase,
    /// Nothing.
    None,
}

/// `a` times the conjugate of `b`, or times `b` itself, both as interleaved real and imaginary parts; of each product the `n_parts` parts from `first` on.
pub fn cross_power<T: Float>(
    a: &[T],
    b: &[T],
    out: &mut [T],
    first: usize,
    n_parts: usize,
    (normalization, conjugate): (Normalization, bool),
) {
    if n_parts == 0 {
        return;
    }
    let hundred = T::from(100.0).unwrap_or_else(T::one);
    let least = hundred * T::epsilon();
    let pairs = a.chunks_exact(2).zip(b.chunks_exact(2));
    for (to, (a, b)) in out.chunks_exact_mut(n_parts).zip(pairs) {
        let mut product =
            Complex::new(a[0], a[1]) * Complex::new(b[0], if conjugate { -b[1] } else { b[1] });
        if normalization == Normalization::Phase {
            let length = product.re.hypot(product.im).max(least);
            product = Complex::new(product.re / length, product.im / length);
        }
        let parts = [product.re, product.im];
        to.iter_mut().zip(&parts[first.min(2)..]).for_each(|(t, p)| *t = *p);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_have_the_phase_of_the_difference() {
        let (a, b) = ([3.0, 4.0, 0.0, 0.0], [0.0, 2.0, 1.0, 1.0]);
        let mut whole = [0.0; 4];
        cross_power(&a, &b, &mut whole, 0, 2, (Normalization::None, true));
        assert_eq!(whole, [8.0, -6.0, 0.0, 0.0]);
        cross_power(&a, &b, &mut whole, 0, 2, (Normalization::Phase, true));
        assert_eq!(whole, [0.8, -0.6, 0.0, 0.0]);
        cross_power(&a, &b, &mut whole, 0, 2, (Normalization::None, false));
        assert_eq!(whole, [-8.0, 6.0, 0.0, 0.0]);
        let mut imaginary = [0.0; 2];
        cross_power(&a, &b, &mut imaginary, 1, 1, (Normalization::Phase, true));
        assert_eq!(imaginary, [-0.6, 0.0]);
    }
}
