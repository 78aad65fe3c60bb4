//! `order_statistics`: samples at given places of the sorted image, in a pass for every 16 bits of the dtype.

use crate::Params;
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, FoldOp, Need, Node, Part, Value, part};
use petavox_kernels::exposure::{Ranks, count_digits, n_digits, narrow};
use std::sync::Arc;

/// More places at once would make tables of hundreds of megabytes.
const MAX_RANKS: usize = 64;

struct OrderStatistics {
    ranks: Vec<u64>,
    dtype: Dtype,
    found: Option<Arc<Ranks>>,
}

/// The samples at `ranks` of the sorted image, 0 for the smallest, as an image of one axis in the order of `ranks`. NaN comes
/// last, as numpy sorts it. Exact for every dtype: one pass over 8- and 16-bit images, two for 32 bits, four for 64.
///
/// # Errors
/// Without ranks, with more than 64, or with one beyond the image's samples.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let given = params.numbers("ranks")?.unwrap_or_default();
    if let Some(wrong) = given.iter().find(|r| !(**r >= 0.0 && r.fract() == 0.0)) {
        return Err(Error::argument("order_statistics: ranks", wrong, "whole numbers from 0"));
    }
    // Ranks beyond 2^53 do not occur: an image of so many samples has pages of them on disk.
    let ranks: Vec<u64> = given.iter().map(|r| *r as u64).collect();
    let n = input.spec().len() as u64;
    if ranks.is_empty() || ranks.len() > MAX_RANKS {
        let expected = format!("1 to {MAX_RANKS} of them");
        return Err(Error::argument("order_statistics: ranks", ranks.len(), expected));
    }
    if let Some(beyond) = ranks.iter().find(|r| **r >= n) {
        let expected = format!("less than {n}, the number of samples");
        return Err(Error::argument("order_statistics: ranks", beyond, expected));
    }
    let dtype = input.spec().dtype;
    let mut values = vec![];
    for n_passes in 0..n_digits(dtype) {
        let fold = DigitFold { ranks: ranks.clone(), dtype, n_passes, known: None };
        let fold = if n_passes == 0 { fold.after(Ranks::new(&ranks)) } else { fold };
        values = vec![Node::fold(Arc::new(fold), input.clone(), values)?];
    }
    let op = OrderStatistics { ranks, dtype, found: None };
    Node::block(Arc::new(op), vec![], values)
}

impl BlockOp for OrderStatistics {
    fn name(&self) -> &'static str {
        "order_statistics"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "ranks": self.ranks })
    }

    fn output(&self, _inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        ImageSpec::new([self.ranks.len()], self.dtype)
    }

    fn needs(&self, _inputs: &[&ImageSpec], _target: &Region) -> Vec<Need> {
        vec![]
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        let value =
            values.first().ok_or_else(|| Error::internal("order_statistics", "no value"))?;
        let found = Some(Arc::new(value.get::<Ranks>()?.clone()));
        Ok(Some(Arc::new(OrderStatistics { ranks: self.ranks.clone(), dtype: self.dtype, found })))
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let found =
            self.found.as_ref().ok_or_else(|| Error::internal("order_statistics", "not bound"))?;
        let first = call.output.region().start()[0] as usize;
        found.write(call.output, first)
    }
}

/// One pass: the counts of the next digit for every rank's prefix.
struct DigitFold {
    ranks: Vec<u64>,
    dtype: Dtype,
    n_passes: u32,
    known: Option<Arc<Ranks>>,
}

impl DigitFold {
    fn after(&self, known: Ranks) -> DigitFold {
        let known = Some(Arc::new(known));
        DigitFold { ranks: self.ranks.clone(), dtype: self.dtype, n_passes: self.n_passes, known }
    }

    fn known(&self) -> Result<&Ranks> {
        self.known.as_deref().ok_or_else(|| Error::internal("order_statistics", "not bound"))
    }
}

impl FoldOp for DigitFold {
    petavox_engine::travels!(part: Vec<u64>, value: Ranks);

    fn name(&self) -> &'static str {
        "digits"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "ranks": self.ranks, "pass": self.n_passes })
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, input: &ImageSpec) -> u64 {
        // A part for every block in work, and the merged one; each rank may have a prefix of its own after the first pass.
        let n_prefixes = if self.n_passes == 0 { 1 } else { self.ranks.len() as u64 };
        8 * 8 * n_prefixes * (1 << (8 * input.dtype.size()).min(16))
    }

    fn cost_ns(&self) -> f64 {
        1.5
    }

    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn FoldOp>>> {
        let Some(value) = values.first() else { return Ok(None) };
        Ok(Some(Arc::new(self.after(value.get::<Ranks>()?.clone()))))
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        let known = self.known()?;
        let mut counts = vec![0u64; known.n_counts(self.dtype)];
        count_digits(block, known, &mut counts)?;
        Ok(Box::new(counts))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (mut left, right) = (part::<Vec<u64>>(left)?, part::<Vec<u64>>(right)?);
        left.iter_mut().zip(right).for_each(|(l, r)| *l += r);
        Ok(Box::new(left))
    }

    fn finish(&self, merged: Option<Part>, _input: &ImageSpec) -> Result<Value> {
        let Some(counts) = merged.map(part::<Vec<u64>>).transpose()? else {
            return Err(Error::argument("image", "no samples", "an image with samples"));
        };
        let ranks = narrow(self.known()?, self.dtype, &counts)?;
        Ok(Value::new(ranks, serde_json::Value::Null))
    }
}
