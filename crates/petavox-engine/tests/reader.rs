//! Reading a region of a lazy image gives the samples that computing all of it gives, in one piece or in parts, and what depends on the
//! whole image is computed once.

use petavox_core::{Block, CancelToken, Dtype, ImageSpec, Progress, Region, Result};
use petavox_engine::{
    BlockCall, BlockOp, ChunkCache, FoldOp, Globals, Need, Node, Part, Reader, RunContext,
    RunOptions, Value, part, travels,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Sample (y, x) is 100 y + x; decoded in chunks of 8 x 8.
struct Formula {
    spec: ImageSpec,
    grid: petavox_core::ChunkGrid,
    decoded: AtomicUsize,
}

impl petavox_core::Source for Formula {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &petavox_core::ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        self.decoded.fetch_add(self.grid.meeting(out.region()).len(), Ordering::Relaxed);
        let region = out.region().clone();
        let mut i = 0;
        let samples = out.typed_mut::<i64>()?;
        region.for_each_row(|p| {
            for x in 0..region.row_len() as i64 {
                samples[i] = 100 * p[0] + p[1] + x;
                i += 1;
            }
        });
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        None
    }
}

/// The largest sample.
struct Largest;

impl FoldOp for Largest {
    fn name(&self) -> &'static str {
        "largest"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn accept(&self, _: &ImageSpec) -> Result<()> {
        Ok(())
    }
    fn state_bytes(&self, _: &ImageSpec) -> u64 {
        8
    }
    fn map(&self, block: &Block, _: &ImageSpec) -> Result<Part> {
        Ok(Box::new(block.typed::<i64>()?.iter().copied().max().unwrap_or(0)))
    }
    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        Ok(Box::new(part::<i64>(left)?.max(part::<i64>(right)?)))
    }
    fn finish(&self, merged: Option<Part>, _: &ImageSpec) -> Result<Value> {
        let value = merged.map_or(Ok(0), part::<i64>)?;
        Ok(Value::new(value, value.into()))
    }
    travels!(part: i64, value: i64);
}

/// The sum of a sample and its neighbours to the left and above, minus the largest.
struct Around(i64);

impl BlockOp for Around {
    fn name(&self) -> &'static str {
        "around"
    }
    fn params(&self) -> serde_json::Value {
        self.0.into()
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, _: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.grow(&[1, 1], &[0, 0]))]
    }
    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(Around(*values[0].get::<i64>()?))))
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let input = call.inputs[0];
        let samples = input.typed::<i64>()?;
        let region = call.output.region().clone();
        let out = call.output.typed_mut::<i64>()?;
        let mut i = 0;
        region.for_each_row(|p| {
            for x in p[1]..p[1] + region.row_len() as i64 {
                let at = |y, x| samples[input.region().offset_of(&[y, x])];
                out[i] = at(p[0], x) + at(p[0] - 1, x) + at(p[0], x - 1) - self.0;
                i += 1;
            }
        });
        Ok(())
    }
}

fn expected(y: i64, x: i64) -> i64 {
    let at = |y: i64, x: i64| 100 * y.max(0) + x.max(0);
    at(y, x) + at(y - 1, x) + at(y, x - 1) - 3039
}

fn check(block: &Block) {
    let (region, samples) = (block.region().clone(), block.typed::<i64>().unwrap());
    region.for_each_row(|p| {
        for x in p[1]..p[1] + region.row_len() as i64 {
            assert_eq!(samples[region.offset_of(&[p[0], x])], expected(p[0], x), "{} {x}", p[0]);
        }
    });
}

struct Stages(AtomicUsize);

impl Progress for Stages {
    fn begin(&self, _: &str, _: u64) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn advance(&self, _: u64, _: u64) {}
    fn end(&self) {}
}

fn image() -> (Arc<Formula>, Arc<Node>) {
    let spec = ImageSpec::new([31, 40], Dtype::Int64).unwrap();
    let grid = petavox_core::ChunkGrid::new(&spec.shape, &[8, 8]);
    let source = Arc::new(Formula { spec, grid, decoded: AtomicUsize::new(0) });
    let node = Node::source(source.clone());
    let largest = Node::fold(Arc::new(Largest), node.clone(), vec![]).unwrap();
    (source, Node::block(Arc::new(Around(0)), vec![node], vec![largest]).unwrap())
}

#[test]
fn any_region_is_what_computing_all_gives_and_globals_are_computed_once() {
    let (source, node) = image();
    let stages = Arc::new(Stages(AtomicUsize::new(0)));
    let mut context = RunContext::new(&RunOptions::default()).unwrap();
    context.progress = stages.clone();
    let globals = Globals::default();
    let cache = Arc::new(ChunkCache::new(1 << 20));
    assert!(!globals.suffice(&node));
    let reader = Reader::new(&node, &globals, cache.clone(), &context).unwrap();
    assert!(globals.suffice(&node));
    let again = Reader::new(&node, &globals, cache.clone(), &context).unwrap();
    assert_eq!(stages.0.load(Ordering::Relaxed), 1);
    let cancel = CancelToken::new();
    for region in [
        Region::whole(&[31, 40]),
        Region::new([5, 7], [9, 13]),
        Region::new([30, 39], [1, 1]),
        Region::new([0, 0], [3, 40]),
    ] {
        check(&reader.read(&region, &cancel).unwrap());
        for limit in [0, 1000, 5000] {
            let parts = again.read_within(&region, limit, &cancel).unwrap();
            assert_eq!(*parts.region(), region);
            check(&parts);
        }
    }
    let before = source.decoded.load(Ordering::Relaxed);
    check(&reader.read(&Region::new([5, 7], [9, 13]), &cancel).unwrap());
    assert_eq!(source.decoded.load(Ordering::Relaxed), before, "chunks are kept");
    let source_node = &node.inputs()[0];
    cache.forget(source_node.id());
    check(&reader.read(&Region::new([5, 7], [9, 13]), &cancel).unwrap());
    assert!(source.decoded.load(Ordering::Relaxed) > before, "and forgotten when told");
}

#[test]
fn what_is_outside_or_cancelled_is_an_error() {
    let (_, node) = image();
    let context = RunContext::new(&RunOptions::default()).unwrap();
    let cache = Arc::new(ChunkCache::new(1 << 20));
    let reader = Reader::new(&node, &Globals::default(), cache, &context).unwrap();
    let cancel = CancelToken::new();
    for outside in
        [Region::new([0, 0], [32, 1]), Region::new([-1, 0], [2, 2]), Region::new([0], [1])]
    {
        assert!(reader.read(&outside, &cancel).is_err(), "{outside}");
    }
    cancel.cancel();
    assert!(reader.read(&Region::new([0, 0], [2, 2]), &cancel).is_err());
}
