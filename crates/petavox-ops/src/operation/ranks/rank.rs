//! `rank_filter`, `median_filter` and `percentile_filter`, equal to scipy.ndimage's.

use super::extreme;
use super::window::{boundary, window, written};
use crate::Params;
use petavox_core::{Boundary, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::rank::{RankFilter, rank_filter, rank_filter_scratch_bytes};
use petavox_kernels::window::Window;
use std::sync::Arc;

struct Rank {
    filter: RankFilter,
    boundary: Boundary,
}

/// The sample of a rank in a window (`size` per axis, or a `ball`; `origin`, `mode` and `cval` as scipy's): of `rank`, from the greatest if
/// negative; of `percentile`, the rank `floor(n * percentile / 100)` of `n`, from 100 if negative; the median is the rank `n / 2`, the upper
/// of two.
///
/// NaN counts as greater than every number.
///
/// # Errors
/// If the window does not fit the image's axes, or has no sample of that rank.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let name = params.op().to_owned();
    let window = window(params, input.spec())?;
    let n = window.len() as i64;
    let rank = match name.as_str() {
        "median_filter" => n / 2,
        "percentile_filter" => {
            let given = params.number("percentile")?;
            percentile_rank(&name, n, given)?
        }
        _ => {
            let Some(rank) = params.number("rank")? else {
                return Err(Error::argument(format!("{name}: rank"), "none", "a whole number"));
            };
            let from_end = if rank < 0.0 { n } else { 0 };
            if rank.fract() != 0.0 {
                return Err(Error::argument(format!("{name}: rank"), rank, "a whole number"));
            }
            rank as i64 + from_end
        }
    };
    if !(0..n).contains(&rank) {
        let expected = format!("a rank within the window's {n} samples");
        return Err(Error::argument(format!("{name}: rank"), rank, expected));
    }
    bind(input, window, rank as usize, boundary(params)?)
}

fn percentile_rank(name: &str, n: i64, given: Option<f64>) -> Result<i64> {
    let wrong = |p: &dyn std::fmt::Display| {
        Err(Error::argument(format!("{name}: percentile"), p, "a number from -100 to 100"))
    };
    let Some(given) = given else { return wrong(&"none") };
    let percentile = if given < 0.0 { given + 100.0 } else { given };
    if !(0.0..=100.0).contains(&percentile) {
        return wrong(&given);
    }
    Ok(if percentile == 100.0 { n - 1 } else { (n as f64 * percentile / 100.0) as i64 })
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn bind(
    input: &Arc<Node>,
    window: Window,
    rank: usize,
    boundary: Boundary,
) -> Result<Arc<Node>> {
    let last = window.len() - 1;
    if rank == 0 || rank == last {
        return extreme::bind(input, window, None, boundary, rank == last);
    }
    let filter = RankFilter::new(window, rank, input.spec().dtype)?;
    Node::block(Arc::new(Rank { filter, boundary }), vec![input.clone()], vec![])
}

impl BlockOp for Rank {
    fn name(&self) -> &'static str {
        "rank_filter"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = written(self.filter.window(), self.boundary);
        params["rank"] = serde_json::json!(self.filter.rank());
        params
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let halo = self.filter.window().halo();
        vec![Need { region: target.grow(&halo.low, &halo.high), boundary: self.boundary }]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        rank_filter_scratch_bytes(target.shape(), &self.filter) as u64
    }

    fn cost_ns(&self) -> f64 {
        self.filter.cost_ns()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let scratch = call.scratch.bytes_mut();
        rank_filter(call.inputs[0], call.output, &self.filter, scratch, call.cancel)
    }
}
