//! `expand_labels`: labels that grow into the background around them.

use crate::Params;
use petavox_core::{Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::label::{
    expand_labels as kernel, expand_labels_line_bytes, expand_labels_scratch_bytes, expand_reach,
};
use std::sync::Arc;

struct ExpandLabels {
    distance: f64,
    spacing: Vec<f64>,
}

/// Samples that are 0 take the label of the nearest sample that is not, if that is at most `distance` away (1 by default); `spacing` is the
/// size of a sample, one value or one per axis, 1 by default, or `image` for the image's own. Of several that are equally near, the one
/// that `distance_transform_edt` finds: scikit-image's choice.
///
/// # Errors
/// If the distance is negative or not a number, or the spacing not positive.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let distance = params.any_number("distance")?.unwrap_or(1.0);
    if distance.is_nan() || distance < 0.0 {
        return Err(Error::argument("expand_labels: distance", distance, "0 or more"));
    }
    let spacing = match params.clone().text("spacing") {
        Ok(Some(word)) if word == "image" => {
            params.text("spacing")?;
            input.spec().spacing.values.clone()
        }
        _ => params.per_axis("spacing", input.spec(), 1.0)?,
    };
    if spacing.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
        let given = format!("{spacing:?}");
        return Err(Error::argument("expand_labels: spacing", given, "positive numbers"));
    }
    let op = ExpandLabels { distance, spacing };
    Node::block(Arc::new(op), vec![input.clone()], vec![])
}

impl ExpandLabels {
    fn region(&self, input: &ImageSpec, target: &Region) -> Region {
        let reach = expand_reach(self.distance, &self.spacing, &input.shape);
        let around = target.grow(&reach, &reach);
        around.intersect(&input.region()).unwrap_or_else(|| target.clone())
    }
}

impl BlockOp for ExpandLabels {
    fn name(&self) -> &'static str {
        "expand_labels"
    }

    fn params(&self) -> serde_json::Value {
        let distance = crate::params::number_json(self.distance);
        serde_json::json!({ "distance": distance, "spacing": self.spacing })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(self.region(inputs[0], target))]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        expand_labels_scratch_bytes(self.region(inputs[0], target).shape()) as u64
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        expand_labels_line_bytes(self.region(inputs[0], target).shape()) as u64
    }

    fn cost_ns(&self) -> f64 {
        40.0 * self.spacing.len() as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let scratch = call.scratch.bytes_mut();
        kernel(call.inputs[0], call.output, self.distance, &self.spacing, scratch)
    }
}
