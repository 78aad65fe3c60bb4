//! The coefficients of B-splines that run through the samples: a recursive filter forward and backward along every axis.
//!
//! A recursion along the whole line would make every coefficient depend on every sample, and its rounding on where it began. Here each
//! segment of [`SEGMENT`] coefficients, counted from the image's first sample, is made by a recursion of its own that begins far enough
//! outside for its beginning to have decayed below the rounding of doubles. So a coefficient depends on the samples near it only, and on
//! nothing else: not on the block it is computed in. Samples outside the image are those of the boundary rule; for `mirror`, `reflect` and
//! `wrap` this is what scipy's starting values are the closed form of, which short lines are filtered with as a whole.

use crate::wide::widest;
use petavox_core::{Block, Boundary, CancelToken, Dtype, Error, Region, Result, dispatch, strides};
use std::ops::Range;

/// Coefficients that one run of the recursion makes.
const SEGMENT: i64 = 64;
/// Lines that are filtered side by side.
const LANES: usize = 16;

/// A spline's prefilter: which order, along which axes.
#[derive(Clone, Debug, PartialEq)]
pub struct SplineFilter {
    order: u8,
    axes: Vec<usize>,
    boundary: Boundary,
}

impl SplineFilter {
    /// A filter for splines of `order` 2 to 5 along `axes`, one after another.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for other orders, and for a constant boundary.
    pub fn new(order: u8, axes: Vec<usize>, boundary: Boundary) -> Result<SplineFilter> {
        if !(2..=5).contains(&order) {
            return Err(Error::argument("order", order, "a spline order of 2, 3, 4 or 5"));
        }
        if matches!(boundary, Boundary::Constant(_) | Boundary::Nearest) {
            let expected = "reflect, mirror or wrap, which have splines of their own";
            return Err(Error::argument("mode", boundary.mode(), expected));
        }
        Ok(SplineFilter { order, axes, boundary })
    }

    /// The spline's order.
    pub fn order(&self) -> u8 {
        self.order
    }

    /// The axes it runs along.
    pub fn axes(&self) -> &[usize] {
        &self.axes
    }

    /// How the image is continued.
    pub fn boundary(&self) -> Boundary {
        self.boundary
    }

    fn poles(&self) -> &'static [f64] {
        match self.order {
            2 => &[-0.171_572_875_253_809_9],
            3 => &[-0.267_949_192_431_122_7],
            4 => &[-0.361_341_225_900_220_2, -0.013_725_429_297_339_12],
            _ => &[-0.430_575_347_099_973_8, -0.043_096_288_203_264_65],
        }
    }

    /// Samples after which a recursion has forgotten how it began: the largest pole to this power is below 1e-19.
    fn decay(&self) -> i64 {
        match self.order {
            2 => 26,
            3 => 36,
            4 => 46,
            _ => 56,
        }
    }

    fn runs_along(&self, axis: usize, shape: &[usize]) -> bool {
        shape[axis] > 1 && self.axes.contains(&axis)
    }

    /// The samples that are needed to make `target` of an image of `shape`; it may reach outside.
    pub fn input(&self, target: &Region, shape: &[usize]) -> Region {
        let (mut start, mut extent) = (target.start().to_vec(), target.shape().to_vec());
        for a in 0..target.ndim() {
            if self.runs_along(a, shape) && extent[a] > 0 && is_short(shape[a]) {
                (start[a], extent[a]) = (0, shape[a]);
            } else if self.runs_along(a, shape) && extent[a] > 0 {
                let all = self.segments(target.start()[a], target.end(a), shape[a]);
                start[a] = all.start - self.decay();
                extent[a] = (all.end + self.decay() - start[a]) as usize;
            }
        }
        Region::new(start, extent)
    }

    /// The whole segments that `start..end` meets.
    fn segments(&self, start: i64, end: i64, len: usize) -> Range<i64> {
        let first = start.div_euclid(SEGMENT) * SEGMENT;
        let last = (end + SEGMENT - 1).div_euclid(SEGMENT) * SEGMENT;
        first..last.min(len as i64)
    }

    /// Doubles of scratch that making `target` takes.
    pub fn scratch_bytes(&self, target: &Region, shape: &[usize]) -> u64 {
        let input = self.input(target, shape);
        let longest = input.shape().iter().copied().max().unwrap_or(0) as u64;
        let lanes = LANES as u64;
        let segment = (SEGMENT + 2 * self.decay()) as u64;
        8 * (input.len() as u64 + lanes * (longest + segment)) + 64
    }
}

/// Lines that are filtered as a whole.
fn is_short(len: usize) -> bool {
    len as i64 <= SEGMENT
}

/// Fills `output` (float64) with the coefficients of the image of `shape`; `input` is the block of [`SplineFilter::input`].
///
/// # Errors
/// [`Error::Internal`] for blocks of another region or dtype.
pub fn spline_filter(
    input: &Block,
    output: &mut Block,
    filter: &SplineFilter,
    shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let target = output.region().clone();
    let region = filter.input(&target, shape);
    if *input.region() != region || output.dtype() != Dtype::Float64 {
        return Err(Error::internal("spline_filter", format!("{} for {region}", input.region())));
    }
    let head = scratch.as_ptr().align_offset(8);
    let doubles: &mut [f64] = bytemuck::cast_slice_mut(whole(scratch, head));
    if doubles.len() < region.len() + LANES {
        return Err(Error::internal("spline_filter", "too little scratch"));
    }
    let (samples, panel) = doubles.split_at_mut(region.len());
    dispatch!(input.dtype(), T => {
        for (d, s) in samples.iter_mut().zip(input.typed::<T>()?) {
            *d = petavox_core::Element::to_f64(*s);
        }
    });
    // What is needed shrinks from axis to axis, in place.
    let mut done = region.clone();
    for axis in filter.axes.iter().copied().filter(|&a| filter.runs_along(a, shape)) {
        let (mut start, mut extent) = (done.start().to_vec(), done.shape().to_vec());
        start[axis] = target.start()[axis];
        extent[axis] = target.shape()[axis];
        let next = Region::new(start, extent);
        along(samples, &region, &done, &next, axis, filter, shape[axis], panel, cancel);
        done = next;
    }
    let steps = strides(region.shape());
    let row = target.row_len();
    let mut at = 0;
    let out = output.typed_mut::<f64>()?;
    target.for_each_row(|point| {
        let from: usize =
            (0..point.len()).map(|a| (point[a] - region.start()[a]) as usize * steps[a]).sum();
        out[at..at + row].copy_from_slice(&samples[from..from + row]);
        at += row;
    });
    Ok(())
}

fn whole(bytes: &mut [u8], head: usize) -> &mut [u8] {
    let bytes = bytes.get_mut(head..).unwrap_or_default();
    let n = bytes.len() / 8 * 8;
    &mut bytes[..n]
}

/// Filters the lines along one axis: those of `done`, as far as `next` needs them. All lie in the array of `region`.
#[allow(clippy::too_many_arguments)]
fn along(
    samples: &mut [f64],
    region: &Region,
    done: &Region,
    next: &Region,
    axis: usize,
    filter: &SplineFilter,
    len: usize,
    panel: &mut [f64],
    cancel: &CancelToken,
) {
    let ndim = region.ndim();
    let steps = strides(region.shape());
    // Lines are taken side by side along the last other axis.
    let Some(beside) = (0..ndim).rev().find(|&a| a != axis) else {
        let base = (done.start()[axis] - region.start()[axis]) as usize;
        return lines(samples, base, 1, 0, 1, done, next, axis, filter, len, panel);
    };
    let mut outer = done.shape().to_vec();
    outer[axis] = 1;
    outer[beside] = 1;
    let base: usize =
        (0..ndim).map(|a| (done.start()[a] - region.start()[a]) as usize * steps[a]).sum();
    crate::filter::for_each_index(&outer, &mut |index| {
        if cancel.is_cancelled() {
            return;
        }
        let base: usize = base + index.iter().zip(&steps).map(|(i, s)| i * s).sum::<usize>();
        let mut first = 0;
        while first < done.shape()[beside] {
            let width = LANES.min(done.shape()[beside] - first);
            let base = base + first * steps[beside];
            lines(
                samples,
                base,
                steps[axis],
                steps[beside],
                width,
                done,
                next,
                axis,
                filter,
                len,
                panel,
            );
            first += width;
        }
    });
}

/// Filters `width` lines that begin at `base`: samples are `step` apart, lines `across`.
#[allow(clippy::too_many_arguments)]
fn lines(
    samples: &mut [f64],
    base: usize,
    step: usize,
    across: usize,
    width: usize,
    done: &Region,
    next: &Region,
    axis: usize,
    filter: &SplineFilter,
    len: usize,
    panel: &mut [f64],
) {
    let n = done.shape()[axis];
    let (line, work) = panel.split_at_mut(n * LANES);
    for (k, row) in line.chunks_exact_mut(LANES).enumerate() {
        let at = base + k * step;
        match across {
            1 => row[..width].copy_from_slice(&samples[at..at + width]),
            _ => (0..width).for_each(|c| row[c] = samples[at + c * across]),
        }
    }
    let origin = done.start()[axis];
    if is_short(len) {
        whole_line(line, filter);
        for i in next.start()[axis]..next.end(axis) {
            let row = &line[i as usize * LANES..][..LANES];
            let at = base + i as usize * step;
            match across {
                1 => samples[at..at + width].copy_from_slice(&row[..width]),
                _ => (0..width).for_each(|c| samples[at + c * across] = row[c]),
            }
        }
        return;
    }
    let (start, end) = (next.start()[axis], next.end(axis));
    let mut segment = start.div_euclid(SEGMENT) * SEGMENT;
    while segment < end {
        let stop = (segment + SEGMENT).min(len as i64);
        let from = (segment - filter.decay() - origin) as usize;
        let to = (stop + filter.decay() - origin) as usize;
        let work = &mut work[..(to - from) * LANES];
        recursion(&line[from * LANES..to * LANES], work, filter.poles());
        for i in segment.max(start)..stop.min(end) {
            let row = &work[((i - origin) as usize - from) * LANES..][..LANES];
            let at = base + (i - origin) as usize * step;
            match across {
                1 => samples[at..at + width].copy_from_slice(&row[..width]),
                _ => (0..width).for_each(|c| samples[at + c * across] = row[c]),
            }
        }
        segment += SEGMENT;
    }
}

/// Filters whole lines in place, with the starting values that scipy has. That of `reflect` differs a little from the sum it stands for,
/// by the largest pole to twice the power of the length; longer lines do not show it.
fn whole_line(line: &mut [f64], filter: &SplineFilter) {
    let n = line.len() / LANES;
    let poles = filter.poles();
    let gain: f64 = poles.iter().fold(1.0, |g, z| g * ((1.0 - z) * (1.0 - 1.0 / z)));
    line.iter_mut().for_each(|v| *v *= gain);
    for &z in poles {
        for c in 0..LANES {
            let at = |i: usize| i * LANES + c;
            match filter.boundary {
                Boundary::Wrap => {
                    let mut power = z;
                    for i in 1..n {
                        line[at(0)] += power * line[at(n - i)];
                        power *= z;
                    }
                    line[at(0)] /= 1.0 - power;
                }
                Boundary::Reflect => {
                    let (whole, first) = (z.powi(n as i32), line[at(0)]);
                    line[at(0)] += whole * line[at(n - 1)];
                    let mut power = z;
                    for i in 1..n {
                        line[at(0)] += power * (line[at(i)] + whole * line[at(n - 1 - i)]);
                        power *= z;
                    }
                    line[at(0)] *= z / (1.0 - whole * whole);
                    line[at(0)] += first;
                }
                _ => {
                    let whole = z.powi(n as i32 - 1);
                    line[at(0)] += whole * line[at(n - 1)];
                    let mut power = z;
                    for i in 1..n - 1 {
                        line[at(0)] += power * (line[at(i)] + whole * line[at(n - 1 - i)]);
                        power *= z;
                    }
                    line[at(0)] /= 1.0 - whole * whole;
                }
            }
        }
        for i in 1..n {
            for c in 0..LANES {
                line[i * LANES + c] += z * line[(i - 1) * LANES + c];
            }
        }
        for c in 0..LANES {
            let at = |i: usize| i * LANES + c;
            let last = at(n - 1);
            match filter.boundary {
                Boundary::Wrap => {
                    let mut power = z;
                    for i in 0..n - 1 {
                        line[last] += power * line[at(i)];
                        power *= z;
                    }
                    line[last] *= z / (power - 1.0);
                }
                Boundary::Reflect => line[last] *= z / (z - 1.0),
                _ => line[last] = (z * line[at(n - 2)] + line[last]) * z / (z * z - 1.0),
            }
        }
        for i in (0..n - 1).rev() {
            for c in 0..LANES {
                line[i * LANES + c] = z * (line[(i + 1) * LANES + c] - line[i * LANES + c]);
            }
        }
    }
}

widest! {
    fn recursion(line: &[f64], work: &mut [f64], poles: &[f64]) {
        let gain: f64 = poles.iter().fold(1.0, |g, z| g * ((1.0 - z) * (1.0 - 1.0 / z)));
        for (w, v) in work.iter_mut().zip(line) {
            *w = v * gain;
        }
        for &z in poles {
            let mut last = [0.0; LANES];
            for row in work.chunks_exact_mut(LANES) {
                for c in 0..LANES {
                    last[c] = row[c] + z * last[c];
                    row[c] = last[c];
                }
            }
            let mut last = [0.0; LANES];
            for row in work.chunks_exact_mut(LANES).rev() {
                for c in 0..LANES {
                    last[c] = z * (last[c] - row[c]);
                    row[c] = last[c];
                }
            }
        }
    }
}
