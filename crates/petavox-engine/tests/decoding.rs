//! Chunks of sources are decoded once per pass if the memory holds them, also where the source has another shape than the
//! output: axes turned, taken out, thinned out, summed along, and images joined.

use petavox_core::{Block, ChunkGrid, Dtype, ImageSpec, Region, Result, Sink, Source};
use petavox_engine::{
    BlockCall, BlockOp, Need, Node, Plan, RunContext, RunOptions, Target, execute, plan,
};
use std::sync::{Arc, Mutex};

/// An image whose samples are a formula, decoded in whole chunks; remembers what was decoded.
struct Chunked {
    name: &'static str,
    spec: ImageSpec,
    grid: ChunkGrid,
    decoded: Mutex<Vec<usize>>,
}

fn chunked(name: &'static str, shape: &[usize], chunk: &[usize]) -> Arc<Chunked> {
    let spec = ImageSpec::new(shape.to_vec(), Dtype::Int64).unwrap();
    Arc::new(Chunked { name, grid: ChunkGrid::new(shape, chunk), spec, decoded: Mutex::default() })
}

fn sample(p: &[i64]) -> i64 {
    p.iter().fold(7, |h, x| (h * 31 + x) % 1009)
}

impl Chunked {
    /// The most often that a chunk was decoded, and how many were.
    fn most_and_many(&self) -> (usize, usize) {
        let mut times = vec![0; self.grid.len()];
        self.decoded.lock().unwrap().iter().for_each(|n| times[*n] += 1);
        (times.iter().copied().max().unwrap_or(0), times.iter().filter(|n| **n > 0).count())
    }
}

impl Source for Chunked {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }
    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }
    fn scratch_bytes(&self, _: &Region) -> u64 {
        (self.grid.chunk().iter().product::<usize>() * 8) as u64
    }
    fn read(&self, out: &mut Block) -> Result<()> {
        let region = out.region().clone();
        self.decoded.lock().unwrap().extend(self.grid.meeting(&region));
        let samples = out.typed_mut::<i64>()?;
        let (mut i, n) = (0, region.ndim() - 1);
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
        Some(self.name.into())
    }
}

/// Keeps what is written.
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

/// What an axis of the input comes to.
#[derive(Clone, Copy, Debug)]
enum Axis {
    /// `factor` samples at a time are summed to one of this axis of the output.
    To(usize, usize),
    /// One sample is taken.
    At(usize),
    /// All are summed.
    Summed,
}
use Axis::{At, Summed, To};

#[derive(Debug)]
struct View(Vec<Axis>);

impl View {
    /// The box of the input that `target` is made of.
    fn input(&self, shape: &[usize], target: &Region) -> Region {
        let (start, extent): (Vec<i64>, Vec<usize>) = (self.0.iter().zip(shape))
            .map(|(axis, &len)| match *axis {
                To(a, f) => {
                    let lo = target.start()[a] * f as i64;
                    let hi = (target.end(a) * f as i64).min(len as i64);
                    (lo, (hi - lo) as usize)
                }
                At(i) => (i as i64, 1),
                Summed => (0, len),
            })
            .unzip();
        Region::new(start, extent)
    }
}

impl BlockOp for View {
    fn name(&self) -> &'static str {
        "view"
    }
    fn params(&self) -> serde_json::Value {
        format!("{self:?}").into()
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut shape = vec![0; self.0.iter().filter(|a| matches!(a, To(..))).count()];
        for (axis, len) in self.0.iter().zip(&inputs[0].shape) {
            if let To(a, f) = axis {
                shape[*a] = len.div_ceil(*f);
            }
        }
        ImageSpec::new(shape, Dtype::Int64)
    }
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(self.input(&inputs[0].shape, target))]
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let from = call.inputs[0];
        let samples = from.typed::<i64>()?;
        let region = call.output.region().clone();
        let out = call.output.typed_mut::<i64>()?;
        let points = ChunkGrid::new(region.shape(), &vec![1; region.ndim()]);
        for (k, o) in out.iter_mut().enumerate() {
            let at: Vec<i64> =
                points.index(k).iter().zip(region.start()).map(|(i, s)| *i as i64 + s).collect();
            let cell = self.input(&call.specs[0].shape, &Region::new(at, vec![1; region.ndim()]));
            let inner = ChunkGrid::new(cell.shape(), &vec![1; cell.ndim()]);
            *o = (0..inner.len())
                .map(|n| {
                    let p: Vec<i64> = inner
                        .index(n)
                        .iter()
                        .zip(cell.start())
                        .map(|(i, s)| *i as i64 + s)
                        .collect();
                    samples[from.region().offset_of(&p)]
                })
                .sum();
        }
        Ok(())
    }
}

/// Images of the same extents, one after another along an axis.
struct Join(usize);

impl BlockOp for Join {
    fn name(&self) -> &'static str {
        "join"
    }
    fn params(&self) -> serde_json::Value {
        self.0.into()
    }
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut shape = inputs[0].shape.clone();
        shape[self.0] = inputs.iter().map(|i| i.shape[self.0]).sum();
        ImageSpec::new(shape, Dtype::Int64)
    }
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let mut first = 0;
        inputs
            .iter()
            .map(|input| {
                let mut offset = vec![0; input.ndim()];
                offset[self.0] = -first;
                first += input.shape[self.0] as i64;
                let inside = target.translate(&offset).intersect(&input.region());
                Need::inside(
                    inside.unwrap_or(Region::new(vec![0; input.ndim()], vec![0; input.ndim()])),
                )
            })
            .collect()
    }
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let mut first = 0;
        for (block, spec) in call.inputs.iter().zip(call.specs) {
            let mut offset = vec![0; spec.ndim()];
            offset[self.0] = first;
            first += spec.shape[self.0] as i64;
            if !block.region().is_empty() {
                let mut moved = Block::zeros(block.region().translate(&offset), Dtype::Int64)?;
                moved.bytes_mut().copy_from_slice(block.bytes());
                call.output.copy_from(&moved)?;
            }
        }
        Ok(())
    }
}

const AMPLE: u64 = 1 << 30;
/// What the process takes by itself is part of a budget.
const BASE: u64 = 28 << 20;

/// One thread, or another thread that lags behind could find its chunks gone from a cache that is just large enough.
fn compute(node: &Arc<Node>, sink_chunk: &[usize], memory: u64) -> (Vec<i64>, Plan) {
    compute_with(node, sink_chunk, memory, 1)
}

fn compute_with(
    node: &Arc<Node>,
    sink_chunk: &[usize],
    memory: u64,
    n_threads: usize,
) -> (Vec<i64>, Plan) {
    let spec = node.spec().clone();
    let whole = Mutex::new(Block::zeros(spec.region(), spec.dtype).unwrap());
    let grid = ChunkGrid::new(&spec.shape, sink_chunk);
    let sink = Arc::new(Memory { spec, grid, whole });
    let options =
        RunOptions { n_threads: Some(n_threads), memory_bytes: Some(memory), ..Default::default() };
    let context = RunContext::new(&options).unwrap();
    let targets = [Target { node: node.clone(), sink: Some(sink.clone()) }];
    let plan = plan(&targets, &context.plan_options()).unwrap();
    assert!(plan.peak_bytes() <= memory);
    execute(&plan, &context).unwrap();
    let samples = sink.whole.lock().unwrap().typed::<i64>().unwrap().to_vec();
    (samples, plan)
}

/// What a view is, computed in one piece.
fn expected(view: &View, source: &Chunked) -> Vec<i64> {
    let spec = view.output(&[source.spec()]).unwrap();
    let mut input = Block::zeros(source.spec.region(), Dtype::Int64).unwrap();
    source.read(&mut input).unwrap();
    let mut output = Block::zeros(spec.region(), Dtype::Int64).unwrap();
    let mut scratch = petavox_core::Buffer::zeroed(0).unwrap();
    view.run(BlockCall {
        inputs: &[&input],
        specs: &[source.spec()],
        output: &mut output,
        scratch: &mut scratch,
        cancel: &petavox_core::CancelToken::new(),
    })
    .unwrap();
    source.decoded.lock().unwrap().clear();
    output.typed::<i64>().unwrap().to_vec()
}

#[test]
fn chunks_are_decoded_once_whatever_becomes_of_the_axes() {
    /// Shape and chunk of the source, what becomes of its axes, chunk of the output.
    type Case = (&'static [usize], &'static [usize], Vec<Axis>, &'static [usize]);
    let cases: [Case; 9] = [
        // Slices turned to columns.
        (&[24, 40, 48], &[1, 40, 48], vec![To(2, 1), To(0, 1), To(1, 1)], &[8, 8, 8]),
        (&[24, 40, 48], &[7, 9, 11], vec![To(2, 1), To(1, 1), To(0, 1)], &[16, 5, 4]),
        (&[60, 70], &[60, 3], vec![To(1, 1), To(0, 1)], &[32, 8]),
        // A plane out of thick chunks.
        (&[6, 40, 48], &[6, 7, 9], vec![At(4), To(0, 1), To(1, 1)], &[16, 16]),
        (&[30, 6, 48], &[4, 6, 48], vec![To(0, 1), At(1), To(1, 1)], &[16, 16]),
        // Fewer samples.
        (&[24, 40, 48], &[5, 9, 48], vec![To(0, 2), To(1, 3), To(2, 1)], &[3, 4, 8]),
        (&[25, 41, 48], &[1, 41, 48], vec![To(0, 1), To(1, 2), To(2, 2)], &[4, 4, 4]),
        // Sums along an axis.
        (&[24, 40, 48], &[5, 9, 11], vec![Summed, To(0, 1), To(1, 1)], &[16, 8]),
        (&[24, 40, 48], &[5, 9, 48], vec![To(0, 1), To(1, 1), Summed], &[4, 8]),
    ];
    for (shape, chunk, axes, sink_chunk) in cases {
        let source = chunked("chunked", shape, chunk);
        let view = Arc::new(View(axes));
        let want = expected(&view, &source);
        let node = Node::block(view.clone(), vec![Node::source(source.clone())], vec![]).unwrap();
        let (got, plan) = compute(&node, sink_chunk, AMPLE);
        assert!(got == want, "{shape:?} {view:?}");
        let (most, many) = source.most_and_many();
        assert_eq!(most, 1, "{shape:?} {chunk:?} {view:?}: {:?}", plan.stages[0].grid);
        let bytes = plan.stages[0].reads[0].bytes;
        let all: usize = (0..source.grid.len()).map(|n| 8 * source.grid.region(n).len()).sum();
        assert!(
            bytes <= all as u64 && (many < source.grid.len() || bytes == all as u64),
            "the plan says {bytes} of {all} bytes"
        );
        source.decoded.lock().unwrap().clear();
        let (tight, _) = compute_with(&node, sink_chunk, BASE + 400_000, 2);
        assert!(tight == want, "tight {shape:?} {view:?}");
    }
}

#[test]
fn blocks_of_a_turned_image_are_walked_along_its_chunks() {
    // A cache of a few slices does, though the output's first axis is the slices' last.
    let source = chunked("slices", &[64, 64, 64], &[1, 64, 64]);
    let view = Arc::new(View(vec![To(2, 1), To(1, 1), To(0, 1)]));
    let want = expected(&view, &source);
    let node = Node::block(view, vec![Node::source(source.clone())], vec![]).unwrap();
    let (got, plan) = compute(&node, &[8, 8, 8], BASE + 450_000);
    assert!(got == want);
    assert_eq!(source.most_and_many(), (1, 64), "{:?}", plan.stages[0].grid);
    let stage = &plan.stages[0];
    let slowest = stage.order.iter().find(|&&a| stage.grid.counts()[a] > 1);
    assert_eq!(slowest, Some(&2), "{:?} of {:?}", stage.order, stage.grid);
    let mut walked: Vec<usize> = (0..stage.grid.len()).map(|k| stage.block_at(k)).collect();
    walked.sort_unstable();
    assert!(walked.into_iter().eq(0..stage.grid.len()), "every block once");
    let document = petavox_engine::explain::Document::new(&plan);
    assert!(petavox_engine::explain::text(&document).contains("the last fastest"));
}

#[test]
fn every_part_of_a_joined_image_is_decoded_once() {
    let parts: Vec<Arc<Chunked>> = [("a", 7), ("b", 30), ("c", 1), ("d", 21)]
        .map(|(name, n)| chunked(name, &[n, 40, 36], &[3, 40, 36]))
        .to_vec();
    let nodes = parts.iter().map(|p| Node::source(p.clone())).collect();
    let node = Node::block(Arc::new(Join(0)), nodes, vec![]).unwrap();
    let want: Vec<i64> = parts
        .iter()
        .flat_map(|p| {
            let mut block = Block::zeros(p.spec.region(), Dtype::Int64).unwrap();
            p.read(&mut block).unwrap();
            p.decoded.lock().unwrap().clear();
            block.typed::<i64>().unwrap().to_vec()
        })
        .collect();
    for memory in [AMPLE, BASE + 600_000] {
        let (got, plan) = compute(&node, &[4, 8, 8], memory);
        assert!(got == want);
        for part in &parts {
            assert_eq!(part.most_and_many(), (1, part.grid.len()), "{} {memory}", part.name);
            part.decoded.lock().unwrap().clear();
        }
        if memory < AMPLE {
            continue;
        }
        let reads: Vec<(&str, u64)> =
            plan.stages[0].reads.iter().map(|r| (r.name.as_str(), r.bytes)).collect();
        let bytes = |n: u64| n * 40 * 36 * 8;
        assert_eq!(reads, [("a", bytes(7)), ("b", bytes(30)), ("c", bytes(1)), ("d", bytes(21))]);
    }
}
