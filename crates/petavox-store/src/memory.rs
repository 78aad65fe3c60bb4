//! Images in memory.

use petavox_core::{
    Block, ChunkGrid, Dtype, Element, Error, ImageSpec, Region, Result, Sink, Source,
};
use std::sync::{Mutex, PoisonError};

/// An image that is held in memory, cut into chunks as if it were stored.
#[derive(Debug)]
pub struct MemorySource {
    spec: ImageSpec,
    grid: ChunkGrid,
    block: Block,
}

impl MemorySource {
    /// An image over a block that starts at 0.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the block's shape or dtype are not the spec's.
    pub fn new(spec: ImageSpec, block: Block) -> Result<MemorySource> {
        if *block.region() != spec.region() || block.dtype() != spec.dtype {
            let given = format!("{} {}", block.region(), block.dtype());
            return Err(Error::argument(
                "block",
                given,
                format!("{} {}", spec.region(), spec.dtype),
            ));
        }
        let grid = ChunkGrid::new(&spec.shape, &spec.shape);
        Ok(MemorySource { spec, grid, block })
    }

    /// An image over samples in C order, with the usual axes and spacing 1.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number is not the shape's.
    pub fn from_vec<T: Element>(shape: &[usize], samples: Vec<T>) -> Result<MemorySource> {
        let spec = ImageSpec::new(shape, T::DTYPE)?;
        MemorySource::new(spec, Block::from_vec(Region::whole(shape), samples)?)
    }

    /// The same image that says it is stored in chunks of this shape.
    pub fn with_chunks(mut self, chunk: &[usize]) -> MemorySource {
        self.grid = ChunkGrid::new(&self.spec.shape, chunk);
        self
    }

    /// All of it.
    pub fn block(&self) -> &Block {
        &self.block
    }

    /// All of it, handed over.
    pub fn into_block(self) -> Block {
        self.block
    }
}

impl Source for MemorySource {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        check_request(&self.spec, out.region(), out.dtype())?;
        out.copy_from(&self.block)
    }

    fn locator(&self) -> Option<String> {
        None
    }
}

/// Collects an image in memory.
#[derive(Debug)]
pub struct MemorySink {
    spec: ImageSpec,
    grid: ChunkGrid,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    block: Block,
    written: Vec<bool>,
}

impl MemorySink {
    /// A sink that takes unions of chunks of this shape.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no memory left.
    pub fn new(spec: ImageSpec, chunk: &[usize]) -> Result<MemorySink> {
        let grid = ChunkGrid::new(&spec.shape, chunk);
        let block = Block::zeros(spec.region(), spec.dtype)?;
        let state = Mutex::new(State { block, written: vec![false; grid.len()] });
        Ok(MemorySink { spec, grid, state })
    }

    /// What was written; zeros where nothing was.
    ///
    /// # Errors
    /// [`Error::Internal`] never in practice: the block always fits the spec.
    pub fn into_source(self) -> Result<MemorySource> {
        let chunk = self.grid.chunk().to_vec();
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(MemorySource::new(self.spec, state.block)?.with_chunks(&chunk))
    }
}

impl Sink for MemorySink {
    fn spec(&self) -> &ImageSpec {
        &self.spec
    }

    fn grid(&self) -> &ChunkGrid {
        &self.grid
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        0
    }

    fn is_memory(&self) -> bool {
        true
    }

    fn write(&self, block: &Block) -> Result<()> {
        check_aligned(&self.spec, &self.grid, block.region(), block.dtype())?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.block.copy_from(block)?;
        for n in self.grid.meeting(block.region()) {
            state.written[n] = true;
        }
        Ok(())
    }

    fn holds(&self, region: &Region) -> Result<bool> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(self.grid.meeting(region).into_iter().all(|n| state.written[n]))
    }

    fn finish(&self) -> Result<()> {
        Ok(())
    }

    fn abandon(&self) {}
}

/// The rules of [`Source::read`]: the region lies inside the image and the dtype is the image's.
///
/// # Errors
/// [`Error::InvalidArgument`] for a region outside, [`Error::UnsupportedDtype`] for another dtype.
pub(crate) fn check_request(spec: &ImageSpec, region: &Region, dtype: Dtype) -> Result<()> {
    if dtype != spec.dtype {
        return Err(Error::dtype("reading", dtype, spec.dtype));
    }
    if region.ndim() != spec.ndim() || !spec.region().contains(region) {
        let expected = format!("a part of {}", spec.region());
        return Err(Error::argument("region", region, expected));
    }
    Ok(())
}

/// The rules of [`Sink::write`]: as [`check_request`], and the region is a union of whole chunks of the grid.
///
/// # Errors
/// As [`check_request`], and [`Error::InvalidArgument`] for a region that cuts a chunk.
pub(crate) fn check_aligned(
    spec: &ImageSpec,
    grid: &ChunkGrid,
    region: &Region,
    dtype: Dtype,
) -> Result<()> {
    check_request(spec, region, dtype)?;
    let cut = (0..spec.ndim()).any(|a| {
        let chunk = grid.chunk()[a] as i64;
        let (start, end) = (region.start()[a], region.end(a));
        start % chunk != 0 || (end % chunk != 0 && end != spec.shape[a] as i64)
    });
    if cut && !region.is_empty() {
        let expected = format!("a union of whole chunks of {:?}", grid.chunk());
        return Err(Error::argument("region", region, expected));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[test]
    fn memory_passes_the_contract_of_sources() {
        let samples: Vec<u16> = (0..5 * 7 * 9).collect();
        let source = MemorySource::from_vec(&[5, 7, 9], samples).unwrap().with_chunks(&[2, 3, 4]);
        contract::check_source(&source);
    }

    #[test]
    fn a_sink_gives_back_what_was_written_and_refuses_cut_chunks() {
        let spec = ImageSpec::new([5, 5], Dtype::UInt8).unwrap();
        let sink = MemorySink::new(spec, &[2, 3]).unwrap();
        let part = Region::new([2, 0], [3, 3]);
        sink.write(&Block::from_vec(part.clone(), (1..10u8).collect()).unwrap()).unwrap();
        assert!(sink.holds(&part).unwrap());
        assert!(!sink.holds(&Region::new([0, 0], [1, 1])).unwrap());
        let cut = Block::zeros(Region::new([1, 0], [2, 3]), Dtype::UInt8).unwrap();
        assert!(sink.write(&cut).is_err());
        let source = sink.into_source().unwrap();
        assert_eq!(source.block().typed::<u8>().unwrap()[10..13], [1, 2, 3]);
    }
}
