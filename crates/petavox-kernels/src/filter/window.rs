//! Means of a window that moves along a line, each from the samples of its own window and of nothing else.
//!
//! A running sum (the usual way) carries what it rounded from sample to sample, so that results depend on where a line begins,
//! and one NaN spoils the rest of the line. Here every window is summed for itself: short ones sample by sample, long ones by
//! sums of parts that neighbouring windows share. Sums of integers are exact up to 2^53 in both ways.

use super::taps::centre;
use petavox_core::{Error, Result};

/// A window along a line and where its own sample lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    len: usize,
    before: usize,
}

/// Longer windows are summed by parts.
const PLAIN: usize = 24;

impl Window {
    /// A window of `len` samples; its own one is number `len / 2 + origin`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the window is empty or has no such sample.
    pub fn new(len: usize, origin: i64) -> Result<Window> {
        if len == 0 || len > 1 << 40 {
            return Err(Error::argument("size", len, "1 or more samples"));
        }
        Ok(Window { len, before: centre(len, origin)? })
    }

    /// Samples.
    pub fn size(&self) -> usize {
        self.len
    }

    /// How many samples before and after its own it has.
    pub fn reach(&self) -> (usize, usize) {
        (self.before, self.len - 1 - self.before)
    }

    /// What sums of the window are divided by; `is_double` if their samples are doubles, that may be too small for the short way.
    pub(crate) fn divisor(&self, is_double: bool) -> Divisor {
        Divisor::new(self.len, !is_double)
    }

    /// Samples of a part, if the window is summed by parts: about the square root of its length.
    pub(crate) fn part(&self) -> Option<usize> {
        (self.len > PLAIN).then(|| 1 << (self.len.ilog2() / 2))
    }
}

/// Quotients by a whole number, rounded as division rounds them, for two multiplications.
///
/// The number's reciprocal is kept in two doubles, as Brisebarre, Muller and Raina do it (IEEE Trans. Comput. 53, 2004). What that
/// gives differs from the quotient by 2^-104 of it, and a quotient by a number up to 2^40 lies, if not on a double, 2^-94 of itself
/// or more away from the middle between two. This does not hold where the small product underflows.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Divisor {
    number: f64,
    /// Not above the reciprocal, so that the rest is not below 0 and infinities stay what they are.
    reciprocal: f64,
    /// 0 if it is not used.
    rest: f64,
}

impl Divisor {
    /// For numerators that are 0, not finite, or `is_large`: 2^-900 or more.
    fn new(number: usize, is_large: bool) -> Divisor {
        let n = number as f64;
        let near = 1.0 / n;
        let reciprocal = if f64::mul_add(-near, n, 1.0) < 0.0 { near.next_down() } else { near };
        let rest = f64::mul_add(-reciprocal, n, 1.0) / n;
        let is_used = is_large && fuses();
        Divisor { number: n, reciprocal, rest: if is_used { rest } else { 0.0 } }
    }

    /// The quotients of some sums.
    #[inline(always)]
    fn divide<const N: usize>(&self, mut sums: [f64; N]) -> [f64; N] {
        if self.rest != 0.0 {
            for sum in &mut sums {
                *sum = sum.mul_add(self.reciprocal, *sum * self.rest);
            }
        } else {
            for sum in &mut sums {
                *sum /= self.number;
            }
        }
        sums
    }
}

/// Whether the processor multiplies and adds in one.
fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    return cfg!(target_arch = "aarch64");
}

/// Sums that are made side by side.
const LANES: usize = 32;

/// `parts[i] = sum over j < part of line[i + j * step]` for every place where the line is long enough.
#[inline(always)]
pub(crate) fn sum_parts(line: &[f64], step: usize, part: usize, parts: &mut [f64]) {
    let len = line.len() - (part - 1) * step;
    let (vectors, ones) = parts[..len].as_chunks_mut::<LANES>();
    for (i, out) in vectors.iter_mut().enumerate() {
        *out = add([0.0; LANES], &line[i * LANES..], step, part);
    }
    let first = vectors.len() * LANES;
    for (i, out) in ones.as_chunks_mut::<1>().0.iter_mut().enumerate() {
        *out = add([0.0], &line[first + i..], step, part);
    }
}

/// The mean of each window: `out[i]` is that of `line[i + j * step]` for `j` within the window. `parts` are the sums of the line's
/// parts, if the window has them; `divisor` is that of [`Window::divisor`].
#[inline(always)]
pub(crate) fn means(
    line: &[f64],
    parts: &[f64],
    step: usize,
    window: &Window,
    divisor: &Divisor,
    out: &mut [f64],
) {
    assert!(line.len() >= out.len() + (window.len - 1) * step, "a line shorter than its window");
    let (vectors, ones) = out.as_chunks_mut::<LANES>();
    for (i, out) in vectors.iter_mut().enumerate() {
        *out = divisor.divide(window_sums(line, parts, step, window, i * LANES));
    }
    let first = vectors.len() * LANES;
    for (i, out) in ones.as_chunks_mut::<1>().0.iter_mut().enumerate() {
        *out = divisor.divide(window_sums(line, parts, step, window, first + i));
    }
}

/// The sums of the windows that begin at `at`.
#[inline(always)]
fn window_sums<const N: usize>(
    line: &[f64],
    parts: &[f64],
    step: usize,
    window: &Window,
    at: usize,
) -> [f64; N] {
    let Some(part) = window.part() else {
        return add([0.0; N], &line[at..], step, window.len);
    };
    let (whole, rest) = (window.len / part, window.len % part);
    let sums = add([0.0; N], &parts[at..], part * step, whole);
    // Without a rest the line may end here.
    if rest == 0 { sums } else { add(sums, &line[at + whole * part * step..], step, rest) }
}

#[inline(always)]
fn add<const N: usize>(mut acc: [f64; N], line: &[f64], step: usize, times: usize) -> [f64; N] {
    for j in 0..times {
        let tap = &line[j * step..][..N];
        for k in 0..N {
            acc[k] += tap[k];
        }
    }
    acc
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    crate::wide::widest! {
        fn means_widest(line: &[f64], parts: &[f64], step: usize, window: &Window, divisor: &Divisor, out: &mut [f64]) {
            means(line, parts, step, window, divisor, out);
        }
    }

    #[test]
    fn means_of_integers_are_exact_for_any_window_and_every_instruction_set() {
        let line: Vec<f64> = (0..1500).map(|i| ((i * 7919) % 1013) as f64 - 300.0).collect();
        for len in [1, 2, 5, 24, 25, 32, 63, 64, 100, 257] {
            let window = Window::new(len, 0).unwrap();
            for step in [1, 3] {
                let mut parts = vec![f64::NAN; line.len()];
                if let Some(part) = window.part() {
                    sum_parts(&line, step, part, &mut parts);
                }
                let mut out = vec![0.0; line.len() - (len - 1) * step];
                let want: Vec<f64> = (0..out.len())
                    .map(|i| (0..len).map(|j| line[i + j * step]).sum::<f64>() / len as f64)
                    .collect();
                means(&line, &parts, step, &window, &window.divisor(false), &mut out);
                assert_eq!(out, want, "{len}");
                means_widest(&line, &parts, step, &window, &window.divisor(false), &mut out);
                assert_eq!(out, want, "{len}");
            }
        }
    }

    proptest! {
        #[test]
        fn short_quotients_are_those_of_division(
            n in prop_oneof![1usize..2000, 1usize..(1 << 40)],
            sum in prop_oneof![any::<f32>().prop_map(f64::from), any::<i64>().prop_map(|x| x as f64), -1e6..1e6],
            near in any::<u32>(),
        ) {
            let divisor = Divisor::new(n, true);
            // Next to a multiple of the divisor and of halves of it quotients are hardest to round.
            let hard = (near as f64 + 0.5) * n as f64;
            for sum in [sum, hard, hard.next_up(), hard.next_down(), 0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::MAX] {
                prop_assert_eq!(divisor.divide([sum])[0].to_bits(), (sum / n as f64).to_bits(), "{} / {}", sum, n);
            }
        }
    }

    #[test]
    fn what_is_not_finite_spoils_its_own_windows_only() {
        let mut line = vec![1.0; 50];
        line[20] = f64::INFINITY;
        line[21] = f64::NAN;
        let window = Window::new(3, 0).unwrap();
        let mut out = vec![0.0; 48];
        means(&line, &[], 1, &window, &window.divisor(false), &mut out);
        let spoiled: Vec<usize> = (0..48).filter(|&i| out[i] != 1.0).collect();
        assert_eq!(spoiled, [18, 19, 20, 21]);
    }
}
