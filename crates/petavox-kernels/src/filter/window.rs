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

    /// Samples of a part, if the window is summed by parts: about the square root of its length.
    pub(crate) fn part(&self) -> Option<usize> {
        (self.len > PLAIN).then(|| 1 << (self.len.ilog2() / 2))
    }
}

/// Sums that are made side by side.
const LANES: usize = 32;

/// `parts[i] = sum over j < part of line[i + j * step]` for every place where the line is long enough.
#[inline(always)]
pub(crate) fn sum_parts(line: &[f64], step: usize, part: usize, parts: &mut [f64]) {
    let len = line.len() - (part - 1) * step;
    over_lanes(&mut parts[..len], |at, out| match out.len() {
        LANES => finish::<LANES>(out, add::<LANES>([0.0; LANES], &line[at..], step, part), 1.0),
        _ => finish::<1>(out, add::<1>([0.0], &line[at..], step, part), 1.0),
    });
}

/// The mean of each window: `out[i]` is that of `line[i + j * step]` for `j` within the window. `parts` are the sums of the line's
/// parts, if the window has them.
#[inline(always)]
pub(crate) fn means(line: &[f64], parts: &[f64], step: usize, window: &Window, out: &mut [f64]) {
    assert!(line.len() >= out.len() + (window.len - 1) * step, "a line shorter than its window");
    let n = window.len as f64;
    match window.part() {
        None => over_lanes(out, |at, out| match out.len() {
            LANES => finish::<LANES>(out, add([0.0; LANES], &line[at..], step, window.len), n),
            _ => finish::<1>(out, add([0.0], &line[at..], step, window.len), n),
        }),
        Some(part) => {
            let (whole, rest) = (window.len / part, window.len % part);
            let tail = whole * part * step;
            over_lanes(out, |at, out| match out.len() {
                LANES => {
                    let acc = add([0.0; LANES], &parts[at..], part * step, whole);
                    finish::<LANES>(out, add_if(acc, line, at + tail, step, rest), n);
                }
                _ => {
                    let acc = add([0.0], &parts[at..], part * step, whole);
                    finish::<1>(out, add_if(acc, line, at + tail, step, rest), n);
                }
            });
        }
    }
}

#[inline(always)]
fn over_lanes(out: &mut [f64], mut f: impl FnMut(usize, &mut [f64])) {
    let whole = out.len() - out.len() % LANES;
    let (vectors, rest) = out.split_at_mut(whole);
    for (i, chunk) in vectors.chunks_exact_mut(LANES).enumerate() {
        f(i * LANES, chunk);
    }
    for (i, one) in rest.chunks_exact_mut(1).enumerate() {
        f(whole + i, one);
    }
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

#[inline(always)]
fn add_if<const N: usize>(
    acc: [f64; N],
    line: &[f64],
    at: usize,
    step: usize,
    times: usize,
) -> [f64; N] {
    if times == 0 { acc } else { add(acc, &line[at..], step, times) }
}

#[inline(always)]
fn finish<const N: usize>(out: &mut [f64], acc: [f64; N], n: f64) {
    for k in 0..N {
        out[k] = if n == 1.0 { acc[k] } else { acc[k] / n };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::wide::widest!(means_widest(line: &[f64], parts: &[f64], step: usize, window: &Window, out: &mut [f64]) = means);

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
                means(&line, &parts, step, &window, &mut out);
                assert_eq!(out, want, "{len}");
                means_widest(&line, &parts, step, &window, &mut out);
                assert_eq!(out, want, "{len}");
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
        means(&line, &[], 1, &window, &mut out);
        let spoiled: Vec<usize> = (0..48).filter(|&i| out[i] != 1.0).collect();
        assert_eq!(spoiled, [18, 19, 20, 21]);
    }
}
