//! `interp` and `equalize_hist`: samples by a table, given or made of the image's own histogram.

use crate::Params;
use crate::operation::measures::histogram::histogram;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node, Value};
use petavox_kernels::exposure::{Table, look_up};
use petavox_kernels::measure::Histogram;
use std::sync::Arc;

enum From {
    /// Points that were given.
    Points { xp: Vec<f64>, fp: Vec<f64> },
    /// The cumulated histogram, with so many bins for floats.
    Histogram { n_bins: usize },
}

struct Interp {
    from: From,
    table: Option<Arc<Table>>,
}

/// Samples by the points (`xp`, `fp`): straight lines between them, level beyond both ends. `float32` images stay so, others
/// become `float64`.
///
/// # Errors
/// If `xp` does not rise or is not as long as `fp`.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let missing = |name: &str| Error::argument(format!("interp: {name}"), "nothing", "numbers");
    let xp = params.numbers("xp")?.ok_or_else(|| missing("xp"))?;
    let fp = params.numbers("fp")?.ok_or_else(|| missing("fp"))?;
    let table = Table::new(xp.clone(), fp.clone())?.for_dtype(input.spec().dtype);
    let op = Interp { from: From::Points { xp, fp }, table: Some(Arc::new(table)) };
    Node::block(Arc::new(op), vec![input.clone()], vec![])
}

/// Every sample becomes the share of samples up to it, 0 to 1, by the histogram that scikit-image makes: one bin per integer,
/// `nbins` (256) for floats. `float32` images stay so, others become `float64`.
///
/// # Errors
/// For masks, and where there is no histogram: NaN, no samples.
pub fn build_equalize_hist(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let n_bins = params.count("nbins")?.unwrap_or(256) as usize;
    let op = Interp { from: From::Histogram { n_bins }, table: None };
    Node::block(Arc::new(op), vec![input.clone()], vec![histogram(input, n_bins)?])
}

impl BlockOp for Interp {
    fn name(&self) -> &'static str {
        match self.from {
            From::Points { .. } => "interp",
            From::Histogram { .. } => "equalize_hist",
        }
    }

    fn params(&self) -> serde_json::Value {
        match &self.from {
            From::Points { xp, fp } => serde_json::json!({ "xp": xp, "fp": fp }),
            From::Histogram { n_bins } => serde_json::json!({ "nbins": n_bins }),
        }
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let single = inputs[0].dtype == Dtype::Float32;
        Ok(inputs[0].with_dtype(if single { Dtype::Float32 } else { Dtype::Float64 }))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let From::Histogram { n_bins } = self.from else { return Ok(None) };
        let value = values.first().ok_or_else(|| Error::internal("equalize_hist", "no value"))?;
        let histogram = value.get::<Histogram>()?;
        let mut sum = 0u64;
        let sums: Vec<u64> = histogram
            .counts()
            .iter()
            .map(|count| {
                sum += count;
                sum
            })
            .collect();
        let share = |s: &u64| *s as f64 / sum as f64;
        let single = histogram.dtype() == Dtype::Float32;
        let shares =
            sums.iter().map(share).map(|s| if single { f64::from(s as f32) } else { s }).collect();
        let table = Table::new(histogram.centres().to_vec(), shares)?;
        let table = Some(Arc::new(table.for_dtype(histogram.dtype())));
        Ok(Some(Arc::new(Interp { from: From::Histogram { n_bins }, table })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let table = self.table.as_ref().ok_or_else(|| Error::internal("interp", "not bound"))?;
        look_up(call.inputs[0], table, call.output)
    }
}
