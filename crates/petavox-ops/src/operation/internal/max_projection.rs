//! The maximum projection of an image along its first axis, small enough to look at: for reports.

use petavox_core::{Block, ChunkGrid, Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::pointwise::order::Ordered;
use std::ops::Range;
use std::sync::Arc;

/// Longest side of a projection, in pixels; larger images are binned by their maximum.
pub const LONGEST_SIDE: usize = 800;

/// The projection of a 2-D or 3-D image along its first axis (a 2-D image is its own), `float64`, binned to at most
/// [`LONGEST_SIDE`] pixels. Pixels that have no number are NaN.
///
/// It is kept as a working volume whose loads are idempotent, so that an interrupted run can go on with it.
///
/// # Errors
/// If the image has another number of axes.
pub fn max_projection(image: &Arc<Node>) -> Result<Arc<Node>> {
    Node::sweep(Arc::new(MaxProjection), image.clone())
}

struct MaxProjection;

fn plane(input: &ImageSpec) -> [usize; 2] {
    let n = input.ndim();
    [input.shape[n - 2], input.shape[n - 1]]
}

/// Samples per pixel, along both axes.
pub(crate) fn bin(input: &ImageSpec) -> usize {
    plane(input).into_iter().max().unwrap_or(1).div_ceil(LONGEST_SIDE).max(1)
}

/// Pixels of the projection.
pub(crate) fn n_pixels(input: &ImageSpec) -> usize {
    pixels(input).into_iter().product()
}

fn pixels(input: &ImageSpec) -> [usize; 2] {
    plane(input).map(|s| s.div_ceil(bin(input)))
}

/// A code whose order is the order of the numbers, and that is above 0 for every number: 0 is "nothing yet", and no number's.
fn encode(value: f64) -> u64 {
    value.place()
}

fn decode(code: u64) -> f64 {
    f64::at(code)
}

impl SweepOp for MaxProjection {
    fn name(&self) -> &'static str {
        "max_projection"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        if !(2..=3).contains(&input.ndim()) {
            let given = format!("{} axes ({})", input.ndim(), input.axes);
            return Err(Error::argument("max_projection", given, "a 2-D or 3-D image"));
        }
        ImageSpec::new(pixels(input), Dtype::Float64)
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        pixels(input).iter().product()
    }

    fn scratch_bytes(&self, _input: &ImageSpec) -> u64 {
        0
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        0.0
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        dispatch!(block.dtype(), T => load::<T>(words, block, bin(input), pixels(input)[1]))
    }

    fn words_of(&self, _region: &Region, input: &ImageSpec) -> Range<usize> {
        0..self.n_words(input)
    }

    fn join(&self, words: &mut [u64], others: &[u64]) -> bool {
        words.iter_mut().zip(others).for_each(|(w, o)| *w = (*w).max(*o));
        true
    }

    fn sweep(&self, _words: &mut Words, _input: &ImageSpec, _context: &RunContext) -> Result<()> {
        Ok(())
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let region = out.region().clone();
        let grid = ChunkGrid::new(&pixels(input), &pixels(input));
        let whole = grid.region(0);
        let samples = out.typed_mut::<f64>()?;
        let mut rows = samples.chunks_exact_mut(region.shape()[1].max(1));
        region.for_each_row(|p| {
            let at = whole.offset_of(p);
            if let Some(row) = rows.next() {
                row.iter_mut().zip(&words[at..]).for_each(|(o, w)| *o = decode(*w));
            }
        });
        Ok(())
    }
}

fn load<T: Element>(words: &mut [u64], block: &Block, bin: usize, row_pixels: usize) -> Result<()> {
    let samples = block.typed::<T>()?;
    let n = block.shape().len();
    let (height, width) = (block.shape()[n - 2], block.shape()[n - 1]);
    let (y0, x0) = (block.region().start()[n - 2] as usize, block.region().start()[n - 1] as usize);
    let mut row = vec![T::from_f64(0.0); width];
    for y in 0..height {
        // The maximum along the projected axis first, in the image's own dtype: that is the long loop.
        let planes =
            samples.chunks_exact(height * width).map(|plane| &plane[y * width..(y + 1) * width]);
        for (z, line) in planes.enumerate() {
            if z == 0 {
                row.copy_from_slice(line);
            } else {
                row.iter_mut().zip(line).for_each(|(m, v)| *m = if *v > *m { *v } else { *m });
            }
        }
        let base = (y0 + y) / bin * row_pixels;
        for (x, value) in row.iter().enumerate() {
            let value = value.to_f64();
            if !value.is_nan() {
                let pixel = &mut words[base + (x0 + x) / bin];
                *pixel = (*pixel).max(encode(value));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_keep_the_order_of_numbers() {
        let numbers = [f64::NEG_INFINITY, -3.5, -0.0, 0.0, 1e-300, 2.0, f64::INFINITY];
        for pair in numbers.windows(2) {
            assert!(encode(pair[0]) < encode(pair[1]), "{pair:?}");
        }
        assert!(numbers.iter().all(|&x| decode(encode(x)) == x && encode(x) > 0));
        assert!(decode(0).is_nan());
    }

    #[test]
    fn blocks_in_any_cut_and_order_give_the_maximum() {
        let spec = ImageSpec::new([4, 3, 5], Dtype::Int16).unwrap();
        let samples: Vec<i16> = (0..60).map(|i| (i * 37 % 61) as i16 - 30).collect();
        let whole = Block::from_vec(spec.region(), samples.clone()).unwrap();
        let mut words = vec![0; 15];
        for region in [
            Region::new([2, 0, 0], [2, 3, 5]),
            Region::new([0, 1, 0], [2, 2, 5]),
            Region::new([0, 0, 0], [2, 1, 5]),
        ] {
            let mut part = Block::zeros(region, Dtype::Int16).unwrap();
            part.copy_from(&whole).unwrap();
            MaxProjection.load(&mut words, &part, &spec).unwrap();
        }
        let mut out = Block::zeros(Region::whole(&[3, 5]), Dtype::Float64).unwrap();
        MaxProjection.read(&words, &mut out, &spec).unwrap();
        let want: Vec<f64> =
            (0..15).map(|i| (0..4).map(|z| samples[z * 15 + i]).max().unwrap().into()).collect();
        assert_eq!(out.typed::<f64>().unwrap(), want);
    }
}
