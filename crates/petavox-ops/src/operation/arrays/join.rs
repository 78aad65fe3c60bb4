//! `concatenate` and `stack`: images one after another along an axis.

use super::view::{Named, axis_of, derived};
use crate::Params;
use petavox_core::{Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::gather::{Origin, Run, gather};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Images side by side.
struct Join {
    name: &'static str,
    spec: ImageSpec,
    axis: usize,
    /// The axis is new; every image has one place on it.
    new: bool,
    /// Where each image begins along the axis, and where the last one ends.
    starts: Vec<usize>,
}

/// The images one after another along `axis`, a letter or number, 0 by default (numpy.concatenate). They have one dtype and, but for
/// this axis, one shape; letters, spacing and origin are those of the first. A block reads only the images it shows.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no image or no such axis, or a shape or dtype differs.
pub fn build_concatenate(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let axis = params.parsed::<Json>("axis")?.unwrap_or_else(|| 0.into());
    let first = first("concatenate", inputs)?;
    let axis = axis_of("concatenate", first, &axis)?;
    agree("concatenate", inputs, Some(axis))?;
    if let [one] = inputs {
        return Ok(one.clone());
    }
    let too_long = || Error::argument("concatenate", "more samples", "fewer than 2^63 in all");
    let mut starts = vec![0usize];
    for input in inputs {
        let end = starts.last().and_then(|s| s.checked_add(input.spec().shape[axis]));
        starts.push(end.ok_or_else(too_long)?);
    }
    let extent = |a: usize| if a == axis { starts[inputs.len()] } else { first.shape[a] };
    let named: Vec<(Named, usize)> =
        (0..first.ndim()).map(|a| (Named::same(a), extent(a))).collect();
    let spec = derived("concatenate", first, &named)?;
    let join = Join { name: "concatenate", spec, axis, new: false, starts };
    Node::block(Arc::new(join), inputs.to_vec(), vec![])
}

/// The images along a new axis, which is number `axis` of the result, 0 by default (numpy.stack). They have one dtype and one shape;
/// letters, spacing and origin are those of the first.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no image, the number is none of the result's, or a shape or dtype differs.
pub fn build_stack(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let given = params.parsed::<Json>("axis")?.unwrap_or_else(|| 0.into());
    let first = first("stack", inputs)?;
    agree("stack", inputs, None)?;
    let n = first.ndim() as i64 + 1;
    let number = given.as_i64().map(|a| if a < 0 { a + n } else { a });
    let axis = number.filter(|a| (0..n).contains(a)).map(|a| a as usize).ok_or_else(|| {
        Error::argument("stack: axis", &given, format!("a number, -{n} to {}", n - 1))
    })?;
    let mut named: Vec<(Named, usize)> =
        first.shape.iter().enumerate().map(|(a, &n)| (Named::same(a), n)).collect();
    named.insert(axis, (Named::New(None), inputs.len()));
    let spec = derived("stack", first, &named)?;
    let starts = (0..=inputs.len()).collect();
    let join = Join { name: "stack", spec, axis, new: true, starts };
    Node::block(Arc::new(join), inputs.to_vec(), vec![])
}

fn first<'a>(op: &str, inputs: &'a [Arc<Node>]) -> Result<&'a ImageSpec> {
    let first = inputs.first().ok_or_else(|| Error::argument(op, "no images", "one or more"))?;
    Ok(first.spec())
}

/// Refuses images that differ in dtype, or in shape along another axis than `but`.
fn agree(op: &str, inputs: &[Arc<Node>], but: Option<usize>) -> Result<()> {
    let first = first(op, inputs)?;
    for (k, spec) in inputs.iter().map(|i| i.spec()).enumerate() {
        if spec.dtype != first.dtype {
            let expected = format!("{}, as the first has; cast with astype", first.dtype);
            return Err(Error::argument(
                op,
                format!("image {k} of dtype {}", spec.dtype),
                expected,
            ));
        }
        let same = |a: usize| Some(a) == but || spec.shape[a] == first.shape[a];
        if spec.ndim() != first.ndim() || !(0..spec.ndim()).all(same) {
            let given = format!("image {k} of shape {:?}", spec.shape);
            let expected = match but {
                Some(a) => format!("{:?} on all axes but {a}", first.shape),
                None => format!("{:?}", first.shape),
            };
            return Err(Error::argument(op, given, expected));
        }
    }
    Ok(())
}

impl Join {
    /// The images that `target` shows: their number, and from where to where in the result.
    fn shown(&self, target: &Region) -> impl Iterator<Item = (usize, usize, usize)> {
        let (lo, hi) = (target.start()[self.axis] as usize, target.end(self.axis) as usize);
        let first = self.starts.partition_point(|s| *s <= lo).saturating_sub(1);
        (first..self.starts.len() - 1)
            .take_while(move |k| self.starts[*k] < hi)
            .map(move |k| (k, lo.max(self.starts[k]), hi.min(self.starts[k + 1])))
            .filter(|(_, a, b)| a < b)
    }

    /// What the places `a..b` of image `k` are in the image.
    fn part(&self, k: usize, a: usize, b: usize, target: &Region) -> Region {
        let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
        if self.new {
            start.remove(self.axis);
            shape.remove(self.axis);
        } else {
            (start[self.axis], shape[self.axis]) = ((a - self.starts[k]) as i64, b - a);
        }
        Region::new(start, shape)
    }
}

impl BlockOp for Join {
    fn name(&self) -> &'static str {
        self.name
    }

    fn params(&self) -> Json {
        json!({ "axis": self.axis })
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(self.spec.clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let nothing = |i: &&ImageSpec| Region::new(vec![0; i.ndim()], vec![0; i.ndim()]);
        let mut needs: Vec<Need> = inputs.iter().map(|i| Need::inside(nothing(i))).collect();
        for (k, need) in self.parts(inputs, target) {
            needs[k] = need;
        }
        needs
    }

    fn parts(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<(usize, Need)> {
        self.shown(target).map(|(k, a, b)| (k, Need::inside(self.part(k, a, b, target)))).collect()
    }

    fn cost_ns(&self) -> f64 {
        0.1
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let target = call.output.region().clone();
        let shown: Vec<(usize, usize, usize)> = self.shown(&target).collect();
        if shown.len() != call.inputs.len() {
            return Err(Error::internal(self.name, format!("{} parts", call.inputs.len())));
        }
        for ((_, a, b), input) in shown.into_iter().zip(call.inputs) {
            let strides = input.strides();
            let before = a - target.start()[self.axis] as usize;
            let after = target.shape()[self.axis] - before - (b - a);
            let kept = |len| Run { len, origin: Origin::Kept };
            let runs = |axis: usize| {
                let from = match self.new && axis > self.axis {
                    true => axis - 1,
                    false => axis,
                };
                let step = if self.new && axis == self.axis { 0 } else { strides[from] as isize };
                let len = if axis == self.axis { b - a } else { target.shape()[axis] };
                let run = Run { len, origin: Origin::Input { place: 0, step } };
                if axis == self.axis { vec![kept(before), run, kept(after)] } else { vec![run] }
            };
            let axes: Vec<Vec<Run>> = (0..target.ndim())
                .map(|a| runs(a).into_iter().filter(|r| r.len > 0).collect())
                .collect();
            gather(input, call.output, &axes.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
