//! `resize_local_mean`: other extents by means of the parts that the new samples cover.

use super::sampled::{accept, output_shape};
use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::resample::{Cover, local_mean, local_mean_input, local_mean_scratch_bytes};
use std::sync::Arc;

struct ResizeLocalMean {
    covers: Vec<Cover>,
}

/// An image of `output_shape` whose samples are means of the parts of the image that they cover; with `grid_mode=false` the axes go from the
/// middle of the first sample to that of the last. Integers become `float64`.
///
/// # Errors
/// If the shape does not fit the axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let shape = output_shape(params, spec)?;
    let grid = params.flag("grid_mode")?.unwrap_or(true);
    if shape.len() != spec.ndim() || shape.contains(&0) {
        let expected = format!("{} extents of 1 or more", spec.ndim());
        let given = format!("{shape:?}");
        return Err(Error::argument("resize_local_mean: output_shape", given, expected));
    }
    let float = match spec.dtype {
        Dtype::Float32 => input.clone(),
        _ => crate::operation::arrays::astype::cast(input, Dtype::Float64)?,
    };
    let pairs = spec.shape.iter().zip(&shape);
    let covers = pairs.map(|(&from, &to)| Cover { from, to, grid }).collect();
    Node::block(Arc::new(ResizeLocalMean { covers }), vec![float], vec![])
}

impl BlockOp for ResizeLocalMean {
    fn name(&self) -> &'static str {
        "resize_local_mean"
    }

    fn params(&self) -> serde_json::Value {
        let shape: Vec<usize> = self.covers.iter().map(|c| c.to).collect();
        let grid = self.covers.first().is_none_or(|c| c.grid);
        serde_json::json!({ "output_shape": shape, "grid_mode": grid })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut spec = inputs[0].clone();
        for (a, cover) in self.covers.iter().enumerate() {
            spec.shape[a] = cover.to;
            if cover.grid || cover.to > 1 {
                let less = usize::from(!cover.grid);
                let step = (cover.from - less) as f64 / (cover.to - less) as f64;
                if step > 0.0 {
                    let shift = if cover.grid { (step - 1.0) / 2.0 } else { 0.0 };
                    spec.origin[a] += shift * spec.spacing.values[a];
                    spec.spacing.values[a] *= step;
                }
            }
        }
        Ok(spec)
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(local_mean_input(target, &self.covers))]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let from = local_mean_input(target, &self.covers);
        local_mean_scratch_bytes(from.shape(), target.shape()) as u64
    }

    fn beside_bytes(&self, _inputs: &[&ImageSpec], _target: &Region) -> u64 {
        // The shares of the old samples in one new one.
        self.covers.iter().map(|c| 16 * (2 + c.from / c.to)).max().unwrap_or(0) as u64
    }

    fn cost_ns(&self) -> f64 {
        let per = |c: &Cover| if c.from == c.to { 0.0 } else { 1.0 + c.from as f64 / c.to as f64 };
        1.0 + self.covers.iter().map(per).sum::<f64>()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        local_mean(call.inputs[0], call.output, &self.covers, call.scratch.bytes_mut())
    }
}
