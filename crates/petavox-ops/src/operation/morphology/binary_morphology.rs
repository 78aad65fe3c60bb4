//! `binary_erosion`, `binary_dilation`, `binary_opening`, `binary_closing`, equal to scipy.ndimage's.

use crate::Params;
use petavox_core::{Boundary, Error, Halo, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::morphology::{
    BinaryOp, BinaryOptions, Footprint, binary_morphology, binary_morphology_scratch_bytes,
};
use std::sync::Arc;

struct BinaryMorphology {
    options: BinaryOptions,
    halo: Halo,
    connectivity: usize,
    /// Extents of the box, if it is one that was asked for.
    size: Option<Vec<usize>>,
}

const NAMES: [(&str, BinaryOp); 4] = [
    ("binary_erosion", BinaryOp::Erosion),
    ("binary_dilation", BinaryOp::Dilation),
    ("binary_opening", BinaryOp::Opening),
    ("binary_closing", BinaryOp::Closing),
];

/// The footprint is scipy's `generate_binary_structure(ndim, connectivity)` (1, the cross, by default) or a box of `size`
/// samples per axis; `iterations` and `border_value` are scipy's.
///
/// Every sample other than 0 counts as true.
///
/// # Errors
/// If the connectivity is not 1 to its number of axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let name = params.op().to_owned();
    let Some((_, op)) = NAMES.iter().find(|(n, _)| *n == name) else {
        return Err(Error::internal("binary_morphology", name));
    };
    let ndim = input.spec().ndim();
    let connectivity = params.count("connectivity")?.unwrap_or(1) as usize;
    if connectivity == 0 || connectivity > ndim {
        return Err(Error::argument(
            format!("{name}: connectivity"),
            connectivity,
            format!("1 to {ndim}"),
        ));
    }
    let iterations = params.count("iterations")?.unwrap_or(1) as usize;
    if iterations == 0 || iterations > 10_000 {
        return Err(Error::argument(format!("{name}: iterations"), iterations, "1 to 10000"));
    }
    let border_value = params.count("border_value")?.unwrap_or(0) != 0;
    let (footprint, size) = match params.numbers("size")? {
        None => (Footprint::connectivity(ndim, connectivity)?, None),
        Some(size) => {
            let size = if size.len() == 1 { vec![size[0]; ndim] } else { size };
            if size.len() != ndim
                || size.iter().any(|s| !(1.0..=1e4).contains(s) || s.fract() != 0.0)
            {
                let expected = format!("whole numbers, 1 to 10000, one or {ndim} of them");
                return Err(Error::argument(
                    format!("{name}: size"),
                    format!("{size:?}"),
                    expected,
                ));
            }
            let size: Vec<usize> = size.iter().map(|&s| s as usize).collect();
            (Footprint::cuboid(&size)?, Some(size))
        }
    };
    let options = BinaryOptions { op: *op, footprint, iterations, border_value };
    let halo = options.halo();
    let op = BinaryMorphology { options, halo, connectivity, size };
    Node::block(Arc::new(op), vec![crate::operation::as_mask(input)?], vec![])
}

impl BlockOp for BinaryMorphology {
    fn name(&self) -> &'static str {
        NAMES
            .iter()
            .find(|(_, op)| *op == self.options.op)
            .map_or("binary_morphology", |(name, _)| name)
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "size": self.size, "connectivity": self.connectivity, "iterations": self.options.iterations,
            "border_value": u8::from(self.options.border_value),
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        crate::operation::needs_mask(self.name(), inputs[0])?;
        Ok(inputs[0].clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = target.grow(&self.halo.low, &self.halo.high);
        vec![Need { region, boundary: Boundary::Constant(0.0) }]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        binary_morphology_scratch_bytes(target.shape(), &self.options) as u64
    }

    fn cost_ns(&self) -> f64 {
        2.0 * self.options.iterations as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        binary_morphology(
            call.inputs[0],
            call.output,
            &self.options,
            shape,
            call.scratch.bytes_mut(),
        )
    }
}
