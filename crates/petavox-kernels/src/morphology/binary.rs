//! Erosion, dilation, opening and closing of masks.

use super::Footprint;
use crate::filter::for_each_index;
use petavox_core::{Block, Dtype, Error, Halo, Region, Result, strides};

/// The four operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum BinaryOp {
    Erosion,
    Dilation,
    /// Erosions, then as many dilations.
    Opening,
    /// Dilations, then as many erosions.
    Closing,
}

/// An operation on masks in scipy.ndimage's words (`binary_erosion` and so on, `origin` 0).
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryOptions {
    /// What is done.
    pub op: BinaryOp,
    /// scipy's `structure`.
    pub footprint: Footprint,
    /// How often erosion or dilation is repeated, at least once.
    pub iterations: usize,
    /// What stands outside the image, at every repetition. scipy's opening and closing always use `false`.
    pub border_value: bool,
}

/// One combination of shifted copies of the whole block.
struct Step {
    offsets: Vec<Vec<i64>>,
    erode: bool,
    /// Samples outside the image are set to the border value before this step.
    resets: bool,
}

impl Step {
    /// Samples needed before and after.
    fn reach(&self, axis: usize) -> (usize, usize) {
        let along = self.offsets.iter().map(|o| o[axis]);
        let (low, high) = along.fold((0, 0), |(l, h), o| (o.min(l), o.max(h)));
        (-low as usize, high as usize)
    }
}

impl BinaryOptions {
    /// One pass of an operation with what scipy takes by default: the cross of one hop, outside is `false`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no or more than eight axes.
    pub fn new(op: BinaryOp, ndim: usize) -> Result<BinaryOptions> {
        let footprint = Footprint::connectivity(ndim, 1)?;
        Ok(BinaryOptions { op, footprint, iterations: 1, border_value: false })
    }

    /// Samples needed around a target, per axis.
    pub fn halo(&self) -> Halo {
        let mut halo = Halo::none(self.footprint.ndim());
        for &erode in self.kinds() {
            for step in self.pass(erode) {
                for a in 0..self.footprint.ndim() {
                    let (low, high) = step.reach(a);
                    let times = |n: usize| n.saturating_mul(self.iterations);
                    halo.low[a] = halo.low[a].saturating_add(times(low));
                    halo.high[a] = halo.high[a].saturating_add(times(high));
                }
            }
        }
        halo
    }

    /// What is done, in order: erosions (true), dilations (false).
    fn kinds(&self) -> &'static [bool] {
        match self.op {
            BinaryOp::Erosion => &[true],
            BinaryOp::Dilation => &[false],
            BinaryOp::Opening => &[true, false],
            BinaryOp::Closing => &[false, true],
        }
    }

    /// One erosion or dilation: a box goes axis by axis, in windows that double.
    fn pass(&self, erode: bool) -> Vec<Step> {
        let sign = if erode { 1 } else { -1 };
        let mut steps = vec![];
        if self.footprint.is_cuboid() {
            let ndim = self.footprint.ndim();
            for (axis, &len) in self.footprint.shape().iter().enumerate() {
                let along = |x: i64| (0..ndim).map(|a| if a == axis { x } else { 0 }).collect();
                let low = if erode { -((len / 2) as i64) } else { len as i64 / 2 - len as i64 + 1 };
                let mut window = 3.min(len);
                if len > 1 {
                    let offsets = (0..window as i64).map(|x| along(low + x)).collect();
                    steps.push(Step { offsets, erode, resets: false });
                }
                while window < len {
                    let shift = window.min(len - window);
                    let offsets = vec![along(0), along(shift as i64)];
                    steps.push(Step { offsets, erode, resets: false });
                    window += shift;
                }
            }
        } else {
            let flipped = |o: &Vec<i64>| o.iter().map(|x| sign * x).collect();
            let offsets = self.footprint.offsets().iter().map(flipped).collect();
            steps.push(Step { offsets, erode, resets: false });
        }
        if let Some(step) = steps.first_mut() {
            step.resets = true;
        }
        steps
    }
}

/// Bytes of scratch that [`binary_morphology`] needs for a target of this shape.
pub fn binary_morphology_scratch_bytes(target_shape: &[usize], options: &BinaryOptions) -> usize {
    let halo = options.halo();
    let grown = |a: usize| target_shape[a].saturating_add(halo.low[a]).saturating_add(halo.high[a]);
    let axes = 0..target_shape.len().min(halo.low.len());
    axes.fold(2usize, |n, a| n.saturating_mul(grown(a)))
}

/// Erodes, dilates, opens or closes a `bool` mask with the results of scipy.ndimage's `binary_*`.
///
/// `input` covers `output`'s region grown by [`BinaryOptions::halo`]; what it holds outside the image is not looked at. Steps are
/// taken on the whole block with one byte per sample, so cost grows with the number of neighbours for general footprints and with
/// the logarithm of the lengths for boxes.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless both blocks are `bool`; [`Error::InvalidArgument`] for no iterations or a footprint with
/// another number of axes; [`Error::Internal`] if blocks or scratch do not fit together.
pub fn binary_morphology(
    input: &Block,
    output: &mut Block,
    options: &BinaryOptions,
    image_shape: &[usize],
    scratch: &mut [u8],
) -> Result<()> {
    let place = "binary_morphology";
    for block in [input, output] {
        if block.dtype() != Dtype::Bool {
            return Err(Error::dtype("binary morphology", block.dtype(), "bool"));
        }
    }
    let ndim = output.region().ndim();
    if options.footprint.ndim() != ndim {
        let expected = format!("{ndim} axes");
        let given = format!("{} axes", options.footprint.ndim());
        return Err(Error::argument("footprint", given, expected));
    }
    if options.iterations == 0 {
        return Err(Error::argument("iterations", 0, "1 or more"));
    }
    let halo = options.halo();
    let mut region = output.region().grow(&halo.low, &halo.high);
    if !input.region().contains(&region) || image_shape.len() != ndim {
        let problem = format!("input {} does not cover {region}", input.region());
        return Err(Error::internal(place, problem));
    }
    if output.region().is_empty() {
        return Ok(());
    }
    let len = region.len();
    let Some(scratch) = scratch.get_mut(..2 * len) else {
        return Err(Error::internal(place, "scratch too small"));
    };
    let (mut now, mut next) = scratch.split_at_mut(len);
    load(input, &region, now)?;
    for &erode in options.kinds() {
        let steps = options.pass(erode);
        for step in (0..options.iterations).flat_map(|_| &steps) {
            if step.resets {
                reset_outside(now, &region, image_shape, u8::from(options.border_value));
            }
            let done = shrunk(&region, step);
            apply(step, now, &region, next, &done);
            std::mem::swap(&mut now, &mut next);
            region = done;
        }
    }
    let len = region.len();
    output.typed_mut::<u8>()?.copy_from_slice(&now[..len]);
    Ok(())
}

fn load(input: &Block, region: &Region, to: &mut [u8]) -> Result<()> {
    let from = input.typed::<u8>()?;
    let row = region.shape()[region.ndim() - 1];
    let mut at = 0;
    region.for_each_row(|point| {
        let f = input.region().offset_of(point);
        for (t, s) in to[at..at + row].iter_mut().zip(&from[f..f + row]) {
            *t = u8::from(*s != 0);
        }
        at += row;
    });
    Ok(())
}

fn shrunk(region: &Region, step: &Step) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    for a in 0..region.ndim() {
        let (low, high) = step.reach(a);
        start[a] += low as i64;
        shape[a] -= low + high;
    }
    Region::new(start, shape)
}

fn reset_outside(samples: &mut [u8], region: &Region, image_shape: &[usize], value: u8) {
    let last = region.ndim() - 1;
    if Region::whole(image_shape).contains(region) {
        return;
    }
    let row = region.shape()[last];
    let low = (-region.start()[last]).clamp(0, row as i64) as usize;
    let high = (image_shape[last] as i64 - region.start()[last]).clamp(low as i64, row as i64);
    let mut at = 0;
    region.for_each_row(|point| {
        let inside = (0..last).all(|a| (0..image_shape[a] as i64).contains(&point[a]));
        let samples = &mut samples[at..at + row];
        if inside {
            samples[..low].fill(value);
            samples[high as usize..].fill(value);
        } else {
            samples.fill(value);
        }
        at += row;
    });
}

fn apply(step: &Step, from: &[u8], source: &Region, to: &mut [u8], done: &Region) {
    let steps = strides(source.shape());
    let last = source.ndim() - 1;
    // Where each neighbour of the first target sample lies.
    let shifts: Vec<usize> = step
        .offsets
        .iter()
        .map(|offset| {
            let point: Vec<i64> = done.start().iter().zip(offset).map(|(s, o)| s + o).collect();
            source.offset_of(&point)
        })
        .collect();
    let row = done.shape()[last];
    let mut at = 0;
    for_each_index(&done.shape()[..last], &mut |index| {
        let base: usize = index.iter().zip(&steps).map(|(i, s)| i * s).sum();
        let to = &mut to[at..at + row];
        at += row;
        to.copy_from_slice(&from[base + shifts[0]..][..row]);
        for shift in &shifts[1..] {
            let other = &from[base + shift..][..row];
            if step.erode {
                to.iter_mut().zip(other).for_each(|(t, s)| *t &= s);
            } else {
                to.iter_mut().zip(other).for_each(|(t, s)| *t |= s);
            }
        }
    });
}

#[cfg(test)]
mod tests;
