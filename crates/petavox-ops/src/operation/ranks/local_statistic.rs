//! `local_statistic`: what a window's samples tell, equal to skimage.filters.rank.

use super::window::{window, written};
use crate::Params;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::rank::{
    LocalRule, LocalStatistic, local_statistic, local_statistic_scratch_bytes,
};
use petavox_kernels::window::Window;
use std::sync::Arc;

struct Local {
    window: Window,
    name: &'static str,
    rule: LocalRule,
}

/// A `statistic` of a window's samples (`size`, `cells` or `ball`, `origin`) that lie inside the image, and where a second image is not 0 if
/// there is one: mean, median, entropy, autolevel ... under scikit-image's names; `p0` and `p1` are the shares of those that have such,
/// `s0` and `s1` the range of those. `n_bins` is the number of grey values, 256 or 65536 by default; scikit-image
/// takes one more than the greatest sample of a 16-bit image, which shows in `autolevel` and `equalize`; `windowed_histogram` has as many
/// samples along a new last axis.
///
/// # Errors
/// For other images than `uint8` and `uint16`, or an unknown statistic.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let ([input] | [input, _]) = inputs else {
        let given = format!("{} images", inputs.len());
        return Err(Error::argument("local_statistic", given, "an image, and a mask"));
    };
    let window = window(params, input.spec())?;
    let given = params.text("statistic")?.unwrap_or_else(|| "mean".to_owned());
    let shares = [params.number("p0")?.unwrap_or(0.0), params.number("p1")?.unwrap_or(1.0)];
    let range = |number: Option<f64>| number.unwrap_or(10.0).clamp(-1e6, 1e6) as i64;
    let range = [range(params.number("s0")?), range(params.number("s1")?)];
    let most = 1u64 << (8 * input.spec().dtype.size().min(2));
    let n_bins = params.count("n_bins")?.unwrap_or(most).clamp(1, most) as usize;
    let Some(&(name, statistic)) = LocalStatistic::ALL.iter().find(|(n, _)| *n == given) else {
        let names: Vec<&str> = LocalStatistic::ALL.iter().map(|(n, _)| *n).collect();
        let expected = format!("one of {}", names.join(", "));
        return Err(Error::argument("local_statistic: statistic", given, expected));
    };
    let op = Local { window, name, rule: LocalRule { statistic, shares, range, n_bins } };
    let mut images = vec![input.clone()];
    if let [_, mask] = inputs {
        images.push(crate::operation::as_mask(mask)?);
    }
    Node::block(Arc::new(op), images, vec![])
}

impl Local {
    fn is_histogram(&self) -> bool {
        self.rule.statistic == LocalStatistic::Histogram
    }
}

impl BlockOp for Local {
    fn name(&self) -> &'static str {
        "local_statistic"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = written(&self.window, Boundary::Nearest);
        if let Some(map) = params.as_object_mut() {
            map.shift_remove("mode");
        }
        params["statistic"] = serde_json::json!(self.name);
        params["n_bins"] = serde_json::json!(self.rule.n_bins);
        if self.rule.statistic.has_shares() {
            params["p0"] = serde_json::json!(self.rule.shares[0]);
            params["p1"] = serde_json::json!(self.rule.shares[1]);
        }
        if self.rule.statistic.has_range() {
            params["s0"] = serde_json::json!(self.rule.range[0]);
            params["s1"] = serde_json::json!(self.rule.range[1]);
        }
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if inputs.iter().any(|i| i.shape != inputs[0].shape) {
            let given = format!("{:?}", inputs.iter().map(|i| &i.shape).collect::<Vec<_>>());
            return Err(Error::argument("local_statistic: mask", given, "one shape"));
        }
        let spec = match inputs[0].dtype {
            Dtype::UInt8 | Dtype::UInt16 => {
                inputs[0].with_dtype(self.rule.statistic.dtype(inputs[0].dtype))
            }
            other => return Err(Error::dtype("local_statistic", other, "uint8, uint16")),
        };
        if self.is_histogram() {
            return crate::operation::arrays::with_last_axis(self.name(), &spec, self.rule.n_bins);
        }
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = self.window.halo();
        let ndim = inputs[0].ndim();
        let own = Region::new(&target.start()[..ndim], &target.shape()[..ndim]);
        let region = own.grow(&halo.low, &halo.high);
        vec![Need { region, boundary: Boundary::Constant(0.0) }; inputs.len()]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], _target: &Region) -> u64 {
        local_statistic_scratch_bytes(inputs[0].dtype) as u64
    }

    fn cost_ns(&self) -> f64 {
        50.0 + 2.0 * (self.window.len() as f64).sqrt()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        local_statistic(
            call.inputs[0],
            call.inputs.get(1).copied(),
            call.output,
            &self.window,
            &self.rule,
            &call.specs[0].shape,
            call.scratch.bytes_mut(),
            call.cancel,
        )
    }
}
