//! One pass over the image: every block is added to accumulators of the output's size.

use super::Reduced;
use super::spec::Reduce;
use petavox_core::{Block, Error, ImageSpec, Region, Result};
use petavox_engine::{
    BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, from_bytes, part, part_from_bytes,
    part_to_bytes, to_bytes,
};
use petavox_kernels::measure::reduce::Accumulators;
use std::sync::Arc;

/// The fold that makes a pass.
pub(super) fn fold(reduce: &Arc<Reduce>, input: &Arc<Node>) -> Result<Arc<Node>> {
    let op = Pass { reduce: reduce.clone(), cell_bytes: reduce.reducer()?.cell_bytes() };
    Node::fold(Arc::new(op), input.clone(), vec![])
}

/// A pass instead of whole columns: the fold, and what shows its value.
pub(super) fn way(
    reduce: &Arc<Reduce>,
    spec: &ImageSpec,
) -> Result<(Arc<dyn FoldOp>, Arc<dyn BlockOp>)> {
    let pass = Pass { reduce: reduce.clone(), cell_bytes: reduce.reducer()?.cell_bytes() };
    let image = PassedImage { reduce: reduce.clone(), spec: spec.clone(), passed: None };
    Ok((Arc::new(pass), Arc::new(image)))
}

/// The image of what a pass finds.
pub(super) fn image(reduce: &Arc<Reduce>, input: &Arc<Node>) -> Result<Arc<Node>> {
    let spec = reduce.output(input.spec())?;
    let (pass, image) = way(reduce, &spec)?;
    Node::block(image, vec![], vec![Node::fold(pass, input.clone(), vec![])?])
}

/// What a pass leaves: an accumulator per cell.
pub(super) struct Passed {
    reduce: Arc<Reduce>,
    all: Accumulators,
}

impl Passed {
    /// The result of the first cell.
    pub(super) fn first(&self) -> Result<Reduced> {
        Ok(self.reduce.reducer()?.value(&self.all)?.into())
    }
}

struct Pass {
    reduce: Arc<Reduce>,
    cell_bytes: u64,
}

impl FoldOp for Pass {
    fn name(&self) -> &'static str {
        self.reduce.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        let mut params = self.reduce.params();
        params["by"] = "pass".into();
        params
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        (64 << 10) + self.cell_bytes * self.reduce.kept(&input.region()).len() as u64
    }

    fn part_bytes(&self, part: &Part) -> u64 {
        part.downcast_ref::<Accumulators>().map_or(0, Accumulators::bytes)
    }

    fn cost_ns(&self) -> f64 {
        self.reduce.cost_ns()
    }

    fn map_bytes(&self, _input: &ImageSpec, region: &Region) -> u64 {
        self.cell_bytes * self.reduce.kept(region).len() as u64
    }

    fn any_order(&self) -> bool {
        true
    }

    fn merge_ns(&self, _input: &ImageSpec, region: &Region) -> f64 {
        // About as long as the memory takes to read, read and write.
        0.3 * self.cell_bytes as f64 * self.reduce.kept(region).len() as f64
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let reducer = self.reduce.reducer()?;
        let mut found = reducer.start(self.reduce.kept(block.region()));
        reducer.add(&mut found, block, &self.reduce.is_reduced, self.reduce.shape())?;
        Ok(Box::new(found))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (left, right) = (part::<Accumulators>(left)?, part::<Accumulators>(right)?);
        let reducer = self.reduce.reducer()?;
        let (mut into, from) = if left.region().contains(right.region()) {
            (left, right)
        } else if right.region().contains(left.region()) {
            (right, left)
        } else {
            let mut all = reducer.start(self.reduce.kept(&Region::whole(self.reduce.shape())));
            reducer.merge(&mut all, &left)?;
            (all, right)
        };
        reducer.merge(&mut into, &from)?;
        Ok(Box::new(into))
    }

    fn part_to_bytes(&self, part: Part) -> Result<Vec<u8>> {
        part_to_bytes::<Accumulators>(part)
    }

    fn part_from_bytes(&self, bytes: &[u8]) -> Result<Part> {
        part_from_bytes::<Accumulators>(bytes)
    }

    fn value_to_bytes(&self, value: &Value) -> Result<Vec<u8>> {
        to_bytes(&value.get::<Passed>()?.all)
    }

    fn value_from_bytes(&self, bytes: &[u8]) -> Result<Value> {
        self.passed(from_bytes(bytes)?)
    }

    fn finish(&self, merged: Option<Part>, input: &ImageSpec) -> Result<Value> {
        let reducer = self.reduce.reducer()?;
        let all = match merged {
            Some(merged) => part::<Accumulators>(merged)?,
            None => reducer.start(self.reduce.kept(&input.region())),
        };
        self.passed(all)
    }
}

impl Pass {
    fn passed(&self, all: Accumulators) -> Result<Value> {
        let is_one = all.region().len() == 1;
        let passed = Passed { reduce: self.reduce.clone(), all };
        let json = if is_one { passed.first()?.json() } else { serde_json::Value::Null };
        Ok(Value::new(passed, json))
    }
}

/// Shows what a pass left.
struct PassedImage {
    reduce: Arc<Reduce>,
    spec: ImageSpec,
    passed: Option<Value>,
}

impl BlockOp for PassedImage {
    fn name(&self) -> &'static str {
        self.reduce.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        self.reduce.params()
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(self.spec.clone())
    }

    fn needs(&self, _inputs: &[&ImageSpec], _target: &Region) -> Vec<Need> {
        vec![]
    }

    fn cost_ns(&self) -> f64 {
        5.0
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let passed = values.first().cloned();
        Ok(Some(Arc::new(PassedImage {
            reduce: self.reduce.clone(),
            spec: self.spec.clone(),
            passed,
        })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let value = self.passed.as_ref().ok_or_else(|| Error::internal("reduce", "not bound"))?;
        let passed = value.get::<Passed>()?;
        let cells = self.reduce.cells(call.output.region());
        self.reduce.reducer()?.finish(&passed.all, &cells, call.output)
    }
}
