//! The density of values along a line, by a Gaussian kernel.

/// Places at which a density is known.
const N_PLACES: usize = 161;
/// Values are gathered into so many bins first, so that the cost does not grow with their number.
const N_BINS: usize = 1024;

/// A density between the smallest and the largest value, at evenly spaced places. Its integral is one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Density {
    pub(super) places: Vec<f64>,
    pub(super) heights: Vec<f64>,
}

/// The density of sorted values; nothing where there are too few or all are the same.
///
/// The bandwidth is Silverman's: 0.9 min(sd, IQR / 1.34) n^(-1/5) (Density Estimation, 1986, eq. 3.31). What the kernels
/// would put beyond the smallest and the largest value is folded back, so that no weight lies where no value is.
pub(super) fn density(sorted: &[f64]) -> Option<Density> {
    let (&low, &high) = (sorted.first()?, sorted.last()?);
    let range = high - low;
    let n = sorted.len();
    // The range of huge values can be infinite, that of tiny ones zero.
    let rounding = 1e-9 * low.abs().max(high.abs());
    if n < 5 || !(range > rounding && range.is_finite()) {
        return None;
    }
    let s = super::stats::summary(sorted);
    let iqr = s.quartiles[3] - s.quartiles[1];
    let spread = if iqr > 0.0 { s.sd.min(iqr / 1.34) } else { s.sd };
    let bandwidth = 0.9 * spread * (n as f64).powf(-0.2);
    // Not narrower than what can be drawn, and not so wide that folding once would not do.
    let width = bandwidth.clamp(range / 150.0, range / 5.0);

    let mut bins = vec![0.0; N_BINS + 1];
    for x in sorted {
        // A value is shared by the two bins beside it.
        let at = (x - low) / range * N_BINS as f64;
        let bin = (at as usize).min(N_BINS - 1);
        bins[bin + 1] += at - bin as f64;
        bins[bin] += 1.0 - (at - bin as f64);
    }
    let bin_place = |i: usize| i as f64 / N_BINS as f64;
    let h = width / range;
    let kernel = |d: f64| (-0.5 * (d / h) * (d / h)).exp();
    let place = |i: usize| i as f64 / (N_PLACES - 1) as f64;
    let mut heights: Vec<f64> = (0..N_PLACES)
        .map(|i| {
            let t = place(i);
            let weight = |(j, w): (usize, &f64)| {
                let b = bin_place(j);
                w * (kernel(t - b) + kernel(t + b) + kernel(2.0 - t - b))
            };
            bins.iter().enumerate().map(weight).sum()
        })
        .collect();
    let step = range / (N_PLACES - 1) as f64;
    let ends = (heights[0] + heights[N_PLACES - 1]) / 2.0;
    let area = (heights.iter().sum::<f64>() - ends) * step;
    heights.iter_mut().for_each(|height| *height /= area);
    Some(Density { places: (0..N_PLACES).map(|i| low + range * place(i)).collect(), heights })
}

impl Density {
    /// The largest height.
    pub(super) fn peak(&self) -> f64 {
        self.heights.iter().copied().fold(0.0, f64::max)
    }

    /// The height at `x`, interpolated.
    pub(super) fn at(&self, x: f64) -> f64 {
        let (low, high) = (self.places[0], self.places[N_PLACES - 1]);
        let t = ((x - low) / (high - low)).clamp(0.0, 1.0) * (N_PLACES - 1) as f64;
        let i = (t as usize).min(N_PLACES - 2);
        self.heights[i] + (self.heights[i + 1] - self.heights[i]) * (t - i as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integral(d: &Density) -> f64 {
        let step = d.places[1] - d.places[0];
        d.heights.windows(2).map(|w| (w[0] + w[1]) / 2.0 * step).sum()
    }

    #[test]
    fn the_integral_is_one_for_any_values() {
        let skewed: Vec<f64> = (1..500).map(|i| (f64::from(i) * 0.01).exp()).collect();
        let mixed: Vec<f64> =
            [vec![-3.0; 50], vec![7.0; 5], (0..9).map(f64::from).collect()].concat();
        for mut values in
            [skewed, mixed, vec![1.0, 1.0, 1.0, 1.0, 2.0], vec![1e-9, 2e-9, 4e-9, 5e-9, 6e-9]]
        {
            values.sort_by(f64::total_cmp);
            let d = density(&values).unwrap();
            assert!((integral(&d) - 1.0).abs() < 1e-9);
            assert!(d.heights.iter().all(|h| h.is_finite() && *h >= 0.0));
        }
    }

    #[test]
    fn a_normal_sample_gives_the_normal_curve() {
        // Quantiles of the standard normal by bisection of its distribution.
        let cdf = |x: f64| 0.5 * libm::erfc(-x / 2f64.sqrt());
        let quantile = |q: f64| {
            let (mut a, mut b) = (-9.0, 9.0);
            for _ in 0..60 {
                let m = (a + b) / 2.0;
                if cdf(m) < q { a = m } else { b = m }
            }
            a
        };
        let values: Vec<f64> = (0..4000).map(|i| quantile((f64::from(i) + 0.5) / 4000.0)).collect();
        let d = density(&values).unwrap();
        for x in [-2.0_f64, -1.0, 0.0, 0.5, 1.5] {
            let exact = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
            assert!((d.at(x) - exact).abs() < 0.01, "{x}: {} {exact}", d.at(x));
        }
    }

    #[test]
    fn a_uniform_sample_is_flat_up_to_its_ends() {
        let values: Vec<f64> = (0..2000).map(|i| f64::from(i) / 1999.0).collect();
        let d = density(&values).unwrap();
        assert!(d.heights.iter().all(|h| (h - 1.0).abs() < 0.02));
    }

    #[test]
    fn few_or_equal_values_have_none() {
        assert_eq!(density(&[1.0, 2.0]), None);
        assert_eq!(density(&[2.0; 40]), None);
        assert_eq!(density(&[-1e308, 0.0, 0.0, 0.0, 1e308]), None);
    }
}
