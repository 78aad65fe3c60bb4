//! `denoise_bilateral`: means of neighbours that are near and alike.

use crate::Params;
use crate::params::number_json;
use petavox_core::{Boundary, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::restore::{Bilateral, bilateral};
use std::sync::Arc;

struct DenoiseBilateral {
    rule: Bilateral,
    sigma_color: f64,
    max_value: f64,
    table_value: f64,
    boundary: Boundary,
}

/// Each sample becomes a mean of the window of `win_size` samples per axis around it, weighted by Gaussians of how far they are
/// (`sigma_spatial`, 1 by default) and how different (`sigma_color`), the latter looked up in a table of `bins` entries (10000) from 0 to
/// `max_value` (1); `table_value` is what the last entry stands for, if that is something else. `near` gives the window's weights instead of `sigma_spatial`. With `channels` the last axis is no direction: its samples
/// belong together. Integers become `float64`.
///
/// # Errors
/// For numbers that are not positive, an even window, or as many weights as no window has.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let sigma_spatial = positive(params, "sigma_spatial", 1.0)?;
    let sigma_color = positive(params, "sigma_color", 1.0)?;
    let max_value = positive(params, "max_value", 1.0)?;
    let table_value = params.number("table_value")?.unwrap_or(max_value);
    let channels = params.flag("channels")?.unwrap_or(false);
    let bins = params.count("bins")?.unwrap_or(10_000);
    let usual = (2 * (3.0 * sigma_spatial).ceil() as u64 + 1).max(5);
    let size = params.count("win_size")?.unwrap_or(usual);
    let near = params.numbers("near")?;
    let boundary = params.boundary()?;
    let ndim = input.spec().ndim() - usize::from(channels && input.spec().ndim() > 0);
    let samples = (size as usize).checked_pow(ndim as u32).filter(|n| *n < 1 << 24);
    let Some(samples) = samples.filter(|_| size % 2 == 1) else {
        let expected = "an odd number of samples, and not millions in all";
        return Err(Error::argument("denoise_bilateral: win_size", size, expected));
    };
    if !(1..1 << 24).contains(&bins) {
        let expected = "1 or more, and not millions";
        return Err(Error::argument("denoise_bilateral: bins", bins, expected));
    }
    let radius = size as usize / 2;
    let near = near.unwrap_or_else(|| window_weights(radius, ndim, sigma_spatial));
    if near.len() != samples {
        let given = format!("{} weights", near.len());
        return Err(Error::argument("denoise_bilateral: near", given, format!("{samples}")));
    }
    let step = table_value / bins as f64;
    let alike = (0..bins).map(|i| gauss(i as f64 * step, sigma_color)).collect();
    let n_channels = if channels { input.spec().shape.last().copied().unwrap_or(1) } else { 1 };
    // Whole entries for each channel, as in scikit-image.
    let per_unit = (bins / n_channels.max(1) as u64) as f64 / max_value;
    let rule = Bilateral { radius, near, alike, per_unit, channels };
    let op = DenoiseBilateral { rule, sigma_color, max_value, table_value, boundary };
    Node::block(Arc::new(op), vec![super::as_float(input)?], vec![])
}

fn positive(params: &mut Params, name: &str, default: f64) -> Result<f64> {
    let value = params.number(name)?.unwrap_or(default);
    if value > 0.0 && value.is_finite() {
        return Ok(value);
    }
    Err(Error::argument(format!("{}: {name}", params.op()), value, "a positive number"))
}

fn gauss(x: f64, sigma: f64) -> f64 {
    (-0.5 * (x * x / (sigma * sigma))).exp()
}

/// A Gaussian of the distance from the window's middle, in raster order.
fn window_weights(radius: usize, ndim: usize, sigma: f64) -> Vec<f64> {
    let side = 2 * radius + 1;
    let weight = |k: usize| {
        let mut rest = k;
        let square: f64 = (0..ndim)
            .map(|_| {
                let x = (rest % side) as f64 - radius as f64;
                rest /= side;
                x * x
            })
            .sum();
        gauss(square.sqrt(), sigma)
    };
    (0..side.pow(ndim as u32)).map(weight).collect()
}

impl BlockOp for DenoiseBilateral {
    fn name(&self) -> &'static str {
        "denoise_bilateral"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "win_size": 2 * self.rule.radius + 1,
            "near": self.rule.near,
            "sigma_color": self.sigma_color,
            "max_value": self.max_value,
            "table_value": self.table_value,
            "bins": self.rule.alike.len(),
            "channels": self.rule.channels,
            "mode": self.boundary.mode(),
            "cval": number_json(self.boundary.cval()),
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let target = self.whole_channels(inputs[0], target);
        let halo = self.rule.halo(target.ndim());
        vec![Need { region: target.grow(&halo, &halo), boundary: self.boundary }]
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

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let tables = 16 * (self.rule.near.len() + self.rule.alike.len());
        let whole = self.whole_channels(inputs[0], target);
        let part = if whole == *target { 0 } else { whole.len() * inputs[0].dtype.size() };
        (tables + part) as u64
    }

    fn cost_ns(&self) -> f64 {
        4.0 * self.rule.near.len() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let whole = self.whole_channels(call.specs[0], call.output.region());
        if whole == *call.output.region() {
            return bilateral(call.inputs[0], call.output, &self.rule, call.cancel);
        }
        let mut all = petavox_core::Block::zeros(whole, call.output.dtype())?;
        bilateral(call.inputs[0], &mut all, &self.rule, call.cancel)?;
        call.output.copy_from(&all)
    }
}

impl DenoiseBilateral {
    /// The target with all channels.
    fn whole_channels(&self, input: &ImageSpec, target: &Region) -> Region {
        if self.rule.channels { with_all_of_last_axis(input, target) } else { target.clone() }
    }
}

/// A region with the whole of the last axis.
pub(super) fn with_all_of_last_axis(input: &ImageSpec, target: &Region) -> Region {
    let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
    if let (Some(start), Some(len), Some(n)) =
        (start.last_mut(), shape.last_mut(), input.shape.last())
    {
        (*start, *len) = (0, *n);
    }
    Region::new(start, shape)
}
