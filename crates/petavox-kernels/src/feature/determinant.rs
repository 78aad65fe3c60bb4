//! The determinant of the Hessian, with boxes in the place of Gaussian derivatives (H. Bay and others, SURF, 2006), as scikit-image cuts
//! the boxes at the image's edges.

use super::windows::{Windows, aligned, window_sums};
use super::{doubles, put};
use petavox_core::{Block, Error, Region, Result};

/// The boxes of a scale.
#[derive(Clone, Copy, Debug)]
pub struct Boxes {
    third: i64,
    half: i64,
    width: i64,
    weight: f64,
}

impl Boxes {
    /// Boxes about three times as wide as `sigma`.
    pub fn new(sigma: f64) -> Boxes {
        let size = (3.0 * sigma) as i64;
        Boxes {
            third: size / 3,
            half: (size - 1) / 2,
            width: size,
            weight: 1.0 / size as f64 / size as f64,
        }
    }

    /// How far boxes reach before and behind a sample.
    fn reach(&self) -> (i64, i64) {
        (self.third.max(self.half), self.width.max(2 * self.third) + 1)
    }

    /// What is needed of an image to make `target`.
    pub fn needs(&self, target: &Region, shape: &[usize]) -> Region {
        let (before, behind) = self.reach();
        let mut start = target.start().to_vec();
        let mut len = target.shape().to_vec();
        for a in 0..2 {
            let low = aligned((target.start()[a] - before).max(0));
            let high = (target.end(a) + behind).min(shape[a] as i64);
            start[a] = low.min(shape[a] as i64 - 1).max(0);
            len[a] = (high - start[a]).max(1) as usize;
        }
        Region::new(start, len)
    }
}

/// Bytes that [`determinant`] takes by itself.
pub fn determinant_bytes(input: &Region, target: &Region) -> usize {
    let (rows, out) = (input.len(), target.len());
    let strip = input.shape()[0] * target.shape()[1];
    8 * (2 * rows + 3 * strip + 8 * out) + 4096 * (input.shape()[1] + target.shape()[1])
}

/// The determinant at the samples of `output`, of a plane of `shape`.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together, [`Error::UnsupportedDtype`] if they are not floats.
pub fn determinant(
    input: &Block,
    output: &mut Block,
    boxes: &Boxes,
    shape: &[usize],
) -> Result<()> {
    let region = output.region().clone();
    if region.ndim() != 2 || input.region() != &boxes.needs(&region, shape) {
        return Err(Error::internal("determinant", format!("{} for {region}", input.region())));
    }
    let samples = doubles(input)?;
    let mut sums = Sums {
        samples: &samples,
        source: input.region(),
        target: &region,
        shape,
        strip: vec![0.0; input.shape()[0] * region.shape()[1]],
        scratch: Vec::new(),
    };
    let Boxes { third: t, half, width, weight } = *boxes;
    let n = region.len();
    let (mut boxed, mut across, mut mixed) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut add = |sums: &mut Sums<'_>, first: i64, len: i64, factor: f64, to: &mut [f64]| {
        sums.columns(first, len, &mut boxed);
        // Boxes of images that are below 0 count nothing, as in scikit-image.
        to.iter_mut().zip(&boxed).for_each(|(t, b)| *t += factor * b.max(0.0));
    };
    sums.rows(-t, t);
    add(&mut sums, -t, t, -1.0, &mut mixed);
    add(&mut sums, 1, t, 1.0, &mut mixed);
    sums.rows(1, t);
    add(&mut sums, -t, t, 1.0, &mut mixed);
    add(&mut sums, 1, t, -1.0, &mut mixed);
    sums.rows(-half, width);
    add(&mut sums, 1 - t, 2 * t - 1, 1.0, &mut across);
    sums.rows(-(t / 2), t);
    add(&mut sums, 1 - t, 2 * t - 1, -3.0, &mut across);
    let mut down = vec![0.0; n];
    sums.rows(1 - t, 2 * t - 1);
    add(&mut sums, -half, width, 1.0, &mut down);
    add(&mut sums, -(t / 2), t, -3.0, &mut down);
    for ((d, a), m) in down.iter_mut().zip(&across).zip(&mixed) {
        let (xx, yy, xy) = (-a * weight, -*d * weight, -m * weight);
        *d = xx * yy - 0.81 * (xy * xy);
    }
    put(&down, output)
}

/// Sums of boxes, rows first.
struct Sums<'a> {
    samples: &'a [f64],
    source: &'a Region,
    target: &'a Region,
    shape: &'a [usize],
    strip: Vec<f64>,
    scratch: Vec<f64>,
}

impl Sums<'_> {
    /// Boxes begin after the sample at `first` from the own one. What lies before sample 1 is not there: integral images without
    /// a margin have no sum for it.
    fn windows(&self, axis: usize, first: i64, len: i64) -> Windows {
        Windows {
            first: self.target.start()[axis] + first + 1,
            len,
            n: self.target.shape()[axis],
            within: (1, self.shape[axis] as i64),
        }
    }

    fn rows(&mut self, first: i64, len: i64) {
        let windows = self.windows(1, first, len);
        let (shape, origin) = (self.source.shape(), self.source.start()[1]);
        window_sums(self.samples, shape, 1, origin, &windows, &mut self.strip, &mut self.scratch);
    }

    fn columns(&mut self, first: i64, len: i64, to: &mut [f64]) {
        let windows = self.windows(0, first, len);
        let shape = [self.source.shape()[0], self.target.shape()[1]];
        let origin = self.source.start()[0];
        window_sums(&self.strip, &shape, 0, origin, &windows, to, &mut self.scratch);
    }
}
