//! `local_statistic`: what a window's samples tell, equal to skimage.filters.rank.

use super::window::{window, written};
use crate::Params;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::rank::{LocalStatistic, local_statistic, local_statistic_scratch_bytes};
use petavox_kernels::window::Window;
use std::sync::Arc;

struct Local {
    window: Window,
    name: &'static str,
    statistic: LocalStatistic,
    n_bins: usize,
}

/// A `statistic` of a window's samples (`size`, `cells` or `ball`, `origin`) that lie inside the image: mean, median, entropy, autolevel ... under
/// scikit-image's names; `p0` is the share for `percentile`. `n_bins` is the number of grey values, 256 or 65536 by default; scikit-image
/// takes one more than the greatest sample of a 16-bit image, which shows in `autolevel` and `equalize`.
///
/// # Errors
/// For other images than `uint8` and `uint16`, or an unknown statistic.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let window = window(params, input.spec())?;
    let given = params.text("statistic")?.unwrap_or_else(|| "mean".to_owned());
    let share = params.number("p0")?.unwrap_or(0.0);
    let most = 1u64 << (8 * input.spec().dtype.size().min(2));
    let n_bins = params.count("n_bins")?.unwrap_or(most).clamp(1, most) as usize;
    let Some((name, statistic)) = LocalStatistic::ALL.iter().find(|(n, _)| *n == given) else {
        let names: Vec<&str> = LocalStatistic::ALL.iter().map(|(n, _)| *n).collect();
        let expected = format!("one of {}", names.join(", "));
        return Err(Error::argument("local_statistic: statistic", given, expected));
    };
    let statistic = match statistic {
        LocalStatistic::Percentile(_) => LocalStatistic::Percentile(share),
        other => *other,
    };
    let op = Local { window, name, statistic, n_bins };
    Node::block(Arc::new(op), vec![input.clone()], vec![])
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
        params["n_bins"] = serde_json::json!(self.n_bins);
        if let LocalStatistic::Percentile(share) = self.statistic {
            params["p0"] = serde_json::json!(share);
        }
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        match inputs[0].dtype {
            Dtype::UInt8 | Dtype::UInt16 => {
                Ok(inputs[0].with_dtype(self.statistic.dtype(inputs[0].dtype)))
            }
            other => Err(Error::dtype("local_statistic", other, "uint8, uint16")),
        }
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = self.window.halo();
        let region = target.grow(&halo.low, &halo.high);
        vec![Need { region, boundary: Boundary::Constant(0.0) }]
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
            call.output,
            &self.window,
            self.statistic,
            self.n_bins,
            &call.specs[0].shape,
            call.scratch.bytes_mut(),
            call.cancel,
        )
    }
}
