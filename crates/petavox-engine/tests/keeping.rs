//! What several passes need is computed once and kept where that is cheaper; the results are the same bits.

use petavox_core::{Block, Boundary, ChunkGrid, Dtype, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::{
    BlockCall, BlockOp, FoldOp, Keep, Need, Node, Part, Plan, PlanOptions, RunContext, RunFolder,
    RunOptions, Target, Value, execute, part, plan,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// An image in memory whose samples are a formula.
struct Formula {
    spec: ImageSpec,
    grid: ChunkGrid,
}

impl Source for Formula {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        let samples = out.typed_mut::<i64>()?;
        let (mut i, n) = (0, region.ndim() - 1);
        region.for_each_row(|p| {
            let row = p[..n].iter().fold(7, |h, x| (h * 31 + x) % 1009);
            for x in region.start()[n]..region.end(n) {
                samples[i] = (row * 31 + x) % 1009;
                i += 1;
            }
        });
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        Some("formula".into())
    }
}

struct Memory {
    spec: ImageSpec,
    grid: ChunkGrid,
    whole: Mutex<Block>,
}

impl Sink for Memory {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        0
    }
    fn write(&self, block: &Block) -> Result<()> {
        self.whole.lock().unwrap().copy_from(block)
    }
    fn holds(&self, _: &Region) -> Result<bool> {
        Ok(false)
    }
    fn finish(&self) -> Result<()> {
        Ok(())
    }
    fn abandon(&self) {}
}

/// A sample and the one before it along the first axis; counts what it makes. `ns` is what it says a sample costs.
struct Slow {
    ns: f64,
    made: AtomicUsize,
}

impl BlockOp for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }
    fn params(&self) -> serde_json::Value {
        self.ns.into()
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let mut low = vec![0; inputs[0].ndim()];
        low[0] = 1;
        let region = target.grow(&low, &vec![0; low.len()]);
        vec![Need { region, boundary: Boundary::Nearest }]
    }
    fn cost_ns(&self) -> f64 {
        self.ns
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let from = call.inputs[0].typed::<i64>()?;
        let plane: usize = call.output.shape()[1..].iter().product();
        let out = call.output.typed_mut::<i64>()?;
        self.made.fetch_add(out.len(), Ordering::Relaxed);
        out.iter_mut().enumerate().for_each(|(i, o)| *o = 2 * from[i] + from[i + plane]);
        Ok(())
    }
}

/// `x` minus the sum of all, modulo 97, once it is known.
struct Less(i64);

impl BlockOp for Less {
    fn name(&self) -> &'static str {
        "less"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, _: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone())]
    }
    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(Less(*values[0].get::<i64>()? % 97))))
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let from = call.inputs[0].typed::<i64>()?;
        let out = call.output.typed_mut::<i64>()?;
        out.iter_mut().zip(from).for_each(|(o, x)| *o = x - self.0);
        Ok(())
    }
}

struct Sum;

impl FoldOp for Sum {
    petavox_engine::travels!(part: i64, value: i64);

    fn name(&self) -> &'static str {
        "sum"
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
        Ok(Box::new(block.typed::<i64>()?.iter().sum::<i64>()))
    }
    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        Ok(Box::new(part::<i64>(left)? + part::<i64>(right)?))
    }
    fn finish(&self, merged: Option<Part>, _: &ImageSpec) -> Result<Value> {
        let sum = merged.map(part::<i64>).transpose()?.unwrap_or(0);
        Ok(Value::new(sum, sum.into()))
    }
    fn restore(&self, json: &serde_json::Value) -> Option<Value> {
        json.as_i64().map(|sum| Value::new(sum, sum.into()))
    }
}

const SHAPE: [usize; 3] = [64, 64, 64];
const BYTES: u64 = 64 * 64 * 64 * 8;
const BASE: u64 = 28 << 20;
const AMPLE: u64 = 1 << 30;

struct Chain {
    slow: Arc<Slow>,
    result: Arc<Node>,
    sum: Arc<Node>,
}

/// `slow(x) - sum(slow(x))`: two passes need what `slow` makes.
fn chain(ns: f64) -> Chain {
    let spec = ImageSpec::new(SHAPE.to_vec(), Dtype::Int64).unwrap();
    let source = Formula { grid: ChunkGrid::new(&SHAPE, &[4, 16, 64]), spec };
    let slow = Arc::new(Slow { ns, made: AtomicUsize::new(0) });
    let x = Node::block(slow.clone(), vec![Node::source(Arc::new(source))], vec![]).unwrap();
    let sum = Node::fold(Arc::new(Sum), x.clone(), vec![]).unwrap();
    let result = Node::block(Arc::new(Less(0)), vec![x], vec![sum.clone()]).unwrap();
    Chain { slow, result, sum }
}

struct Ran {
    samples: Vec<i64>,
    plan: Plan,
    /// How often a sample was made, on average.
    times: f64,
}

fn run(ns: f64, memory: u64, change: impl Fn(&mut RunContext)) -> Ran {
    let chain = chain(ns);
    let spec = chain.result.spec().clone();
    let whole = Mutex::new(Block::zeros(spec.region(), spec.dtype).unwrap());
    let grid = ChunkGrid::new(&spec.shape, &[16, 16, 64]);
    let sink = Arc::new(Memory { spec, grid, whole });
    let options =
        RunOptions { n_threads: Some(2), memory_bytes: Some(memory), ..RunOptions::default() };
    let mut context = RunContext::new(&options).unwrap();
    change(&mut context);
    let targets = [Target { node: chain.result.clone(), sink: Some(sink.clone()) }];
    let plan = plan(&targets, &context.plan_options()).unwrap();
    assert!(plan.peak_bytes() <= memory);
    let used = context.budget.used();
    drop(execute(&plan, &context).unwrap());
    assert_eq!(context.budget.used(), used, "what was kept is let go");
    let samples = sink.whole.lock().unwrap().typed::<i64>().unwrap().to_vec();
    let made = chain.slow.made.load(Ordering::Relaxed);
    Ran { samples, plan, times: made as f64 / (BYTES / 8) as f64 }
}

#[test]
fn what_two_passes_need_is_kept_where_that_is_cheaper_and_nobody_can_tell() {
    let want = run(1.0, AMPLE, |c| c.recompute = true);
    assert!(want.times >= 2.0 && want.plan.stages.iter().all(|s| s.keeps.is_empty()));

    let in_memory = run(100.0, AMPLE, |_| {});
    assert_eq!(in_memory.samples, want.samples);
    assert!(in_memory.times < 1.5, "{}", in_memory.times);
    let kept = &in_memory.plan.stages[0].keeps;
    assert!(kept.len() == 1 && kept[0].in_memory && kept[0].name == "slow");
    assert_eq!((kept[0].bytes, kept[0].saves_secs > 0.0), (BYTES, true));
    assert!(in_memory.plan.peak_bytes() > BASE + BYTES);

    // There is no room for it in memory: half of the rest would have to hold it.
    let in_file = run(100.0, BASE + BYTES, |_| {});
    assert_eq!(in_file.samples, want.samples);
    assert!(in_file.times < 1.5, "{}", in_file.times);
    assert!(!in_file.plan.stages[0].keeps[0].in_memory);

    // Making it again costs less than keeping it.
    let cheap = run(0.01, BASE + BYTES, |_| {});
    assert_eq!(cheap.samples, want.samples);
    assert!(cheap.plan.stages.iter().all(|s| s.keeps.is_empty()));
}

#[test]
fn a_run_that_may_be_resumed_keeps_in_memory_only_and_goes_on_rightly() {
    let dir = tempfile::tempdir().unwrap();
    let want = run(1.0, AMPLE, |c| c.recompute = true);
    let folder = |resume: bool| {
        let folder = RunFolder::open(&dir.path().join("run"), "chain", resume).unwrap();
        Some(Arc::new(folder))
    };
    let tight = run(100.0, BASE + BYTES, |c| c.folder = folder(false));
    assert!(tight.plan.stages.iter().all(|s| s.keeps.is_empty()));
    assert_eq!(tight.samples, want.samples);

    // The values of the folds are in the journal, what was kept is not: it is made again.
    let sum = chain(100.0).sum;
    for memory in [AMPLE, BASE + BYTES] {
        let ran = run(100.0, memory, |c| c.folder = folder(true));
        assert_eq!(ran.samples, want.samples, "{memory}");
        assert_eq!(ran.plan.stages[0].keeps.len(), usize::from(memory == AMPLE));
        let found = folder(true).unwrap().find(&format!("value {:016x} ", sum.id()));
        assert!(found.is_some());
    }
}

#[test]
fn what_is_kept_is_told() {
    let chain = chain(100.0);
    let spec = chain.result.spec().clone();
    let whole = Mutex::new(Block::zeros(Region::new([0, 0, 0], [1, 1, 1]), spec.dtype).unwrap());
    let sink = Arc::new(Memory { grid: ChunkGrid::new(&SHAPE, &SHAPE), spec, whole });
    let options = PlanOptions {
        budget_bytes: AMPLE,
        base_bytes: 0,
        n_threads: 2,
        n_processes: 1,
        block_edge: None,
        keep: Keep::Anywhere,
    };
    let targets = [Target { node: chain.result, sink: Some(sink) }];
    let document = petavox_engine::explain::Document::new(&plan(&targets, &options).unwrap());
    let text = petavox_engine::explain::text(&document);
    assert!(text.contains("stage 1: sum + keep slow"), "{text}");
    assert!(text.contains("keeps   slow, 2.0 MiB in memory, for later stages"), "{text}");
    assert!(text.contains("from earlier stage: slow"), "{text}");
    assert!(petavox_engine::explain::html(&document).contains("keeps slow, 2.0 MiB"));
    assert_eq!(petavox_engine::explain::dot(&document).matches("peripheries=2").count(), 1);
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["stages"][0]["keeps"][0]["place"], "memory");
    let never = plan(&targets, &PlanOptions { keep: Keep::Never, ..options }).unwrap();
    assert!(never.stages.iter().all(|s| s.keeps.is_empty()));
}

/// Twice its input, in parts that are made as a whole; counts them.
struct Parts(AtomicUsize);

const PART: [usize; 3] = [4, 16, 64];

impl BlockOp for Parts {
    fn name(&self) -> &'static str {
        "parts"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let grid = ChunkGrid::new(&inputs[0].shape, &PART);
        let regions = grid.meeting(target).into_iter().map(|n| grid.region(n));
        let hull = regions.reduce(|a, b| a.hull(&b)).unwrap_or_else(|| target.clone());
        vec![Need::inside(hull)]
    }
    fn cost_ns(&self) -> f64 {
        50.0
    }
    fn whole_parts(&self, _inputs: &[&ImageSpec]) -> Option<Vec<usize>> {
        Some(PART.to_vec())
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let n = ChunkGrid::new(&SHAPE, &PART).meeting(call.inputs[0].region()).len();
        self.0.fetch_add(n, Ordering::Relaxed);
        call.output.copy_from(call.inputs[0])?;
        call.output.typed_mut::<i64>()?.iter_mut().for_each(|x| *x *= 2);
        Ok(())
    }
}

#[test]
fn whole_parts_under_a_halo_are_made_once_in_a_pass_of_their_own() {
    let spec = ImageSpec::new(SHAPE.to_vec(), Dtype::Int64).unwrap();
    let made = |memory: u64, recompute: bool| {
        let source = Formula { grid: ChunkGrid::new(&SHAPE, &PART), spec: spec.clone() };
        let parts = Arc::new(Parts(AtomicUsize::new(0)));
        let source = Node::source(Arc::new(source));
        let x = Node::block(parts.clone(), vec![source], vec![]).unwrap();
        let slow = Arc::new(Slow { ns: 1.0, made: AtomicUsize::new(0) });
        let halo = Node::block(slow, vec![x], vec![]).unwrap();
        let whole = Mutex::new(Block::zeros(spec.region(), spec.dtype).unwrap());
        let grid = ChunkGrid::new(&SHAPE, &PART);
        let sink = Arc::new(Memory { spec: spec.clone(), grid, whole });
        let threads = Some(2);
        let run =
            RunOptions { n_threads: threads, memory_bytes: Some(memory), ..Default::default() };
        let mut context = RunContext::new(&run).unwrap();
        context.recompute = recompute;
        let target = Target { node: halo, sink: Some(sink.clone()) };
        let plan = plan(&[target], &context.plan_options()).unwrap();
        drop(execute(&plan, &context).unwrap());
        let samples = sink.whole.lock().unwrap().typed::<i64>().unwrap().to_vec();
        (parts.0.load(Ordering::Relaxed), plan.stages.len(), samples)
    };
    let n_parts = ChunkGrid::new(&SHAPE, &PART).len();
    // The recomputing plan makes a part once for itself and once for what follows.
    let (again, stages, want) = made(BASE + 2 * BYTES / 3, true);
    assert!(again > n_parts && stages == 1, "{again} of {n_parts}");
    for memory in [AMPLE, BASE + 2 * BYTES / 3] {
        let (n, stages, samples) = made(memory, false);
        assert_eq!((n, stages), (n_parts, 2), "{memory}");
        assert_eq!(samples, want);
    }
}
