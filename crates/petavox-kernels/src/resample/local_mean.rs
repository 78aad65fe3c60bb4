//! Other extents by means: every new sample is the mean of the part of the image that it covers.

use petavox_core::{Block, Error, Region, Result};
use std::ops::Range;

/// How the samples of an axis cover it, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Samples before.
    pub from: usize,
    /// Samples after.
    pub to: usize,
    /// Samples fill the axis (skimage's `grid_mode`); else the axis goes from the first sample's middle to the last's.
    pub grid: bool,
}

impl Cover {
    /// Where the old sample `i` ends and the next begins, for `i` up to the number of samples.
    fn old_break(self, i: usize) -> f64 {
        match (self.grid, i) {
            (true, _) => i as f64,
            (false, 0) => 0.0,
            (false, i) if i == self.from => self.from as f64 - 1.0,
            (false, i) => i as f64 - 0.5,
        }
    }

    fn new_break(self, i: usize) -> f64 {
        if self.grid {
            return match i == self.to {
                true => self.from as f64,
                false => i as f64 * (self.from as f64 / self.to as f64),
            };
        }
        let (old, new) = (self.from as f64 - 1.0, self.to as f64 - 1.0);
        let half = 0.5 * old / new;
        match i {
            0 => 0.0,
            i if i == self.to => old,
            1 => half,
            // numpy.linspace, whose last value is its end.
            i if i + 1 == self.to => old - half,
            i => half + (i - 1) as f64 * ((old - half - half) / (new - 1.0)),
        }
    }

    /// The old samples of which a new one has a part.
    fn covered(self, o: usize) -> Range<usize> {
        let (low, high) = (self.new_break(o), self.new_break(o + 1));
        let near = |x: f64| ((x.floor() as i64) - 1).clamp(0, self.from as i64 - 1) as usize;
        let mut first = near(low);
        while first + 1 < self.from && self.old_break(first + 1) <= low {
            first += 1;
        }
        let mut end = first + 1;
        while end < self.from && self.old_break(end) < high {
            end += 1;
        }
        first..end
    }

    /// The old samples that a run of new ones covers.
    pub fn reach(self, new: Range<i64>) -> Range<i64> {
        if self.from == self.to || new.is_empty() {
            return new;
        }
        let first = self.covered(new.start as usize).start as i64;
        first..self.covered(new.end as usize - 1).end as i64
    }

    /// The shares of the old samples in a new one, and the first of them.
    fn weights(self, o: usize, weights: &mut Vec<f64>) -> usize {
        let covered = self.covered(o);
        let (low, high) = (self.new_break(o), self.new_break(o + 1));
        weights.clear();
        for i in covered.clone() {
            let part = high.min(self.old_break(i + 1)) - low.max(self.old_break(i));
            weights.push(part.max(0.0));
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|w| *w /= sum);
        covered.start
    }
}

/// Bytes of scratch that [`local_mean`] needs to get from one shape to another.
pub fn local_mean_scratch_bytes(from: &[usize], to: &[usize]) -> usize {
    16 * largest(from, to)
}

/// Samples of the largest image on the way.
fn largest(from: &[usize], to: &[usize]) -> usize {
    let mut shape = from.to_vec();
    let mut most = shape.iter().product::<usize>();
    for (a, n) in to.iter().enumerate() {
        shape[a] = *n;
        most = most.max(shape.iter().product());
    }
    most
}

/// Fills `output` (`float32` or `float64`, as the input) with means, axis by axis from the first. `input` covers what [`Cover::reach`] says.
///
/// # Errors
/// [`Error::Internal`] if the blocks or the scratch do not fit together; [`Error::UnsupportedDtype`] for integers.
pub fn local_mean(
    input: &Block,
    output: &mut Block,
    covers: &[Cover],
    scratch: &mut [u8],
) -> Result<()> {
    let place = "local_mean";
    let (from, to) = (input.region().clone(), output.region().clone());
    if input.dtype() != output.dtype() || covers.len() != from.ndim() || to.ndim() != from.ndim() {
        return Err(Error::internal(place, "the blocks do not fit together"));
    }
    let most = largest(from.shape(), to.shape());
    let bytes = scratch.get_mut(..16 * most);
    let Some(Ok(values)) = bytes.map(bytemuck::try_cast_slice_mut::<u8, f64>) else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    let (mut now, mut next) = values.split_at_mut(most);
    let single = match input.dtype() {
        petavox_core::Dtype::Float32 => {
            let samples = input.typed::<f32>()?;
            now.iter_mut().zip(samples).for_each(|(v, s)| *v = f64::from(*s));
            true
        }
        petavox_core::Dtype::Float64 => {
            now[..from.len()].copy_from_slice(input.typed::<f64>()?);
            false
        }
        other => return Err(Error::dtype("resize_local_mean", other, "float32, float64")),
    };
    let mut shape = from.shape().to_vec();
    for (axis, cover) in covers.iter().enumerate() {
        if cover.from == cover.to {
            continue;
        }
        let len = shape[axis];
        let run = to.start()[axis]..to.end(axis);
        along(now, next, &shape, axis, *cover, run, from.start()[axis], single);
        shape[axis] = to.shape()[axis];
        std::mem::swap(&mut now, &mut next);
        debug_assert!(len > 0);
    }
    match single {
        true => {
            let samples = output.typed_mut::<f32>()?;
            samples.iter_mut().zip(&*now).for_each(|(s, v)| *s = *v as f32);
        }
        false => {
            let n = to.len();
            output.typed_mut::<f64>()?.copy_from_slice(&now[..n]);
        }
    }
    Ok(())
}

/// One axis.
fn along(
    now: &[f64],
    next: &mut [f64],
    shape: &[usize],
    axis: usize,
    cover: Cover,
    run: Range<i64>,
    begins: i64,
    single: bool,
) {
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let (len, new_len) = (shape[axis], (run.end - run.start) as usize);
    let mut weights = vec![];
    for (k, o) in run.enumerate() {
        let first = (cover.weights(o as usize, &mut weights) as i64 - begins) as usize;
        for block in 0..outer {
            let to = &mut next[(block * new_len + k) * inner..][..inner];
            to.fill(0.0);
            for (i, weight) in weights.iter().enumerate() {
                let from = &now[(block * len + first + i) * inner..][..inner];
                to.iter_mut().zip(from).for_each(|(t, f)| *t += weight * f);
            }
            if single {
                to.iter_mut().for_each(|t| *t = f64::from(*t as f32));
            }
        }
    }
}

/// The region of the input that a region of the output covers.
pub fn local_mean_input(target: &Region, covers: &[Cover]) -> Region {
    let runs: Vec<Range<i64>> = covers
        .iter()
        .enumerate()
        .map(|(a, cover)| cover.reach(target.start()[a]..target.end(a)))
        .collect();
    let start: Vec<i64> = runs.iter().map(|r| r.start).collect();
    let shape: Vec<usize> = runs.iter().map(|r| (r.end - r.start) as usize).collect();
    Region::new(start, shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resized(from: &[f64], to: usize, grid: bool) -> Vec<f64> {
        let input = Block::from_vec(Region::whole(&[from.len()]), from.to_vec()).unwrap();
        let mut output = Block::zeros(Region::whole(&[to]), input.dtype()).unwrap();
        let covers = [Cover { from: from.len(), to, grid }];
        let mut scratch = vec![0f64; local_mean_scratch_bytes(&[from.len()], &[to]) / 8];
        local_mean(&input, &mut output, &covers, bytemuck::cast_slice_mut(&mut scratch)).unwrap();
        output.typed::<f64>().unwrap().to_vec()
    }

    #[test]
    fn new_samples_are_means_of_what_they_cover() {
        assert_eq!(resized(&[1.0, 2.0, 3.0], 1, true), [2.0]);
        assert_eq!(resized(&[0.0, 3.0, 9.0], 2, true), [1.0, 7.0]);
        assert_eq!(resized(&[0.0, 2.0], 4, true), [0.0, 0.0, 2.0, 2.0]);
        assert_eq!(resized(&[0.0, 4.0, 8.0], 2, false), [2.0, 6.0]);
        assert_eq!(resized(&[0.0, 4.0, 8.0], 1, false), [4.0]);
    }

    #[test]
    fn what_a_run_reaches_is_what_its_samples_cover() {
        let cover = Cover { from: 10, to: 4, grid: true };
        assert_eq!(cover.reach(0..4), 0..10);
        assert_eq!(cover.reach(1..2), 2..5);
    }
}
