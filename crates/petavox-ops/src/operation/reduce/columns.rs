//! Whole columns of samples at a time.

use super::spec::Reduce;
use petavox_core::{ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need};
use std::sync::Arc;

/// Reduces blocks that hold all the samples of their cells.
pub(super) struct Columns(pub(super) Arc<Reduce>);

impl BlockOp for Columns {
    fn name(&self) -> &'static str {
        self.0.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        self.0.params()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        self.0.output(inputs[0])
    }

    fn needs(&self, _inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(self.0.columns(target))]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        let cell = self.0.reducer().map_or(48, |r| r.cell_bytes());
        cell * target.len() as u64
    }

    fn cost_ns(&self) -> f64 {
        // Per output sample, and that of every column.
        let per_cell: usize = self
            .0
            .shape()
            .iter()
            .zip(&self.0.is_reduced)
            .filter(|(_, r)| **r)
            .map(|(s, _)| *s)
            .product();
        self.0.cost_ns() * per_cell as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let reduce = &self.0;
        let reducer = reduce.reducer()?;
        let cells = reduce.cells(call.output.region());
        let mut all = reducer.start(cells.clone());
        reducer.add(&mut all, call.inputs[0], &reduce.is_reduced, reduce.shape())?;
        reducer.finish(&all, &cells, call.output)
    }
}
