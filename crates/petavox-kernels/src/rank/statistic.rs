//! What the counts of a window's samples tell: the numbers of scikit-image's `filters.rank`.

use petavox_core::Dtype;

macro_rules! statistics {
    ($($(#[$doc:meta])* $variant:ident $name:literal;)*) => {
        /// What is made of the samples of a window that lie inside the image.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum LocalStatistic { $($(#[$doc])* $variant,)* }

        impl LocalStatistic {
            /// Every statistic by its name.
            pub const ALL: &'static [(&'static str, LocalStatistic)] =
                &[$(($name, LocalStatistic::$variant),)*];
        }
    };
}

statistics! {
    /// The image stretched so that the window's range becomes the whole range.
    Autolevel "autolevel";
    /// The same with the range from share `p0` to share `p1`.
    AutolevelPercentile "autolevel_percentile";
    /// The share of samples up to this one, stretched to the whole range.
    Equalize "equalize";
    /// Shannon's entropy, in bits.
    Entropy "entropy";
    /// The greatest or the least sample, whichever is nearer.
    EnhanceContrast "enhance_contrast";
    /// The same with the samples at the shares `p0` and `p1`.
    EnhanceContrastPercentile "enhance_contrast_percentile";
    /// The geometric mean of the samples plus one, less one.
    GeometricMean "geometric_mean";
    /// Greatest less least.
    Gradient "gradient";
    /// The sample at the share `p1` less that at `p0`.
    GradientPercentile "gradient_percentile";
    /// The share of every value.
    Histogram "windowed_histogram";
    /// The most frequent, 0 if there is none.
    Majority "majority";
    /// The greatest.
    Maximum "maximum";
    /// The mean, cut to an integer.
    Mean "mean";
    /// The mean of the samples within `s0` below and `s1` above this one.
    MeanBilateral "mean_bilateral";
    /// The mean of the values at the shares from `p0` to `p1`.
    MeanPercentile "mean_percentile";
    /// The upper of the middle samples.
    Median "median";
    /// The least.
    Minimum "minimum";
    /// The most frequent, the least of several.
    Modal "modal";
    /// How far the nearest value is.
    NoiseFilter "noise_filter";
    /// The threshold that separates best, by Otsu.
    Otsu "otsu";
    /// The first sample that more than the share `p0` lies at or below; for 1 the greatest.
    Percentile "percentile";
    /// How many there are.
    Pop "pop";
    /// How many lie within `s0` below and `s1` above this one.
    PopBilateral "pop_bilateral";
    /// How many values are at the shares from `p0` to `p1`.
    PopPercentile "pop_percentile";
    /// This sample less the mean, halved and moved to the middle of the range.
    SubtractMean "subtract_mean";
    /// The same with the mean of the values at the shares from `p0` to `p1`.
    SubtractMeanPercentile "subtract_mean_percentile";
    /// Their sum.
    Sum "sum";
    /// The sum of the samples within `s0` below and `s1` above this one.
    SumBilateral "sum_bilateral";
    /// The sum of the values at the shares from `p0` to `p1`.
    SumPercentile "sum_percentile";
    /// 1 where the sample exceeds the mean.
    Threshold "threshold";
    /// The greatest value where the sample is not below that at the share `p0`, else 0.
    ThresholdPercentile "threshold_percentile";
}

impl LocalStatistic {
    /// The dtype of the result for samples of `dtype`.
    pub fn dtype(self, dtype: Dtype) -> Dtype {
        match self {
            LocalStatistic::Entropy | LocalStatistic::Histogram => Dtype::Float64,
            _ => dtype,
        }
    }

    /// True if `p0` and `p1` matter.
    pub fn has_shares(self) -> bool {
        use LocalStatistic::*;
        matches!(
            self,
            AutolevelPercentile
                | EnhanceContrastPercentile
                | GradientPercentile
                | MeanPercentile
                | Percentile
                | PopPercentile
                | SubtractMeanPercentile
                | SumPercentile
                | ThresholdPercentile
        )
    }

    /// True if `s0` and `s1` matter.
    pub fn has_range(self) -> bool {
        use LocalStatistic::*;
        matches!(self, MeanBilateral | PopBilateral | SumBilateral)
    }
}

/// A statistic and its parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalRule {
    /// What is told.
    pub statistic: LocalStatistic,
    /// Shares of the samples, from 0 to 1.
    pub shares: [f64; 2],
    /// How far below a sample, and above it.
    pub range: [i64; 2],
    /// How many grey values there can be, 256 for `uint8`; results that are stretched depend on it.
    pub n_bins: usize,
}

/// The counts of a window.
pub(super) struct Local<'a> {
    pub(super) counts: &'a mut [u32],
    pub(super) pop: i64,
    pub(super) sum: i64,
}

impl Local<'_> {
    #[inline(always)]
    pub(super) fn change(&mut self, bin: usize, by: i64) {
        self.counts[bin] = self.counts[bin].wrapping_add_signed(by as i32);
        self.pop += by;
        self.sum += by * bin as i64;
    }

    fn least(&self) -> i64 {
        self.counts.iter().position(|c| *c > 0).unwrap_or(0) as i64
    }

    fn greatest(&self) -> i64 {
        self.counts.iter().rposition(|c| *c > 0).unwrap_or(0) as i64
    }

    /// The first bin at which the sum of the counts satisfies a condition.
    fn first(&self, enough: impl Fn(f64) -> bool) -> Option<i64> {
        let mut sum = 0;
        let found = self.counts.iter().position(|c| {
            sum += i64::from(*c);
            enough(sum as f64)
        });
        found.map(|bin| bin as i64)
    }

    /// The same from above, where there are `n_bins` values.
    fn last(&self, n_bins: usize, enough: impl Fn(f64) -> bool) -> Option<i64> {
        let mut sum = 0;
        let bins = self.counts.get(..n_bins).unwrap_or(self.counts);
        let found = bins.iter().rposition(|c| {
            sum += i64::from(*c);
            enough(sum as f64)
        });
        found.map(|bin| bin as i64)
    }

    /// The first bin with more than `share` samples in it and those before.
    fn first_above(&self, share: f64) -> i64 {
        self.first(|sum| sum > share).unwrap_or_else(|| self.greatest())
    }

    /// Number and sum of the samples of the bins at which the counts reach shares between two.
    fn between(&self, [p0, p1]: [f64; 2]) -> (i64, i64) {
        let (low, high) = (p0 * self.pop as f64, p1 * self.pop as f64);
        let (mut up_to, mut n, mut sum) = (0, 0, 0);
        for (bin, count) in self.counts.iter().enumerate() {
            let count = i64::from(*count);
            up_to += count;
            if up_to as f64 >= low && up_to as f64 <= high {
                (n, sum) = (n + count, sum + count * bin as i64);
            }
        }
        (n, sum)
    }

    /// Number and sum of the samples near a value.
    fn near(&self, own: usize, [s0, s1]: [i64; 2]) -> (i64, i64) {
        // Strictly within on both sides.
        let from = (own as i64 - s1 + 1).clamp(0, self.counts.len() as i64) as usize;
        let to = (own as i64 + s0).clamp(from as i64, self.counts.len() as i64) as usize;
        let bins = self.counts[from..to].iter().zip(from as i64..);
        bins.fold((0, 0), |(n, sum), (c, bin)| (n + i64::from(*c), sum + i64::from(*c) * bin))
    }

    fn otsu(&self) -> i64 {
        let (mut below, mut sum) = (i64::from(self.counts.first().copied().unwrap_or(0)), 0);
        let (mut best, mut found) = (0.0, 0);
        for (bin, count) in self.counts.iter().enumerate().skip(1) {
            let count = i64::from(*count);
            if count == 0 {
                continue;
            }
            below += count;
            if below == self.pop {
                break;
            }
            sum += count * bin as i64;
            let above = self.pop - below;
            let t = (above * sum - (self.sum - sum) * below) as f64;
            let variance = t * t / (below * above) as f64;
            if variance > best {
                (best, found) = (variance, bin as i64);
            }
        }
        found
    }

    /// Steps to the nearest value that occurs.
    fn noise(&self, own: usize, n_bins: usize) -> i64 {
        let below = (0..=own).rev().find(|b| self.counts[*b] > 0).unwrap_or(0);
        let above = (own..self.counts.len()).find(|b| self.counts[*b] > 0);
        let above = above.unwrap_or(n_bins.saturating_sub(1)).max(own);
        (own - below).min(above - own) as i64
    }

    pub(super) fn value(&self, rule: &LocalRule, own: usize) -> f64 {
        use LocalStatistic as S;
        if self.pop == 0 && rule.statistic != S::NoiseFilter {
            return 0.0;
        }
        let (pop, own_f, most) = (self.pop as f64, own as f64, rule.n_bins as f64 - 1.0);
        let ratio = |sum: i64, n: i64| if n > 0 { sum / n } else { 0 };
        let [p0, p1] = rule.shares;
        let from_below = |share: f64| self.first(|sum| sum > share * pop).unwrap_or(0);
        let from_above = |share: f64| self.last(rule.n_bins, |sum| sum > share * pop).unwrap_or(0);
        let middle = (rule.n_bins / 2) as f64;
        let whole = match rule.statistic {
            S::Autolevel => {
                let (least, range) = (self.least(), (self.greatest() - self.least()) as f64);
                let above = (own as i64 - least) as f64;
                return if range > 0.0 { (most * above / range).trunc() } else { 0.0 };
            }
            S::AutolevelPercentile => {
                let (low, high) = (from_below(p0), from_above(1.0 - p1));
                let range = high - low;
                match range > 0 {
                    true => {
                        (rule.n_bins as i64 - 1) * ((own as i64).max(low).min(high) - low) / range
                    }
                    false => range,
                }
            }
            S::Equalize => {
                let up_to: i64 = self.counts[..=own].iter().map(|c| i64::from(*c)).sum();
                return most * up_to as f64 / pop;
            }
            S::Entropy => {
                let shares = self.counts.iter().filter(|c| **c > 0).map(|c| f64::from(*c) / pop);
                return shares.fold(0.0, |e, p| e - p * p.ln() / std::f64::consts::LN_2);
            }
            S::EnhanceContrast => nearer(own as i64, self.least(), self.greatest()),
            S::EnhanceContrastPercentile => {
                nearer(own as i64, from_below(p0), from_above(1.0 - p1))
            }
            S::GeometricMean => {
                let counted = self.counts.iter().enumerate().filter(|(_, c)| **c > 0);
                let logs = counted.map(|(bin, c)| f64::from(*c) * ((bin + 1) as f64).ln());
                let mean = (logs.sum::<f64>() / pop).exp() - 1.0;
                return if mean > 0.0 { (mean + 0.5).floor() } else { (mean - 0.5).ceil() };
            }
            S::Gradient => self.greatest() - self.least(),
            S::GradientPercentile => {
                let low = self.first(|sum| sum >= p0 * pop).unwrap_or(0);
                let high = self.last(rule.n_bins, |sum| sum >= (1.0 - p1) * pop).unwrap_or(0);
                high - low
            }
            // One value of many, which are written as they are.
            S::Histogram => return 0.0,
            S::Maximum => self.greatest(),
            S::Mean => return self.sum as f64 / pop,
            S::MeanBilateral => {
                let (n, sum) = self.near(own, rule.range);
                ratio(sum, n)
            }
            S::MeanPercentile => {
                let (n, sum) = self.between(rule.shares);
                ratio(sum, n)
            }
            S::Median => self.first_above(pop / 2.0),
            S::Minimum => self.least(),
            S::Majority | S::Modal => {
                let best = self.counts.iter().enumerate().rev().max_by_key(|(_, c)| **c);
                best.map_or(0, |(bin, _)| bin as i64)
            }
            S::NoiseFilter => self.noise(own, rule.n_bins),
            S::Otsu => self.otsu(),
            S::Percentile if p0 >= 1.0 => self.greatest(),
            S::Percentile => self.first_above(p0 * pop),
            S::Pop => self.pop,
            S::PopBilateral => self.near(own, rule.range).0,
            S::PopPercentile => self.between(rule.shares).0,
            S::SubtractMean => return (own_f - self.sum as f64 / pop) * 0.5 + middle - 1.0,
            S::SubtractMeanPercentile => {
                let (n, sum) = self.between(rule.shares);
                return if n > 0 { (own_f - (sum / n) as f64) * 0.5 + middle } else { 0.0 };
            }
            S::Sum => self.sum,
            S::SumBilateral => self.near(own, rule.range).1,
            S::SumPercentile => self.between(rule.shares).1,
            S::Threshold => i64::from(own_f > self.sum as f64 / pop),
            S::ThresholdPercentile => {
                let low = self.first(|sum| sum >= p0 * pop).unwrap_or(rule.n_bins as i64);
                if own as i64 >= low { rule.n_bins as i64 - 1 } else { 0 }
            }
        };
        whole as f64
    }
}

/// The nearer of two ends.
fn nearer(own: i64, low: i64, high: i64) -> i64 {
    if high - own < own - low { high } else { low }
}
