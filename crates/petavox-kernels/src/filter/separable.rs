//! One-dimensional correlations along several axes, one after the other, on blocks with a halo.

use super::taps::{Weights, correlate};
use crate::sample::Sample;
use petavox_core::{Block, Boundary, CancelToken, Dtype, Error, Region, Result, dispatch, strides};

/// A panel of lines as doubles stays within a share of the second-level cache.
const PANEL_BYTES: usize = 256 << 10;
/// Widest and narrowest panel, in samples.
const PANEL_WIDTH: (usize, usize) = (32, 512);

/// Bytes of scratch that [`correlate_axes`] needs for a target of this shape.
pub fn correlate_axes_scratch_bytes(
    target_shape: &[usize],
    weights: &[Option<Weights>],
    dtype: Dtype,
) -> usize {
    let of = |a: usize| weights.get(a).and_then(Option::as_ref);
    let grown: Vec<usize> = (0..target_shape.len())
        .map(|a| target_shape[a].saturating_add(2 * of(a).map_or(0, Weights::radius)))
        .collect();
    let active: Vec<usize> = (0..target_shape.len()).filter(|&a| of(a).is_some()).collect();
    let panel = active.iter().map(|&a| panel_len(&grown, a)).max().unwrap_or(0);
    let mut between = 0;
    if active.len() > 1 {
        let mut shape = grown;
        shape[active[0]] = target_shape[active[0]];
        between = product(&shape).saturating_mul(dtype.size()) / 8 + 1;
    }
    panel.saturating_add(between).saturating_mul(8)
}

/// A halo may make a shape too large to be counted; what it would need is then simply too much for any budget.
fn product(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, s| n.saturating_mul(*s))
}

/// Doubles for a panel of lines along `axis` and one row of results.
fn panel_len(shape: &[usize], axis: usize) -> usize {
    let width = panel_width(shape, axis);
    let len = shape[axis];
    if axis + 1 == shape.len() { 2 * len } else { (len + 1).saturating_mul(width) }
}

fn panel_width(shape: &[usize], axis: usize) -> usize {
    let inner = product(&shape[axis + 1..]);
    let fits = PANEL_BYTES / 8 / shape[axis].max(1) / 32 * 32;
    fits.clamp(PANEL_WIDTH.0, PANEL_WIDTH.1).min(inner.max(1))
}

/// Correlates along axis 0, then 1, ... with the weights of each axis (`None` leaves an axis as it is), as a sequence of
/// scipy.ndimage's `correlate1d` would: sums in double, every axis' result cut to the samples' dtype.
///
/// `input` covers `output`'s region grown by the radii, with samples outside the image made by the engine; for
/// [`Boundary::Constant`] they are replaced by the constant again (in double) on every axis. The result does not
/// depend on how the image is cut into blocks. Takes every dtype; both blocks have the same.
/// `scratch` is aligned to 8 bytes and has at least [`correlate_axes_scratch_bytes`].
///
/// # Errors
/// [`Error::Internal`] if the regions, dtypes or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
pub fn correlate_axes(
    input: &Block,
    output: &mut Block,
    weights: &[Option<Weights>],
    boundary: Boundary,
    image_shape: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "correlate_axes";
    let ndim = output.region().ndim();
    if input.dtype() != output.dtype() || weights.len() != ndim || image_shape.len() != ndim {
        return Err(Error::internal(place, "blocks, weights and image disagree"));
    }
    let radius: Vec<usize> =
        weights.iter().map(|w| w.as_ref().map_or(0, Weights::radius)).collect();
    let needed = output.region().grow(&radius, &radius);
    if !input.region().contains(&needed) {
        let problem = format!("input {} does not cover {needed}", input.region());
        return Err(Error::internal(place, problem));
    }
    let bytes = correlate_axes_scratch_bytes(output.shape(), weights, input.dtype());
    let doubles: &mut [f64] = match scratch.get_mut(..bytes).map(bytemuck::try_cast_slice_mut) {
        Some(Ok(doubles)) => doubles,
        _ => return Err(Error::internal(place, "scratch too small or not aligned")),
    };
    if output.region().is_empty() {
        return Ok(());
    }
    let active: Vec<usize> = (0..ndim).filter(|&a| weights[a].is_some()).collect();
    if active.is_empty() {
        return output.copy_from(input);
    }
    let panel_doubles = active.iter().map(|&a| panel_len(needed.shape(), a)).max().unwrap_or(0);
    let (panel, between) = doubles.split_at_mut(panel_doubles);
    dispatch!(input.dtype(), T => {
        let job = Passes { needed: &needed, weights, boundary, image_shape, active: &active, cancel };
        let between: &mut [T] = bytemuck::cast_slice_mut(between);
        let (to_region, from_region) = (output.region().clone(), input.region().clone());
        job.run::<T>(input.typed()?, &from_region, output.typed_mut()?, &to_region, panel, between)
    });
    cancel.check()
}

struct Passes<'a> {
    needed: &'a Region,
    weights: &'a [Option<Weights>],
    boundary: Boundary,
    image_shape: &'a [usize],
    active: &'a [usize],
    cancel: &'a CancelToken,
}

/// Where a pass reads or writes: strides of the array and the offset of the pass' first sample in it.
struct View {
    strides: Vec<usize>,
    offset: usize,
}

impl View {
    fn of(array: &Region, part: &Region) -> View {
        View { strides: strides(array.shape()), offset: array.offset_of(part.start()) }
    }
}

impl Passes<'_> {
    /// Between passes the samples stay where they are: each pass writes the middle of its lines in place.
    fn run<T: Sample>(
        &self,
        input: &[T],
        input_region: &Region,
        output: &mut [T],
        target: &Region,
        panel: &mut [f64],
        between: &mut [T],
    ) {
        let last = self.active.len() - 1;
        let mut source = self.needed.clone();
        let mut middle = source.clone();
        for (i, &axis) in self.active.iter().enumerate() {
            let done = with_axis(&source, axis, target);
            if i == 0 {
                middle = done.clone();
            }
            let from_whole = if i == 0 { input_region } else { &middle };
            let to_whole = if i == last { target } else { &middle };
            let from = View::of(from_whole, &source);
            let to = View::of(to_whole, &done);
            let len = middle.len();
            // One pass of the four kinds: what is read and what is written are never the same slice but for the
            // passes in the middle, which go through the panel.
            match (i == 0, i == last) {
                (true, true) => self.pass(axis, &source, Io::Two(input, output), &from, &to, panel),
                (true, false) => {
                    self.pass(axis, &source, Io::Two(input, &mut between[..len]), &from, &to, panel)
                }
                (false, true) => {
                    self.pass(axis, &source, Io::Two(&between[..len], output), &from, &to, panel)
                }
                (false, false) => {
                    self.pass(axis, &source, Io::One(&mut between[..len]), &from, &to, panel)
                }
            }
            source = done;
        }
    }

    fn pass<T: Sample>(
        &self,
        axis: usize,
        source: &Region,
        mut io: Io<'_, T>,
        from: &View,
        to: &View,
        panel: &mut [f64],
    ) {
        let Some(weights) = &self.weights[axis] else { return };
        let ndim = source.ndim();
        let (len, r) = (source.shape()[axis], weights.radius());
        let len_out = len - 2 * r;
        let outside = self.outside_rows(axis, source);
        let cval = if let Boundary::Constant(c) = self.boundary { c } else { 0.0 };
        if axis + 1 == ndim {
            let (line, row) = panel.split_at_mut(len);
            let row = &mut row[..len_out];
            for_each_index(&source.shape()[..axis], &mut |index| {
                if self.cancel.is_cancelled() {
                    return;
                }
                let f = from.offset + dot(index, &from.strides);
                let t = to.offset + dot(index, &to.strides);
                for (d, s) in line.iter_mut().zip(&io.source()[f..f + len]) {
                    *d = s.to_f64();
                }
                outside.iter().for_each(|&(a, b)| line[a..b].fill(cval));
                correlate(line, 1, weights, row);
                for (d, s) in io.target()[t..t + len_out].iter_mut().zip(row.iter()) {
                    *d = T::cut_from(*s);
                }
            });
            return;
        }
        // Axes behind this one that both sides hold without gaps are one run of columns.
        let mut split = ndim - 1;
        while split > axis + 1
            && from.strides[split - 1] == from.strides[split] * source.shape()[split]
            && to.strides[split - 1] == to.strides[split] * source.shape()[split]
        {
            split -= 1;
        }
        let run: usize = source.shape()[split..].iter().product();
        let width = panel_width(self.needed.shape(), axis).min(run);
        let mut outer: Vec<usize> = source.shape()[..split].to_vec();
        outer[axis] = 1;
        for_each_index(&outer, &mut |index| {
            if self.cancel.is_cancelled() {
                return;
            }
            let f = from.offset + dot(index, &from.strides);
            let t = to.offset + dot(index, &to.strides);
            let mut column = 0;
            while column < run {
                let w = width.min(run - column);
                let (lines, row) = panel.split_at_mut(len * w);
                for (k, line) in lines.chunks_exact_mut(w).enumerate() {
                    let f = f + k * from.strides[axis] + column;
                    for (d, s) in line.iter_mut().zip(&io.source()[f..f + w]) {
                        *d = s.to_f64();
                    }
                }
                outside.iter().for_each(|&(a, b)| lines[a * w..b * w].fill(cval));
                for k in 0..len_out {
                    correlate(&lines[k * w..], w, weights, &mut row[..w]);
                    let t = t + k * to.strides[axis] + column;
                    for (d, s) in io.target()[t..t + w].iter_mut().zip(row.iter()) {
                        *d = T::cut_from(*s);
                    }
                }
                column += w;
            }
        });
    }

    /// The rows of a line along `axis` that hold the boundary's constant.
    fn outside_rows(&self, axis: usize, source: &Region) -> Vec<(usize, usize)> {
        if !matches!(self.boundary, Boundary::Constant(_)) {
            return vec![];
        }
        let (start, len) = (source.start()[axis], source.shape()[axis]);
        let low = (-start).clamp(0, len as i64) as usize;
        let high = (self.image_shape[axis] as i64 - start).clamp(0, len as i64) as usize;
        vec![(0, low), (high.max(low), len)]
    }
}

enum Io<'a, T> {
    Two(&'a [T], &'a mut [T]),
    One(&'a mut [T]),
}

impl<T> Io<'_, T> {
    #[inline(always)]
    fn source(&self) -> &[T] {
        match self {
            Io::Two(s, _) => s,
            Io::One(s) => s,
        }
    }

    #[inline(always)]
    fn target(&mut self) -> &mut [T] {
        match self {
            Io::Two(_, t) => t,
            Io::One(t) => t,
        }
    }
}

fn with_axis(region: &Region, axis: usize, other: &Region) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    start[axis] = other.start()[axis];
    shape[axis] = other.shape()[axis];
    Region::new(start, shape)
}

fn dot(index: &[usize], strides: &[usize]) -> usize {
    index.iter().zip(strides).map(|(i, s)| i * s).sum()
}

/// Every index below `shape` in raster order; once, with an empty index, for no axes.
pub(crate) fn for_each_index(shape: &[usize], f: &mut dyn FnMut(&[usize])) {
    if shape.contains(&0) {
        return;
    }
    let mut index = vec![0; shape.len()];
    loop {
        f(&index);
        let mut a = shape.len();
        loop {
            if a == 0 {
                return;
            }
            a -= 1;
            index[a] += 1;
            if index[a] < shape[a] {
                break;
            }
            index[a] = 0;
        }
    }
}
