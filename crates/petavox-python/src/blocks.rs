//! Python functions that make blocks: each chunk of an image, with a halo where asked for, goes to the function as numpy arrays, and
//! what it returns is a chunk of the result. The interpreter's lock is held only while the function runs.

use crate::numpy::Samples;
use petavox::{
    Block, BlockCall, BlockOp, Boundary, ChunkGrid, Error, ImageSpec, Need, Node, Region, Result,
};
use pyo3::prelude::*;
use pyo3::types::PyList;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Copies of this size and more are made without the interpreter's lock.
const BIG_BYTES: usize = 1 << 20;

/// How chunks of the result are made of chunks of the images.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mapping {
    /// The name of the Python object that is called.
    pub(crate) function: String,
    /// What users know the function by.
    label: String,
    /// Samples per axis of a chunk of the first image.
    chunk: Vec<usize>,
    /// Samples that the function gets before and after a chunk.
    low: Vec<usize>,
    high: Vec<usize>,
    mode: String,
    cval: f64,
    /// The axes along which the halo ends where the image ends.
    clip: Vec<bool>,
    /// Samples per axis of a chunk of the result.
    out_chunk: Vec<usize>,
    /// The axis of the first image that an axis of the result goes along; none for a new one.
    from: Vec<Option<usize>>,
    /// The result.
    spec: ImageSpec,
}

/// A Python function as an operation.
struct MapBlocks {
    mapping: Mapping,
    boundary: Boundary,
    /// Called with (arrays, index, start, stop, halo start, halo stop, shape of the result).
    function: Arc<Py<PyAny>>,
}

/// The image that the function makes of `inputs`; the first of them has the chunks.
///
/// # Errors
/// [`Error::InvalidArgument`] if the mapping does not fit the images.
pub(crate) fn map_blocks(
    inputs: Vec<Arc<Node>>,
    mapping: Mapping,
    function: Arc<Py<PyAny>>,
) -> Result<Arc<Node>> {
    if inputs.is_empty() {
        return Err(Error::argument("map_blocks", "no image", "an image"));
    }
    let boundary = Boundary::parse(&mapping.mode, mapping.cval)?;
    Node::block(Arc::new(MapBlocks { mapping, boundary, function }), inputs, vec![])
}

impl Mapping {
    /// The chunks that a region of the result is made of, per axis of the first image.
    fn chunks_of(&self, shape: &[usize], target: &Region) -> Vec<(usize, usize)> {
        let mut spans: Vec<(usize, usize)> =
            shape.iter().zip(&self.chunk).map(|(n, c)| (0, n.div_ceil(*c))).collect();
        for (o, from) in self.from.iter().enumerate() {
            let Some(a) = *from else { continue };
            let chunk = self.out_chunk[o] as i64;
            let (lo, hi) = (target.start()[o] / chunk, (target.end(o) + chunk - 1) / chunk);
            spans[a] = (lo as usize, (hi as usize).min(spans[a].1));
        }
        spans
    }

    /// The samples of the first image that are handed over for these chunks.
    fn with_halo(&self, shape: &[usize], spans: &[(usize, usize)]) -> Region {
        let (mut start, mut extent) = (Vec::new(), Vec::new());
        for (a, &(lo, hi)) in spans.iter().enumerate() {
            let (n, chunk) = (shape[a] as i64, self.chunk[a] as i64);
            let mut from = lo as i64 * chunk - self.low[a] as i64;
            let mut to = (hi as i64 * chunk).min(n) + self.high[a] as i64;
            if self.clip[a] {
                (from, to) = (from.max(0), to.min(n));
            }
            start.push(from);
            extent.push((to - from).max(0) as usize);
        }
        Region::new(start, extent)
    }

    /// The part of the result that one chunk makes.
    fn made_of(&self, index: &[usize]) -> Region {
        let (mut start, mut extent) = (Vec::new(), Vec::new());
        for (o, from) in self.from.iter().enumerate() {
            let at = from.map_or(0, |a| index[a] * self.out_chunk[o]);
            start.push(at as i64);
            let end = (at + self.out_chunk[o]).min(self.spec.shape[o]);
            extent.push(end.saturating_sub(at));
        }
        Region::new(start, extent)
    }

    /// What of another image stands beside a region of the first: numpy's broadcasting.
    fn beside(&self, region: &Region, frame: &[usize], shape: &[usize]) -> Region {
        let skip = frame.len() - shape.len();
        let (mut start, mut extent) = (Vec::new(), Vec::new());
        for (k, &n) in shape.iter().enumerate() {
            let a = skip + k;
            let whole = n == frame[a];
            start.push(if whole { region.start()[a] } else { 0 });
            extent.push(if whole { region.shape()[a] } else { 1 });
        }
        Region::new(start, extent)
    }

    fn check(&self, inputs: &[&ImageSpec]) -> Result<()> {
        let frame = &inputs[0].shape;
        let n = frame.len();
        let per_axis =
            [self.chunk.len(), self.low.len(), self.high.len(), self.clip.len()] == [n; 4];
        let out = self.spec.ndim();
        let fits = per_axis
            && self.chunk.iter().all(|c| *c > 0)
            && [self.out_chunk.len(), self.from.len()] == [out; 2]
            && self.out_chunk.iter().all(|c| *c > 0)
            && self.from.iter().flatten().all(|a| *a < n);
        if !fits {
            let expected = "one value per axis";
            return Err(Error::argument("map_blocks", format!("{:?}", self.chunk), expected));
        }
        for (o, from) in self.from.iter().enumerate() {
            let wanted = from.map_or(1, |a| frame[a].div_ceil(self.chunk[a]));
            let has = self.spec.shape[o].div_ceil(self.out_chunk[o]);
            if wanted != has {
                let expected = format!("{wanted}, one for every chunk of the image");
                return Err(Error::argument("chunks of the result", has, expected));
            }
        }
        for other in &inputs[1..] {
            let fits = other.ndim() <= n
                && other.shape.iter().rev().zip(frame.iter().rev()).all(|(s, f)| s == f || *s == 1);
            if !fits {
                let expected = format!("one that broadcasts to that of the first image, {frame:?}");
                return Err(Error::argument(
                    "image of shape",
                    format!("{:?}", other.shape),
                    expected,
                ));
            }
        }
        Ok(())
    }
}

impl BlockOp for MapBlocks {
    fn name(&self) -> &'static str {
        "map_blocks"
    }

    fn params(&self) -> serde_json::Value {
        serde_json::to_value(&self.mapping).unwrap_or_default()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        self.mapping.check(inputs)?;
        Ok(self.mapping.spec.clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let map = &self.mapping;
        let frame = &inputs[0].shape;
        let region = if target.is_empty() {
            Region::new(vec![0; frame.len()], vec![0; frame.len()])
        } else {
            map.with_halo(frame, &map.chunks_of(frame, target))
        };
        inputs
            .iter()
            .map(|spec| Need {
                region: map.beside(&region, frame, &spec.shape),
                boundary: self.boundary,
            })
            .collect()
    }

    fn beside_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        if target.is_empty() {
            return 0;
        }
        // One chunk at a time: its arrays, what is returned, and a copy of either where a block has more than one chunk.
        let map = &self.mapping;
        let frame = &inputs[0].shape;
        let one: Vec<_> = map.chunks_of(frame, target).iter().map(|s| (s.0, s.0 + 1)).collect();
        let region = map.with_halo(frame, &one);
        let size = |region: &Region, spec: &ImageSpec| (region.len() * spec.dtype.size()) as u64;
        let given: u64 =
            inputs.iter().map(|s| size(&map.beside(&region, frame, &s.shape), s)).sum();
        let index: Vec<usize> = one.iter().map(|s| s.0).collect();
        2 * (given + size(&map.made_of(&index), &map.spec))
    }

    fn cost_ns(&self) -> f64 {
        50.0
    }

    fn whole_parts(&self, _inputs: &[&ImageSpec]) -> Option<Vec<usize>> {
        Some(self.mapping.out_chunk.clone())
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let target = call.output.region().clone();
        if target.is_empty() {
            return Ok(());
        }
        let frame = &call.specs[0].shape;
        let spans = self.mapping.chunks_of(frame, &target);
        let counts: Vec<usize> = spans.iter().map(|(lo, hi)| hi - lo).collect();
        let chunks = ChunkGrid::new(&counts, &vec![1; counts.len()]);
        for number in 0..chunks.len() {
            let index: Vec<usize> =
                chunks.index(number).iter().zip(&spans).map(|(i, (lo, _))| i + lo).collect();
            self.chunk(&index, frame, call.inputs, call.specs, call.output)?;
        }
        Ok(())
    }
}

impl MapBlocks {
    /// Calls the function for one chunk.
    fn chunk(
        &self,
        index: &[usize],
        frame: &[usize],
        inputs: &[&Block],
        specs: &[&ImageSpec],
        output: &mut Block,
    ) -> Result<()> {
        let map = &self.mapping;
        let grid = ChunkGrid::new(frame, &map.chunk);
        let own = grid.region_at(index);
        let halo = map.with_halo(frame, &index.iter().map(|&i| (i, i + 1)).collect::<Vec<_>>());
        let made = map.made_of(index);
        let called = Python::attach(|py| -> PyResult<Result<()>> {
            let arrays = PyList::empty(py);
            for (block, spec) in inputs.iter().zip(specs) {
                let region = map.beside(&halo, frame, &spec.shape);
                match array(py, block, &region)? {
                    Ok(array) => arrays.append(array)?,
                    Err(error) => return Ok(Err(error)),
                }
            }
            let ends = |r: &Region| (0..r.ndim()).map(|a| r.end(a)).collect::<Vec<_>>();
            let made_by = self.function.call1(
                py,
                (arrays, index, own.start(), ends(&own), halo.start(), ends(&halo), made.shape()),
            )?;
            let samples = Samples::of(made_by.bind(py), false)?;
            if samples.shape() != made.shape() || samples.dtype() != map.spec.dtype {
                let found = format!("{} {:?}", samples.dtype(), samples.shape());
                return Ok(Err(Error::internal("map_blocks", found)));
            }
            let samples = samples.based_at(made.start());
            let mut copy = || take(&samples, &made, output);
            Ok(if made.len() < BIG_BYTES { copy() } else { py.detach(copy) })
        });
        match called {
            Ok(done) => done,
            Err(raised) => {
                Err(Error::foreign(format!("map_blocks({}), block {own}", map.label), raised))
            }
        }
    }
}

/// A numpy array of its own with a region of a block.
fn array<'py>(
    py: Python<'py>,
    block: &Block,
    region: &Region,
) -> PyResult<Result<Bound<'py, PyAny>>> {
    let array =
        py.import("numpy")?.call_method1("empty", (region.shape(), block.dtype().name()))?;
    let samples = Samples::of(&array, true)?.based_at(region.start());
    let copy = || {
        if block.region() == region {
            return samples.fill(block);
        }
        let mut part = Block::zeros(region.clone(), block.dtype())?;
        part.copy_from(block)?;
        samples.fill(&part)
    };
    let copied = if region.len() < BIG_BYTES { copy() } else { py.detach(copy) };
    Ok(copied.map(|()| array))
}

/// Puts the samples of `made` into the output where that has them.
fn take(samples: &Samples, made: &Region, output: &mut Block) -> Result<()> {
    if made.contains(output.region()) {
        return samples.read(output);
    }
    let mut part = Block::zeros(made.clone(), output.dtype())?;
    samples.read(&mut part)?;
    output.copy_from(&part)
}
