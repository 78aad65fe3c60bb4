//! A lazy image that is read region by region, by whoever asks and on that one's thread: for those who look at an image instead of
//! computing all of it.

use super::cache::ChunkCache;
use super::execute::{Outcome, bind_all, execute};
use super::make::Maker;
use super::pool::Pool;
use crate::plan::{Kind, Node, Program, Target, plan};
use crate::resources::RunContext;
use petavox_core::{Block, CancelToken, Error, ImageSpec, Region, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// The values of folds and the results of sweeps that several readers need: each is computed once.
#[derive(Default)]
pub struct Globals {
    known: Mutex<Outcome>,
    /// Held by who computes.
    turn: Mutex<()>,
}

impl Globals {
    /// True if reading `node` waits for nothing that is computed of whole images.
    pub fn suffice(&self, node: &Arc<Node>) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        missing(node, &known).is_empty()
    }

    /// Computes what reading `node` waits for. Callers come one after another: what the first computed the next finds.
    ///
    /// # Errors
    /// As [`execute`].
    pub fn compute(&self, node: &Arc<Node>, context: &RunContext) -> Result<()> {
        let lock = |m| Mutex::lock(m).unwrap_or_else(PoisonError::into_inner);
        if self.suffice(node) {
            return Ok(());
        }
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let targets = missing(node, &lock(&self.known));
        if targets.is_empty() {
            return Ok(());
        }
        let targets: Vec<Target> =
            targets.into_iter().map(|node| Target { node, sink: None }).collect();
        let outcome = execute(&plan(&targets, &context.plan_options())?, context)?;
        lock(&self.known).take_over(outcome);
        Ok(())
    }
}

/// The folds and sweeps that stand between `node` and what can be read.
fn missing(node: &Arc<Node>, known: &Outcome) -> Vec<Arc<Node>> {
    fn visit(node: &Arc<Node>, known: &Outcome, out: &mut Vec<Arc<Node>>) {
        let is_there = match node.kind() {
            Kind::Sweep(_) => known.there(node).is_some(),
            Kind::Fold(_) => known.value(node).is_ok(),
            Kind::Source(_) => true,
            Kind::Block(_) => {
                node.values().iter().chain(node.inputs()).for_each(|n| visit(n, known, out));
                true
            }
        };
        if !is_there && !out.iter().any(|n| n.id() == node.id()) {
            out.push(node.clone());
        }
    }
    let mut out = Vec::new();
    visit(node, known, &mut out);
    out
}

/// A lazy image whose global parts are done: any region of it can be made at once, several at the same time.
pub struct Reader {
    program: Program,
    cache: Arc<ChunkCache>,
    spec: ImageSpec,
}

impl Reader {
    /// Gets ready to read `node`, after computing what is missing among `globals`. Decoded chunks go through `cache`.
    ///
    /// # Errors
    /// As [`execute`], and what the operations say to the values they are given.
    pub fn new(
        node: &Arc<Node>,
        globals: &Globals,
        cache: Arc<ChunkCache>,
        context: &RunContext,
    ) -> Result<Reader> {
        globals.compute(node, context)?;
        let known = globals.known.lock().unwrap_or_else(PoisonError::into_inner);
        let roots = [node.clone()];
        let bound = bind_all(&roots, &known)?;
        let program = Program::fuse(&roots, &|n| known.there(n), &|n| bound.get(&n.id()).cloned());
        Ok(Reader { program, cache, spec: node.spec().clone() })
    }

    /// What is read.
    pub fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    /// The memory that reading `region` takes, its samples included; decoded chunks are the cache's.
    pub fn peak_bytes(&self, region: &Region) -> u64 {
        self.program.peak_bytes(region).0
    }

    /// Samples that are made or read on the way to `region`, all steps together: what it costs, roughly.
    pub fn work(&self, region: &Region) -> u64 {
        let made = self.program.regions(region).made;
        made.iter().flatten().map(|r| r.len() as u64).sum()
    }

    /// The samples of a region inside the image.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a region that reaches outside; [`Error::Cancelled`]; whatever goes wrong on the way.
    pub fn read(&self, region: &Region, cancel: &CancelToken) -> Result<Block> {
        if region.ndim() != self.spec.ndim() || !self.spec.region().contains(region) {
            let expected = format!("a part of {}", self.spec.region());
            return Err(Error::argument("region", region, expected));
        }
        if region.is_empty() {
            return Block::zeros(region.clone(), self.spec.dtype);
        }
        let maker = Maker { program: &self.program, cache: &self.cache };
        let mut pool = Pool::new(self.peak_bytes(region));
        let mut blocks = maker.make(region, &mut pool, cancel)?;
        let made = self.program.roots.first().and_then(|&r| blocks.get_mut(r)?.pop());
        made.filter(|b| b.region() == region)
            .ok_or_else(|| Error::internal("Reader::read", format!("{region} was not made")))
    }

    /// [`Reader::read`] in parts of which each takes at most `limit` bytes, as far as cutting helps, beside the samples themselves.
    ///
    /// # Errors
    /// As [`Reader::read`].
    pub fn read_within(&self, region: &Region, limit: u64, cancel: &CancelToken) -> Result<Block> {
        let longest = (0..region.ndim()).max_by_key(|&a| region.shape()[a]);
        let cuts = longest.filter(|&a| region.shape()[a] > 1 && self.peak_bytes(region) > limit);
        let Some(axis) = cuts else { return self.read(region, cancel) };
        let mut out = Block::zeros(region.clone(), self.spec.dtype)?;
        for half in halves(region, axis) {
            out.copy_from(&self.read_within(&half, limit, cancel)?)?;
        }
        Ok(out)
    }

    /// The memory that [`Reader::read_within`] takes, roughly.
    pub fn peak_within(&self, region: &Region, limit: u64) -> u64 {
        let own = (region.len() * self.spec.dtype.size()) as u64;
        // Halves of halves are held while their parts are made: together they are no larger than the whole.
        self.peak_bytes(region).min(limit + 2 * own)
    }
}

/// A region in two along an axis, the first a power of two long where that is possible, so that parts fall on the limits of chunks.
fn halves(region: &Region, axis: usize) -> [Region; 2] {
    let n = region.shape()[axis];
    let first = n.div_ceil(2).next_power_of_two().min(n - 1);
    let part = |from: usize, to: usize| {
        let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
        start[axis] += from as i64;
        shape[axis] = to - from;
        Region::new(start, shape)
    };
    [part(0, first), part(first, n)]
}
