//! `measure`: statistics of labelled regions, all labels in one pass.

use super::pack::{Layout, pack};
use crate::operation::labels::cell_grid;
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Result};
use petavox_engine::{FoldOp, Node, Part, Value, part};
use petavox_kernels::measure::{CellView, RegionRow, RegionTable, Wants};
use std::sync::Arc;

/// The regions of a label image; if images are given, also their intensities there. The fold's value is a vector of [`RegionRow`].
/// What is counted is exact, and what is summed is summed in an order that depends on the image's shape only, so that results are the
/// same bits however the images are cut.
///
/// The table of all labels is held in memory, at most `max_bytes` of it.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for labels that are floats, [`Error::InvalidArgument`] if the shapes differ or what is wanted is not
/// defined for so many axes.
pub fn measure(
    labels: &Arc<Node>,
    images: &[Arc<Node>],
    wants: &Wants,
    max_bytes: u64,
) -> Result<Arc<Node>> {
    let spec = labels.spec();
    if spec.ndim() == 0 || spec.ndim() > 7 {
        return Err(Error::argument("labels", format!("{} axes", spec.ndim()), "1 to 7 axes"));
    }
    let halo = wants.halo();
    let grid = cell_grid(&spec.shape);
    if images.is_empty() && halo == 0 {
        let fold = Measure { layout: None, grid, wants: wants.clone(), max_bytes };
        return Node::fold(Arc::new(fold), labels.clone(), vec![]);
    }
    let inputs: Vec<Arc<Node>> = std::iter::once(labels).chain(images).cloned().collect();
    let dtypes = inputs.iter().map(|n| n.spec().dtype).collect();
    let layout = Layout { grid: grid.clone(), halo, dtypes };
    let packed = pack(&layout, inputs)?;
    let fold = Measure { layout: Some(layout), grid, wants: wants.clone(), max_bytes };
    Node::fold(Arc::new(fold), packed, vec![])
}

struct Measure {
    /// How labels and images are packed into the input, if they are.
    layout: Option<Layout>,
    grid: ChunkGrid,
    wants: Wants,
    max_bytes: u64,
}

impl Measure {
    fn views<'a>(&self, block: &'a Block) -> Result<Vec<CellView<'a>>> {
        if let Some(layout) = &self.layout {
            return layout.views(block);
        }
        self.grid
            .meeting(block.region())
            .into_iter()
            .map(|number| {
                let region = self.grid.region(number);
                if !block.region().contains(&region) {
                    let what = format!("cell {region} of block {}", block.region());
                    return Err(Error::internal("measure", what));
                }
                CellView::inside(block, region, self.grid.shape())
            })
            .collect()
    }
}

impl FoldOp for Measure {
    petavox_engine::travels!(part: RegionTable, value: Vec<RegionRow>);

    fn name(&self) -> &'static str {
        "measure"
    }

    fn params(&self) -> serde_json::Value {
        let dtypes: Option<Vec<_>> =
            self.layout.as_ref().map(|l| l.dtypes.iter().map(|d| d.name()).collect());
        serde_json::json!({ "wants": self.wants, "dtypes": dtypes, "shape": self.grid.shape() })
    }

    fn accept(&self, input: &ImageSpec) -> Result<()> {
        if input.dtype.is_float() {
            return Err(Error::dtype("measure (labels)", input.dtype, "bool and integers"));
        }
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // No more labels than samples, and some hundred bytes for each.
        (input.len() as u64 * 512).min(self.max_bytes)
    }

    fn map_bytes(&self, _input: &ImageSpec, _region: &petavox_core::Region) -> u64 {
        // The runs of a cell: a sixteenth of its samples is usual, all of them is the worst.
        let cell: usize = self.grid.chunk().iter().product();
        16 * cell as u64 / 4
    }

    fn cell(&self, _input: &ImageSpec) -> Option<Vec<usize>> {
        Some(self.layout.as_ref().map_or_else(|| self.grid.chunk().to_vec(), Layout::cell))
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    fn any_order(&self) -> bool {
        true
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let mut table = RegionTable::default();
        for view in self.views(block)? {
            table.add_cell(&view, &self.wants)?;
        }
        Ok(Box::new(table))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let mut merged = part::<RegionTable>(left)?.merge(part::<RegionTable>(right)?);
        if merged.exceeds(self.max_bytes) {
            return Err(Error::Budget {
                what: format!("the table of {} labels so far", merged.len()),
                needed: 4 * merged.bytes() as u64,
                budget: self.max_bytes,
            });
        }
        Ok(Box::new(merged))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let rows = merged.map(part::<RegionTable>).transpose()?.unwrap_or_default().rows();
        let json = serde_json::json!({ "n_labels": rows.len() });
        Ok(Value::new(rows, json))
    }
}
