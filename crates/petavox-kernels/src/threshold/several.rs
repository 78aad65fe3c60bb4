//! Methods that find several thresholds, or look for two peaks.

use super::methods::{counts_single, single};
use crate::measure::Histogram;
use crate::measure::rounding;
use petavox_core::{Error, Result};

/// All thresholds that lie at the middle of the means of the two classes they make; see
/// [`threshold_isodata`](super::threshold_isodata), which is the first of them.
///
/// # Errors
/// None today: there may be no such bin.
pub fn thresholds_isodata(histogram: &Histogram) -> Result<Vec<f64>> {
    let centres = histogram.centres();
    if centres.len() == 1 {
        return Ok(centres.to_vec());
    }
    let r = rounding(histogram.dtype());
    let counts = counts_single(histogram);
    let n = counts.len();
    let mut low = Vec::with_capacity(n);
    let mut sums = Vec::with_capacity(n);
    let (mut weight, mut moment) = (0.0, 0.0);
    for (count, x) in counts.iter().zip(centres) {
        weight = single(weight + count);
        moment = r(moment + r(count * x));
        low.push(weight);
        sums.push(moment);
    }
    let width = r(centres[1] - centres[0]);
    let holds = |i: &usize| {
        let lower = r(sums[*i] / low[*i]);
        let higher = r(r(sums[n - 1] - sums[*i]) / single(low[n - 1] - low[*i]));
        let distance = r(r(r(lower + higher) / 2.0) - centres[*i]);
        distance >= 0.0 && distance < width
    };
    Ok((0..n - 1).filter(holds).map(|i| centres[i]).collect())
}

/// The lowest bin between the two peaks that are left when the histogram is smoothed, by means of three bins, until there are
/// no more than two. J. M. S. Prewitt and M. L. Mendelsohn, Ann. N. Y. Acad. Sci. 128 (1966).
///
/// # Errors
/// [`Error::InvalidArgument`] if `max_num_iter` rounds do not lead to two peaks.
pub fn threshold_minimum(histogram: &Histogram, max_num_iter: usize) -> Result<f64> {
    let mut smooth: Vec<f32> = histogram.counts().iter().map(|c| *c as f32).collect();
    let n = smooth.len();
    let mut peaks = Vec::new();
    for _ in 0..max_num_iter {
        // A running sum in double, divided at every step and kept in single, as scipy's uniform filter does it.
        let at = |i: i64, s: &[f32]| f64::from(s[i.clamp(0, n as i64 - 1) as usize]);
        let mut sum = at(-1, &smooth) + at(0, &smooth) + at(1, &smooth);
        let mut next = vec![(sum / 3.0) as f32];
        for i in 1..n as i64 {
            sum += at(i + 1, &smooth) - at(i - 2, &smooth);
            next.push((sum / 3.0) as f32);
        }
        smooth = next;
        peaks = local_peaks(&smooth);
        if peaks.len() < 3 {
            break;
        }
    }
    let [first, second] = peaks[..] else {
        let given = format!("{} peaks after smoothing", peaks.len());
        return Err(Error::argument("threshold minimum", given, "a histogram with two peaks"));
    };
    let mut lowest = first;
    for i in first..=second {
        if smooth[i] < smooth[lowest] {
            lowest = i;
        }
    }
    Ok(histogram.centres()[lowest])
}

/// Where the curve stops rising and begins to fall; a plateau counts at its end.
fn local_peaks(curve: &[f32]) -> Vec<usize> {
    let mut peaks = Vec::new();
    let mut rising = true;
    for (i, pair) in curve.windows(2).enumerate() {
        if rising && pair[1] < pair[0] {
            rising = false;
            peaks.push(i);
        } else if !rising && pair[1] > pair[0] {
            rising = true;
        }
    }
    peaks
}

/// The thresholds between `classes` classes with the largest variance between them: Otsu's method for several thresholds.
/// P.-S. Liao et al., J. Inf. Sci. Eng. 17 (2001). Every combination of bins is tried, in the order and precision of scikit-image, so
/// that ties are decided alike.
///
/// # Errors
/// [`Error::InvalidArgument`] for fewer classes than two, or fewer different values than classes.
pub fn thresholds_multiotsu(histogram: &Histogram, classes: usize) -> Result<Vec<f64>> {
    let centres = histogram.centres();
    let counts = histogram.counts();
    let filled: Vec<usize> = (0..counts.len()).filter(|i| counts[*i] > 0).collect();
    if classes < 2 || filled.len() < classes {
        let given = format!("{classes} classes of {} different values", filled.len());
        let expected = "2 classes or more, and as many different values (nbins makes more)";
        return Err(Error::argument("threshold_multiotsu", given, expected));
    }
    if filled.len() == classes {
        return Ok(filled[..classes - 1].iter().map(|i| centres[*i]).collect());
    }
    let total: u64 = counts.iter().sum();
    let mut search = Search::new(counts.iter().map(|c| (*c as f64 / total as f64) as f32));
    search.best = vec![0; classes - 1];
    search.chosen = vec![0; classes - 1];
    search.run(0, 0);
    Ok(search.best.iter().map(|i| centres[*i]).collect())
}

struct Search {
    /// Sums of the shares of the bins up to each, and of shares times the bin's number.
    zeroth: Vec<f32>,
    first: Vec<f32>,
    chosen: Vec<usize>,
    best: Vec<usize>,
    largest: f32,
}

impl Search {
    fn new(shares: impl Iterator<Item = f32>) -> Search {
        let (mut zeroth, mut first) = (Vec::new(), Vec::new());
        let (mut weight, mut moment) = (0.0f32, 0.0f32);
        for (i, share) in shares.enumerate() {
            weight += share;
            moment += (i.max(usize::from(i == 0)) as f32) * share;
            zeroth.push(weight);
            first.push(moment);
        }
        Search { zeroth, first, chosen: vec![], best: vec![], largest: 0.0 }
    }

    /// What the class of the bins `from` to `to` adds to the variance between classes.
    fn part(&self, from: usize, to: usize) -> f32 {
        let before = |sums: &[f32]| if from == 0 { 0.0 } else { sums[from - 1] };
        let weight = self.zeroth[to] - before(&self.zeroth);
        let moment = self.first[to] - before(&self.first);
        if weight > 0.0 { moment * moment / weight } else { 0.0 }
    }

    fn run(&mut self, depth: usize, from: usize) {
        let (n, k) = (self.zeroth.len(), self.chosen.len());
        if depth < k {
            for i in from..n - k + depth {
                self.chosen[depth] = i;
                self.run(depth + 1, i + 1);
            }
            return;
        }
        let mut sum = self.part(0, self.chosen[0]) + self.part(self.chosen[k - 1] + 1, n - 1);
        for pair in self.chosen.windows(2) {
            sum += self.part(pair[0] + 1, pair[1]);
        }
        if sum > self.largest {
            self.largest = sum;
            self.best.clone_from(&self.chosen);
        }
    }
}
