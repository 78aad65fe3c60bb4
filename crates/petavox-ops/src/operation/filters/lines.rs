//! What filters along axes share: one after the other, with the halo, scratch and cost of all.

use crate::Params;
use crate::operation::arrays::astype;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::filter::{Line, Separable};
use serde_json::Value as Json;
use std::sync::Arc;

/// Filters along axes, under the name and the parameters of the operation that they are.
pub(crate) struct Lines {
    pub(crate) name: &'static str,
    pub(crate) params: Json,
    pub(crate) filter: Separable,
    /// Of the result; the image's if there is none.
    pub(crate) dtype: Option<Dtype>,
}

impl Lines {
    /// Binds the filters to an image.
    pub(crate) fn of(self, input: &Arc<Node>) -> Result<Arc<Node>> {
        if self.filter.lines.is_empty() {
            return astype::cast(input, self.dtype.unwrap_or(input.spec().dtype));
        }
        Node::block(Arc::new(self), vec![input.clone()], vec![])
    }
}

impl BlockOp for Lines {
    fn name(&self) -> &'static str {
        self.name
    }

    fn params(&self) -> Json {
        self.params.clone()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut spec = inputs[0].clone();
        spec.dtype = self.dtype.unwrap_or(spec.dtype);
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (low, high) = self.filter.reach(inputs[0].ndim());
        vec![Need { region: target.grow(&low, &high), boundary: self.filter.boundary }]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let dtype = self.dtype.unwrap_or(inputs[0].dtype);
        self.filter.scratch_bytes(target.shape(), dtype) as u64
    }

    fn cost_ns(&self) -> f64 {
        self.filter.lines.iter().map(|(_, line)| pass_ns(line)).sum()
    }

    fn effort(&self, inputs: &[&ImageSpec], target: &Region) -> f64 {
        let (low, high) = self.filter.reach(inputs[0].ndim());
        let mut shape = target.grow(&low, &high).shape().to_vec();
        // Each pass leaves the margin of the axes that are still to come.
        let ns = self.filter.lines.iter().map(|(axis, line)| {
            shape[*axis] = target.shape()[*axis];
            pass_ns(line) * shape.iter().map(|n| *n as f64).product::<f64>()
        });
        ns.sum::<f64>() / self.cost_ns().max(f64::MIN_POSITIVE)
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        self.filter.run(call.inputs[0], call.output, shape, call.scratch.bytes_mut(), call.cancel)
    }
}

/// What a pass takes for a sample.
fn pass_ns(line: &Line) -> f64 {
    let taps = match line {
        Line::Weighted(weights) => weights.values().len(),
        Line::Mean(window) if window.size() > 24 => 2 * window.size().isqrt() + 8,
        Line::Mean(window) => window.size(),
    };
    0.8 + 0.1 * taps as f64
}

/// The parameter `dtype`, of the result.
pub(crate) fn dtype_of(params: &mut Params) -> Result<Option<Dtype>> {
    params.text("dtype")?.map(|name| Dtype::parse(&name)).transpose()
}

/// The parameter `axes`: those that are filtered, in that order; all by default.
pub(crate) fn axes_of(params: &mut Params, spec: &ImageSpec) -> Result<Vec<usize>> {
    let what = format!("{}: axes", params.op());
    let Some(given) = params.numbers("axes")? else { return Ok((0..spec.ndim()).collect()) };
    let axes: Vec<usize> = given.iter().map(|a| axis(*a, spec, &what)).collect::<Result<_>>()?;
    if (1..axes.len()).any(|i| axes[..i].contains(&axes[i])) {
        return Err(Error::argument(what, format!("{given:?}"), "no axis twice"));
    }
    Ok(axes)
}

/// The parameter `axis`, the last by default.
pub(crate) fn axis_of(params: &mut Params, spec: &ImageSpec) -> Result<usize> {
    let what = format!("{}: axis", params.op());
    axis(params.number("axis")?.unwrap_or(-1.0), spec, &what)
}

fn axis(given: f64, spec: &ImageSpec, what: &str) -> Result<usize> {
    let n = spec.ndim() as f64;
    if given.fract() == 0.0 && (-n..n).contains(&given) {
        return Ok(if given < 0.0 { given + n } else { given } as usize);
    }
    let expected = format!("a whole number from {} to {}, an axis of {}", -n, n - 1.0, spec.axes);
    Err(Error::argument(what, given, expected))
}

/// One whole number for each of `n` axes: one for all, or one each; `default` if none was given.
pub(crate) fn whole_numbers(
    params: &mut Params,
    name: &str,
    n: usize,
    default: i64,
) -> Result<Vec<i64>> {
    let what = format!("{}: {name}", params.op());
    let Some(given) = params.numbers(name)? else { return Ok(vec![default; n]) };
    if given.iter().any(|v| v.fract() != 0.0 || v.abs() > 1e15) {
        return Err(Error::argument(what, format!("{given:?}"), "whole numbers"));
    }
    match given.len() {
        1 => Ok(vec![given[0] as i64; n]),
        m if m == n => Ok(given.iter().map(|v| *v as i64).collect()),
        m => Err(Error::argument(what, format!("{m} values"), format!("1, or {n}, one per axis"))),
    }
}
