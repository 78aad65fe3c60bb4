//! The three contracts that carry everything that runs out of core. The engine knows operations only by these.

pub(crate) mod travel;

use petavox_core::{
    Block, Boundary, Buffer, CancelToken, ChunkGrid, Error, ImageSpec, Region, Result,
};
use std::any::Any;
use std::sync::Arc;

use crate::resources::{RunContext, Words};

/// The part of one input that an operation needs to make a target region.
#[derive(Clone, Debug, PartialEq)]
pub struct Need {
    /// The region of the input; it may reach outside the image if there is a boundary rule.
    pub region: Region,
    /// How samples outside the image are made.
    pub boundary: Boundary,
}

impl Need {
    /// A region that lies inside the image.
    pub fn inside(region: Region) -> Need {
        Need { region, boundary: Boundary::Nearest }
    }
}

/// What a [`BlockOp`] is given to make one block.
pub struct BlockCall<'a> {
    /// One block per input, each exactly the region asked for by [`BlockOp::needs`] (or one for each of [`BlockOp::parts`]).
    pub inputs: &'a [&'a Block],
    /// The whole inputs' specs, for rules that depend on where the image ends.
    pub specs: &'a [&'a ImageSpec],
    /// The block to fill; its contents are arbitrary at first.
    pub output: &'a mut Block,
    /// At least [`BlockOp::scratch_bytes`] bytes of arbitrary content.
    pub scratch: &'a mut Buffer,
    /// Looked at now and then by what takes long.
    pub cancel: &'a CancelToken,
}

/// How the blocks of a stage are walked, for an operation that reads by itself.
#[derive(Clone, Copy, Debug)]
pub struct Walk<'a> {
    /// Blocks of the operation's output, one after another.
    pub grid: &'a ChunkGrid,
    /// The axes as nested loops, the slowest first.
    pub order: &'a [usize],
    /// Blocks that are made at once.
    pub n_workers: usize,
    /// Bytes that the operation may keep from block to block.
    pub room: u64,
}

/// What an operation reads by itself during such a walk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Bytes of samples that are decoded, repeated reads counted.
    pub decoded_bytes: u64,
    /// Bytes that are kept from block to block.
    pub held_bytes: u64,
}

/// A local operation: a block of the output needs a bounded region of each input.
pub trait BlockOp: Send + Sync {
    /// The operation's one name.
    fn name(&self) -> &'static str;

    /// Its parameters, enough to build it again.
    fn params(&self) -> serde_json::Value;

    /// What comes out of such inputs.
    ///
    /// # Errors
    /// If the inputs are not accepted: the message names the operation and what it accepts.
    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec>;

    /// What is needed of each input to make `target`.
    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need>;

    /// What is needed of which input (by its number) to make `target`; [`BlockOp::run`] is given a block for each, in this order.
    /// By default [`BlockOp::needs`], one of each input. An operation that needs distant parts of an input, or few of many inputs, says so
    /// here: an input may be named several times, or not at all, and what lies between the parts is not made.
    fn parts(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<(usize, Need)> {
        self.needs(inputs, target).into_iter().enumerate().collect()
    }

    /// Bytes of scratch to make `target`.
    fn scratch_bytes(&self, _inputs: &[&ImageSpec], _target: &Region) -> u64 {
        0
    }

    /// Bytes that running takes beside the scratch, which it gets by itself (arrays of another language).
    fn beside_bytes(&self, _inputs: &[&ImageSpec], _target: &Region) -> u64 {
        0
    }

    /// What the operation decodes of files that it reads by itself, because there are too many of them to be inputs (the tiles of a
    /// mosaic), when the blocks of its output are walked like this; and what it would keep of it from block to block.
    fn reading(&self, _walk: &Walk<'_>) -> Option<Reading> {
        None
    }

    /// Lets the operation keep this much from block to block, until what it returns is dropped.
    fn hold(&self, _bytes: u64) -> Option<Box<dyn Any + Send>> {
        None
    }

    /// What it reads by itself: a name, and the bytes that are decoded if nothing is decoded twice.
    fn reads(&self) -> Option<(String, u64)> {
        None
    }

    /// A rough cost in nanoseconds per output sample on one core, for the planner.
    fn cost_ns(&self) -> f64 {
        1.0
    }

    /// How many samples, at [`BlockOp::cost_ns`] each, making `target` is worth: more than it has where margins are computed too.
    fn effort(&self, _inputs: &[&ImageSpec], target: &Region) -> f64 {
        target.len() as f64
    }

    /// The parts of the output that are made as a whole, if it matters: a smaller region costs as much as all parts it meets. Blocks
    /// of a stage are such parts where they fit the memory and the stage has this operation's shape.
    fn whole_parts(&self, _inputs: &[&ImageSpec]) -> Option<Vec<usize>> {
        None
    }

    /// Another way to the same image, where there is one: a fold of the one input, and the operation without inputs that shows the
    /// fold's value as the image. The planner takes the cheaper way.
    fn by_pass(&self) -> Option<(Arc<dyn FoldOp>, Arc<dyn BlockOp>)> {
        None
    }

    /// The operation with the values of the folds it depends on; called once before its stage runs.
    ///
    /// # Errors
    /// If a value is not usable, such as the threshold of an empty histogram.
    fn bind(&self, _values: &[Value]) -> Result<Option<Arc<dyn BlockOp>>> {
        Ok(None)
    }

    /// Fills `call.output`.
    ///
    /// # Errors
    /// Whatever the kernel refuses.
    fn run(&self, call: BlockCall<'_>) -> Result<()>;
}

/// What a block contributes to a fold.
pub type Part = Box<dyn Any + Send>;

/// A global operation by merging: `map` each block, `merge` the parts in block order, `finish`.
/// Results do not depend on how the image is cut.
pub trait FoldOp: Send + Sync {
    /// The operation's one name.
    fn name(&self) -> &'static str;

    /// Its parameters, enough to build it again.
    fn params(&self) -> serde_json::Value;

    /// Checks the input.
    ///
    /// # Errors
    /// If the input is not accepted.
    fn accept(&self, input: &ImageSpec) -> Result<()>;

    /// Bytes that the merged parts may come to take, all blocks together.
    fn state_bytes(&self, input: &ImageSpec) -> u64;

    /// Bytes that mapping the block of a region takes beside the block itself, its part included.
    fn map_bytes(&self, _input: &ImageSpec, _region: &Region) -> u64 {
        0
    }

    /// True if parts may be merged in any order with the same result, so that none waits for another.
    fn any_order(&self) -> bool {
        false
    }

    /// A rough cost in nanoseconds of merging the part of a region, for the planner; merges do not run side by side.
    fn merge_ns(&self, _input: &ImageSpec, _region: &Region) -> f64 {
        0.0
    }

    /// Bytes that merged parts take now, where that cannot be known before: what exceeds [`FoldOp::state_bytes`] is reserved
    /// from the budget as it grows.
    fn part_bytes(&self, _part: &Part) -> u64 {
        0
    }

    /// The extents of which blocks must be multiples.
    fn cell(&self, _input: &ImageSpec) -> Option<Vec<usize>> {
        None
    }

    /// A rough cost in nanoseconds per sample on one core, for the planner.
    fn cost_ns(&self) -> f64 {
        0.5
    }

    /// The fold with the values of the folds it depends on (a histogram that needs the range first).
    ///
    /// # Errors
    /// If a value is not usable.
    fn bind(&self, _values: &[Value]) -> Result<Option<Arc<dyn FoldOp>>> {
        Ok(None)
    }

    /// The part of one block.
    ///
    /// # Errors
    /// Whatever the kernel refuses.
    fn map(&self, block: &Block, input: &ImageSpec) -> Result<Part>;

    /// Two neighbouring runs of blocks, in order, as one.
    ///
    /// # Errors
    /// Whatever the kernel refuses.
    fn merge(&self, left: Part, right: Part) -> Result<Part>;

    /// The value of the whole image; `None` if it has no samples.
    ///
    /// # Errors
    /// If the value does not exist.
    fn finish(&self, part: Option<Part>, input: &ImageSpec) -> Result<Value>;

    /// The value again from what is shown of it, so that a resumed run need not fold again; `None` if that does not do.
    fn restore(&self, _json: &serde_json::Value) -> Option<Value> {
        None
    }

    /// A part as bytes, for another machine that runs the same computation. [`travels!`](crate::travels) writes this and the next
    /// three.
    ///
    /// # Errors
    /// [`Error::Internal`] if the part is another fold's.
    fn part_to_bytes(&self, part: Part) -> Result<Vec<u8>>;

    /// The part that [`FoldOp::part_to_bytes`] wrote. Parts that came this way are merged in order too, but as a tree: the right
    /// one may be merged already.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the bytes are something else.
    fn part_from_bytes(&self, bytes: &[u8]) -> Result<Part>;

    /// The fold's value as bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] if the value is another fold's.
    fn value_to_bytes(&self, value: &Value) -> Result<Vec<u8>>;

    /// The value that [`FoldOp::value_to_bytes`] wrote.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the bytes are something else.
    fn value_from_bytes(&self, bytes: &[u8]) -> Result<Value>;
}

/// A global operation by passes over a working volume, which lives in memory if the budget allows and in a mapped scratch
/// file if not.
pub trait SweepOp: Send + Sync {
    /// The operation's one name.
    fn name(&self) -> &'static str;

    /// Its parameters, enough to build it again.
    fn params(&self) -> serde_json::Value;

    /// What comes out of such an input.
    ///
    /// # Errors
    /// If the input is not accepted.
    fn output(&self, input: &ImageSpec) -> Result<ImageSpec>;

    /// 64-bit words of the working volume.
    fn n_words(&self, input: &ImageSpec) -> usize;

    /// True if sweeping jumps about in the volume: from a scratch file it would never end. Such a sweep is only made where the whole
    /// volume fits into memory, and refused with the number that it needs elsewhere.
    fn jumps(&self) -> bool {
        false
    }

    /// Bytes that sweeping takes beyond the working volume; [`SweepOp::sweep`] reserves them.
    fn scratch_bytes(&self, input: &ImageSpec) -> u64;

    /// Puts a block of the input into the working volume. Blocks come in any order, one at a time; a block that comes a
    /// second time (in a resumed run) must leave the volume as it was.
    ///
    /// # Errors
    /// Whatever the kernel refuses.
    fn load(&self, words: &mut [u64], block: &Block, input: &ImageSpec) -> Result<()>;

    /// The words that `load` and `read` touch for a region, as one range: what can be handed back afterwards.
    fn words_of(&self, region: &Region, input: &ImageSpec) -> std::ops::Range<usize>;

    /// The same as several ranges, for volumes of which a region takes a piece here and a piece there.
    fn pieces_of(&self, region: &Region, input: &ImageSpec) -> Vec<std::ops::Range<usize>> {
        vec![self.words_of(region, input)]
    }

    /// Puts the volume of other loads into this one, where loads of different blocks can be joined and the volume is small: then several
    /// machines load their blocks into volumes of their own. False where they cannot: then the image itself is stored first.
    fn join(&self, _words: &mut [u64], _others: &[u64]) -> bool {
        false
    }

    /// A rough cost of the passes in nanoseconds per input sample, all threads together, for those who look at a plan.
    fn sweep_ns(&self, _input: &ImageSpec) -> f64 {
        10.0
    }

    /// Makes the passes.
    ///
    /// # Errors
    /// [`Error::Cancelled`], or whatever the kernel refuses.
    fn sweep(&self, words: &mut Words, input: &ImageSpec, context: &RunContext) -> Result<()>;

    /// True if the swept volume is the image itself: samples of 64 bits in raster order, one a word. Whoever wants the whole image in
    /// memory may then have the volume.
    fn is_image(&self) -> bool {
        false
    }

    /// Reads a block of the result.
    ///
    /// # Errors
    /// Whatever the kernel refuses.
    fn read(&self, words: &[u64], out: &mut Block, input: &ImageSpec) -> Result<()>;
}

/// The result of a fold: typed for the operations that use it, JSON for people.
#[derive(Clone)]
pub struct Value {
    typed: Arc<dyn Any + Send + Sync>,
    json: serde_json::Value,
}

impl Value {
    /// A value and what is shown of it.
    pub fn new<T: Any + Send + Sync>(typed: T, json: serde_json::Value) -> Value {
        Value { typed: Arc::new(typed), json }
    }

    /// The value itself.
    ///
    /// # Errors
    /// [`Error::Internal`] if it is of another type.
    pub fn get<T: Any + Send + Sync>(&self) -> Result<&T> {
        self.typed
            .downcast_ref()
            .ok_or_else(|| Error::internal("Value::get", std::any::type_name::<T>()))
    }

    /// What is shown of it.
    pub fn json(&self) -> &serde_json::Value {
        &self.json
    }
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value({})", self.json)
    }
}

/// Takes a part out of its box.
///
/// # Errors
/// [`Error::Internal`] if it is of another type.
pub fn part<T: Any>(part: Part) -> Result<T> {
    part.downcast()
        .map(|b| *b)
        .map_err(|_| Error::internal("fold part", std::any::type_name::<T>()))
}
