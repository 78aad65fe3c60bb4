//! `threshold`: a mask of what is brighter than a value, given or found (scikit-image's `threshold_*`).

use crate::Params;
use crate::operation::elementwise;
use crate::operation::measures::histogram::histogram;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node, Value};
use petavox_kernels::measure::Histogram;
use petavox_kernels::pointwise::{self, Comparison, Function, Number, Scalar};
use petavox_kernels::threshold as methods;
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use std::sync::Arc;

/// How the value is found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Threshold {
    /// Given.
    Value(f64),
    /// Otsu's: the least variance inside the two classes.
    Otsu,
    /// Li's: the least cross-entropy (integer images).
    Li,
    /// Yen's.
    Yen,
    /// The triangle method.
    Triangle,
    /// Isodata: halfway between the means of the two classes.
    Isodata,
    /// The lowest bin between the two peaks of the smoothed histogram.
    Minimum,
}

/// Rounds of smoothing after which two peaks are not to be expected any more (scikit-image's number).
const MAX_SMOOTHING: usize = 10_000;

const METHODS: [(&str, Threshold); 6] = [
    ("otsu", Threshold::Otsu),
    ("li", Threshold::Li),
    ("yen", Threshold::Yen),
    ("triangle", Threshold::Triangle),
    ("isodata", Threshold::Isodata),
    ("minimum", Threshold::Minimum),
];

impl FromStr for Threshold {
    type Err = Error;

    fn from_str(text: &str) -> Result<Threshold> {
        if let Some(value) = text.parse::<f64>().ok().filter(|v| v.is_finite()) {
            return Ok(Threshold::Value(value));
        }
        METHODS.iter().find(|(name, _)| *name == text).map(|(_, t)| *t).ok_or_else(|| {
            Error::argument(
                "threshold",
                text,
                "a number, or one of otsu, li, yen, triangle, isodata, minimum",
            )
        })
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> String {
        threshold.to_string()
    }
}

impl TryFrom<String> for Threshold {
    type Error = Error;

    fn try_from(text: String) -> Result<Threshold> {
        text.parse()
    }
}

impl std::fmt::Display for Threshold {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Threshold::Value(v) => write!(f, "{v}"),
            method => {
                f.write_str(METHODS.iter().find(|(_, m)| m == method).map_or("", |(name, _)| name))
            }
        }
    }
}

impl Threshold {
    /// The value for an image with this histogram.
    ///
    /// # Errors
    /// Where the method does not take the image's dtype, or finds no value.
    pub fn find(self, histogram: &Histogram) -> Result<f64> {
        match self {
            Threshold::Value(v) => Ok(v),
            Threshold::Otsu => Ok(methods::threshold_otsu(histogram)),
            Threshold::Yen => Ok(methods::threshold_yen(histogram)),
            Threshold::Triangle => Ok(methods::threshold_triangle(histogram)),
            Threshold::Li => methods::threshold_li(histogram),
            Threshold::Isodata => methods::threshold_isodata(histogram),
            Threshold::Minimum => methods::threshold_minimum(histogram, MAX_SMOOTHING),
        }
    }
}

/// The thresholds of an image with this histogram: one for the methods of [`Threshold`], all of `isodata_all`, `n - 1` of
/// `multiotsu` for `n` classes. `n` is the number of rounds for `minimum`, and not looked at by the others.
///
/// # Errors
/// As [`Threshold::find`], and for an unknown method.
pub fn thresholds_of(histogram: &Histogram, method: &str, n: usize) -> Result<Vec<f64>> {
    match method {
        "isodata_all" => methods::thresholds_isodata(histogram),
        "multiotsu" => methods::thresholds_multiotsu(histogram, n),
        "minimum" => Ok(vec![methods::threshold_minimum(histogram, n)?]),
        one => Ok(vec![one.parse::<Threshold>()?.find(histogram)?]),
    }
}

/// The mask of samples above `value`, or above the value that `method` finds (`otsu` by default) with `nbins` bins for
/// float images.
///
/// # Errors
/// If both are given, the method is unknown, or the value lies outside what the image's dtype can hold.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let value = params.number("value")?;
    let method = params.text("method")?;
    let n_bins = params.count("nbins")?.unwrap_or(256) as usize;
    let threshold = match (value, method) {
        (Some(_), Some(_)) => {
            return Err(Error::argument("threshold", "both value and method", "one of them"));
        }
        (Some(v), None) => Threshold::Value(v),
        (None, method) => method.as_deref().unwrap_or("otsu").parse()?,
    };
    Ok(threshold_at(input, threshold, n_bins)?.0)
}

/// The mask above a threshold, and the fold of the histogram the threshold is found from.
///
/// # Errors
/// As [`build`].
pub fn threshold_at(
    input: &Arc<Node>,
    threshold: Threshold,
    n_bins: usize,
) -> Result<(Arc<Node>, Option<Arc<Node>>)> {
    if let Threshold::Value(value) = threshold {
        in_range(value, input.spec().dtype)?;
        return Ok((
            elementwise::with_number(Function::Greater, input, Number::Float(value))?,
            None,
        ));
    }
    let fold = histogram(input, n_bins)?;
    let op = AboveThreshold { threshold, n_bins, value: None };
    Ok((Node::block(Arc::new(op), vec![input.clone()], vec![fold.clone()])?, Some(fold)))
}

fn in_range(value: f64, dtype: Dtype) -> Result<()> {
    let bits = 8 * dtype.size() as i32;
    let (lo, hi) = match dtype {
        Dtype::Bool => (0.0, 1.0),
        d if d.is_float() => return Ok(()),
        d if d.is_signed() => (-(2f64.powi(bits - 1)), 2f64.powi(bits - 1) - 1.0),
        _ => (0.0, 2f64.powi(bits) - 1.0),
    };
    if (lo..=hi).contains(&value) {
        return Ok(());
    }
    let expected =
        format!("{lo} to {hi}, what {dtype} can hold; beyond that the mask is empty or full");
    Err(Error::argument("threshold", value, expected))
}

struct AboveThreshold {
    threshold: Threshold,
    n_bins: usize,
    value: Option<f64>,
}

impl BlockOp for AboveThreshold {
    fn name(&self) -> &'static str {
        "threshold"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "method": self.threshold.to_string(), "nbins": self.n_bins })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if self.threshold == Threshold::Li && inputs[0].dtype.is_float() {
            return Err(Error::dtype("threshold:method=li", inputs[0].dtype, "integer images"));
        }
        Ok(inputs[0].with_dtype(Dtype::Bool))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn cost_ns(&self) -> f64 {
        0.3
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let histogram =
            values.first().ok_or_else(|| Error::internal("threshold", "no histogram"))?;
        let value = self.threshold.find(histogram.get::<Histogram>()?)?;
        Ok(Some(Arc::new(AboveThreshold { value: Some(value), ..*self })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let value = self.value.ok_or_else(|| Error::internal("threshold", "not bound"))?;
        pointwise::compare(call.inputs[0], Comparison::Greater, Scalar::Float(value), call.output)
    }
}
