//! Whole columns of samples at a time.

use super::spec::Reduce;
use petavox_core::{ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need};
use std::sync::Arc;

/// Reduces blocks that hold all the samples of their cells.
pub(super) struct Columns {
    pub(super) reduce: Arc<Reduce>,
    pub(super) spec: ImageSpec,
}

impl BlockOp for Columns {
    fn name(&self) -> &'static str {
        self.reduce.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        self.reduce.params()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        self.reduce.output(inputs[0])
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(self.reduce.columns(target))]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let cell = self.reduce.reducer().map_or(48, |r| r.cell_bytes());
        cell * target.len() as u64
    }

    fn cost_ns(&self) -> f64 {
        // Per output sample, and that of every column.
        let per_cell: usize = self
            .reduce
            .shape()
            .iter()
            .zip(&self.reduce.is_reduced)
            .filter(|(_, r)| **r)
            .map(|(s, _)| *s)
            .product();
        self.reduce.cost_ns() * per_cell as f64
    }

    fn by_pass(&self) -> Option<(Arc<dyn FoldOp>, Arc<dyn BlockOp>)> {
        if self.reduce.reducer().is_ok_and(|r| r.wants_whole_cells()) {
            return None;
        }
        super::pass::way(&self.reduce, &self.spec).ok()
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let reduce = &self.reduce;
        let reducer = reduce.reducer()?;
        let cells = reduce.cells(call.output.region());
        let mut all = reducer.start(cells.clone());
        reducer.add(&mut all, call.inputs[0], &reduce.is_reduced, reduce.shape())?;
        reducer.finish(&all, &cells, call.output)
    }
}
