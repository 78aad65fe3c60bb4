//! Non-local means: every sample becomes the mean of those around it, weighted by how alike their patches are.
//!
//! Distances of patches are summed window by window, never as running sums or integral images, so that they do not depend on where a block
//! begins.

use petavox_core::{Block, CancelToken, Dtype, Error, Region, Result, strides};
use std::ops::Range;

/// Patches, how far they are looked for, and how their distances count.
#[derive(Clone, Debug, PartialEq)]
pub struct Nonlocal {
    /// Half the samples of a patch: it reaches from `-half` (or `-half + 1`, see `weights`) to `half`.
    pub half: usize,
    /// How far to look along each axis.
    pub distance: usize,
    /// A distance is the sum of squared differences divided by this.
    pub scale: f64,
    /// What noise alone adds to a squared difference, taken away before.
    pub noise: f64,
    /// Weights of a patch's samples, in raster order from `-half` to `half`; without, patches have no sample at `-half`, and all others count
    /// the same (skimage's fast mode).
    pub weights: Option<Vec<f64>>,
    /// The last axis is channels, which belong together.
    pub channels: bool,
}

/// Patches that are farther apart do not count.
const CUTOFF: f64 = 5.0;

impl Nonlocal {
    /// Axes that are directions.
    pub fn ndim(&self, ndim: usize) -> usize {
        ndim - usize::from(self.channels)
    }

    /// Samples that are needed on each side.
    pub fn halo(&self, ndim: usize) -> Vec<usize> {
        let reach = self.half + self.distance;
        (0..ndim).map(|a| if a < self.ndim(ndim) { reach } else { 0 }).collect()
    }
}

/// `exp(y)` to about 4 %, by the exponent's bits: what scikit-image weighs patches with (N. Schraudolph, "A fast, compact approximation of
/// the exponential function", Neural Computation 11, 1999).
#[inline(always)]
fn rough_exp(y: f64) -> f64 {
    let high = (1512775.395_195_186_4 * y + 1072632447.0) as i32;
    f64::from_bits((high as u32 as u64) << 32)
}

/// Bytes of scratch that [`nonlocal`] needs for an output of this shape.
pub fn nonlocal_scratch_bytes(target: &[usize], rule: &Nonlocal) -> usize {
    let ndim = rule.ndim(target.len());
    let spatial = &target[..ndim];
    let grown: usize = spatial.iter().map(|n| n + rule.distance + 2 * rule.half + 1).product();
    let own: usize = target.iter().product();
    let pixels: usize = spatial.iter().product();
    8 * (2 * grown + own + pixels)
}

/// Fills `output` with means; both blocks are `float64`. `input` covers the output's region grown by [`Nonlocal::halo`]. `image` is the
/// extent of the whole image: in skimage's slow mode what lies outside is in patches, but is not averaged.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together; [`Error::Cancelled`].
pub fn nonlocal(
    input: &Block,
    output: &mut Block,
    rule: &Nonlocal,
    image: &[usize],
    scratch: &mut [u8],
    cancel: &CancelToken,
) -> Result<()> {
    let place = "nonlocal";
    let (from, to) = (input.region().clone(), output.region().clone());
    let halo = rule.halo(from.ndim());
    let is_double = input.dtype() == Dtype::Float64 && output.dtype() == Dtype::Float64;
    if !is_double || !from.contains(&to.grow(&halo, &halo)) {
        return Err(Error::internal(place, "the blocks do not fit together"));
    }
    let bytes = scratch.get_mut(..nonlocal_scratch_bytes(to.shape(), rule));
    let Some(Ok(scratch)) = bytes.map(bytemuck::try_cast_slice_mut::<u8, f64>) else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    if to.is_empty() {
        return Ok(());
    }
    let ndim = rule.ndim(from.ndim());
    let n_channels = if rule.channels { to.row_len() } else { 1 };
    let spatial = |r: &Region| Region::new(&r.start()[..ndim], &r.shape()[..ndim]);
    let job = Job {
        rule,
        samples: input.typed::<f64>()?,
        from: spatial(&from),
        to: spatial(&to),
        n_channels,
        image: &image[..ndim],
    };
    let sums = output.typed_mut::<f64>()?;
    sums.fill(0.0);
    job.run(sums, scratch, cancel)
}

struct Job<'a> {
    rule: &'a Nonlocal,
    samples: &'a [f64],
    from: Region,
    to: Region,
    n_channels: usize,
    image: &'a [usize],
}

impl Job<'_> {
    fn run(&self, sums: &mut [f64], scratch: &mut [f64], cancel: &CancelToken) -> Result<()> {
        let (totals, rest) = scratch.split_at_mut(self.to.len());
        let half = rest.len() / 2;
        let (a, b) = rest.split_at_mut(half);
        totals.fill(0.0);
        let d = self.rule.distance as i64;
        let ndim = self.to.ndim();
        let mut shift = vec![-d; ndim];
        loop {
            cancel.check()?;
            self.shifted(&shift, sums, totals, a, b);
            // The next shift, the last axis first.
            let mut axis = ndim;
            loop {
                if axis == 0 {
                    self.divide(sums, totals);
                    return Ok(());
                }
                axis -= 1;
                shift[axis] += 1;
                if shift[axis] <= d {
                    break;
                }
                shift[axis] = -d;
            }
        }
    }

    fn divide(&self, sums: &mut [f64], totals: &[f64]) {
        for (pixel, total) in sums.chunks_exact_mut(self.n_channels).zip(totals) {
            pixel.iter_mut().for_each(|s| *s /= total);
        }
    }

    /// Weights of all samples that lie at `shift` from those of the target.
    fn shifted(
        &self,
        shift: &[i64],
        sums: &mut [f64],
        totals: &mut [f64],
        a: &mut [f64],
        b: &mut [f64],
    ) {
        let half = self.rule.half;
        let ndim = self.to.ndim();
        let low = vec![half - usize::from(self.rule.weights.is_none() && half > 0); ndim];
        let patches = self.to.grow(&low, &vec![half; ndim]);
        self.squares(shift, &patches, a);
        let mut shape = patches.shape().to_vec();
        let weights: &[f64] = match &self.rule.weights {
            Some(weights) => {
                self.weighted(&patches, weights, a, b);
                b
            }
            None => {
                let (mut now, mut next) = (a, b);
                for axis in 0..ndim {
                    box_sums(now, next, &mut shape, axis, 2 * half.max(1) - usize::from(half == 0));
                    std::mem::swap(&mut now, &mut next);
                }
                now
            }
        };
        self.add(shift, weights, sums, totals);
    }

    /// Squared differences of the samples of a region and those at `shift`, all channels together, less what noise adds.
    fn squares(&self, shift: &[i64], region: &Region, out: &mut [f64]) {
        let n = self.n_channels;
        let noise = n as f64 * self.rule.noise;
        let step = self.step(shift);
        let width = region.row_len();
        let mut at = 0;
        region.for_each_row(|point| {
            let own = &self.samples[self.from.offset_of(point) * n..];
            let there = (self.from.offset_of(point) as i64 + step) as usize * n;
            let other = &self.samples[there..];
            let to = &mut out[at..at + width];
            if n == 1 {
                for ((t, a), b) in to.iter_mut().zip(own).zip(other) {
                    let d = a - b;
                    *t = d * d - noise;
                }
            } else {
                for ((t, a), b) in to.iter_mut().zip(own.chunks_exact(n)).zip(other.chunks_exact(n))
                {
                    let square = |s: f64, (a, b): (&f64, &f64)| s + (a - b) * (a - b);
                    *t = a.iter().zip(b).fold(0.0, square) - noise;
                }
            }
            at += width;
        });
    }

    fn step(&self, shift: &[i64]) -> i64 {
        let steps = strides(self.from.shape());
        shift.iter().zip(&steps).map(|(s, step)| s * *step as i64).sum()
    }

    /// Distances of patches whose samples have weights; what is out of the question gets more than the cutoff.
    fn weighted(&self, patches: &Region, weights: &[f64], squares: &[f64], out: &mut [f64]) {
        let steps = strides(patches.shape());
        let ndim = self.to.ndim();
        let side = 2 * self.rule.half + 1;
        let planes = weights.len() / side;
        let offset = |k: usize| -> usize {
            let mut rest = k;
            (0..ndim).rev().fold(0, |sum, axis| {
                let x = rest % side;
                rest /= side;
                sum + x * steps[axis]
            })
        };
        let offsets: Vec<usize> = (0..weights.len()).map(offset).collect();
        let width = self.to.row_len();
        let mut at = 0;
        self.to.for_each_row(|point| {
            let low: Vec<i64> = point.iter().map(|x| x - self.rule.half as i64).collect();
            let first = patches.offset_of(&low);
            for (i, t) in out[at..at + width].iter_mut().enumerate() {
                let here = &squares[first + i..];
                let mut sum = 0.0;
                for (weights, offsets) in weights.chunks(planes).zip(offsets.chunks(planes)) {
                    if sum > CUTOFF {
                        sum = f64::INFINITY;
                        break;
                    }
                    let terms = weights.iter().zip(offsets);
                    sum = terms.fold(sum, |s, (w, o)| s + w * here[*o]);
                }
                // The cutoff is only looked at between the planes of a patch.
                *t = if sum == f64::INFINITY { sum } else { sum.max(0.0) };
            }
            at += width;
        });
    }

    /// Adds the samples at `shift` to the sums, as far as they count.
    fn add(&self, shift: &[i64], distances: &[f64], sums: &mut [f64], totals: &mut [f64]) {
        let n = self.n_channels;
        let (slow, step) = (self.rule.weights.is_some(), self.step(shift));
        let scale = if slow { 1.0 } else { self.rule.scale };
        let cutoff = if slow { f64::MAX } else { CUTOFF };
        let width = self.to.row_len();
        let last = self.to.ndim() - 1;
        let mut at = 0;
        self.to.for_each_row(|point| {
            let row = at;
            at += width;
            let mut part: Range<usize> = 0..width;
            if slow {
                let inside = |a: usize| (0..self.image[a] as i64).contains(&(point[a] + shift[a]));
                if !(0..last).all(inside) {
                    return;
                }
                let begins = point[last] + shift[last];
                part = (-begins).clamp(0, width as i64) as usize
                    ..(self.image[last] as i64 - begins).clamp(0, width as i64) as usize;
            }
            let there = (self.from.offset_of(point) as i64 + step) as usize;
            for i in part {
                let distance = distances[row + i].max(0.0) / scale;
                let weight = if distance > cutoff { 0.0 } else { rough_exp(-distance) };
                totals[row + i] += weight;
                let pixel = &self.samples[(there + i) * n..(there + i + 1) * n];
                let sum = &mut sums[(row + i) * n..(row + i + 1) * n];
                sum.iter_mut().zip(pixel).for_each(|(s, v)| *s += weight * v);
            }
        });
    }
}

/// Sums of `len` samples one after another along an axis, which becomes shorter by that.
fn box_sums(from: &[f64], to: &mut [f64], shape: &mut [usize], axis: usize, len: usize) {
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    let (old, new) = (shape[axis], shape[axis] + 1 - len);
    for block in 0..outer {
        for i in 0..new {
            let out = &mut to[(block * new + i) * inner..][..inner];
            let first = (block * old + i) * inner;
            out.copy_from_slice(&from[first..first + inner]);
            for k in 1..len {
                let row = &from[first + k * inner..][..inner];
                out.iter_mut().zip(row).for_each(|(o, r)| *o += r);
            }
        }
    }
    shape[axis] = new;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rough_exponential_is_within_four_percent() {
        assert!((0..500).all(|i| {
            let y = -0.01 * f64::from(i);
            (rough_exp(y) / y.exp() - 1.0).abs() < 0.04
        }));
    }

    #[test]
    fn a_constant_image_stays_what_it_is() {
        let rule = Nonlocal {
            half: 1,
            distance: 2,
            scale: 0.1,
            noise: 0.0,
            weights: None,
            channels: false,
        };
        let input = Block::from_vec(Region::new([-3, -3], [9, 10]), vec![0.25; 90]).unwrap();
        let mut output = Block::zeros(Region::whole(&[3, 4]), Dtype::Float64).unwrap();
        let mut scratch = vec![0.0; nonlocal_scratch_bytes(&[3, 4], &rule) / 8];
        let bytes = bytemuck::cast_slice_mut(&mut scratch);
        nonlocal(&input, &mut output, &rule, &[3, 4], bytes, &CancelToken::new()).unwrap();
        assert!(output.typed::<f64>().unwrap().iter().all(|v| (v - 0.25).abs() < 1e-15));
    }
}
