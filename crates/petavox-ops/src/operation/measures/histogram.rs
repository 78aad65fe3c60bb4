//! The extent and the histogram of an image, as folds that other operations take their numbers from.

use petavox_core::{Block, Dtype, Error, ImageSpec, Result};
use petavox_engine::{FoldOp, Node, Part, Value, part};
use petavox_kernels::measure::{Binning, Extent, Histogram, accumulate_histogram, extent};
use petavox_kernels::pointwise::Scalar;
use std::sync::Arc;

/// The histogram of an image with scikit-image's bins: one per integer, or `n_bins` between the smallest and the largest
/// sample of a float image, which takes a pass over the image first. The value is a [`Histogram`].
///
/// # Errors
/// For `bool` images, which have no histogram worth a threshold.
pub fn histogram(input: &Arc<Node>, n_bins: usize) -> Result<Arc<Node>> {
    let dtype = input.spec().dtype;
    let values = match Binning::of_dtype(dtype) {
        Some(_) => vec![],
        None => vec![Node::fold(Arc::new(ExtentFold), input.clone(), vec![])?],
    };
    let fold = HistogramFold { dtype, n_bins, binning: Binning::of_dtype(dtype) };
    Node::fold(Arc::new(fold), input.clone(), values)
}

struct ExtentFold;

impl FoldOp for ExtentFold {
    petavox_engine::travels!(part: Extent, value: Extent);

    fn name(&self) -> &'static str {
        "extent"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, _input: &ImageSpec) -> u64 {
        4096
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        Ok(Box::new(extent(block)?))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        Ok(Box::new(part::<Extent>(left)?.merge(part::<Extent>(right)?)))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let extent = merged.map(part::<Extent>).transpose()?.unwrap_or_default();
        let json = match extent.range {
            Some((Scalar::Int(lo), Scalar::Int(hi))) => {
                serde_json::json!({"min": lo.to_string(), "max": hi.to_string(), "n_nan": 0})
            }
            Some((lo, hi)) => {
                serde_json::json!({"min_f64": lo.to_f64(), "max_f64": hi.to_f64(), "n_nan": extent.n_nan})
            }
            None => serde_json::json!({"n_nan": extent.n_nan}),
        };
        Ok(Value::new(extent, json))
    }

    fn restore(&self, json: &serde_json::Value) -> Option<Value> {
        let int = |key: &str| json.get(key)?.as_str()?.parse::<i128>().ok().map(Scalar::Int);
        let float = |key: &str| json.get(key)?.as_f64().map(Scalar::Float);
        let range = int("min").zip(int("max")).or_else(|| float("min_f64").zip(float("max_f64")));
        let n_nan = json.get("n_nan")?.as_u64()?;
        Some(Value::new(Extent { range, n_nan }, json.clone()))
    }
}

struct HistogramFold {
    dtype: Dtype,
    n_bins: usize,
    binning: Option<Binning>,
}

impl FoldOp for HistogramFold {
    petavox_engine::travels!(part: Vec<u64>, value: Histogram);

    fn name(&self) -> &'static str {
        "histogram"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "nbins": self.n_bins })
    }

    fn accept(&self, input: &ImageSpec) -> Result<()> {
        match input.dtype {
            Dtype::Bool => {
                Err(Error::dtype("histogram", input.dtype, "integers and floats, not masks"))
            }
            _ => Ok(()),
        }
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // A part per block in work, and the merged one; 32- and 64-bit integers may have many bins.
        let n_bins = match (&self.binning, input.dtype.is_float()) {
            (Some(binning), _) => binning.n_bins(),
            (None, true) => self.n_bins,
            (None, false) => 1 << 20,
        };
        8 * 8 * n_bins as u64
    }

    fn cost_ns(&self) -> f64 {
        1.2
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn FoldOp>>> {
        let Some(value) = values.first() else { return Ok(None) };
        let binning = Binning::of_extent(self.dtype, value.get::<Extent>()?, self.n_bins)?;
        Ok(Some(Arc::new(HistogramFold { binning: Some(binning), ..*self })))
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let binning =
            self.binning.as_ref().ok_or_else(|| Error::internal("histogram", "not bound"))?;
        let mut counts = vec![0u64; binning.n_bins()];
        accumulate_histogram(block, binning, &mut counts)?;
        Ok(Box::new(counts))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (mut left, right) = (part::<Vec<u64>>(left)?, part::<Vec<u64>>(right)?);
        left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let binning =
            self.binning.as_ref().ok_or_else(|| Error::internal("histogram", "not bound"))?;
        let Some(counts) = merged.map(part::<Vec<u64>>).transpose()? else {
            return Err(Error::argument("image", "no samples", "an image with samples"));
        };
        let histogram = Histogram::new(binning, counts)?;
        let json =
            serde_json::json!({ "counts": histogram.counts(), "bin_centers": histogram.centres() });
        Ok(Value::new(histogram, json))
    }
}
