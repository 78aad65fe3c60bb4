//! `binary_erosion`, `binary_dilation`, `binary_opening`, `binary_closing`, equal to scipy.ndimage's.

use super::binary_sweep;
use super::structure::Structure;
use crate::Params;
use petavox_core::{Boundary, Error, Halo, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::morphology::{
    BinaryOp, BinaryOptions, binary_morphology, binary_morphology_scratch_bytes,
};
use std::sync::Arc;

/// Samples around a block beyond which repetitions are sweeps over the whole image.
const WIDEST_HALO: usize = 48;

struct BinaryMorphology {
    options: BinaryOptions,
    halo: Halo,
    structure: Structure,
}

const NAMES: [(&str, BinaryOp); 4] = [
    ("binary_erosion", BinaryOp::Erosion),
    ("binary_dilation", BinaryOp::Dilation),
    ("binary_opening", BinaryOp::Opening),
    ("binary_closing", BinaryOp::Closing),
];

/// The footprint is scipy's `generate_binary_structure(ndim, connectivity)` (1, the cross, by default), a box of `size` samples per axis,
/// or any `structure`; `origin`, `iterations` (0: until nothing changes) and `border_value` are scipy's. A second image is scipy's `mask`.
///
/// Every sample other than 0 counts as true.
///
/// # Errors
/// If the connectivity is not 1 to its number of axes, or the mask has another shape.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let name = params.op().to_owned();
    let Some((_, op)) = NAMES.iter().find(|(n, _)| *n == name) else {
        return Err(Error::internal("binary_morphology", name));
    };
    if let Some(sweep) = binary_sweep::again(inputs, params)? {
        return Ok(sweep);
    }
    let (image, mask) = match inputs {
        [image] => (crate::operation::as_mask(image)?, None),
        [image, mask] if mask.spec().shape == image.spec().shape => {
            (crate::operation::as_mask(image)?, Some(crate::operation::as_mask(mask)?))
        }
        _ => {
            let expected = "an image, and a mask of its shape if there is one";
            return Err(Error::argument(name, format!("{} images", inputs.len()), expected));
        }
    };
    let ndim = image.spec().ndim();
    let structure = Structure::take(params, ndim)?;
    let iterations = params.count("iterations")?.unwrap_or(1) as usize;
    let border_value = params.count("border_value")?.unwrap_or(0) != 0;
    let options = BinaryOptions {
        op: *op,
        footprint: structure.footprint.clone(),
        origin: structure.origin.clone(),
        iterations: iterations.max(1),
        border_value,
    };
    let halo = options.halo();
    let widest = halo.low.iter().chain(&halo.high).max().copied().unwrap_or(0);
    if iterations == 0 || (iterations > 1 && widest > WIDEST_HALO) {
        let passes: &[bool] = match op {
            BinaryOp::Erosion => &[true],
            BinaryOp::Dilation => &[false],
            BinaryOp::Opening => &[true, false],
            BinaryOp::Closing => &[false, true],
        };
        return passes.iter().try_fold(image, |image, &erode| {
            binary_sweep::repeat(&image, mask.as_ref(), erode, &structure, iterations, border_value)
        });
    }
    let op = BinaryMorphology { options, halo, structure };
    let inputs = [Some(image), mask].into_iter().flatten().collect();
    Node::block(Arc::new(op), inputs, vec![])
}

impl BlockOp for BinaryMorphology {
    fn name(&self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, op)| *op == self.options.op)
            .map_or("binary_morphology", |(name, _)| name)
    }

    fn params(&self) -> serde_json::Value {
        self.structure.describe(serde_json::json!({
            "iterations": self.options.iterations, "border_value": u8::from(self.options.border_value),
        }))
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), inputs[0])?;
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = target.grow(&self.halo.low, &self.halo.high);
        vec![Need { region, boundary: Boundary::Constant(0.0) }; inputs.len()]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let masked = inputs.len() > 1;
        binary_morphology_scratch_bytes(target.shape(), &self.options, masked) as u64
    }

    fn cost_ns(&self) -> f64 {
        0.3 + 0.02
            * (self.options.iterations * self.options.footprint.offsets().len().min(200)) as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        binary_morphology(
            call.inputs[0],
            call.inputs.get(1).copied(),
            call.output,
            &self.options,
            shape,
            call.scratch.bytes_mut(),
        )
    }
}
