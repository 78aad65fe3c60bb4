//! The exact distance transform, one axis at a time, on squared distances.
//!
//! [`distance_start`] makes 0 of background and [`FAR`] of foreground; [`distance_pass`] is done once along every axis, in any order, each on
//! whole lines of the image; [`distance_root`] ends it. A block of any shape may be passed as long as it is as long as the image along
//! the axis of the pass, so an image that is not in memory goes through in slabs.
//!
//! The pass is the lower envelope of parabolas of P. Felzenszwalb and D. Huttenlocher (Theory of Computing 8, 2012), with comparisons
//! that divide nothing.

use super::window::{Real, window_pass};
use crate::filter::for_each_index;
use crate::wide::widest;
use petavox_core::{Block, Dtype, Error, Result, strides};

/// The squared distance of a sample from which no background was seen yet.
pub const FAR: f64 = f64::INFINITY;

/// Writes the squared distances before the first pass: 0 where the `bool` mask is false, [`FAR`] where it is true. `output` is `float64`.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for other dtypes; [`Error::Internal`] if the regions differ.
pub fn distance_start(mask: &Block, output: &mut Block) -> Result<()> {
    if mask.dtype() != Dtype::Bool {
        return Err(Error::dtype("distance transform", mask.dtype(), "bool"));
    }
    check(output, "distance transform (squares)")?;
    crate::pointwise::same_region("distance_start", mask, output)?;
    for (to, from) in output.typed_mut::<f64>()?.iter_mut().zip(mask.typed::<u8>()?) {
        *to = if *from == 0 { 0.0 } else { FAR };
    }
    Ok(())
}

fn check(block: &Block, op: &str) -> Result<()> {
    if block.dtype() == Dtype::Float64 {
        return Ok(());
    }
    Err(Error::dtype(op, block.dtype(), "float64"))
}

/// Lines that are passed together, so that memory is read in runs.
const LINES: usize = 16;

/// Lines that are counted side by side.
const FIRST_LANES: usize = 512;

/// Bytes of scratch that [`distance_pass`] needs for lines of this many samples.
pub fn distance_pass_scratch_bytes(len: usize) -> usize {
    (len * 8 * (3 * LINES + 2)).max(8 * FIRST_LANES)
}

/// Passes along `axis`, in place: every sample becomes the least of `squares[j] + (spacing * (i - j))^2` over its line. The block holds
/// whole lines of the image. With spacing 1 (or any whole number) all values are whole and exact up to 2^53.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless the squares are `float64`; [`Error::InvalidArgument`] for an axis that is not there or a spacing that
/// is not positive and finite; [`Error::Internal`] if the scratch does not fit.
pub fn distance_pass(
    squares: &mut Block,
    axis: usize,
    spacing: f64,
    scratch: &mut [u8],
) -> Result<()> {
    check(squares, "distance transform (squares)")?;
    let ndim = squares.region().ndim();
    if axis >= ndim {
        return Err(Error::argument("axis", axis, format!("below {ndim}")));
    }
    if !(spacing.is_finite() && spacing > 0.0) {
        return Err(Error::argument("spacing", spacing, "a positive finite number"));
    }
    let shape = squares.shape().to_vec();
    let len = shape[axis];
    let bytes = distance_pass_scratch_bytes(len);
    let doubles: &mut [f64] = match scratch.get_mut(..bytes).map(bytemuck::try_cast_slice_mut) {
        Some(Ok(doubles)) => doubles,
        _ => return Err(Error::internal("distance_pass", "scratch too small or not aligned")),
    };
    if squares.region().is_empty() {
        return Ok(());
    }
    let (lines, rest) = doubles.split_at_mut(LINES * len);
    let (sites, rest) = rest.split_at_mut(len);
    let (values, near) = rest.split_at_mut(len);
    let mut envelope = Envelope { sites, values, spacing };
    let step = strides(&shape)[axis];
    let samples = squares.typed_mut::<f64>()?;
    for_each_index(&shape[..axis], &mut |index| {
        let outer = index.iter().zip(&shape).fold(0, |n, (i, s)| n * s + i);
        let base = outer * len * step;
        let mut column = 0;
        while column < step {
            let n = LINES.min(step - column);
            let mut done = false;
            nearby(&mut samples[base + column..], [n, len, step], spacing, near, &mut done);
            if done {
                column += n;
                continue;
            }
            for i in 0..len {
                let from = &samples[base + i * step + column..][..n];
                for (k, v) in from.iter().enumerate() {
                    lines[k * len + i] = *v;
                }
            }
            for k in 0..n {
                envelope.line(&mut lines[k * len..(k + 1) * len]);
            }
            for i in 0..len {
                let to = &mut samples[base + i * step + column..][..n];
                for (k, v) in to.iter_mut().enumerate() {
                    *v = lines[k * len + i];
                }
            }
            column += n;
        }
    });
    Ok(())
}

widest! {
    /// The pass over `n` lines side by side by their near neighbours; if distances are too long, nothing is changed and nothing `done`.
    fn nearby(samples: &mut [f64], lines: [usize; 3], spacing: f64, near: &mut [f64], done: &mut bool) {
        nearby_body(samples, lines, spacing, near, done);
    }
}

#[inline(always)]
fn nearby_body(
    samples: &mut [f64],
    [n, len, step]: [usize; 3],
    spacing: f64,
    near: &mut [f64],
    done: &mut bool,
) {
    // Whole numbers this small are exact in 32 bits, and what is larger does not stay.
    let mut whole = spacing.fract() == 0.0;
    let halves: &mut [f32] = bytemuck::cast_slice_mut(near);
    let (values, rest) = halves.split_at_mut(len * n);
    let best = &mut rest[..len * n];
    for i in 0..len {
        let from = &samples[i * step..][..n];
        for (to, v) in values[i * n..(i + 1) * n].iter_mut().zip(from) {
            *to = *v as f32;
            // Adding 2^52 leaves whole numbers.
            whole &= (*v + ROUNDS) - ROUNDS == *v || *v > 1e6;
        }
    }
    if whole {
        *done = window_pass(values, best, n, spacing);
        if *done {
            put_back(samples, best, n, len, step);
        }
        return;
    }
    let (values, rest) = near.split_at_mut(len * n);
    let best = &mut rest[..len * n];
    for i in 0..len {
        values[i * n..(i + 1) * n].copy_from_slice(&samples[i * step..][..n]);
    }
    *done = window_pass(values, best, n, spacing);
    if *done {
        put_back(samples, best, n, len, step);
    }
}

/// A double this large has no digits behind the point.
const ROUNDS: f64 = 4503599627370496.0;

#[inline(always)]
fn put_back<T: Real>(samples: &mut [f64], best: &[T], n: usize, len: usize, step: usize) {
    for i in 0..len {
        let to = samples[i * step..][..n].iter_mut();
        to.zip(&best[i * n..(i + 1) * n]).for_each(|(t, b)| *t = b.wide());
    }
}

/// The pass along the first axis of all, when samples are 0 or [`FAR`] still: the distance to the nearest 0 of the line, counted from both
/// sides, for all lines that lie side by side at once.
///
/// # Errors
/// As [`distance_pass`].
pub fn distance_first_pass(
    squares: &mut Block,
    axis: usize,
    spacing: f64,
    scratch: &mut [u8],
) -> Result<()> {
    check(squares, "distance transform (squares)")?;
    let ndim = squares.region().ndim();
    if axis >= ndim {
        return Err(Error::argument("axis", axis, format!("below {ndim}")));
    }
    if !(spacing.is_finite() && spacing > 0.0) {
        return Err(Error::argument("spacing", spacing, "a positive finite number"));
    }
    let shape = squares.shape().to_vec();
    let (len, step) = (shape[axis], strides(&shape)[axis]);
    if squares.region().is_empty() {
        return Ok(());
    }
    let samples = squares.typed_mut::<f64>()?;
    let counts = match scratch.get_mut(..8 * FIRST_LANES).map(bytemuck::try_cast_slice_mut) {
        Some(Ok(counts)) => counts,
        _ => {
            return Err(Error::internal("distance_first_pass", "scratch too small or not aligned"));
        }
    };
    let counts: &mut [f64] = counts;
    first_pass(samples, len, step, spacing, counts);
    Ok(())
}

widest! {
    /// The distances to the nearest 0 of every line, counted from both sides.
    fn first_pass(samples: &mut [f64], len: usize, step: usize, spacing: f64, counts: &mut [f64]) {
        first_pass_body(samples, len, step, spacing, counts);
    }
}

#[inline(always)]
fn first_pass_body(samples: &mut [f64], len: usize, step: usize, spacing: f64, counts: &mut [f64]) {
    for line in samples.chunks_exact_mut(len * step) {
        for first in (0..step).step_by(FIRST_LANES) {
            let n = FIRST_LANES.min(step - first);
            let counts = &mut counts[..n];
            counts.fill(FAR);
            for i in 0..len {
                let row = &mut line[i * step + first..][..n];
                for (v, count) in row.iter_mut().zip(counts.iter_mut()) {
                    *count = if *v == 0.0 { 0.0 } else { *count + 1.0 };
                    *v = *count;
                }
            }
            counts.fill(FAR);
            for i in (0..len).rev() {
                let row = &mut line[i * step + first..][..n];
                for (v, count) in row.iter_mut().zip(counts.iter_mut()) {
                    *count = if *v == 0.0 { 0.0 } else { *count + 1.0 };
                    let d = count.min(*v) * spacing;
                    *v = d * d;
                }
            }
        }
    }
}

struct Envelope<'a> {
    /// Positions of the parabolas that show from below, left to right.
    sites: &'a mut [f64],
    /// Their lowest values.
    values: &'a mut [f64],
    spacing: f64,
}

impl Envelope<'_> {
    /// Background cuts a line: no parabola reaches over a zero, so every run between two zeros is done for itself.
    fn line(&mut self, line: &mut [f64]) {
        let mut at = 0;
        while let Some(skip) = line[at..].iter().position(|v| *v != 0.0) {
            let start = at + skip;
            let end =
                line[start..].iter().position(|v| *v == 0.0).map_or(line.len(), |n| start + n);
            self.run(line, start, end);
            at = end;
        }
    }

    /// The run `start .. end`, and the zeros beside it if there are any.
    fn run(&mut self, line: &mut [f64], start: usize, end: usize) {
        let (first, last) = (start.saturating_sub(1), (end + 1).min(line.len()));
        let mut n = 0;
        for (i, &value) in line[first..last].iter().enumerate() {
            if value == FAR {
                continue;
            }
            let x = (first + i) as f64;
            while n >= 2 && self.hides(n, x, value) {
                n -= 1;
            }
            self.sites[n] = x;
            self.values[n] = value;
            n += 1;
        }
        if n == 0 {
            return;
        }
        let mut k = 0;
        for (i, to) in line[start..end].iter_mut().enumerate() {
            let x = (start + i) as f64;
            let mut best = self.at(k, x);
            while k + 1 < n {
                let next = self.at(k + 1, x);
                if next > best {
                    break;
                }
                best = next;
                k += 1;
            }
            *to = best;
        }
    }

    #[inline(always)]
    fn at(&self, k: usize, x: f64) -> f64 {
        let d = self.spacing * (x - self.sites[k]);
        d * d + self.values[k]
    }

    /// True if the last parabola is nowhere below both the one before it and the new one at `x`.
    fn hides(&self, n: usize, x: f64, value: f64) -> bool {
        let (x0, v0) = (self.sites[n - 2], self.values[n - 2]);
        let (x1, v1) = (self.sites[n - 1], self.values[n - 1]);
        // Compares where (0, 1) and where (1, new) meet, multiplied out in scipy's order; x0 < x1 < x.
        let (left, right) = ((x1 - x0) * self.spacing, (x - x1) * self.spacing);
        let both = left + right;
        both * v1 - right * v0 - left * value - left * right * both > 0.0
    }
}

/// Turns squared distances into distances, written as `output`'s dtype: `float64` equals scipy.ndimage's `distance_transform_edt` (to
/// the last bit for spacing 1), `float32` is rounded from it.
///
/// Where the image has no background at all, every distance is infinite. (scipy answers there with distances to a sample just outside the
/// image, which mean nothing.)
///
/// # Errors
/// [`Error::UnsupportedDtype`] for other dtypes; [`Error::Internal`] if the regions differ.
pub fn distance_root(squares: &Block, output: &mut Block) -> Result<()> {
    check(squares, "distance transform (squares)")?;
    crate::pointwise::same_region("distance_root", squares, output)?;
    let from = squares.typed::<f64>()?;
    match output.dtype() {
        Dtype::Float64 => {
            let to = output.typed_mut::<f64>()?;
            to.iter_mut().zip(from).for_each(|(t, s)| *t = s.sqrt());
        }
        Dtype::Float32 => {
            let to = output.typed_mut::<f32>()?;
            to.iter_mut().zip(from).for_each(|(t, s)| *t = s.sqrt() as f32);
        }
        other => {
            return Err(Error::dtype("distance transform (output)", other, "float32, float64"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
