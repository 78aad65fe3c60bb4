//! `select`: one channel, time point or plane, the axis taken out.

use crate::Params;
use petavox_core::{Axes, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use std::sync::Arc;

struct Select {
    axis: usize,
    index: usize,
}

/// The image at `index` (0 by default; from the end if negative) of `axis`, a letter of the image's axes or a number; numpy's
/// `image[index]` along that axis. Only what is selected is read.
///
/// # Errors
/// If there is no such axis or index, or the image has one axis only.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let name = params.text("axis")?.unwrap_or_else(|| spec.axes.as_str().chars().take(1).collect());
    let mut letters = name.chars();
    let by_letter =
        letters.next().filter(|_| letters.next().is_none()).and_then(|c| spec.axes.position(c));
    let Some(axis) = by_letter.or_else(|| name.parse().ok()).filter(|a| *a < spec.ndim()) else {
        let expected = format!("one of {} or a number below {}", spec.axes, spec.ndim());
        return Err(Error::argument("select: axis", name, expected));
    };
    let index = params.number("index")?.unwrap_or(0.0);
    let n = spec.shape[axis] as f64;
    let from_start = if index < 0.0 { index + n } else { index };
    if from_start.fract() != 0.0 || !(0.0..n).contains(&from_start) {
        return Err(Error::argument(
            "select: index",
            index,
            format!("a whole number, -{n} to {}", n - 1.0),
        ));
    }
    select(input, axis, from_start as usize)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// If the image has one axis only.
pub fn select(input: &Arc<Node>, axis: usize, index: usize) -> Result<Arc<Node>> {
    Node::block(Arc::new(Select { axis, index }), vec![input.clone()], vec![])
}

fn without<T: Clone>(all: &[T], axis: usize) -> Vec<T> {
    all.iter().enumerate().filter(|(a, _)| *a != axis).map(|(_, v)| v.clone()).collect()
}

impl BlockOp for Select {
    fn name(&self) -> &'static str {
        "select"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "axis": self.axis, "index": self.index })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let input = inputs[0];
        if input.ndim() < 2 {
            return Err(Error::argument("select", "an image of one axis", "two axes or more"));
        }
        let mut spec = ImageSpec::new(without(&input.shape, self.axis), input.dtype)?;
        let letters: Vec<char> = input.axes.as_str().chars().collect();
        spec.axes = Axes::parse(&without(&letters, self.axis).into_iter().collect::<String>())?;
        spec.spacing.values = without(&input.spacing.values, self.axis);
        spec.spacing.unit = input.spacing.unit.clone();
        spec.origin = without(&input.origin, self.axis);
        Ok(spec)
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
        start.insert(self.axis, self.index as i64);
        shape.insert(self.axis, 1);
        vec![Need::inside(Region::new(start, shape))]
    }

    fn cost_ns(&self) -> f64 {
        0.1
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        // An axis of one sample does not change the order of the others.
        call.output.bytes_mut().copy_from_slice(call.inputs[0].bytes());
        Ok(())
    }
}
