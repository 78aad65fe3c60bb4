//! `denoise_nl_means`: means of samples whose surroundings are alike.

use super::denoise_bilateral::with_all_of_last_axis;
use crate::Params;
use petavox_core::{Block, Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::restore::{Nonlocal, nonlocal, nonlocal_scratch_bytes};
use std::sync::Arc;

struct DenoiseNlMeans {
    rule: Nonlocal,
    h: f64,
    sigma: f64,
}

/// Each sample becomes a mean of the samples up to `patch_distance` (11) away along every axis, weighted by how alike the patches of
/// `patch_size` (7) around both are; `h` (0.1) is the difference that counts, `sigma` (0) what noise adds to it. `fast_mode` (true) weighs all
/// of a patch the same. With `channels` the last axis is no direction: its samples belong together. Outside lies the mirrored image.
///
/// # Errors
/// For numbers out of range.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let size = params.count("patch_size")?.unwrap_or(7);
    let distance = params.count("patch_distance")?.unwrap_or(11);
    let h = params.number("h")?.unwrap_or(0.1);
    let sigma = params.number("sigma")?.unwrap_or(0.0);
    let fast = params.flag("fast_mode")?.unwrap_or(true);
    let channels = params.flag("channels")?.unwrap_or(false);
    let n_channels = if channels { input.spec().shape.last().copied().unwrap_or(1) } else { 1 };
    let ndim = input.spec().ndim() - usize::from(channels && input.spec().ndim() > 0);
    for (name, value) in [("patch_size", size), ("patch_distance", distance)] {
        if value == 0 || value > 1000 {
            let name = format!("denoise_nl_means: {name}");
            return Err(Error::argument(name, value, "1 to 1000 samples"));
        }
    }
    if !(h > 0.0 && sigma >= 0.0) {
        let expected = "h above 0, sigma 0 or more";
        return Err(Error::argument(
            "denoise_nl_means: h, sigma",
            format!("{h}, {sigma}"),
            expected,
        ));
    }
    if ndim == 0 {
        return Err(Error::argument(
            "denoise_nl_means",
            "no axes",
            "one or more that are no channels",
        ));
    }
    let half = size as usize / 2;
    let side = 2 * half + 1;
    let scale = n_channels as f64 * h * h * (side as f64).powi(ndim as i32);
    let samples = side.checked_pow(ndim as u32).filter(|n| *n < 1 << 20 || fast);
    if samples.is_none() {
        return Err(Error::argument("denoise_nl_means: patch_size", size, "smaller patches"));
    }
    let weights = (!fast).then(|| patch_weights(half, ndim, n_channels as f64 * h * h));
    let rule = Nonlocal {
        half,
        distance: distance as usize,
        scale,
        noise: 2.0 * sigma * sigma,
        weights,
        channels,
    };
    let double = crate::operation::arrays::astype::cast(input, Dtype::Float64)?;
    let op = DenoiseNlMeans { rule, h, sigma };
    let made = Node::block(Arc::new(op), vec![double], vec![])?;
    match input.spec().dtype {
        Dtype::Float32 => crate::operation::arrays::astype::cast(&made, Dtype::Float32),
        _ => Ok(made),
    }
}

/// A Gaussian over a patch, in raster order, with the sum `1 / scale`.
fn patch_weights(half: usize, ndim: usize, scale: f64) -> Vec<f64> {
    let side = 2 * half + 1;
    let a = (side as f64 - 1.0) / 4.0;
    let weight = |k: usize| {
        let mut rest = k;
        let square: f64 = (0..ndim)
            .map(|_| {
                let x = (rest % side) as f64 - half as f64;
                rest /= side;
                x * x
            })
            .sum();
        (-square / (2.0 * a * a)).exp()
    };
    let weights: Vec<f64> = (0..side.pow(ndim as u32)).map(weight).collect();
    let total = 1.0 / (weights.iter().sum::<f64>() * scale);
    weights.iter().map(|w| total * w).collect()
}

impl DenoiseNlMeans {
    fn whole_channels(&self, input: &ImageSpec, target: &Region) -> Region {
        if self.rule.channels { with_all_of_last_axis(input, target) } else { target.clone() }
    }
}

impl BlockOp for DenoiseNlMeans {
    fn name(&self) -> &'static str {
        "denoise_nl_means"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "patch_size": 2 * self.rule.half + 1,
            "patch_distance": self.rule.distance,
            "h": self.h,
            "sigma": self.sigma,
            "fast_mode": self.rule.weights.is_none(),
            "channels": self.rule.channels,
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let target = self.whole_channels(inputs[0], target);
        let halo = self.rule.halo(target.ndim());
        vec![Need { region: target.grow(&halo, &halo), boundary: Boundary::Mirror }]
    }

    fn whole_parts(&self, inputs: &[&ImageSpec]) -> Option<Vec<usize>> {
        let shape = &inputs[0].shape;
        self.rule.channels.then(|| {
            let mut part = vec![1; shape.len()];
            if let (Some(last), Some(n)) = (part.last_mut(), shape.last()) {
                *last = *n;
            }
            part
        })
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let whole = self.whole_channels(inputs[0], target);
        nonlocal_scratch_bytes(whole.shape(), &self.rule) as u64
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let tables = 16 * self.rule.weights.as_ref().map_or(0, Vec::len);
        let whole = self.whole_channels(inputs[0], target);
        (tables + if whole == *target { 0 } else { 8 * whole.len() }) as u64
    }

    fn cost_ns(&self) -> f64 {
        let axes = 2.0 * self.rule.distance as f64 + 1.0;
        let per = self.rule.weights.as_ref().map_or(8.0, |w| 2.0 * w.len() as f64);
        axes * axes * per
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let whole = self.whole_channels(call.specs[0], call.output.region());
        let (shape, scratch) = (&call.specs[0].shape, call.scratch.bytes_mut());
        if whole == *call.output.region() {
            return nonlocal(call.inputs[0], call.output, &self.rule, shape, scratch, call.cancel);
        }
        let mut all = Block::zeros(whole, Dtype::Float64)?;
        nonlocal(call.inputs[0], &mut all, &self.rule, shape, scratch, call.cancel)?;
        call.output.copy_from(&all)
    }
}
