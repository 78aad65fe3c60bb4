//! `match_template`: how alike every window of an image is to a template, equal to scikit-image's.

use crate::Params;
use crate::operation::arrays::astype::cast;
use petavox_core::{Boundary, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::feature::{Template, template_bytes, template_needs};
use serde_json::json;
use std::sync::Arc;

struct MatchTemplate {
    weights: Vec<f64>,
    shape: Vec<usize>,
    template: Template,
    boundary: Boundary,
    /// The result has the image's shape, and windows have their middles at its samples.
    pad_input: bool,
}

/// The coefficient of correlation of the template, `weights` of `shape` in C order, and the window that begins at each sample where the whole
/// template fits, or with `pad_input=true` the window in whose middle each sample of the image is; then `mode` (by scipy's names,
/// `constant` by default) and `cval` say what lies outside. Of images with more axes than the template, it is matched in each
/// plane of the last ones. Integers become `float64`.
///
/// # Errors
/// If the template has no samples, more axes than the image or is larger, or the image has fewer than two axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let weights = params.numbers("weights")?.unwrap_or_default();
    let shape = params.parsed::<serde_json::Value>("shape")?;
    let mut shape: Vec<usize> = match shape {
        None => vec![weights.len()],
        Some(one) if one.is_u64() => serde_json::from_value(json!([one])).unwrap_or_default(),
        Some(several) => serde_json::from_value(several).unwrap_or_default(),
    };
    while shape.len() < spec.ndim() {
        shape.insert(0, 1);
    }
    let template = Template::new(&shape, &weights)?;
    let pad_input = params.flag("pad_input")?.unwrap_or(false);
    let cval = params.any_number("cval")?.unwrap_or(0.0);
    let mode = params.text("mode")?.unwrap_or_else(|| "constant".to_owned());
    let boundary = Boundary::parse(&mode, cval)?;
    let float = match spec.dtype {
        Dtype::Float32 => input.clone(),
        _ => cast(input, Dtype::Float64)?,
    };
    let op = MatchTemplate { weights, shape, template, boundary, pad_input };
    Node::block(Arc::new(op), vec![float], vec![])
}

impl MatchTemplate {
    /// Where the windows of a region of the result begin.
    fn windows(&self, target: &Region) -> Region {
        let before = |t: &usize| if self.pad_input { -((t / 2) as i64) } else { 0 };
        target.translate(&self.shape.iter().map(before).collect::<Vec<_>>())
    }
}

impl BlockOp for MatchTemplate {
    fn name(&self) -> &'static str {
        "match_template"
    }

    fn params(&self) -> serde_json::Value {
        let (mode, cval) = (self.boundary.mode(), crate::params::number_json(self.boundary.cval()));
        json!({
            "weights": self.weights, "shape": self.shape, "pad_input": self.pad_input,
            "mode": mode, "cval": cval,
        })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let image = inputs[0];
        let fits = image.ndim() == self.shape.len()
            && image.shape.iter().zip(&self.shape).all(|(n, t)| n >= t);
        if !fits {
            let given = format!("a template of shape {:?}", self.shape);
            let expected = format!("one that fits into the image's, {:?}", image.shape);
            return Err(Error::argument("match_template", given, expected));
        }
        if self.pad_input {
            return Ok(image.clone());
        }
        let fit = |(n, t): (&usize, &usize)| n - t + 1;
        let shape: Vec<usize> = image.shape.iter().zip(&self.shape).map(fit).collect();
        crate::operation::arrays::with_last_axes("match_template", image, &shape, &[])
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let region = match target.is_empty() {
            true => target.clone(),
            false => template_needs(&self.shape, &self.windows(target)),
        };
        vec![Need { region, boundary: self.boundary }]
    }

    fn beside_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        match target.is_empty() {
            true => 0,
            false => template_bytes(&self.shape, &self.windows(target)) as u64,
        }
    }

    fn cost_ns(&self) -> f64 {
        20.0 + (self.weights.len() as f64 * 0.3).min(150.0)
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        call.cancel.check()?;
        if call.output.region().is_empty() {
            return Ok(());
        }
        let target = self.windows(call.output.region());
        self.template.run(call.inputs[0], call.output, &target)
    }
}
