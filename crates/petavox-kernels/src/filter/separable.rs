//! One-dimensional filters along several axes, one after the other, on blocks with a halo.

mod pass;

use super::taps::Weights;
use super::window::Window;
use pass::{Io, Panel, Pass, View, panel_len, run_pass};
use petavox_core::{Block, Boundary, CancelToken, Dtype, Error, Region, Result};

/// What is done along one axis.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A sum of weighted samples.
    Weighted(Weights),
    /// The mean of a window.
    Mean(Window),
}

impl Line {
    /// How many samples before and after its own a result needs.
    pub fn reach(&self) -> (usize, usize) {
        match self {
            Line::Weighted(weights) => weights.reach(),
            Line::Mean(window) => window.reach(),
        }
    }

    fn has_parts(&self) -> bool {
        matches!(self, Line::Mean(window) if window.part().is_some())
    }
}

/// Filters along some axes, in the order in which they are done; no axis twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Separable {
    /// The axis and what is done along it.
    pub lines: Vec<(usize, Line)>,
    /// How samples outside the image are made.
    pub boundary: Boundary,
}

impl Separable {
    /// How many samples before and after are needed, per axis.
    pub fn reach(&self, ndim: usize) -> (Vec<usize>, Vec<usize>) {
        let (mut low, mut high) = (vec![0; ndim], vec![0; ndim]);
        for (axis, line) in &self.lines {
            if *axis < ndim {
                (low[*axis], high[*axis]) = line.reach();
            }
        }
        (low, high)
    }

    /// Bytes of scratch to make a target of this shape, as samples of `dtype`.
    pub fn scratch_bytes(&self, target_shape: &[usize], dtype: Dtype) -> usize {
        let grown = self.grown(target_shape);
        let mut between = 0;
        if let [(first, _), _, ..] = self.lines[..] {
            let mut shape = grown.clone();
            shape[first] = target_shape[first];
            between = product(&shape).saturating_mul(dtype.size()) / 8 + 1;
        }
        self.panel_len(&grown).saturating_add(between).saturating_mul(8)
    }

    fn panel_len(&self, grown: &[usize]) -> usize {
        let of = |(axis, line): &(usize, Line)| panel_len(grown, *axis, line.has_parts());
        self.lines.iter().map(of).max().unwrap_or(0)
    }

    fn grown(&self, target_shape: &[usize]) -> Vec<usize> {
        let (low, high) = self.reach(target_shape.len());
        (0..target_shape.len())
            .map(|a| target_shape[a].saturating_add(low[a]).saturating_add(high[a]))
            .collect()
    }

    /// Filters a block as a sequence of scipy.ndimage's one-dimensional filters would: sums in double, every axis' result cut to the
    /// output's dtype (as C does: towards zero, integers wrap).
    ///
    /// `input` covers `output`'s region grown by [`Separable::reach`], with samples outside the image made by the engine; for
    /// [`Boundary::Constant`] they are replaced by the constant again (in double) on every axis. The result does not
    /// depend on how the image is cut into blocks. Takes every dtype.
    /// `scratch` is aligned to 8 bytes and has at least [`Separable::scratch_bytes`].
    ///
    /// # Errors
    /// [`Error::Internal`] if the regions, axes or the scratch do not fit together; [`Error::Cancelled`], soon after it was asked for.
    pub fn run(
        &self,
        input: &Block,
        output: &mut Block,
        image_shape: &[usize],
        scratch: &mut [u8],
        cancel: &CancelToken,
    ) -> Result<()> {
        let place = "Separable::run";
        let ndim = output.region().ndim();
        let in_range = self.lines.iter().all(|(axis, _)| *axis < ndim);
        if !in_range || image_shape.len() != ndim {
            return Err(Error::internal(place, "blocks, axes and image disagree"));
        }
        let (low, high) = self.reach(ndim);
        let needed = output.region().grow(&low, &high);
        if !input.region().contains(&needed) {
            let problem = format!("input {} does not cover {needed}", input.region());
            return Err(Error::internal(place, problem));
        }
        let bytes = self.scratch_bytes(output.shape(), output.dtype());
        let doubles: &mut [f64] = match scratch.get_mut(..bytes).map(bytemuck::try_cast_slice_mut) {
            Some(Ok(doubles)) => doubles,
            _ => return Err(Error::internal(place, "scratch too small or not aligned")),
        };
        if output.region().is_empty() {
            return Ok(());
        }
        if self.lines.is_empty() {
            if input.dtype() != output.dtype() {
                return Err(Error::internal(place, "nothing to do, but another dtype"));
            }
            return output.copy_from(input);
        }
        let (panel, between) = doubles.split_at_mut(self.panel_len(needed.shape()));
        let mut panel = Panel { doubles: panel, shape: needed.shape() };
        self.passes(input, output, &needed, image_shape, &mut panel, between, cancel);
        cancel.check()
    }

    /// Between passes the samples stay where they are: each pass writes the middle of its lines in place.
    fn passes(
        &self,
        input: &Block,
        output: &mut Block,
        needed: &Region,
        image_shape: &[usize],
        panel: &mut Panel<'_>,
        between: &mut [f64],
        cancel: &CancelToken,
    ) {
        let target = output.region().clone();
        let dtype = output.dtype();
        let last = self.lines.len() - 1;
        let mut source = needed.clone();
        let mut middle = source.clone();
        let between: &mut [u8] = bytemuck::cast_slice_mut(between);
        for (i, (axis, line)) in self.lines.iter().enumerate() {
            let done = with_axis(&source, *axis, &target);
            if i == 0 {
                middle = done.clone();
            }
            let (from_dtype, from_whole) =
                if i == 0 { (input.dtype(), input.region()) } else { (dtype, &middle) };
            let to_whole = if i == last { &target } else { &middle };
            let pass = Pass {
                line,
                axis: *axis,
                source: &source,
                from: View::of(from_whole, &source, from_dtype),
                to: View::of(to_whole, &done, dtype),
                outside: outside_rows(self.boundary, *axis, &source, image_shape),
                cval: self.boundary.cval(),
                cancel,
            };
            let len = middle.len() * dtype.size();
            // What is read and what is written are never the same bytes but for the passes in the middle, which go through
            // the panel.
            let io = match (i == 0, i == last) {
                (true, true) => Io::Two(input.bytes(), output.bytes_mut()),
                (true, false) => Io::Two(input.bytes(), &mut between[..len]),
                (false, true) => Io::Two(&between[..len], output.bytes_mut()),
                (false, false) => Io::One(&mut between[..len]),
            };
            run_pass(&pass, io, panel);
            source = done;
        }
    }
}

/// The rows of a line along `axis` that hold the boundary's constant.
fn outside_rows(
    boundary: Boundary,
    axis: usize,
    source: &Region,
    image_shape: &[usize],
) -> [(usize, usize); 2] {
    if !matches!(boundary, Boundary::Constant(_)) {
        return [(0, 0); 2];
    }
    let (start, len) = (source.start()[axis], source.shape()[axis]);
    let low = (-start).clamp(0, len as i64) as usize;
    let high = (image_shape[axis] as i64 - start).clamp(0, len as i64) as usize;
    [(0, low), (high.max(low), len)]
}

/// A halo may make a shape too large to be counted; what it would need is then simply too much for any budget.
fn product(shape: &[usize]) -> usize {
    shape.iter().fold(1, |n, s| n.saturating_mul(*s))
}

fn with_axis(region: &Region, axis: usize, other: &Region) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    start[axis] = other.start()[axis];
    shape[axis] = other.shape()[axis];
    Region::new(start, shape)
}

#[cfg(test)]
mod tests;
