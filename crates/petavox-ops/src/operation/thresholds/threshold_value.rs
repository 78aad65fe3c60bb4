//! `threshold_value`: the number that a method finds, as an image without axes, so that more than a mask can be made of it.

use super::threshold::Threshold;
use crate::Params;
use crate::operation::measures::histogram::histogram;
use petavox_core::{Block, Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{BlockCall, BlockOp, Need, Node, Value};
use petavox_kernels::measure::Histogram;
use std::sync::Arc;

struct ThresholdValue {
    method: Threshold,
    n_bins: usize,
    dtype: Dtype,
    value: Option<f64>,
}

/// The threshold that `method` (`otsu` by default) finds with `nbins` bins for float images: one sample without axes, `int64` for
/// integer images (`float64` for `li`) and of the image's dtype for floats, as skimage.filters.threshold_*.
///
/// # Errors
/// If the method is unknown or does not take the image's dtype.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let method = params.text("method")?.unwrap_or_else(|| "otsu".to_owned());
    let method: Threshold = method.parse()?;
    if let Threshold::Value(v) = method {
        return Err(Error::argument("threshold_value: method", v, "the name of a method"));
    }
    let n_bins = params.count("nbins")?.unwrap_or(256) as usize;
    let image = input.spec().dtype;
    if method == Threshold::Li && image.is_float() {
        return Err(Error::dtype("threshold_value:method=li", image, "integer images"));
    }
    let dtype = match image {
        d if d.is_float() => d,
        // Li's lies between the integers.
        _ if method == Threshold::Li => Dtype::Float64,
        _ => Dtype::Int64,
    };
    let op = ThresholdValue { method, n_bins, dtype, value: None };
    Node::block(Arc::new(op), vec![], vec![histogram(input, n_bins)?])
}

impl BlockOp for ThresholdValue {
    fn name(&self) -> &'static str {
        "threshold_value"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "method": self.method.to_string(), "nbins": self.n_bins })
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        ImageSpec::new([], self.dtype)
    }

    fn needs(&self, _inputs: &[&ImageSpec], _target: &Region) -> Vec<Need> {
        vec![]
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let histogram =
            values.first().ok_or_else(|| Error::internal("threshold_value", "no histogram"))?;
        let value = self.method.find(histogram.get::<Histogram>()?)?;
        Ok(Some(Arc::new(ThresholdValue { value: Some(value), ..*self })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let value = self.value.ok_or_else(|| Error::internal("threshold_value", "not bound"))?;
        set(call.output, value)
    }
}

fn set(output: &mut Block, value: f64) -> Result<()> {
    dispatch!(output.dtype(), T => {
        output.typed_mut::<T>()?.fill(<T as Element>::from_f64(value));
    });
    Ok(())
}
