//! `downscale`: fewer samples by whole factors, as the levels of a pyramid are made.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::resample::{
    DownscaleMethod, LARGEST_CELL, downscale as kernel, downscale_input, downscale_row_bytes,
    downscaled_shape,
};
use std::sync::Arc;

struct Downscale {
    factors: Vec<usize>,
    method: DownscaleMethod,
    name: &'static str,
    /// Means are not rounded.
    wide: bool,
}

const METHODS: [(&str, DownscaleMethod); 4] = [
    ("mean", DownscaleMethod::Mean),
    ("max", DownscaleMethod::Max),
    ("min", DownscaleMethod::Min),
    ("mode", DownscaleMethod::Mode),
];

/// One sample for every cell of `factors` samples, by `method`: `mean` (the default; integers round half to even), `max`,
/// `min`, or `mode` (for labels). One factor is for the spatial axes; else one per axis. Cells are counted from the first
/// sample; one that the end of the image cuts is made of the samples there are. With `dtype=float64` means of masks and of integers of
/// at most 32 bits are not rounded.
///
/// # Errors
/// If a factor is not a whole number of 1 or more, the method is unknown, or there is another `dtype`.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    if spec.ndim() == 0 {
        return Err(Error::argument("downscale", "an image without axes", "at least one axis"));
    }
    let given = params.numbers("factors")?.unwrap_or_else(|| vec![2.0]);
    if given.iter().any(|f| !(1.0..=1e9).contains(f) || f.fract() != 0.0) {
        return Err(Error::argument(
            "downscale: factors",
            format!("{given:?}"),
            "whole numbers, 1 or more",
        ));
    }
    let factors: Vec<usize> = match given.len() {
        1 => (0..spec.ndim())
            .map(|a| if spec.axes.is_spatial(a) { given[0] as usize } else { 1 })
            .collect(),
        n if n == spec.ndim() => given.iter().map(|f| *f as usize).collect(),
        n => {
            let expected = format!("1 or {}, one per axis of {}", spec.ndim(), spec.axes);
            return Err(Error::argument("downscale: factors", format!("{n} values"), expected));
        }
    };
    let name = params.text("method")?.unwrap_or_else(|| "mean".to_owned());
    let Some((name, method)) = METHODS.iter().find(|(n, _)| *n == name) else {
        return Err(Error::argument("downscale: method", name, "mean, max, min or mode"));
    };
    let wide = match params.text("dtype")? {
        None => false,
        Some(dtype) if dtype == spec.dtype.name() => false,
        Some(dtype) => {
            let cell = factors.iter().fold(1usize, |n, f| n.saturating_mul(*f));
            let narrow = !spec.dtype.is_float() && spec.dtype.size() <= 4 && cell <= LARGEST_CELL;
            if dtype != "float64" || *method != DownscaleMethod::Mean || !narrow {
                let expected = "that of the image, or float64 for means of masks and integers of at most 32 bits and 65536 samples";
                return Err(Error::argument("downscale: dtype", dtype, expected));
            }
            true
        }
    };
    let op = Downscale { factors, method: *method, name, wide };
    Node::block(Arc::new(op), vec![input.clone()], vec![])
}

impl BlockOp for Downscale {
    fn name(&self) -> &'static str {
        "downscale"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = serde_json::json!({ "factors": self.factors, "method": self.name });
        if self.wide {
            params["dtype"] = "float64".into();
        }
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut spec = inputs[0].clone();
        if spec.dtype.is_float() && self.name == "mode" {
            return Err(Error::dtype("downscale:method=mode", spec.dtype, "integers and bool"));
        }
        if self.wide {
            spec.dtype = Dtype::Float64;
        }
        spec.shape = downscaled_shape(&spec.shape, &self.factors);
        for (a, &f) in self.factors.iter().enumerate() {
            // The new sample's centre is the centre of its cell.
            spec.origin[a] += (f as f64 - 1.0) / 2.0 * spec.spacing.values[a];
            spec.spacing.values[a] *= f as f64;
        }
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(downscale_input(target, &self.factors, &inputs[0].shape))]
    }

    fn beside_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let cell = self.factors.iter().fold(8usize, |n, f| n.saturating_mul(*f));
        cell.max(downscale_row_bytes(target.row_len())) as u64
    }

    fn cost_ns(&self) -> f64 {
        let per_sample = if self.method == DownscaleMethod::Mean { 0.3 } else { 2.0 };
        per_sample * self.factors.iter().product::<usize>() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        kernel(call.inputs[0], call.output, &self.factors, &call.specs[0].shape, self.method)
    }
}
