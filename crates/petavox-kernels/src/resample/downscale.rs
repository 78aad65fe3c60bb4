//! Smaller images by whole factors, for pyramids.

use super::halves::modes_of_halves;
use super::means::{LARGEST_CELL, Summed, add_row, means, wide_means};
use crate::filter::for_each_index;
use crate::sample::{Integer, Sample, dispatch_integers};
use petavox_core::{Block, Dtype, Element, Error, Region, Result, strides};

/// What becomes of the samples of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DownscaleMethod {
    /// Their mean: of integers exact, rounded to the nearest, halves to the even one (`bool`: true if more than half are); of floats
    /// summed in double in raster order.
    Mean,
    /// The largest; NaN if one is.
    Max,
    /// The smallest; NaN if one is.
    Min,
    /// The most frequent, for labels and masks; of several the smallest. Not for floats.
    Mode,
}

/// The shape of an image after downscaling: a cell that the image's end cuts still makes a sample.
///
/// ```
/// assert_eq!(petavox_kernels::resample::downscaled_shape(&[5, 8], &[2, 4]), [3, 2]);
/// ```
pub fn downscaled_shape(shape: &[usize], factors: &[usize]) -> Vec<usize> {
    shape.iter().zip(factors).map(|(n, f)| n.div_ceil((*f).max(1))).collect()
}

/// The region of the image that makes `target` (in coordinates of the smaller image).
pub fn downscale_input(target: &Region, factors: &[usize], image_shape: &[usize]) -> Region {
    let n = target.ndim();
    let start: Vec<i64> = (0..n).map(|a| target.start()[a] * factors[a] as i64).collect();
    let end = (0..n).map(|a| (target.end(a) * factors[a] as i64).min(image_shape[a] as i64));
    let shape: Vec<usize> = end.zip(&start).map(|(e, s)| (e - s).max(0) as usize).collect();
    Region::new(start, shape)
}

/// Makes one sample of every cell of `factors` samples. Cells are counted from the image's first sample, so the result does not depend
/// on blocks; cells that the image's end cuts are made of the samples there are. `output`'s region is in coordinates of the smaller
/// image, `input` covers [`downscale_input`] of it and has the same dtype, any one. Allocates one cell.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for the mode of floats; [`Error::InvalidArgument`] for a factor of 0; [`Error::Internal`] if the blocks
/// do not fit together.
pub fn downscale(
    input: &Block,
    output: &mut Block,
    factors: &[usize],
    image_shape: &[usize],
    method: DownscaleMethod,
) -> Result<()> {
    let place = "downscale";
    let ndim = output.region().ndim();
    if factors.len() != ndim || factors.contains(&0) {
        let expected = format!("{ndim} numbers, 1 or more");
        return Err(Error::argument("factors", format!("{factors:?}"), expected));
    }
    let needed = downscale_input(output.region(), factors, image_shape);
    let fits = input.region().contains(&needed)
        && Region::whole(&downscaled_shape(image_shape, factors)).contains(output.region());
    if !fits {
        let problem = format!("{} into {} by {factors:?}", input.region(), output.region());
        return Err(Error::internal(place, problem));
    }
    let dtype = input.dtype();
    if method == DownscaleMethod::Mode && dtype.is_float() {
        return Err(Error::dtype("downscale by mode", dtype, "bool and integers"));
    }
    let cells =
        Cells { input: input.region(), output: output.region().clone(), factors, image_shape };
    use DownscaleMethod::{Max, Mean, Min, Mode};
    if method == Mean && cells.means(input, output)? {
        return Ok(());
    }
    if dtype != output.dtype() {
        return Err(Error::dtype(place, output.dtype(), dtype.name()));
    }
    if dtype == Dtype::Float32 {
        let (from, to) = (input.typed::<f32>()?, output.typed_mut::<f32>()?);
        match method {
            Mean => cells.reduce(from, to, float_mean),
            Max => cells.reduce(from, to, |c| extreme(c, |a, b| a > b)),
            _ => cells.reduce(from, to, |c| extreme(c, |a, b| a < b)),
        }
        return Ok(());
    }
    dispatch_integers!(dtype, T => {
        let (from, to) = (input.typed::<T>()?, output.typed_mut::<T>()?);
        match method {
            Mean => cells.reduce(from, to, integer_mean),
            Max => cells.reduce(from, to, |c| extreme(c, |a, b| a > b)),
            Min => cells.reduce(from, to, |c| extreme(c, |a, b| a < b)),
            Mode => cells.modes(from, to),
        }
    }, else {
        let (from, to) = (input.typed::<f64>()?, output.typed_mut::<f64>()?);
        match method {
            Mean => cells.reduce(from, to, float_mean),
            Max => cells.reduce(from, to, |c| extreme(c, |a, b| a > b)),
            _ => cells.reduce(from, to, |c| extreme(c, |a, b| a < b)),
        }
    });
    Ok(())
}

/// Bytes of the sums of a row of `n` cells.
pub fn downscale_row_bytes(n: usize) -> usize {
    8 * n
}

struct Cells<'a> {
    input: &'a Region,
    output: Region,
    factors: &'a [usize],
    image_shape: &'a [usize],
}

impl Cells<'_> {
    /// The most frequent samples; of cells of two samples along every axis, many side by side.
    fn modes<T: Integer>(&self, from: &[T], to: &mut [T]) {
        let n_rows = 1 << (self.factors.len() - 1);
        let last = self.factors.len() - 1;
        if self.factors.iter().any(|f| *f != 2) || !matches!(n_rows, 2 | 4) {
            return self.reduce(from, to, mode);
        }
        let steps = strides(self.input.shape());
        let width = self.output.shape()[last];
        let mut at = 0;
        self.output.for_each_row(|point| {
            let row = &mut to[at..at + width];
            at += width;
            let low: Vec<i64> = point.iter().map(|p| 2 * p).collect();
            // Cells that the image's end cuts, along any axis, are done one by one.
            let is_whole = |a: usize| low[a] + 2 <= self.image_shape[a] as i64;
            let n_whole = match (0..last).all(is_whole) {
                true => {
                    ((self.image_shape[last] as i64 - low[last]).max(0) as usize / 2).min(width)
                }
                false => 0,
            };
            if n_whole > 0 {
                let base = self.input.offset_of(&low);
                let mut rows = [&from[..0]; 4];
                for (k, row) in rows[..n_rows].iter_mut().enumerate() {
                    let step: usize = (0..last).map(|a| (k >> (last - 1 - a) & 1) * steps[a]).sum();
                    *row = &from[base + step..][..2 * n_whole];
                }
                modes_of_halves(&rows[..n_rows], &mut row[..n_whole]);
            }
            if n_whole < width {
                let (mut start, mut shape) = (point.to_vec(), vec![1; last + 1]);
                start[last] += n_whole as i64;
                shape[last] = width - n_whole;
                let rest = Cells { output: Region::new(start, shape), ..*self };
                rest.reduce(from, &mut row[n_whole..], mode);
            }
        });
    }

    /// Means row by row, where they can be made so.
    fn means(&self, input: &Block, output: &mut Block) -> Result<bool> {
        let n_samples = self.factors.iter().fold(1usize, |n, f| n.saturating_mul(*f));
        let (from, to) = (input.dtype(), output.dtype());
        if n_samples > LARGEST_CELL || (from == Dtype::Bool && to == Dtype::Bool) {
            return Ok(false);
        }
        match (from, from == to, to) {
            (Dtype::UInt8, true, _) => self.rows::<u8, u8>(input, output, means)?,
            (Dtype::Int8, true, _) => self.rows::<i8, i8>(input, output, means)?,
            (Dtype::UInt16, true, _) => self.rows::<u16, u16>(input, output, means)?,
            (Dtype::Int16, true, _) => self.rows::<i16, i16>(input, output, means)?,
            (Dtype::UInt32, true, _) => self.rows::<u32, u32>(input, output, means)?,
            (Dtype::Int32, true, _) => self.rows::<i32, i32>(input, output, means)?,
            (Dtype::Float32, true, _) => self.rows::<f32, f32>(input, output, means)?,
            (Dtype::Float64, true, _) => self.rows::<f64, f64>(input, output, means)?,
            (Dtype::Bool | Dtype::UInt8, _, Dtype::Float64) => {
                self.rows::<u8, f64>(input, output, wide_means::<u8>)?;
            }
            (Dtype::Int8, _, Dtype::Float64) => {
                self.rows::<i8, f64>(input, output, wide_means::<i8>)?;
            }
            (Dtype::UInt16, _, Dtype::Float64) => {
                self.rows::<u16, f64>(input, output, wide_means::<u16>)?;
            }
            (Dtype::Int16, _, Dtype::Float64) => {
                self.rows::<i16, f64>(input, output, wide_means::<i16>)?;
            }
            (Dtype::UInt32, _, Dtype::Float64) => {
                self.rows::<u32, f64>(input, output, wide_means::<u32>)?;
            }
            (Dtype::Int32, _, Dtype::Float64) => {
                self.rows::<i32, f64>(input, output, wide_means::<i32>)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn rows<T: Summed, U: Element>(
        &self,
        input: &Block,
        output: &mut Block,
        finish: fn(&[T::Sum], usize, &mut [U]),
    ) -> Result<()> {
        let (from, to) = (input.bytes(), output.typed_mut::<U>()?);
        let from: &[T] = bytemuck::cast_slice(from);
        let last = self.output.ndim() - 1;
        let steps = strides(self.input.shape());
        let (width, n) = (self.factors[last], self.output.shape()[last]);
        let begin = self.output.start()[last] * width as i64;
        // Samples of a row; those of the last cell may be fewer.
        let len = (n * width).min(self.image_shape[last] - begin as usize);
        let mut sums = vec![T::NOTHING; n];
        let mut at = 0;
        self.output.for_each_row(|point| {
            let mut low: Vec<i64> =
                point.iter().zip(self.factors).map(|(p, f)| p * *f as i64).collect();
            low[last] = begin;
            let rows: Vec<usize> = (0..last)
                .map(|a| (self.image_shape[a] - low[a] as usize).min(self.factors[a]))
                .collect();
            let base = self.input.offset_of(&low);
            let n_rows: usize = rows.iter().product();
            sums.fill(T::NOTHING);
            for_each_index(&rows, &mut |index| {
                let offset: usize = index.iter().zip(&steps).map(|(i, s)| i * s).sum();
                add_row(&mut sums, &from[base + offset..][..len], width);
            });
            let whole = len / width;
            finish(&sums[..whole], n_rows * width, &mut to[at..at + whole]);
            finish(&sums[whole..], n_rows * (len % width).max(1), &mut to[at + whole..at + n]);
            at += n;
        });
        Ok(())
    }

    fn reduce<T: Sample>(&self, from: &[T], to: &mut [T], f: impl Fn(&mut [T]) -> T) {
        let ndim = self.output.ndim();
        let last = ndim - 1;
        let steps = strides(self.input.shape());
        let mut cell: Vec<T> = Vec::with_capacity(self.factors.iter().product());
        let width = self.factors[last];
        let mut at = 0;
        self.output.for_each_row(|point| {
            let mut low: Vec<i64> =
                point.iter().zip(self.factors).map(|(p, f)| p * *f as i64).collect();
            let rows: Vec<usize> = (0..last)
                .map(|a| (self.image_shape[a] - low[a] as usize).min(self.factors[a]))
                .collect();
            // Offsets of the rows that cross the cell; the same for all cells of the output row.
            let mut offsets = vec![];
            for_each_index(&rows, &mut |index| {
                offsets.push(index.iter().zip(&steps).map(|(i, s)| i * s).sum::<usize>());
            });
            for _ in 0..self.output.shape()[last] {
                let base = self.input.offset_of(&low);
                let n = (self.image_shape[last] - low[last] as usize).min(width);
                cell.clear();
                for offset in &offsets {
                    cell.extend_from_slice(&from[base + offset..][..n]);
                }
                to[at] = f(&mut cell);
                at += 1;
                low[last] += width as i64;
            }
        });
    }
}

fn float_mean<T: Sample>(cell: &mut [T]) -> T {
    let sum: f64 = cell.iter().map(|x| x.to_f64()).sum();
    T::cut_from(sum / cell.len() as f64)
}

fn integer_mean<T: Integer>(cell: &mut [T]) -> T {
    let sum: i128 = cell.iter().map(|x| (*x).into()).sum();
    let n = cell.len() as i128;
    let (mut mean, rest) = (sum.div_euclid(n), 2 * sum.rem_euclid(n));
    if rest > n || (rest == n && mean % 2 != 0) {
        mean += 1;
    }
    // A mean lies between samples, so it fits.
    T::try_from(mean).unwrap_or(cell[0])
}

/// NaN, which is unequal to itself, wins.
fn extreme<T: Sample>(cell: &mut [T], better: impl Fn(T, T) -> bool) -> T {
    let is_nan = |x: T| x.partial_cmp(&x).is_none();
    let mut best = cell[0];
    for &x in &cell[1..] {
        if !is_nan(best) && (is_nan(x) || better(x, best)) {
            best = x;
        }
    }
    best
}

fn mode<T: Integer>(cell: &mut [T]) -> T {
    cell.sort_unstable();
    let (mut best, mut most) = (cell[0], 0);
    for same in cell.chunk_by(|a, b| a == b) {
        if same.len() > most {
            (best, most) = (same[0], same.len());
        }
    }
    best
}

#[cfg(test)]
mod tests;
