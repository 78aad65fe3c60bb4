//! Summary statistics, and a rank test.

/// Mean, spread and order statistics of some values.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Number of values; NaN and infinities are left out.
    pub n: usize,
    /// Values that were left out.
    pub n_missing: usize,
    /// Sum.
    pub sum: f64,
    /// Arithmetic mean; NaN without values.
    pub mean: f64,
    /// Sample standard deviation (divided by n − 1); NaN for fewer than two values.
    pub sd: f64,
    /// Minimum, first quartile, median, third quartile, maximum. Quantiles are interpolated linearly, as in `numpy.quantile`.
    pub quartiles: [f64; 5],
    /// The values in order.
    pub sorted: Vec<f64>,
}

impl Summary {
    /// Whether all values are one number, up to the rounding of the arithmetic that made them.
    pub fn is_constant(&self) -> bool {
        let [low, .., high] = self.quartiles;
        self.n == 0 || (high - low) <= 1e-9 * low.abs().max(high.abs())
    }

    /// The value below which half of the values lie.
    pub fn median(&self) -> f64 {
        self.quartiles[2]
    }
}

/// Sums up values.
///
/// ```
/// let s = petavox_ops::report::summary(&[4.0, 1.0, f64::NAN, 3.0, 2.0]);
/// assert_eq!((s.n, s.mean, s.median()), (4, 2.5, 2.5));
/// assert_eq!(s.quartiles, [1.0, 1.75, 2.5, 3.25, 4.0]);
/// ```
pub fn summary(values: &[f64]) -> Summary {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| x.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let n = sorted.len();
    // Summed in order of size, so that the order of rows cannot matter.
    let sum: f64 = sorted.iter().sum();
    let mean = if n > 0 { sum / n as f64 } else { f64::NAN };
    let squares: f64 = sorted.iter().map(|x| (x - mean) * (x - mean)).sum();
    let sd = if n > 1 { (squares / (n - 1) as f64).sqrt() } else { f64::NAN };
    let quartiles = [0.0, 0.25, 0.5, 0.75, 1.0].map(|q| quantile(&sorted, q));
    Summary { n, n_missing: values.len() - n, sum, mean, sd, quartiles, sorted }
}

fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = q * last as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64)
}

/// The result of comparing two samples by rank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankTest {
    /// Mann-Whitney's U of the first sample.
    pub u: f64,
    /// Two-sided p, by the normal approximation with corrections for ties and continuity; NaN if all values are equal.
    pub p: f64,
    /// The chance that a value of the first sample is larger than one of the second, ties counted half: U / (n₁ n₂).
    pub superiority: f64,
}

/// The two-sided Mann-Whitney U test: equal to `scipy.stats.mannwhitneyu(a, b, method="asymptotic")`. Nothing for samples
/// of fewer than eight values, where the approximation does not hold.
///
/// Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50-60.
pub fn rank_test(a: &Summary, b: &Summary) -> Option<RankTest> {
    if a.n < 8 || b.n < 8 {
        return None;
    }
    let (n_a, n_b) = (a.n as f64, b.n as f64);
    let n = n_a + n_b;
    let (mut i, mut j, mut ranks_a, mut ties) = (0, 0, 0.0, 0.0);
    while i < a.n || j < b.n {
        let value = match (a.sorted.get(i), b.sorted.get(j)) {
            (Some(x), Some(y)) => x.min(*y),
            (Some(x), None) | (None, Some(x)) => *x,
            (None, None) => break,
        };
        let run = |sorted: &[f64], from: usize| {
            sorted[from..].iter().take_while(|x| **x == value).count()
        };
        let (in_a, in_b) = (run(&a.sorted, i), run(&b.sorted, j));
        let t = (in_a + in_b) as f64;
        // Equal values share the mean of their ranks.
        ranks_a += in_a as f64 * ((i + j) as f64 + (t + 1.0) / 2.0);
        ties += t * t * t - t;
        i += in_a;
        j += in_b;
    }
    let u = ranks_a - n_a * (n_a + 1.0) / 2.0;
    let variance = n_a * n_b / 12.0 * ((n + 1.0) - ties / (n * (n - 1.0)));
    let z = (u.max(n_a * n_b - u) - n_a * n_b / 2.0 - 0.5) / variance.sqrt();
    let p =
        if variance > 0.0 { libm::erfc(z / std::f64::consts::SQRT_2).min(1.0) } else { f64::NAN };
    Some(RankTest { u, p, superiority: u / (n_a * n_b) })
}
