//! `distance_transform_edt`: the exact Euclidean distance to the background, equal to scipy.ndimage's.

use crate::Params;
use crate::operation::arrays::with_first_axis;
use crate::operation::lines::{Volume, each_row, for_each_tile, runs, tiles};
use petavox_core::{Block, Buffer, Dtype, Error, ImageSpec, Region, Result, strides};
use petavox_engine::{Node, RunContext, SweepOp, Words};
use petavox_kernels::distance::features::{Line, NOWHERE};
use petavox_kernels::distance::{
    FAR, distance_first_pass, distance_pass, distance_pass_scratch_bytes,
};
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// The distance of every sample other than 0 to the nearest sample that is 0; `float64`. `sampling` is the size of a sample
/// (scipy's argument): one value or one per axis, 1 by default, or `image` for the image's own spacing. With `returns=indices` the
/// coordinates of that nearest sample instead, `int32`, along a new first axis.
///
/// # Errors
/// If the sampling is not positive.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let sampling = match params.clone().text("sampling") {
        Ok(Some(word)) if word == "image" => {
            params.text("sampling")?;
            input.spec().spacing.values.clone()
        }
        _ => params.per_axis("sampling", input.spec(), 1.0)?,
    };
    if sampling.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        return Err(Error::argument(
            "distance_transform_edt: sampling",
            format!("{sampling:?}"),
            "positive numbers",
        ));
    }
    let indices = returns_indices(params)?;
    Node::sweep(Arc::new(Distance { sampling, indices }), crate::operation::as_mask(input)?)
}

struct Distance {
    sampling: Vec<f64>,
    /// Where the nearest background lies comes out, not how far it is.
    indices: bool,
}

/// `returns=distances` (the default) or `returns=indices`.
pub(super) fn returns_indices(params: &mut Params) -> Result<bool> {
    let returns = params.text("returns")?;
    match returns.as_deref() {
        None | Some("distances") => Ok(false),
        Some("indices") => Ok(true),
        Some(other) => {
            let name = format!("{}: returns", params.op());
            Err(Error::argument(name, other, "distances or indices"))
        }
    }
}

/// What comes out when indices are asked for.
pub(super) fn indices_spec(op: &str, input: &ImageSpec) -> Result<ImageSpec> {
    if input.shape.iter().any(|n| *n > i32::MAX as usize) {
        let given = format!("{:?}", input.shape);
        return Err(Error::argument(format!("{op}: shape"), given, "axes below 2^31 samples"));
    }
    Ok(with_first_axis(op, input, input.ndim())?.with_dtype(Dtype::Int32))
}

/// Fills a block of coordinates from the numbers of samples, [`NOWHERE`] being scipy's answer where there is no background.
pub(super) fn read_indices(features: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
    let region = out.region().clone();
    let steps = strides(&input.shape);
    let samples = out.typed_mut::<i32>()?;
    let width = region.row_len();
    let mut at = 0;
    region.for_each_row(|point| {
        let axis = point[0] as usize;
        let there = input.region().offset_of(&point[1..]);
        let coordinate = |f: &u64| match *f {
            NOWHERE => -i32::from(axis == 0),
            f => (f as usize / steps[axis] % input.shape[axis]) as i32,
        };
        let from = &features[there..there + width];
        samples[at..at + width].iter_mut().zip(from).for_each(|(s, f)| *s = coordinate(f));
        at += width;
    });
    Ok(())
}

fn task_bytes(shape: &[usize]) -> u64 {
    let most = |axis: usize| {
        let tile: usize = tiles(shape, axis, 8).chunk().iter().product();
        32 * tile + 64 * shape[axis] + distance_pass_scratch_bytes(shape[axis])
    };
    (0..shape.len()).map(most).max().unwrap_or(0) as u64
}

impl Distance {
    /// One tile, in buffers for its squares and the kernel, which come back; along the last axis the roots are drawn.
    fn pass(
        &self,
        volume: &Volume<'_>,
        axis: usize,
        tile: Region,
        whole: &Region,
        [squares, mut scratch]: [Buffer; 2],
    ) -> Result<[Buffer; 2]> {
        let runs = runs(&tile, whole);
        let mut squares = Block::over(tile, Dtype::Float64, squares)?;
        let samples = bytemuck::cast_slice_mut(squares.typed_mut::<f64>()?);
        for (here, there) in &runs {
            volume.get(there.clone(), &mut samples[here.clone()])?;
        }
        if self.indices {
            self.pass_features(volume, axis, &runs, &mut squares, whole)?;
            return Ok([squares.into_buffer(), scratch]);
        }
        let pass = if axis == 0 { distance_first_pass } else { distance_pass };
        pass(&mut squares, axis, self.sampling[axis], scratch.bytes_mut())?;
        let samples = squares.typed_mut::<f64>()?;
        if axis + 1 == whole.ndim() {
            samples.iter_mut().for_each(|s| *s = s.sqrt());
        }
        let samples = bytemuck::cast_slice(samples);
        for (here, there) in &runs {
            volume.set(there.clone(), &samples[here.clone()])?;
        }
        Ok([squares.into_buffer(), scratch])
    }

    /// The same with the numbers of the samples, which lie behind the squares.
    fn pass_features(
        &self,
        volume: &Volume<'_>,
        axis: usize,
        runs: &[(Range<usize>, Range<usize>)],
        squares: &mut Block,
        whole: &Region,
    ) -> Result<()> {
        let n = whole.len();
        let behind = |there: &Range<usize>| there.start + n..there.end + n;
        let mut numbers = Block::zeros(squares.region().clone(), Dtype::UInt64)?;
        let shape = squares.shape().to_vec();
        let (step, len) = (strides(&shape)[axis], shape[axis]);
        let features = numbers.typed_mut::<u64>()?;
        for (here, there) in runs {
            volume.get(behind(there), &mut features[here.clone()])?;
        }
        let values = squares.typed_mut::<f64>()?;
        let (mut line, mut v, mut f) = (Line::default(), vec![0.0; len], vec![0; len]);
        for first in (0..values.len()).filter(|i| i / step % len == 0) {
            for i in 0..len {
                (v[i], f[i]) = (values[first + i * step], features[first + i * step]);
            }
            line.pass(&mut v, &mut f, self.sampling[axis]);
            for i in 0..len {
                (values[first + i * step], features[first + i * step]) = (v[i], f[i]);
            }
        }
        let squares = bytemuck::cast_slice(values);
        for (here, there) in runs {
            volume.set(there.clone(), &squares[here.clone()])?;
            volume.set(behind(there), &features[here.clone()])?;
        }
        Ok(())
    }
}

impl SweepOp for Distance {
    fn name(&self) -> &'static str {
        "distance_transform_edt"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = serde_json::json!({ "sampling": self.sampling });
        if self.indices {
            params["returns"] = "indices".into();
        }
        params
    }

    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        crate::operation::needs_mask("distance_transform_edt", input)?;
        if self.indices {
            return indices_spec(self.name(), input);
        }
        Ok(input.with_dtype(Dtype::Float64))
    }

    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len() * if self.indices { 2 } else { 1 }
    }

    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        task_bytes(&input.shape)
    }

    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        if self.indices { 130.0 } else { 35.0 }
    }

    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let mask = block.typed::<u8>()?;
        each_row(block.region(), &input.region(), |here, there| {
            let inside = |m: &u8| if *m != 0 { FAR.to_bits() } else { 0 };
            words[there].iter_mut().zip(&mask[here]).for_each(|(w, m)| *w = inside(m));
        });
        if self.indices {
            let features = &mut words[input.len()..];
            each_row(block.region(), &input.region(), |here, there| {
                let numbers = features[there.clone()].iter_mut().zip(there);
                numbers.zip(&mask[here]).for_each(|((w, number), m)| {
                    *w = if *m != 0 { NOWHERE } else { number as u64 };
                });
            });
        }
        Ok(())
    }

    fn words_of(&self, region: &Region, input: &ImageSpec) -> Range<usize> {
        if self.indices {
            return 0..self.n_words(input);
        }
        let plane: usize = input.shape[1..].iter().product();
        region.start()[0] as usize * plane..region.end(0) as usize * plane
    }

    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()> {
        let whole = input.region();
        let task_bytes = task_bytes(&input.shape);
        // In scipy's order, which decides among equally near samples, and how sums are rounded.
        for axis in 0..input.ndim() {
            let grid = tiles(&input.shape, axis, 8);
            let tile_bytes = 8 * grid.chunk().iter().product::<usize>();
            let line_bytes = distance_pass_scratch_bytes(input.shape[axis]);
            let spare = Mutex::new(Vec::new());
            let doing = format!("distance along {}", &input.axes.as_str()[axis..=axis]);
            for_each_tile(
                self.name(),
                &doing,
                words,
                &grid,
                task_bytes,
                context,
                &|volume, tile| {
                    let kept = spare.lock().ok().and_then(|mut spare| spare.pop());
                    let buffers = match kept {
                        Some(buffers) => buffers,
                        None => [Buffer::zeroed(tile_bytes)?, Buffer::zeroed(line_bytes)?],
                    };
                    let buffers = self.pass(volume, axis, tile, &whole, buffers)?;
                    if let Ok(mut spare) = spare.lock() {
                        spare.push(buffers);
                    }
                    Ok(())
                },
            )?;
        }
        Ok(())
    }

    fn is_image(&self) -> bool {
        !self.indices
    }

    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        if self.indices {
            return read_indices(&words[input.len()..], out, input);
        }
        let region = out.region().clone();
        let samples = bytemuck::cast_slice_mut(out.typed_mut::<f64>()?);
        each_row(&region, &input.region(), |here, there| {
            samples[here].copy_from_slice(&words[there]);
        });
        Ok(())
    }
}
