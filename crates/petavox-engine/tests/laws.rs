//! The engine's laws, shown with toy operations: chunks are invisible, memory is projected and kept, failures are errors.

use petavox_core::{
    Block, Boundary, ChunkGrid, Dtype, Error, ImageSpec, Region, Result, Sink, Source,
};
use petavox_engine::{
    BlockCall, BlockOp, FoldOp, Keep, Need, Node, Part, PlanOptions, RunContext, RunOptions,
    SweepOp, Target, Value, Words, execute, part, plan,
};
use std::sync::{Arc, Mutex};

/// An image whose samples are a formula, with chunks that are read whole.
struct Formula {
    spec: ImageSpec,
    grid: ChunkGrid,
    reads: Mutex<Vec<Region>>,
}

fn formula(shape: &[usize], chunk: &[usize]) -> Arc<Formula> {
    let spec = ImageSpec::new(shape.to_vec(), Dtype::Int64).unwrap();
    Arc::new(Formula { grid: ChunkGrid::new(shape, chunk), spec, reads: Mutex::default() })
}

fn sample(p: &[i64]) -> i64 {
    p.iter().fold(7, |h, x| (h * 31 + x) % 1009)
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
        self.reads.lock().unwrap().push(out.region().clone());
        let region = out.region().clone();
        assert!(self.spec.region().contains(&region));
        let samples = out.typed_mut::<i64>()?;
        let mut i = 0;
        let n = region.ndim() - 1;
        region.for_each_row(|p| {
            let mut q = p.to_vec();
            for x in region.start()[n]..region.end(n) {
                q[n] = x;
                samples[i] = sample(&q);
                i += 1;
            }
        });
        Ok(())
    }
    fn locator(&self) -> Option<String> {
        Some("formula".into())
    }
}

/// Keeps what is written.
struct Memory {
    spec: ImageSpec,
    grid: ChunkGrid,
    whole: Mutex<Block>,
}

impl Memory {
    fn new(spec: &ImageSpec, chunk: &[usize]) -> Arc<Memory> {
        let whole = Mutex::new(Block::zeros(spec.region(), spec.dtype).unwrap());
        Arc::new(Memory { grid: ChunkGrid::new(&spec.shape, chunk), spec: spec.clone(), whole })
    }
    fn samples(&self) -> Vec<i64> {
        self.whole.lock().unwrap().typed::<i64>().unwrap().to_vec()
    }
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

/// Sum of the samples `(-lo ..= hi)` around each sample along every axis' diagonal: an asymmetric local operation.
struct Around {
    low: Vec<usize>,
    high: Vec<usize>,
    boundary: Boundary,
}

impl BlockOp for Around {
    fn name(&self) -> &'static str {
        "around"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::json!({"low": self.low, "high": self.high, "boundary": format!("{:?}", self.boundary)})
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, _: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need { region: target.grow(&self.low, &self.high), boundary: self.boundary }]
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let from = call.inputs[0];
        let source = from.typed::<i64>()?;
        let target = call.output.region().clone();
        let n = target.ndim() - 1;
        let out = call.output.typed_mut::<i64>()?;
        let mut i = 0;
        target.for_each_row(|p| {
            let mut q = p.to_vec();
            for x in target.start()[n]..target.end(n) {
                q[n] = x;
                let before: Vec<i64> =
                    q.iter().zip(&self.low).map(|(q, l)| q - *l as i64).collect();
                let after: Vec<i64> =
                    q.iter().zip(&self.high).map(|(q, h)| q + *h as i64).collect();
                out[i] = source[from.region().offset_of(&before)] * 3
                    + source[from.region().offset_of(&after)];
                i += 1;
            }
        });
        Ok(())
    }
}

/// `a - b`, optionally minus a folded sum modulo 97.
struct Minus {
    sum: Option<i64>,
}

impl BlockOp for Minus {
    fn name(&self) -> &'static str {
        "minus"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        Ok(inputs[0].clone())
    }
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        inputs.iter().map(|_| Need::inside(target.clone())).collect()
    }
    fn bind(&self, values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(Some(Arc::new(Minus { sum: Some(*values[0].get::<i64>()? % 97) })))
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let (a, b) = (call.inputs[0].typed::<i64>()?, call.inputs[1].typed::<i64>()?);
        let sum = self.sum.unwrap_or(0);
        call.output
            .typed_mut::<i64>()?
            .iter_mut()
            .zip(a.iter().zip(b))
            .for_each(|(o, (a, b))| *o = a - b - sum);
        Ok(())
    }
}

struct Sum;

impl FoldOp for Sum {
    petavox_engine::travels!(part: (i64, Vec<i64>), value: i64);

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
        let first = block.region().start().to_vec();
        Ok(Box::new((block.typed::<i64>()?.iter().sum::<i64>(), first)))
    }
    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (l, r) = (part::<(i64, Vec<i64>)>(left)?, part::<(i64, Vec<i64>)>(right)?);
        assert!(l.1 < r.1, "parts come in block order");
        Ok(Box::new((l.0 + r.0, l.1)))
    }
    fn finish(&self, merged: Option<Part>, _: &ImageSpec) -> Result<Value> {
        let sum = merged.map(part::<(i64, Vec<i64>)>).transpose()?.map_or(0, |p| p.0);
        Ok(Value::new(sum, sum.into()))
    }
}

/// Running sums along the raster: needs the whole image.
struct Running;

impl SweepOp for Running {
    fn name(&self) -> &'static str {
        "running"
    }
    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Ok(input.clone())
    }
    fn n_words(&self, input: &ImageSpec) -> usize {
        input.len()
    }
    fn scratch_bytes(&self, _: &ImageSpec) -> u64 {
        0
    }
    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        let n = input.ndim() - 1;
        let mut i = 0;
        let samples = block.typed::<i64>()?;
        block.region().for_each_row(|p| {
            let at = input.region().offset_of(p);
            for k in 0..block.shape()[n] {
                words[at + k] = samples[i] as u64;
                i += 1;
            }
        });
        Ok(())
    }
    fn words_of(&self, region: &Region, input: &ImageSpec) -> std::ops::Range<usize> {
        let row: usize = input.shape[1..].iter().product();
        region.start()[0] as usize * row..region.end(0) as usize * row
    }
    fn sweep(&self, words: &mut Words, _: &ImageSpec, _: &RunContext) -> Result<()> {
        let mut sum = 0u64;
        for w in words.words_mut() {
            sum = sum.wrapping_add(*w);
            *w = sum;
        }
        Ok(())
    }
    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        let n = out.shape().len() - 1;
        let region = out.region().clone();
        let run = out.shape()[n];
        let samples = out.typed_mut::<i64>()?;
        let mut i = 0;
        region.for_each_row(|p| {
            let at = input.region().offset_of(p);
            for k in 0..run {
                samples[i] = words[at + k] as i64;
                i += 1;
            }
        });
        Ok(())
    }
}

fn context(threads: usize, memory: u64) -> RunContext {
    let options =
        RunOptions { n_threads: Some(threads), memory_bytes: Some(memory), ..Default::default() };
    RunContext::new(&options).unwrap()
}

/// `around(x) - x - sum(around(around(x)))`, then swept, with the given cuts.
fn compute(
    source: Arc<Formula>,
    boundary: Boundary,
    sink_chunk: &[usize],
    threads: usize,
    memory: u64,
) -> Vec<i64> {
    let n = source.spec().ndim();
    let around = |low: usize, high: usize| {
        Arc::new(Around { low: vec![low; n], high: vec![high; n], boundary }) as Arc<dyn BlockOp>
    };
    let x = Node::source(source);
    let y = Node::block(around(2, 1), vec![x.clone()], vec![]).unwrap();
    let z = Node::block(around(0, 3), vec![y.clone()], vec![]).unwrap();
    let sum = Node::fold(Arc::new(Sum), z, vec![]).unwrap();
    let d = Node::block(Arc::new(Minus { sum: None }), vec![y, x], vec![sum]).unwrap();
    let swept = Node::sweep(Arc::new(Running), d).unwrap();
    let sink = Memory::new(swept.spec(), sink_chunk);
    let context = context(threads, memory);
    let targets = [Target { node: swept, sink: Some(sink.clone()) }];
    let plan = plan(&targets, &context.plan_options()).unwrap();
    assert!(plan.peak_bytes() <= memory);
    execute(&plan, &context).unwrap();
    sink.samples()
}

const AMPLE: u64 = 1 << 30;

#[test]
fn chunks_threads_and_budgets_are_invisible() {
    for boundary in [
        Boundary::Reflect,
        Boundary::Mirror,
        Boundary::Nearest,
        Boundary::Wrap,
        Boundary::Constant(5.0),
    ] {
        let want =
            compute(formula(&[13, 22, 37], &[13, 22, 37]), boundary, &[13, 22, 37], 1, AMPLE);
        for (chunk, sink, threads, memory) in [
            (vec![1, 22, 37], vec![5, 7, 11], 2, AMPLE),
            (vec![4, 4, 4], vec![1, 1, 37], 3, AMPLE),
            (vec![13, 3, 16], vec![13, 22, 8], 2, (28 << 20) + 500_000),
        ] {
            let got = compute(formula(&[13, 22, 37], &chunk), boundary, &sink, threads, memory);
            assert!(got == want, "{boundary:?} {chunk:?} {sink:?} {threads} {memory}");
        }
    }
}

#[test]
fn two_dimensional_and_tiny_images_work_too() {
    for shape in [vec![1, 1], vec![1, 9], vec![40, 3], vec![2, 2]] {
        let want = compute(formula(&shape, &shape), Boundary::Reflect, &shape, 1, AMPLE);
        let got = compute(formula(&shape, &[1, 2]), Boundary::Reflect, &[3, 1], 2, AMPLE);
        assert_eq!(got, want, "{shape:?}");
    }
}

#[test]
fn a_budget_that_is_too_small_is_refused_with_the_one_that_works() {
    let source = formula(&[64, 64, 64], &[8, 8, 8]);
    let sink = Memory::new(source.spec(), &[64, 64, 64]);
    let targets = [Target { node: Node::source(source), sink: Some(sink) }];
    let options = |budget| PlanOptions {
        budget_bytes: budget,
        base_bytes: 1000,
        n_threads: 2,
        keep: Keep::Anywhere,
        n_processes: 1,
        block_edge: None,
    };
    let Err(Error::Budget { needed, .. }) = plan(&targets, &options(2000)) else {
        panic!("not refused")
    };
    assert!(plan(&targets, &options(needed)).is_ok());
    assert!(plan(&targets, &options(needed - 1)).is_err());
}

#[test]
fn chunks_of_slices_are_decoded_once_when_the_cache_holds_them() {
    let source = formula(&[40, 64, 64], &[1, 64, 64]);
    let sink = Memory::new(source.spec(), &[8, 16, 16]);
    let around =
        Arc::new(Around { low: vec![3; 3], high: vec![3; 3], boundary: Boundary::Reflect });
    let node = Node::block(around, vec![Node::source(source.clone())], vec![]).unwrap();
    let context = context(2, AMPLE);
    let targets = [Target { node, sink: Some(sink) }];
    let plan = plan(&targets, &context.plan_options()).unwrap();
    execute(&plan, &context).unwrap();
    let decoded: usize = source.reads.lock().unwrap().iter().map(Region::len).sum();
    assert!(decoded <= 40 * 64 * 64, "{decoded} samples decoded of {}", 40 * 64 * 64);
}

struct Panics;

impl BlockOp for Panics {
    fn name(&self) -> &'static str {
        "panics"
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
    fn run(&self, _: BlockCall<'_>) -> Result<()> {
        panic!("on purpose")
    }
}

#[test]
fn a_panic_in_a_task_is_an_error_of_the_run() {
    let source = formula(&[8, 8], &[4, 4]);
    let sink = Memory::new(source.spec(), &[4, 4]);
    let node = Node::block(Arc::new(Panics), vec![Node::source(source)], vec![]).unwrap();
    let context = context(2, AMPLE);
    let plan = plan(&[Target { node, sink: Some(sink) }], &context.plan_options()).unwrap();
    let error = execute(&plan, &context).err().unwrap().to_string();
    assert!(error.contains("on purpose") && error.contains("write panics"), "{error}");
}

/// As [`Running`], but for the sweep itself.
struct Breaks;

impl SweepOp for Breaks {
    fn name(&self) -> &'static str {
        "breaks"
    }
    fn params(&self) -> serde_json::Value {
        Running.params()
    }
    fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        Running.output(input)
    }
    fn n_words(&self, input: &ImageSpec) -> usize {
        Running.n_words(input)
    }
    fn scratch_bytes(&self, input: &ImageSpec) -> u64 {
        Running.scratch_bytes(input)
    }
    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()> {
        Running.load(words, block, input)
    }
    fn words_of(&self, region: &Region, input: &ImageSpec) -> std::ops::Range<usize> {
        Running.words_of(region, input)
    }
    fn sweep(&self, _: &mut Words, _: &ImageSpec, _: &RunContext) -> Result<()> {
        panic!("on purpose")
    }
    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()> {
        Running.read(words, out, input)
    }
}

#[test]
fn a_panic_in_a_sweep_is_an_error_of_the_run() {
    let source = formula(&[8, 8], &[4, 4]);
    let sink = Memory::new(source.spec(), &[4, 4]);
    let node = Node::sweep(Arc::new(Breaks), Node::source(source)).unwrap();
    let context = context(2, AMPLE);
    let plan = plan(&[Target { node, sink: Some(sink) }], &context.plan_options()).unwrap();
    let error = execute(&plan, &context).err().unwrap().to_string();
    assert!(error.contains("on purpose") && error.contains("breaks"), "{error}");
}

#[test]
fn a_cancelled_run_stops() {
    let source = formula(&[8, 8], &[4, 4]);
    let sink = Memory::new(source.spec(), &[4, 4]);
    let context = context(1, AMPLE);
    let plan =
        plan(&[Target { node: Node::source(source), sink: Some(sink) }], &context.plan_options())
            .unwrap();
    context.cancel.cancel();
    assert!(matches!(execute(&plan, &context), Err(Error::Cancelled)));
}

#[test]
fn explain_tells_every_stage_with_its_memory() {
    let source = formula(&[16, 16, 16], &[16, 16, 16]);
    let x = Node::source(source);
    let sum = Node::fold(Arc::new(Sum), x.clone(), vec![]).unwrap();
    let d = Node::block(Arc::new(Minus { sum: None }), vec![x.clone(), x], vec![sum]).unwrap();
    let sink = Memory::new(d.spec(), &[16, 16, 16]);
    let options = PlanOptions {
        budget_bytes: 1 << 30,
        base_bytes: 0,
        n_threads: 2,
        n_processes: 1,
        block_edge: None,
        keep: Keep::Anywhere,
    };
    let plan = plan(&[Target { node: d, sink: Some(sink) }], &options).unwrap();
    let document = petavox_engine::explain::Document::new(&plan);
    let text = petavox_engine::explain::text(&document);
    assert!(text.starts_with("plan: 2 stages, peak memory "), "{text}");
    assert!(text.contains("stage 1: sum\n  reads   32.0 KiB from formula"), "{text}");
    assert!(text.contains("stage 2: write minus"), "{text}");
    let json = serde_json::to_value(&document).unwrap();
    assert_eq!(json["nodes"].as_array().unwrap().len(), 3);
    assert!(petavox_engine::explain::html(&document).contains("</html>"));
    assert!(petavox_engine::explain::dot(&document).contains("style=dashed"));
}
