//! `map_array`: new values for the values of an integer image.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::label::{ValueMap, mapped_dtype};
use std::sync::Arc;

struct MapArray {
    from: Vec<i64>,
    to: Vec<f64>,
    keep: bool,
    dtype: Dtype,
    map: ValueMap,
}

/// Gives every sample that is `input_vals[i]` the value `output_vals[i]`, as skimage.util.map_array does; other samples become 0, or
/// stay with `keep`. `dtype` is that of the result: by default the input's if the new values fit it.
///
/// # Errors
/// For floats, and lists of different lengths.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let list = |values: Option<Vec<f64>>| values.unwrap_or_default();
    let from = match params.parsed::<OneOrMany>("input_vals")? {
        None => vec![],
        Some(OneOrMany::One(value)) => vec![value],
        Some(OneOrMany::Many(values)) => values,
    };
    let to = list(params.numbers("output_vals")?);
    let keep = params.flag("keep")?.unwrap_or(false);
    let dtype = params.text("dtype")?.map(|name| Dtype::parse(&name)).transpose()?;
    map_array(input, from, to, keep, dtype)
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(i64),
    Many(Vec<i64>),
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// As [`build`].
pub fn map_array(
    input: &Arc<Node>,
    from: Vec<i64>,
    to: Vec<f64>,
    keep: bool,
    dtype: Option<Dtype>,
) -> Result<Arc<Node>> {
    let map = ValueMap::new(&from, &to, keep)?;
    let dtype = dtype.unwrap_or_else(|| mapped_dtype(input.spec().dtype, &to));
    Node::block(Arc::new(MapArray { from, to, keep, dtype, map }), vec![input.clone()], vec![])
}

impl BlockOp for MapArray {
    fn name(&self) -> &'static str {
        "map_array"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({
            "input_vals": self.from, "output_vals": self.to, "keep": self.keep, "dtype": self.dtype.name(),
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        if inputs[0].dtype.is_float() {
            return Err(Error::dtype("map_array", inputs[0].dtype, "bool and integers"));
        }
        Ok(inputs[0].with_dtype(self.dtype))
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        self.map.apply(call.inputs[0], call.output)
    }
}
