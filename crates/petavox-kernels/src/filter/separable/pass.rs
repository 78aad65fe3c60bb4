//! A filter along one axis of an array, by panels: some neighbouring lines as doubles, filtered side by side.

use super::{Line, product};
use crate::filter::rows::{load, store};
use crate::filter::taps::correlate;
use crate::filter::window::{Divisor, means, sum_parts};
use crate::wide::widest;
use petavox_core::{CancelToken, Dtype, Region, strides};

/// A panel of lines as doubles stays within a share of the second-level cache.
const PANEL_BYTES: usize = 256 << 10;
/// Narrowest and widest panel, in samples.
const PANEL_WIDTH: (usize, usize) = (32, 512);

/// Where a pass reads or writes: strides of the array, the offset of the pass' first sample in it, both in samples, and their type.
pub(crate) struct View {
    strides: Vec<usize>,
    offset: usize,
    dtype: Dtype,
}

impl View {
    pub(crate) fn of(array: &Region, part: &Region, dtype: Dtype) -> View {
        View { strides: strides(array.shape()), offset: array.offset_of(part.start()), dtype }
    }

    fn at(&self, index: &[usize]) -> usize {
        self.offset + index.iter().zip(&self.strides).map(|(i, s)| i * s).sum::<usize>()
    }
}

/// What one pass does.
pub(crate) struct Pass<'a> {
    pub(crate) line: &'a Line,
    pub(crate) axis: usize,
    /// What is read; along the axis it is longer than what is written.
    pub(crate) source: &'a Region,
    pub(crate) from: View,
    pub(crate) to: View,
    /// Rows along the axis that hold `cval`.
    pub(crate) outside: [(usize, usize); 2],
    pub(crate) cval: f64,
    pub(crate) cancel: &'a CancelToken,
}

/// The bytes of a pass.
pub(crate) enum Io<'a> {
    Two(&'a [u8], &'a mut [u8]),
    One(&'a mut [u8]),
}

impl Io<'_> {
    #[inline(always)]
    fn source(&self) -> &[u8] {
        match self {
            Io::Two(s, _) => s,
            Io::One(s) => s,
        }
    }

    #[inline(always)]
    fn target(&mut self) -> &mut [u8] {
        match self {
            Io::Two(_, t) => t,
            Io::One(t) => t,
        }
    }
}

/// Scratch of all passes, whose widths are those for lines of `shape`.
pub(crate) struct Panel<'a> {
    pub(crate) doubles: &'a mut [f64],
    pub(crate) shape: &'a [usize],
}

/// Doubles for a panel of lines along `axis`, their parts, and one row of results.
pub(crate) fn panel_len(shape: &[usize], axis: usize, parts: bool) -> usize {
    let width = width(shape, axis);
    let lines = shape[axis].saturating_mul(width);
    let row = if width < PANEL_WIDTH.0 { lines } else { width };
    lines.saturating_mul(1 + usize::from(parts)).saturating_add(row)
}

fn width(shape: &[usize], axis: usize) -> usize {
    let inner = product(&shape[axis + 1..]);
    let fits = PANEL_BYTES / 8 / shape[axis].max(1) / 32 * 32;
    fits.clamp(PANEL_WIDTH.0, PANEL_WIDTH.1).min(inner.max(1))
}

/// Every index below `shape` in raster order.
struct Odometer<'a> {
    shape: &'a [usize],
    index: Vec<usize>,
    done: bool,
}

impl<'a> Odometer<'a> {
    fn new(shape: &'a [usize]) -> Odometer<'a> {
        Odometer { shape, index: vec![0; shape.len()], done: shape.contains(&0) }
    }

    fn step(&mut self) {
        for a in (0..self.shape.len()).rev() {
            self.index[a] += 1;
            if self.index[a] < self.shape[a] {
                return;
            }
            self.index[a] = 0;
        }
        self.done = true;
    }
}

widest! {
    /// Does a pass.
    pub(crate) fn run_pass(pass: &Pass<'_>, io: Io<'_>, panel: &mut Panel<'_>) {
        any_pass(pass, io, panel);
    }
}

#[inline(always)]
fn any_pass(pass: &Pass<'_>, mut io: Io<'_>, panel: &mut Panel<'_>) {
    let (shape, axis) = (pass.source.shape(), pass.axis);
    let ndim = shape.len();
    let len = shape[axis];
    let (before, after) = pass.line.reach();
    let len_out = len - before - after;
    let (from, to) = (&pass.from, &pass.to);
    let (from_size, to_size) = (from.dtype.size(), to.dtype.size());
    // Axes behind this one that both sides hold without gaps are one run of columns.
    let mut split = ndim.max(axis + 2) - 1;
    while split > axis + 1
        && from.strides[split - 1] == from.strides[split] * shape[split]
        && to.strides[split - 1] == to.strides[split] * shape[split]
    {
        split -= 1;
    }
    let run: usize = shape[split.min(ndim)..].iter().product();
    let planned = width(panel.shape, axis);
    let widest = planned.min(run);
    // Lines along the last axis, or beside few samples, are one row in memory already.
    let one_row = planned < PANEL_WIDTH.0 && from.strides[axis] == run && to.strides[axis] == run;
    let divisor = divisor(pass);
    let mut outer: Vec<usize> = shape[..split.min(ndim)].to_vec();
    outer[axis] = 1;
    let mut at = Odometer::new(&outer);
    while !at.done && !pass.cancel.is_cancelled() {
        let (f, t) = (from.at(&at.index), to.at(&at.index));
        let mut column = 0;
        while column < run {
            let w = widest.min(run - column);
            let (lines, rest) = panel.doubles.split_at_mut(len * w);
            if one_row {
                let bytes = f * from_size..(f + len * w) * from_size;
                load(from.dtype, &io.source()[bytes], lines);
            } else {
                for (k, line) in lines.chunks_exact_mut(w).enumerate() {
                    let f = (f + k * from.strides[axis] + column) * from_size;
                    load(from.dtype, &io.source()[f..f + w * from_size], line);
                }
            }
            for (a, b) in pass.outside {
                lines[a * w..b * w].fill(pass.cval);
            }
            let n_parts = if pass.line.has_parts() { len * w } else { 0 };
            let (parts, row) = rest.split_at_mut(n_parts);
            if let Line::Mean(window) = pass.line
                && let Some(part) = window.part()
            {
                sum_parts(lines, w, part, parts);
            }
            if one_row {
                let row = &mut row[..len_out * w];
                filter(pass.line, &divisor, lines, parts, w, row);
                store(to.dtype, row, &mut io.target()[t * to_size..(t + len_out * w) * to_size]);
            } else {
                let row = &mut row[..w];
                for k in 0..len_out {
                    filter(
                        pass.line,
                        &divisor,
                        &lines[k * w..],
                        parts.get(k * w..).unwrap_or_default(),
                        w,
                        row,
                    );
                    let t = (t + k * to.strides[axis] + column) * to_size;
                    store(to.dtype, row, &mut io.target()[t..t + w * to_size]);
                }
            }
            column += w;
        }
        at.step();
    }
}

/// What sums of a pass' windows are divided by; of no use to other lines.
fn divisor(pass: &Pass<'_>) -> Divisor {
    let is_single = |value: f64| value == f64::from(value as f32);
    let is_double = pass.from.dtype == Dtype::Float64 || !is_single(pass.cval);
    match pass.line {
        Line::Mean(window) => window.divisor(is_double),
        Line::Weighted(_) => Divisor::default(),
    }
}

#[inline(always)]
fn filter(
    line: &Line,
    divisor: &Divisor,
    lines: &[f64],
    parts: &[f64],
    step: usize,
    row: &mut [f64],
) {
    match line {
        Line::Weighted(weights) => correlate(lines, step, weights, row),
        Line::Mean(window) => means(lines, parts, step, window, divisor, row),
    }
}
