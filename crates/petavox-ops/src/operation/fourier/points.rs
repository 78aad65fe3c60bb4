//! `fourier_points`: an inverse transform along one axis at points finer than samples.

use super::complex_shape;
use crate::Params;
use crate::operation::arrays::with_last_axes;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::fourier::{Mirrored, Points, at_points, point_weights};
use serde_json::json;
use std::ops::Range;
use std::sync::Arc;

struct FourierPoints {
    axis: usize,
    n_points: usize,
    points: Points,
}

/// The sum of a complex image's frequencies along `axis` (the last by default) at `points` points, `start` being the first and `step` the
/// distance from one to the next, both in samples. `n` is the number of samples of the whole transform, if half of it is there;
/// `mirrored` is `no`, `all` or `others`: frequencies are taken for their opposites, with or without those that are their own.
///
/// # Errors
/// If the image is not complex, the axis is not there, or there are no points.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let given = match params.flag("complex")?.unwrap_or(true) {
        true => input.clone(),
        false => super::cross_power::with_imaginary(input)?,
    };
    let shape = complex_shape("fourier_points", given.spec())?;
    let axis = params.number("axis")?.unwrap_or(-1.0);
    let from_start = if axis < 0.0 { axis + shape.len() as f64 } else { axis };
    if from_start.fract() != 0.0 || from_start < 0.0 || from_start >= shape.len() as f64 {
        let expected = format!("one of {} axes", shape.len());
        return Err(Error::argument("fourier_points: axis", axis, expected));
    }
    let axis = from_start as usize;
    let n_points = params.count("points")?.unwrap_or(1) as usize;
    if n_points == 0 {
        return Err(Error::argument("fourier_points: points", 0, "1 or more"));
    }
    let word = params.text("mirrored")?.unwrap_or_else(|| "no".to_owned());
    let mirrored = match word.as_str() {
        "no" => Mirrored::No,
        "all" => Mirrored::All,
        "others" => Mirrored::Others,
        _ => {
            return Err(Error::argument("fourier_points: mirrored", word, "no, all or others"));
        }
    };
    let points = Points {
        n: params.count("n")?.map_or(shape[axis], |n| n as usize),
        start: params.number("start")?.unwrap_or(0.0),
        step: params.number("step")?.unwrap_or(1.0),
        mirrored,
    };
    if points.n < shape[axis] {
        let expected = format!("{} or more, the samples that are there", shape[axis]);
        return Err(Error::argument("fourier_points: n", points.n, expected));
    }
    Node::block(Arc::new(FourierPoints { axis, n_points, points }), vec![given], vec![])
}

impl FourierPoints {
    fn which(&self, target: &Region) -> Range<usize> {
        target.start()[self.axis] as usize..target.end(self.axis) as usize
    }
}

impl BlockOp for FourierPoints {
    fn name(&self) -> &'static str {
        "fourier_points"
    }

    fn params(&self) -> serde_json::Value {
        let mirrored = match self.points.mirrored {
            Mirrored::No => "no",
            Mirrored::All => "all",
            Mirrored::Others => "others",
        };
        json!({
            "axis": self.axis, "points": self.n_points, "n": self.points.n,
            "start": self.points.start, "step": self.points.step, "mirrored": mirrored,
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let input = inputs[0];
        let mut shape = complex_shape("fourier_points", input)?.to_vec();
        if !input.dtype.is_float() {
            return Err(Error::dtype("fourier_points", input.dtype, "float32 and float64"));
        }
        shape[self.axis] = self.n_points;
        with_last_axes("fourier_points", input, &shape, &[2])
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
        if !target.is_empty() {
            for axis in [self.axis, target.ndim() - 1] {
                (start[axis], shape[axis]) = (0, inputs[0].shape[axis]);
            }
        }
        vec![Need::inside(Region::new(start, shape))]
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let inner: usize = target.shape()[self.axis + 1..].iter().product();
        let weights = target.shape()[self.axis] * inputs[0].shape[self.axis];
        // Where one part only is asked for, both are made beside.
        16 * (weights + inner + target.len()) as u64
    }

    fn whole_parts(&self, inputs: &[&ImageSpec]) -> Option<Vec<usize>> {
        // The two parts of a sample, which nobody should ask for apart.
        let ndim = inputs[0].ndim();
        Some((0..ndim).map(|a| if a + 1 == ndim { 2 } else { 1 }).collect())
    }

    fn cost_ns(&self) -> f64 {
        self.points.n as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let region = call.output.region().clone();
        let last = region.ndim() - 1;
        let n = call.specs[0].shape[self.axis];
        let inner: usize = region.shape()[self.axis + 1..last].iter().product();
        let weights = point_weights(&self.points, n, self.which(&region));
        let (first, parts) = (region.start()[last] as usize, region.shape()[last]);
        match call.output.dtype() {
            Dtype::Float32 => {
                let to = call.output.typed_mut::<f32>()?;
                with_both(to, first, parts, |both| {
                    at_points(call.inputs[0].typed()?, both, n, inner, &weights, |v| v as f32);
                    Ok(())
                })
            }
            _ => {
                let to = call.output.typed_mut::<f64>()?;
                with_both(to, first, parts, |both| {
                    at_points(call.inputs[0].typed()?, both, n, inner, &weights, |v| v);
                    Ok(())
                })
            }
        }
    }
}

/// Calls `make` with room for both parts of every sample, and keeps those that are wanted.
fn with_both<T: petavox_core::Element + Default>(
    to: &mut [T],
    first: usize,
    n_parts: usize,
    make: impl FnOnce(&mut [T]) -> Result<()>,
) -> Result<()> {
    if n_parts != 1 {
        return make(to);
    }
    let mut both = vec![T::default(); 2 * to.len()];
    make(&mut both)?;
    to.iter_mut().zip(both.chunks_exact(2)).for_each(|(t, b)| *t = b[first]);
    Ok(())
}
