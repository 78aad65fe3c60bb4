//! `correlate`: weights over a window of any number of axes, equal to scipy.ndimage.correlate.

use super::lines::{dtype_of, whole_numbers};
use crate::Params;
use crate::params::number_json;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::filter::Dense;
use serde_json::{Value as Json, json};
use std::sync::Arc;

struct Correlate {
    params: Json,
    filter: Dense,
    boundary: Boundary,
    dtype: Option<Dtype>,
}

/// Sums of the samples in a window, each times its weight. `weights` is nested as the window is, or flat with `shape`; the own sample
/// is number `n // 2 + origin` along each axis. `dtype` is the result's (scipy.ndimage.correlate).
///
/// # Errors
/// If the window has not the image's number of axes, is empty, or the origin lies outside of it.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let ndim = input.spec().ndim();
    let given = params.parsed::<Json>("weights")?.unwrap_or(Json::Null);
    let mut weights = vec![];
    let nested = flattened(&given, &mut weights).ok_or_else(|| {
        Error::argument("correlate: weights", "other things", "numbers, nested as the window is")
    })?;
    let shape = params.parsed::<Vec<usize>>("shape")?.unwrap_or(nested);
    if shape.len() != ndim {
        let expected = format!("one of {ndim} axes");
        return Err(Error::argument(
            "correlate: weights",
            format!("a window of {shape:?}"),
            expected,
        ));
    }
    let origin = whole_numbers(params, "origin", ndim, 0)?;
    let dtype = dtype_of(params)?;
    let boundary = params.boundary()?;
    let filter = Dense::new(shape.clone(), &weights, &origin, boundary)?;
    let mut params = json!({
        "weights": weights, "shape": shape, "origin": origin, "mode": boundary.mode(), "cval": number_json(boundary.cval()),
    });
    if let Some(dtype) = dtype {
        params["dtype"] = json!(dtype);
    }
    Node::block(
        Arc::new(Correlate { params, filter, boundary, dtype }),
        vec![input.clone()],
        vec![],
    )
}

/// Appends the numbers of nested lists and tells their shape, if they have one.
fn flattened(given: &Json, to: &mut Vec<f64>) -> Option<Vec<usize>> {
    match given {
        Json::Array(items) => {
            let mut inner: Option<Vec<usize>> = None;
            for item in items {
                let shape = flattened(item, to)?;
                if inner.get_or_insert_with(|| shape.clone()) != &shape {
                    return None;
                }
            }
            Some([vec![items.len()], inner.unwrap_or_default()].concat())
        }
        number => {
            to.push(number.as_f64()?);
            Some(vec![])
        }
    }
}

impl BlockOp for Correlate {
    fn name(&self) -> &'static str {
        "correlate"
    }

    fn params(&self) -> Json {
        self.params.clone()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut spec = inputs[0].clone();
        spec.dtype = self.dtype.unwrap_or(spec.dtype);
        Ok(spec)
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (low, high) = self.filter.reach();
        vec![Need { region: target.grow(&low, &high), boundary: self.boundary }]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        self.filter.scratch_bytes(target.shape()) as u64
    }

    fn cost_ns(&self) -> f64 {
        1.0 + 0.15 * self.filter.n_taps() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        self.filter.run(
            call.inputs[0],
            call.output,
            &call.specs[0].shape,
            call.scratch.bytes_mut(),
            call.cancel,
        )
    }
}
