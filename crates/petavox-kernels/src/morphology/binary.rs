//! Erosion, dilation, opening and closing of masks, 64 samples at a time.

mod steps;

use super::Footprint;
use crate::bits::row::{bits_at, fill_bits, pack_bytes, unpack_bytes};
use petavox_core::{Block, Dtype, Error, Halo, Region, Result};
use steps::Step;

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

/// An operation on masks in scipy.ndimage's words (`binary_erosion` and so on).
#[derive(Clone, Debug, PartialEq)]
pub struct BinaryOptions {
    /// What is done.
    pub op: BinaryOp,
    /// scipy's `structure`.
    pub footprint: Footprint,
    /// scipy's `origin`: where the footprint's centre is moved to, per axis.
    pub origin: Vec<i64>,
    /// How often erosion or dilation is repeated, at least once.
    pub iterations: usize,
    /// What stands outside the image, at every repetition.
    pub border_value: bool,
}

impl BinaryOptions {
    /// One pass of an operation with what scipy takes by default: the cross of one hop, outside is `false`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no or more than eight axes.
    pub fn new(op: BinaryOp, ndim: usize) -> Result<BinaryOptions> {
        let footprint = Footprint::connectivity(ndim, 1)?;
        let origin = vec![0; ndim];
        Ok(BinaryOptions { op, footprint, origin, iterations: 1, border_value: false })
    }

    /// Where the samples lie that an erosion (or else a dilation) looks at, relative to its own.
    pub fn offsets(&self, erode: bool) -> Vec<Vec<i64>> {
        let sign = if erode { 1 } else { -1 };
        let moved =
            |o: &Vec<i64>| o.iter().zip(&self.origin).map(|(x, m)| sign * (x - m)).collect();
        self.footprint.offsets().iter().map(moved).collect()
    }

    /// Samples needed around a target, per axis.
    pub fn halo(&self) -> Halo {
        let mut halo = Halo::none(self.footprint.ndim());
        for &erode in self.kinds() {
            for step in self.pass(erode) {
                for a in 0..self.footprint.ndim() {
                    let times = |n: usize| n.saturating_mul(self.iterations);
                    halo.low[a] = halo.low[a].saturating_add(times(step.low[a]));
                    halo.high[a] = halo.high[a].saturating_add(times(step.high[a]));
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
        let ndim = self.footprint.ndim();
        if !self.footprint.is_cuboid() {
            return vec![Step::new(&self.offsets(erode), erode, ndim)];
        }
        let mut steps = vec![];
        for (axis, &len) in self.footprint.shape().iter().enumerate() {
            let along =
                |x: i64| (0..ndim).map(|a| if a == axis { x } else { 0 }).collect::<Vec<_>>();
            let (half, len_i) = ((len / 2) as i64, len as i64);
            let origin = self.origin[axis];
            let low = if erode { -half - origin } else { half - len_i + 1 + origin };
            // Along rows windows double inside a step.
            let mut window = if axis + 1 == ndim { len } else { 3.min(len) };
            if len > 1 || origin != 0 {
                let offsets: Vec<_> = (0..window as i64).map(|x| along(low + x)).collect();
                steps.push(Step::new(&offsets, erode, ndim));
            }
            while window < len {
                let shift = window.min(len - window);
                steps.push(Step::new(&[along(0), along(shift as i64)], erode, ndim));
                window += shift;
            }
        }
        steps
    }
}

/// Words of a row of bits.
fn row_words(region: &Region) -> usize {
    region.row_len().div_ceil(64)
}

fn n_rows(region: &Region) -> usize {
    region.shape()[..region.ndim() - 1].iter().product()
}

/// Bytes of scratch that [`binary_morphology`] needs for a target of this shape; `masked` if there is a mask.
pub fn binary_morphology_scratch_bytes(
    target_shape: &[usize],
    options: &BinaryOptions,
    masked: bool,
) -> usize {
    let halo = options.halo();
    let grown = |a: usize| target_shape[a].saturating_add(halo.low[a]).saturating_add(halo.high[a]);
    let ndim = target_shape.len().min(halo.low.len());
    let rows = (0..ndim.saturating_sub(1)).fold(1usize, |n, a| n.saturating_mul(grown(a)));
    let words = if ndim == 0 { 0 } else { grown(ndim - 1).div_ceil(64) };
    let buffers = if masked { 5 } else { 3 };
    rows.saturating_mul(words).saturating_mul(8 * buffers)
}

/// Erodes, dilates, opens or closes a `bool` mask with the results of scipy.ndimage's `binary_*`.
///
/// `input` covers `output`'s region grown by [`BinaryOptions::halo`], and so does `mask` if there is one: where it is false, samples
/// keep their values. What both hold outside the image is not looked at. Samples are packed first; what a footprint's rows share is
/// combined once for all of them.
///
/// # Errors
/// [`Error::UnsupportedDtype`] unless all blocks are `bool`; [`Error::InvalidArgument`] for no iterations or a footprint with
/// another number of axes; [`Error::Internal`] if blocks or scratch do not fit together.
pub fn binary_morphology(
    input: &Block,
    mask: Option<&Block>,
    output: &mut Block,
    options: &BinaryOptions,
    image_shape: &[usize],
    scratch: &mut [u8],
) -> Result<()> {
    let place = "binary_morphology";
    for block in [input, output, mask.unwrap_or(input)] {
        if block.dtype() != Dtype::Bool {
            return Err(Error::dtype("binary morphology", block.dtype(), "bool"));
        }
    }
    let ndim = output.region().ndim();
    if options.footprint.ndim() != ndim || options.origin.len() != ndim {
        let expected = format!("{ndim} axes");
        let given = format!("{} axes", options.footprint.ndim());
        return Err(Error::argument("footprint", given, expected));
    }
    if options.iterations == 0 {
        return Err(Error::argument("iterations", 0, "1 or more"));
    }
    let halo = options.halo();
    let whole = output.region().grow(&halo.low, &halo.high);
    let covers = |block: &Block| block.region().contains(&whole);
    if !covers(input) || mask.is_some_and(|m| !covers(m)) || image_shape.len() != ndim {
        let problem = format!("input {} does not cover {whole}", input.region());
        return Err(Error::internal(place, problem));
    }
    if output.region().is_empty() {
        return Ok(());
    }
    let n = n_rows(&whole) * row_words(&whole);
    let n_buffers = if mask.is_some() { 5 } else { 3 };
    let words = scratch.get_mut(..8 * n * n_buffers).map(bytemuck::try_cast_slice_mut::<u8, u64>);
    let Some(Ok(words)) = words else {
        return Err(Error::internal(place, "scratch too small or not aligned"));
    };
    let mut buffers = words.chunks_exact_mut(n);
    let mut buffer = || buffers.next().ok_or_else(|| Error::internal(place, "scratch"));
    let (mut now, mut next, windows) = (buffer()?, buffer()?, buffer()?);
    let mut kept = match mask {
        Some(mask) => {
            let (before, allowed) = (buffer()?, buffer()?);
            load(mask, &whole, allowed)?;
            Some((before, allowed))
        }
        None => None,
    };
    load(input, &whole, now)?;
    let mut region = whole.clone();
    for &erode in options.kinds() {
        let steps = options.pass(erode);
        for _ in 0..options.iterations {
            reset_outside(now, &region, image_shape, options.border_value);
            let from = region.clone();
            if let Some((before, _)) = &mut kept {
                before.copy_from_slice(now);
            }
            for step in &steps {
                let done = step.shrunk(&region);
                step.apply(now, &region, next, &done, windows);
                std::mem::swap(&mut now, &mut next);
                region = done;
            }
            if let Some((before, allowed)) = &kept {
                keep(now, &region, (before, &from), (allowed, &whole));
            }
        }
    }
    let width = row_words(&region);
    let row = region.row_len();
    let samples = output.typed_mut::<u8>()?.chunks_exact_mut(row);
    samples.zip(now.chunks_exact(width)).for_each(|(to, from)| unpack_bytes(from, to));
    Ok(())
}

fn load(input: &Block, region: &Region, to: &mut [u64]) -> Result<()> {
    let from = input.typed::<u8>()?;
    let row = region.row_len();
    let mut to = to.chunks_exact_mut(row_words(region));
    region.for_each_row(|point| {
        let at = input.region().offset_of(point);
        if let Some(to) = to.next() {
            pack_bytes(&from[at..at + row], to);
        }
    });
    Ok(())
}

fn reset_outside(words: &mut [u64], region: &Region, image_shape: &[usize], value: bool) {
    let last = region.ndim() - 1;
    if Region::whole(image_shape).contains(region) {
        return;
    }
    let row = region.row_len() as i64;
    let low = (-region.start()[last]).clamp(0, row);
    let high = (image_shape[last] as i64 - region.start()[last]).clamp(low, row);
    let mut rows = words.chunks_exact_mut(row_words(region));
    region.for_each_row(|point| {
        let Some(words) = rows.next() else { return };
        if (0..last).all(|a| (0..image_shape[a] as i64).contains(&point[a])) {
            fill_bits(words, 0, low as usize, value);
            fill_bits(words, high as usize, row as usize, value);
        } else {
            fill_bits(words, 0, row as usize, value);
        }
    });
}

/// Samples that are not allowed to change get back what they were before.
fn keep(now: &mut [u64], region: &Region, before: (&[u64], &Region), allowed: (&[u64], &Region)) {
    let row_in = |of: &Region, point: &[i64]| {
        let first = [&point[..point.len() - 1], &[of.start()[of.ndim() - 1]]].concat();
        let row = of.offset_of(&first) / of.row_len();
        let width = row_words(of);
        row * width..(row + 1) * width
    };
    let last = region.ndim() - 1;
    let shift = |of: &Region| (region.start()[last] - of.start()[last]) as usize;
    let (shift_before, shift_allowed) = (shift(before.1), shift(allowed.1));
    let mut rows = now.chunks_exact_mut(row_words(region));
    region.for_each_row(|point| {
        let Some(row) = rows.next() else { return };
        let old = &before.0[row_in(before.1, point)];
        let may = &allowed.0[row_in(allowed.1, point)];
        for (w, word) in row.iter_mut().enumerate() {
            let may = bits_at(may, shift_allowed + 64 * w);
            *word = *word & may | bits_at(old, shift_before + 64 * w) & !may;
        }
    });
}

#[cfg(test)]
mod tests;
