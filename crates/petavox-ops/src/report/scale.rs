//! Axes: from values to places, and where the ticks are.

use super::stats::Summary;

/// An axis from `low` to `high`, both in the axis' own terms: the values, or their decimal logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) is_log: bool,
    low: f64,
    high: f64,
}

impl Scale {
    /// An axis on which all these samples fit. Positive values whose largest is more than twenty times the median go on a
    /// logarithmic one: on a linear one nearly all of them would lie in one heap.
    pub(super) fn of(samples: &[&Summary]) -> Scale {
        let all = || samples.iter().filter(|s| s.n > 0);
        let low = all().map(|s| s.quartiles[0]).fold(f64::INFINITY, f64::min);
        let high = all().map(|s| s.quartiles[4]).fold(f64::NEG_INFINITY, f64::max);
        if low > high {
            return Scale { is_log: false, low: 0.0, high: 1.0 };
        }
        let median = all().map(|s| s.median()).fold(f64::INFINITY, f64::min);
        let n: usize = all().map(|s| s.n).sum();
        if low > 0.0 && n >= 20 && high > 20.0 * median {
            let (low, high) = (low.log10(), high.log10());
            let margin = ((high - low) * 0.03).max(0.01);
            return Scale { is_log: true, low: low - margin, high: high + margin };
        }
        // Differences that only rounding made are none.
        if high - low <= 1e-9 * low.abs().max(high.abs()) {
            let around = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
            return Scale { is_log: false, low: low - around, high: high + around };
        }
        let margin = (high / 2.0 - low / 2.0) * 0.08;
        // Sizes are judged from zero, where it is not far away.
        let from_zero = low >= 0.0 && low < 0.5 * high;
        Scale {
            is_log: false,
            low: if from_zero { 0.0 } else { low - margin },
            high: high + margin,
        }
    }

    /// An axis of counts from zero to `high`.
    pub(super) fn counts(high: f64) -> Scale {
        Scale { is_log: false, low: 0.0, high: (high * 1.06).max(1.0) }
    }

    /// A value in the axis' own terms.
    pub(super) fn warp(&self, x: f64) -> f64 {
        if self.is_log { x.log10() } else { x }
    }

    /// The place of a warped value: 0 at the low end, 1 at the high one.
    pub(super) fn place_warped(&self, w: f64) -> f64 {
        // Halves, so that the span of huge values stays finite.
        (w / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
    }

    /// The place of a value.
    pub(super) fn place(&self, x: f64) -> f64 {
        self.place_warped(self.warp(x))
    }

    /// About `n` ticks: values and labels.
    pub(super) fn ticks(&self, n: usize) -> Vec<(f64, String)> {
        if self.is_log { self.log_ticks() } else { self.linear_ticks(n) }
    }

    fn linear_ticks(&self, n: usize) -> Vec<(f64, String)> {
        let span = self.high - self.low;
        let rough = span / n as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|s| *s >= rough);
        let Some(step) = step.filter(|s| s.is_finite() && *s > 0.0) else { return Vec::new() };
        let first = (self.low / step).ceil() as i64;
        let last = (self.high / step).floor() as i64;
        (first..=last.min(first.saturating_add(40)))
            .map(|i| (i as f64 * step, super::numbers::tick(i as f64 * step, step)))
            .collect()
    }

    fn log_ticks(&self) -> Vec<(f64, String)> {
        let decades = self.high - self.low;
        let within: &[f64] = match decades {
            d if d <= 1.5 => &[1.0, 2.0, 3.0, 5.0, 7.0],
            d if d <= 3.5 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let every = (decades / 8.0).ceil().max(1.0) as i32;
        let mut ticks = Vec::new();
        for power in self.low.floor() as i32..=self.high.ceil() as i32 {
            for m in within.iter().filter(|_| power % every == 0) {
                let x = m * 10f64.powi(power);
                if (0.0..=1.0).contains(&self.place(x)) {
                    ticks.push((x, super::numbers::tick(x, 10f64.powi(power))));
                }
            }
        }
        ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary;

    #[test]
    fn ticks_are_round_and_few_on_every_scale() {
        for values in
            [vec![0.013, 0.9], vec![3.0, 3.0], vec![-5.0, 1e6], vec![1e300, 9e300], vec![0.0, 0.0]]
        {
            let s = summary(&values);
            let scale = Scale::of(&[&s]);
            let ticks = scale.ticks(5);
            assert!((2..=12).contains(&ticks.len()), "{values:?}: {ticks:?}");
            for (x, _) in &ticks {
                assert!((-1e-9..=1.0 + 1e-9).contains(&scale.place(*x)));
            }
        }
    }

    #[test]
    fn long_tails_go_on_a_logarithmic_axis() {
        let tail: Vec<f64> = (0..100).map(|i| 1.1f64.powi(i)).collect();
        let scale = Scale::of(&[&summary(&tail)]);
        assert!(scale.is_log);
        assert_eq!(
            scale.ticks(5).iter().map(|t| t.1.as_str()).collect::<Vec<_>>(),
            ["1", "10", "100", "1,000", "10,000"]
        );
        let flat: Vec<f64> = (0..100).map(f64::from).collect();
        assert!(!Scale::of(&[&summary(&flat)]).is_log);
    }
}
