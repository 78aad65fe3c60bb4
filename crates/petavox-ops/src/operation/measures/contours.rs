//! Contours of a plane, as a fold: blocks tell their pieces, which are joined when all are there.

use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, part};
use petavox_kernels::contour::{CHANNELS, Connect, Line, Segment, assemble, segments, squares};
use std::sync::Arc;

/// What contours are found, and how.
#[derive(Clone, Copy, Debug)]
pub struct ContourOptions {
    /// The level that is crossed.
    pub level: f64,
    /// High corners on a diagonal are joined, not low ones.
    pub high_connected: bool,
    /// What the pieces may take at most while they are gathered.
    pub max_bytes: u64,
}

/// The contours of an image of two axes; the value is a list of [`Line`]s.
///
/// # Errors
/// For other images, for axes of fewer than two samples, and a mask of another shape or dtype.
pub fn contours(
    image: &Arc<Node>,
    mask: Option<&Arc<Node>>,
    options: ContourOptions,
) -> Result<Arc<Node>> {
    let shape = &image.spec().shape;
    if shape.len() != 2 {
        return Err(Error::argument("contours", format!("{} axes", shape.len()), "two axes"));
    }
    if shape.iter().any(|n| *n < 2) {
        let expected = "two samples or more along both axes";
        return Err(Error::argument("contours", format!("an image of {shape:?}"), expected));
    }
    let mut inputs = vec![crate::operation::arrays::astype::cast(image, Dtype::Float64)?];
    if let Some(mask) = mask {
        if &mask.spec().shape != shape {
            let given = format!("shape {:?}", mask.spec().shape);
            return Err(Error::argument("contours: mask", given, format!("{shape:?}")));
        }
        crate::operation::needs_mask("contours", mask.spec())?;
        inputs.push(mask.clone());
    }
    let row_len = shape[1] - 1;
    let cases = Node::block(Arc::new(Squares { level: options.level }), inputs, vec![])?;
    Node::fold(Arc::new(Contours { options, row_len }), cases, vec![])
}

/// Which corners of the squares between samples are high, and where their edges are crossed.
struct Squares {
    level: f64,
}

impl BlockOp for Squares {
    fn name(&self) -> &'static str {
        "squares"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "level": crate::params::number_json(self.level) })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let shape: Vec<usize> = inputs[0].shape.iter().map(|n| n - 1).collect();
        crate::operation::arrays::with_last_axes("squares", inputs[0], &shape, &[CHANNELS])
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let plane = Region::new(&target.start()[..2], &target.shape()[..2]);
        let grown = if target.is_empty() { plane } else { plane.grow(&[0, 0], &[1, 1]) };
        vec![Need::inside(grown); inputs.len()]
    }

    fn cost_ns(&self) -> f64 {
        1.0
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        squares(call.inputs[0], call.inputs.get(1).copied(), call.output, self.level)
    }
}

struct Contours {
    options: ContourOptions,
    /// Squares in a row of the image.
    row_len: usize,
}

impl FoldOp for Contours {
    petavox_engine::travels!(part: Vec<Segment>, value: Vec<Line>);

    fn name(&self) -> &'static str {
        "contours"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "high_connected": self.options.high_connected })
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // Joining takes about three times what the pieces do.
        (input.bytes() * 4).min(self.options.max_bytes)
    }

    fn cell(&self, _input: &ImageSpec) -> Option<Vec<usize>> {
        Some(vec![1, 1, CHANNELS])
    }

    fn any_order(&self) -> bool {
        true
    }

    fn map_bytes(&self, _input: &ImageSpec, region: &Region) -> u64 {
        // A piece for every square at worst.
        (region.len() / CHANNELS * size_of::<Segment>()) as u64
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let connect = if self.options.high_connected { Connect::High } else { Connect::Low };
        Ok(Box::new(segments(block, self.row_len, connect)?))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (mut left, mut right) = (part::<Vec<Segment>>(left)?, part::<Vec<Segment>>(right)?);
        if left.len() < right.len() {
            std::mem::swap(&mut left, &mut right);
        }
        left.extend(right);
        let bytes = 4 * (left.capacity() * size_of::<Segment>()) as u64;
        if bytes > self.options.max_bytes {
            let what = format!("contours of {} pieces so far", left.len());
            return Err(Error::Budget { what, needed: 4 * bytes, budget: self.options.max_bytes });
        }
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let mut found = merged.map(part::<Vec<Segment>>).transpose()?.unwrap_or_default();
        found.sort_unstable_by_key(|s| s.order);
        let lines = assemble(&found);
        let json = serde_json::json!({ "n": lines.len() });
        Ok(Value::new(lines, json))
    }
}
