//! `pairs` and `points`: how often labels of two images meet, and where the samples of a mask are.

use super::pack::{Layout, pack};
use crate::operation::labels::cell_grid;
use petavox_core::{Block, Error, ImageSpec, Result};
use petavox_engine::{FoldOp, Node, Part, Value, part};
use petavox_kernels::measure::{Pairs, Points, add_pairs, add_points};
use std::sync::Arc;

/// How many samples have each pair of labels of two label images; the value is a sorted list of `((a, b), n)`.
///
/// # Errors
/// For floats, negative labels, and images of different shapes.
pub fn pairs(a: &Arc<Node>, b: &Arc<Node>, max_bytes: u64) -> Result<Arc<Node>> {
    if b.spec().dtype.is_float() {
        return Err(Error::dtype("pairs of labels", b.spec().dtype, "bool and integers"));
    }
    packed(a, b, Kind::Pairs, max_bytes)
}

/// Where the samples of a mask or label image are not 0: raster numbers, rising, with the samples of the image there; the value is a
/// list of both.
///
/// # Errors
/// For a mask of floats, and images of different shapes.
pub fn points(mask: &Arc<Node>, image: &Arc<Node>, max_bytes: u64) -> Result<Arc<Node>> {
    packed(mask, image, Kind::Points, max_bytes)
}

fn packed(a: &Arc<Node>, b: &Arc<Node>, kind: Kind, max_bytes: u64) -> Result<Arc<Node>> {
    let spec = a.spec();
    if spec.ndim() == 0 || spec.ndim() > 7 {
        return Err(Error::argument("labels", format!("{} axes", spec.ndim()), "1 to 7 axes"));
    }
    let dtypes = vec![spec.dtype, b.spec().dtype];
    let layout = Layout { grid: cell_grid(&spec.shape), halo: 0, dtypes };
    let packed = pack(&layout, vec![a.clone(), b.clone()])?;
    Node::fold(Arc::new(Meetings { layout, kind, max_bytes }), packed, vec![])
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Pairs,
    Points,
}

struct Meetings {
    layout: Layout,
    kind: Kind,
    max_bytes: u64,
}

/// Of one kind or the other; the other list is empty.
type Found = (Vec<((u64, u64), u64)>, Points);

impl FoldOp for Meetings {
    petavox_engine::travels!(part: Found, value: Found);

    fn name(&self) -> &'static str {
        if self.kind == Kind::Pairs { "pairs" } else { "points" }
    }

    fn params(&self) -> serde_json::Value {
        let dtypes: Vec<_> = self.layout.dtypes.iter().map(|d| d.name()).collect();
        serde_json::json!({ "dtypes": dtypes, "shape": self.layout.grid.shape() })
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        (input.len() as u64 * 32).min(self.max_bytes)
    }

    fn cell(&self, _input: &ImageSpec) -> Option<Vec<usize>> {
        Some(self.layout.cell())
    }

    fn any_order(&self) -> bool {
        true
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let mut found: Found = Default::default();
        let mut counts = Pairs::new();
        for view in self.layout.views(block)? {
            match self.kind {
                Kind::Pairs => add_pairs(&view, &mut counts)?,
                Kind::Points => add_points(&view, &mut found.1)?,
            }
        }
        found.0 = counts.into_iter().collect();
        found.0.sort_unstable();
        Ok(Box::new(found))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (mut left, right) = (part::<Found>(left)?, part::<Found>(right)?);
        left.1.extend(right.1);
        if !right.0.is_empty() {
            left.0.extend(right.0);
            left.0.sort_unstable();
            left.0.dedup_by(|b, a| {
                let same = a.0 == b.0;
                if same {
                    a.1 += b.1;
                }
                same
            });
        }
        let bytes = 24 * left.0.capacity() as u64 + 16 * left.1.capacity() as u64;
        if bytes > self.max_bytes {
            let what = format!("the list of {} so far", left.0.len() + left.1.len());
            return Err(Error::Budget { what, needed: 4 * bytes, budget: self.max_bytes });
        }
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let mut found = merged.map(part::<Found>).transpose()?.unwrap_or_default();
        found.1.sort_unstable_by_key(|p| p.0);
        let json = serde_json::json!({ "n": found.0.len() + found.1.len() });
        Ok(Value::new(found, json))
    }
}
