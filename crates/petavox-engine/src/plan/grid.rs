//! Optimiser pass: the block grid of a stage. Every candidate shape is priced with the stage's own program; the cheapest
//! that fits the budget is taken. Blocks are multiples of what is written, so that each stored object has one writer.

use super::decode::{Bands, decoding, samples_of};
use super::held::held;
use super::program::{Program, Step};
use super::reach::Reach;
use super::stage::ReadSummary;
use petavox_core::{ChunkGrid, Region, Sink};
use std::sync::Arc;

/// Time to start a task, and to start a row of samples, in nanoseconds.
const TASK_NS: f64 = 20_000.0;
const ROW_NS: f64 = 15.0;
/// Time to read a run of samples from a file that is read below its chunks.
const READ_RUN_NS: f64 = 900.0;
/// Time to reach a run of samples in memory, beside copying them.
const COPY_RUN_NS: f64 = 100.0;
/// Time to decode or copy a byte of samples.
const DECODE_NS: f64 = 1.0;
const COPY_NS: f64 = 0.15;
/// What a byte that is kept from block to block costs: fresh memory, and room that others might want.
const HOLD_NS: f64 = 0.5;
/// A task's memory above which a core's caches stop helping, and those that all cores share.
const CACHE_FRIENDLY_BYTES: f64 = 8e6;
const CACHED_BYTES: f64 = 6.4e7;

#[derive(Clone, Copy)]
pub(super) struct GridQuery<'a> {
    pub(super) program: &'a Program,
    pub(super) shape: &'a [usize],
    pub(super) must: &'a [Vec<usize>],
    pub(super) sinks: &'a [Arc<dyn Sink>],
    pub(super) room: u64,
    pub(super) n_threads: usize,
    pub(super) n_processes: usize,
    /// See [`PlanOptions::block_edge`](super::compile::PlanOptions::block_edge).
    pub(super) edge: Option<usize>,
    pub(super) consumer_cost_ns: f64,
    /// What consumers take for the block of a region, beside the block.
    pub(super) consumer: &'a dyn Fn(&Region) -> Taking,
    /// Blocks have to come in raster order, because a consumer merges them.
    pub(super) in_order: bool,
    /// Blocks are what `must` asks for, not several of it.
    pub(super) exact: bool,
}

/// What consumers take for a block.
#[derive(Default)]
pub(super) struct Taking {
    /// Memory.
    pub(super) bytes: u64,
    /// Time during which other tasks wait.
    pub(super) serial_ns: f64,
}

pub(super) struct GridChoice {
    pub(super) grid: ChunkGrid,
    pub(super) order: Vec<usize>,
    pub(super) n_workers: usize,
    pub(super) task_bytes: u64,
    pub(super) cache_bytes: u64,
    pub(super) held_bytes: Vec<u64>,
    pub(super) cpu_secs: f64,
    pub(super) secs: f64,
    pub(super) reads: Vec<ReadSummary>,
}

/// The cheapest grid that fits, or the least memory any candidate needs.
pub(super) fn choose(query: &GridQuery<'_>) -> Result<GridChoice, u64> {
    let multiple = common_multiple(query);
    let axes: Vec<Vec<usize>> =
        (0..query.shape.len()).map(|a| extents(query, a, multiple[a])).collect();
    let n: usize = axes.iter().map(Vec::len).product();
    let mut best: Option<(f64, GridChoice)> = None;
    let mut least = u64::MAX;
    let reach = match query.shape.contains(&0) {
        true => None,
        false => Some(Reach::new(query.program, query.shape)),
    };
    let mut hopeless = Hopeless::new(query);
    // From the largest blocks on, so that the many small ones can be left out early; of equals, the first still wins.
    for k in (0..n).rev() {
        let mut rest = k;
        let chunk: Vec<usize> = axes
            .iter()
            .map(|options| {
                let e = options[rest % options.len()];
                rest /= options.len();
                e
            })
            .collect();
        if hopeless.holds(&chunk) {
            continue;
        }
        let to_beat = best.as_ref().map_or(f64::INFINITY, |(secs, _)| *secs);
        match price(query, reach.as_ref(), ChunkGrid::new(query.shape, &chunk), to_beat) {
            Ok(Priced::As(secs, choice)) if secs <= to_beat => best = Some((secs, *choice)),
            Ok(Priced::As(..)) => {}
            Ok(Priced::AtLeast(secs)) => hopeless.add(chunk, secs, to_beat),
            Err(needed) => least = least.min(needed),
        }
    }
    best.map(|(_, choice)| choice).ok_or(least)
}

/// Blocks that cost too much whatever is decoded: their halos, rows and tasks alone do, and smaller blocks have more of all three.
struct Hopeless {
    /// None of them lies within another.
    largest: Vec<Vec<usize>>,
    n_tasks: usize,
    shape: Vec<usize>,
    is_monotone: bool,
}

impl Hopeless {
    fn new(query: &GridQuery<'_>) -> Hopeless {
        Hopeless {
            largest: Vec::new(),
            n_tasks: query.n_threads * query.n_processes.max(1),
            shape: query.shape.to_vec(),
            // Parts that are made as a whole fit blocks of one shape better than larger ones of another.
            is_monotone: !query.program.has_whole_parts(),
        }
    }

    fn holds(&self, chunk: &[usize]) -> bool {
        self.largest.iter().any(|other| within(chunk, other))
    }

    /// Blocks that take at least `secs`.
    fn add(&mut self, chunk: Vec<usize>, secs: f64, to_beat: f64) {
        let axes = || self.shape.iter().zip(&chunk);
        let n_blocks: usize = axes().map(|(n, c)| n.div_ceil(*c)).product();
        // Prices are those of whole blocks; smaller ones may fit the image better.
        let beyond: f64 = axes().map(|(n, c)| (n.div_ceil(*c) * c) as f64 / *n as f64).product();
        // Fewer blocks than can run at once: smaller ones would be made side by side.
        if self.is_monotone && n_blocks >= self.n_tasks && secs > to_beat * beyond {
            self.largest.retain(|other| !within(other, &chunk));
            self.largest.push(chunk);
        }
    }
}

/// True if no extent of `a` is larger than that of `b`.
fn within(a: &[usize], b: &[usize]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b)
}

/// The extents of which blocks must be multiples.
fn common_multiple(query: &GridQuery<'_>) -> Vec<usize> {
    (0..query.shape.len())
        .map(|a| {
            query.must.iter().fold(1, |m, chunk| {
                if chunk[a] >= query.shape[a] {
                    query.shape[a].max(1)
                } else {
                    lcm(m, chunk[a].max(1))
                }
            })
        })
        .map(|m| m.max(1))
        .collect()
}

fn extents(query: &GridQuery<'_>, axis: usize, multiple: usize) -> Vec<usize> {
    let whole = query.shape[axis].max(1);
    if multiple >= whole {
        return vec![whole];
    }
    if query.exact {
        return vec![multiple];
    }
    if let Some(edge) = query.edge {
        return vec![((edge / multiple).max(1) * multiple).min(whole)];
    }
    let ndim = query.shape.len();
    let mut out = Vec::new();
    // Leading axes beyond the last three are walked one multiple at a time.
    if ndim - axis > 3 {
        return vec![multiple];
    }
    let smallest = if multiple > 1 {
        multiple
    } else if axis + 1 == ndim {
        32
    } else {
        1
    };
    let mut e = smallest;
    while e < whole {
        out.push(e);
        e *= 2;
    }
    out.push(whole);
    out
}

/// What a grid costs.
enum Priced {
    As(f64, Box<GridChoice>),
    /// More than was to be beaten, whatever is decoded: at least so many seconds.
    AtLeast(f64),
}

/// What a grid costs, as far as that matters beside `to_beat`; the memory it needs if that is too much.
fn price(
    query: &GridQuery<'_>,
    reach: Option<&Reach>,
    grid: ChunkGrid,
    to_beat: f64,
) -> Result<Priced, u64> {
    let n_blocks = grid.len();
    let counts = grid.counts();
    let order = (0..counts.len()).collect();
    let Some(reach) = reach else {
        let choice = GridChoice {
            grid,
            order,
            secs: 0.0,
            n_workers: 1,
            task_bytes: 0,
            cache_bytes: 0,
            held_bytes: vec![],
            cpu_secs: 0.0,
            reads: vec![],
        };
        return Ok(Priced::As(0.0, Box::new(choice)));
    };
    let middle: Vec<usize> = counts.iter().map(|c| (c - 1) / 2).collect();
    let n_tasks = (query.n_threads * query.n_processes.max(1)).min(n_blocks).max(1);
    let secs_of = |ns: f64| ns * 1e-9 / n_tasks as f64;
    let is_dear = |secs: f64| secs > to_beat * (1.0 + 1e-9);
    let mut least = secs_of(n_blocks as f64 * TASK_NS);
    if is_dear(least) {
        return Ok(Priced::AtLeast(least));
    }
    let mut bands = Bands::new(query.program, &grid);
    least = secs_of(least_ns(query, reach, &grid, &mut bands));
    if is_dear(least) {
        return Ok(Priced::AtLeast(least));
    }
    let mut samples =
        vec![middle.clone(), vec![0; counts.len()], counts.iter().map(|c| c - 1).collect()];
    samples.extend(reach.corners(&grid));
    let mut task_bytes = 0;
    for index in &samples {
        let region = grid.region_at(index);
        let write = query.sinks.iter().map(|s| s.scratch_bytes(&region)).max().unwrap_or(0);
        let (peak, held) = match *index == middle {
            true => query.program.peak_of(&region, bands.regions(index, u32::MAX)),
            false => query.program.peak_bytes(&region),
        };
        task_bytes = task_bytes.max(peak.max(held + write + (query.consumer)(&region).bytes));
        if task_bytes > query.room && to_beat.is_finite() {
            // Something fits: how much this would need interests nobody.
            break;
        }
    }
    // Buffers of many sizes come and go: the allocator keeps some beside those that are in use.
    task_bytes += task_bytes / 32;
    if task_bytes > query.room {
        return Err(task_bytes);
    }
    let most = ((query.room / task_bytes.max(1)) as usize).clamp(1, query.n_threads).min(n_blocks);
    // What operations read by themselves may be worth more memory than another worker.
    let keeps = query.program.operations().any(|(op, _)| op.reads().is_some());
    let fewest = if keeps { 1 } else { most };
    let mut best: Option<GridChoice> = None;
    for n_workers in (fewest..=most).rev() {
        let choice = pass(query, reach, &grid, &mut bands, task_bytes, n_workers);
        if best.as_ref().is_none_or(|b| choice.secs < b.secs) {
            best = Some(choice);
        }
    }
    best.map(|choice| Priced::As(choice.secs, Box::new(choice))).ok_or(task_bytes)
}

/// What a pass over the blocks of a grid costs with so many workers, the memory of which fits.
fn pass(
    query: &GridQuery<'_>,
    reach: &Reach,
    grid: &ChunkGrid,
    bands: &mut Bands<'_>,
    task_bytes: u64,
    n_workers: usize,
) -> GridChoice {
    let n_blocks = grid.len();
    let middle: Vec<usize> = grid.counts().iter().map(|c| (c - 1) / 2).collect();
    let spare = query.room - task_bytes * n_workers as u64;
    let held = held(bands, reach, spare, n_workers, query.in_order);
    let decoding =
        decoding(bands, reach, spare.saturating_sub(held.sum()), n_workers, query.in_order);
    // Of the whole pass.
    let target = grid.region_at(&middle);
    let mut ns = n_blocks as f64 * (TASK_NS + query.consumer_cost_ns * target.len() as f64);
    ns += held.decoded * DECODE_NS + held.sum() as f64 * HOLD_NS;
    let mut reads = Vec::new();
    for (i, line) in query.program.lines.iter().enumerate() {
        let Some(whole) = reach.whole(i) else { continue };
        let (home, counts) = reach.home(i, grid);
        let (made, times) = match bands.block(&home, i) {
            Some(made) => (made, counts.iter().product::<f64>()),
            None => (whole, 1.0),
        };
        let bytes = samples_of(made) * line.spec.dtype.size() as f64;
        let rows: f64 = made.iter().map(|r| r.len() as f64 / r.row_len().max(1) as f64).sum();
        ns += times * (rows * ROW_NS + bytes * COPY_NS);
        match &line.step {
            Step::Run { op, .. } => {
                ns += times * query.program.samples_of(i, made) * op.cost_ns();
            }
            Step::Read(source) => {
                let decoded = decoding.bytes.get(&i).copied().unwrap_or(0.0);
                ns += decoded * if source.is_memory() { COPY_NS } else { DECODE_NS };
                if source.reads_below_chunk() {
                    let n: f64 = made.iter().map(|r| runs(r, &line.spec.shape)).sum();
                    ns += times * n * if source.is_memory() { COPY_RUN_NS } else { READ_RUN_NS };
                }
                let name = source.locator().unwrap_or_else(|| match line.name {
                    "open" => "memory".to_owned(),
                    name => format!("earlier stage: {name}"),
                });
                reads.push(ReadSummary { name, bytes: decoded as u64 });
            }
        }
    }
    let beyond = |friendly: f64| (task_bytes as f64 / friendly).log2().max(0.0);
    let slowdown = 1.0 + 0.03 * beyond(CACHE_FRIENDLY_BYTES) + 0.06 * beyond(CACHED_BYTES);
    let serial_secs = (query.consumer)(&target).serial_ns * n_blocks as f64 * 1e-9;
    let parallel_secs = ns * slowdown * 1e-9;
    let cpu_secs = parallel_secs + serial_secs;
    let n_rounds = n_blocks.div_ceil(n_workers * query.n_processes.max(1));
    let secs = parallel_secs * n_rounds as f64 / n_blocks as f64 + serial_secs;
    reads.extend(held.reads);
    GridChoice {
        grid: grid.clone(),
        order: held.order.unwrap_or(decoding.order),
        secs,
        n_workers,
        task_bytes,
        cache_bytes: decoding.cache_bytes,
        held_bytes: held.bytes,
        cpu_secs,
        reads,
    }
}

/// The time of all tasks without decoding and without what large tasks lose: no grid is cheaper than that.
fn least_ns(query: &GridQuery<'_>, reach: &Reach, grid: &ChunkGrid, bands: &mut Bands<'_>) -> f64 {
    let mut ns = grid.len() as f64 * TASK_NS;
    for (i, line) in query.program.lines.iter().enumerate() {
        let Some(whole) = reach.whole(i) else { continue };
        let (home, counts) = reach.home(i, grid);
        let (made, times) = match bands.block(&home, i) {
            Some(made) => (made, counts.iter().product::<f64>()),
            None => (whole, 1.0),
        };
        let bytes = samples_of(made) * line.spec.dtype.size() as f64;
        let rows: f64 = made.iter().map(|r| r.len() as f64 / r.row_len().max(1) as f64).sum();
        ns += times * (rows * ROW_NS + bytes * COPY_NS);
        if let Step::Run { op, .. } = &line.step {
            ns += times * query.program.samples_of(i, made) * op.cost_ns();
        }
    }
    ns
}

/// Runs of samples that lie one after another in a file.
fn runs(made: &Region, shape: &[usize]) -> f64 {
    let mut n = made.len() as f64;
    for a in (0..shape.len()).rev() {
        n /= made.shape()[a].max(1) as f64;
        if made.shape()[a] < shape[a] {
            break;
        }
    }
    n
}

fn lcm(a: usize, b: usize) -> usize {
    let gcd = |mut a: usize, mut b: usize| {
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    };
    a / gcd(a, b) * b
}
