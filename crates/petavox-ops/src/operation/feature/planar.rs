//! `corner_fast`, `corner_moravec`, `hessian_matrix_det`: of planes, as scikit-image has them; of images with more axes, plane by plane.

use crate::Params;
use crate::operation::arrays::astype::cast;
use crate::operation::morphology::planes::each_plane;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::feature::{Boxes, determinant, determinant_bytes, fast, moravec};
use serde_json::json;
use std::sync::Arc;

enum Planar {
    Fast { n: usize, threshold: f64 },
    Moravec { window: usize },
    Determinant { sigma: f64, boxes: Boxes },
}

/// Of each plane of the last two axes. Integers become `float64` as they are: to have scikit-image's numbers, scale them first.
/// `corner_fast` takes `n` (12) and `threshold` (0.15), `corner_moravec` `window_size` (1), `hessian_matrix_det` `sigma` (1).
///
/// # Errors
/// If the image has fewer than two axes, or a parameter makes no sense.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let op = params.op().to_owned();
    let planar = match op.as_str() {
        "corner_fast" => {
            let n = params.count("n")?.unwrap_or(12) as usize;
            if !(1..=16).contains(&n) {
                return Err(Error::argument("corner_fast: n", n, "1 to 16 samples of the circle"));
            }
            Planar::Fast { n, threshold: params.number("threshold")?.unwrap_or(0.15) }
        }
        "corner_moravec" => {
            let window = params.count("window_size")?.unwrap_or(1) as usize;
            if !(1..=64).contains(&window) {
                let expected = "1 to 64 samples";
                return Err(Error::argument("corner_moravec: window_size", window, expected));
            }
            Planar::Moravec { window }
        }
        _ => {
            let sigma = params.number("sigma")?.unwrap_or(1.0);
            if !(1.0 / 3.0..=10_000.0).contains(&sigma) {
                let expected = "a third of a sample or more, 10,000 at most";
                return Err(Error::argument("hessian_matrix_det: sigma", sigma, expected));
            }
            Planar::Determinant { sigma, boxes: Boxes::new(sigma) }
        }
    };
    let float = match input.spec().dtype {
        Dtype::Float32 => input.clone(),
        _ => cast(input, Dtype::Float64)?,
    };
    Node::block(Arc::new(planar), vec![float], vec![])
}

/// The last two axes of a region.
fn plane(region: &Region) -> Region {
    let n = region.ndim() - 2;
    Region::new(&region.start()[n..], &region.shape()[n..])
}

impl Planar {
    /// What is needed of a plane.
    fn plane_needs(&self, target: &Region, shape: &[usize]) -> Region {
        let halo = match self {
            Planar::Fast { .. } => 3,
            Planar::Moravec { window } => 2 * window,
            Planar::Determinant { boxes, .. } => return boxes.needs(target, shape),
        };
        target.grow(&[halo, halo], &[halo, halo])
    }
}

impl BlockOp for Planar {
    fn name(&self) -> &'static str {
        match self {
            Planar::Fast { .. } => "corner_fast",
            Planar::Moravec { .. } => "corner_moravec",
            Planar::Determinant { .. } => "hessian_matrix_det",
        }
    }

    fn params(&self) -> serde_json::Value {
        match self {
            Planar::Fast { n, threshold } => json!({ "n": n, "threshold": threshold }),
            Planar::Moravec { window } => json!({ "window_size": window }),
            Planar::Determinant { sigma, .. } => json!({ "sigma": sigma }),
        }
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if inputs[0].ndim() < 2 {
            let given = format!("{} axes", inputs[0].ndim());
            return Err(Error::argument(self.name(), given, "two axes at least"));
        }
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let n = target.ndim() - 2;
        let of_plane = self.plane_needs(&plane(target), &inputs[0].shape[n..]);
        let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
        for a in 0..2 {
            (start[n + a], shape[n + a]) = (of_plane.start()[a], of_plane.shape()[a]);
        }
        // What is outside the plane is not looked at.
        vec![Need::inside(Region::new(start, shape))]
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let own = plane(target);
        let needs = self.plane_needs(&own, &inputs[0].shape[target.ndim() - 2..]);
        let planes = if target.ndim() > 2 { 8 * (needs.len() + own.len()) } else { 0 };
        let doubles = match self {
            Planar::Determinant { .. } => determinant_bytes(&needs, &own),
            _ => 8 * (needs.len() + own.len()),
        };
        (planes + doubles) as u64
    }

    fn cost_ns(&self) -> f64 {
        match self {
            Planar::Fast { .. } => 30.0,
            Planar::Moravec { window } => 1.0 * ((2 * window + 1) * 2 * window).pow(2) as f64,
            Planar::Determinant { .. } => 40.0,
        }
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let n = call.output.region().ndim() - 2;
        let shape = &call.specs[0].shape[n..];
        let mut one = |from: &petavox_core::Block, to: &mut petavox_core::Block| {
            call.cancel.check()?;
            if to.region().is_empty() {
                return Ok(());
            }
            match self {
                Planar::Fast { n, threshold } => fast(from, to, *n, *threshold, shape),
                Planar::Moravec { window } => moravec(from, to, *window, shape),
                Planar::Determinant { boxes, .. } => determinant(from, to, boxes, shape),
            }
        };
        match n {
            0 => one(call.inputs[0], call.output),
            _ => each_plane(call.inputs[0], call.output, &mut one),
        }
    }
}
