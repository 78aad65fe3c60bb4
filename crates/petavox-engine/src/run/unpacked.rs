//! A source that is decoded once, whatever it is read for: its chunks lie decoded in a scratch file from then on.

use crate::resources::ScratchDir;
use petavox_core::{Block, Buffer, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, TryLockError};

/// A source by way of a scratch file without a name, where each chunk is put when it is first asked for. Reading slices for
/// small cubes would otherwise decode every slice once for each row of cubes.
///
/// A chunk whose samples have all been handed out gives its place in the file to the next: the file stays as small as one band of
/// chunks, and the system writes into pages that it has, which is several times faster than into fresh ones. Whoever asks for a chunk
/// again after that has it decoded again.
pub struct Unpacked {
    source: Arc<dyn Source>,
    scratch: ScratchDir,
    file: OnceLock<File>,
    chunks: Vec<Mutex<Chunk>>,
    places: Mutex<Places>,
    chunk_bytes: u64,
}

/// Where a chunk is; locked while it is put there.
#[derive(Default)]
struct Chunk {
    place: Option<u64>,
    /// Samples that have not been handed out yet.
    left: usize,
    readers: usize,
}

/// The places of the file, each of which holds a chunk.
#[derive(Default)]
struct Places {
    free: Vec<u64>,
    n: u64,
}

fn poisoned<T>(_: T) -> Error {
    Error::internal("unpacked", "a worker failed while it decoded")
}

fn failed(e: std::io::Error) -> Error {
    Error::io("scratch", "keep decoded chunks", e)
}

impl Unpacked {
    /// The scratch file is made when something is read.
    pub fn new(source: Arc<dyn Source>, scratch: ScratchDir) -> Unpacked {
        let grid = source.grid();
        let chunk = grid.chunk().iter().product::<usize>();
        let chunk_bytes = (chunk * source.spec().dtype.size()) as u64;
        let chunks = (0..grid.len()).map(|_| Mutex::default()).collect();
        let places = Mutex::default();
        Unpacked { scratch, file: OnceLock::new(), chunks, places, chunk_bytes, source }
    }

    fn file(&self) -> Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = self.scratch.file(self.chunk_bytes)?;
        // Two may have made one; the other's, which has no name, is gone when it is dropped.
        Ok(self.file.get_or_init(|| file))
    }

    fn take_place(&self) -> Result<u64> {
        let mut places = self.places.lock().map_err(poisoned)?;
        // The one given back last is the likeliest to be in memory.
        Ok(places.free.pop().unwrap_or_else(|| {
            places.n += 1;
            (places.n - 1) * self.chunk_bytes
        }))
    }

    /// Copies what `out` shows of a chunk that this thread has locked; `spare` is memory for chunks.
    fn chunk(
        &self,
        number: usize,
        mut chunk: MutexGuard<'_, Chunk>,
        out: &mut Block,
        spare: &mut Option<Buffer>,
    ) -> Result<()> {
        let region = self.source.grid().region(number);
        let shown = region.intersect(out.region()).map_or(0, |common| common.len());
        let Some(place) = chunk.place else {
            let buffer = match spare.take() {
                Some(buffer) => buffer,
                None => Buffer::zeroed(self.chunk_bytes as usize)?,
            };
            let mut block = Block::over(region.clone(), self.spec().dtype, buffer)?;
            self.source.read(&mut block)?;
            chunk.left = region.len() - shown;
            if chunk.left > 0 {
                let place = self.take_place()?;
                self.file()?.write_all_at(block.bytes(), place).map_err(failed)?;
                chunk.place = Some(place);
            }
            drop(chunk);
            out.copy_from(&block)?;
            *spare = Some(block.into_buffer());
            return Ok(());
        };
        // Several may read at a time; the place is theirs until the last is done.
        chunk.readers += 1;
        drop(chunk);
        let (size, file) = (self.spec().dtype.size(), self.file()?);
        let read = runs(&region, &out.region().clone(), |from, to, n| {
            let into = &mut out.bytes_mut()[to * size..(to + n) * size];
            file.read_exact_at(into, place + (from * size) as u64).map_err(failed)
        });
        let mut chunk = self.chunks[number].lock().map_err(poisoned)?;
        chunk.readers -= 1;
        chunk.left = chunk.left.saturating_sub(shown);
        if chunk.left == 0 && chunk.readers == 0 {
            chunk.place = None;
            self.places.lock().map_err(poisoned)?.free.push(place);
        }
        read
    }
}

impl Source for Unpacked {
    fn spec(&self) -> &ImageSpec {
        self.source.spec()
    }

    fn grid(&self) -> &ChunkGrid {
        self.source.grid()
    }

    fn reads_below_chunk(&self) -> bool {
        true
    }

    fn scratch_bytes(&self, _region: &Region) -> u64 {
        // One chunk at a time; the first is as large as any.
        let decoding = match self.chunks.is_empty() {
            true => 0,
            false => self.source.scratch_bytes(&self.grid().region(0)),
        };
        self.chunk_bytes + decoding
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let mut spare = None;
        let mut busy = Vec::new();
        // What others decode at the moment comes last: meanwhile this thread decodes what nobody has.
        for number in self.grid().meeting(out.region()) {
            match self.chunks[number].try_lock() {
                Ok(chunk) => self.chunk(number, chunk, out, &mut spare)?,
                Err(TryLockError::WouldBlock) => busy.push(number),
                Err(TryLockError::Poisoned(e)) => return Err(poisoned(e)),
            }
        }
        busy.into_iter().try_for_each(|number| {
            let chunk = self.chunks[number].lock().map_err(poisoned)?;
            self.chunk(number, chunk, out, &mut spare)
        })
    }

    fn locator(&self) -> Option<String> {
        self.source.locator()
    }
}

/// Calls `f` with the runs of samples that two regions share: first sample in `a`, first sample in `b`, number of samples.
fn runs(
    a: &Region,
    b: &Region,
    mut f: impl FnMut(usize, usize, usize) -> Result<()>,
) -> Result<()> {
    let n_axes = a.ndim();
    let start: Vec<i64> = (0..n_axes).map(|i| a.start()[i].max(b.start()[i])).collect();
    let shape: Vec<usize> =
        (0..n_axes).map(|i| (a.end(i).min(b.end(i)) - start[i]).max(0) as usize).collect();
    if shape.contains(&0) {
        return Ok(());
    }
    // Trailing axes that both have whole are one run with the axis before them.
    let mut axis = n_axes;
    let mut n = 1;
    while axis > 0 {
        axis -= 1;
        n *= shape[axis];
        if shape[axis] < a.shape()[axis] || shape[axis] < b.shape()[axis] {
            break;
        }
    }
    let place = |region: &Region, index: &[usize]| {
        (0..n_axes).fold(0, |at, i| {
            let along = start[i] - region.start()[i] + index.get(i).map_or(0, |&k| k as i64);
            at * region.shape()[i] + along as usize
        })
    };
    let mut index = vec![0; axis];
    loop {
        f(place(a, &index), place(b, &index), n)?;
        let Some(i) = (0..axis).rev().find(|&i| index[i] + 1 < shape[i]) else { return Ok(()) };
        index[i] += 1;
        index[i + 1..].fill(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::Dtype;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Samples are their own number; counts the chunks that are decoded.
    struct Counted {
        spec: ImageSpec,
        grid: ChunkGrid,
        decoded: AtomicUsize,
    }

    impl Source for Counted {
        fn spec(&self) -> &ImageSpec {
            &self.spec
        }
        fn grid(&self) -> &ChunkGrid {
            &self.grid
        }
        fn scratch_bytes(&self, _region: &Region) -> u64 {
            10
        }
        fn read(&self, out: &mut Block) -> Result<()> {
            self.decoded.fetch_add(self.grid.meeting(out.region()).len(), Ordering::Relaxed);
            let (region, shape) = (out.region().clone(), self.spec.shape.clone());
            let samples = out.typed_mut::<u16>()?;
            runs(&region, &Region::whole(&shape), |to, from, n| {
                (0..n).for_each(|i| samples[to + i] = (from + i) as u16);
                Ok(())
            })
        }
        fn locator(&self) -> Option<String> {
            None
        }
    }

    fn source(spec: &ImageSpec, chunk: &[usize]) -> Counted {
        let (spec, grid) = (spec.clone(), ChunkGrid::new(&spec.shape, chunk));
        Counted { spec, grid, decoded: AtomicUsize::new(0) }
    }

    fn same(plain: &Counted, unpacked: &Unpacked, region: Region) {
        let zeros = || Block::zeros(region.clone(), Dtype::UInt16);
        let (mut a, mut b) = (zeros().unwrap(), zeros().unwrap());
        plain.read(&mut a).unwrap();
        unpacked.read(&mut b).unwrap();
        assert_eq!(a.bytes(), b.bytes());
    }

    #[test]
    fn every_chunk_is_decoded_once_and_places_are_used_again() {
        let spec = ImageSpec::new([12, 7, 9], Dtype::UInt16).unwrap();
        for chunk in [[1, 7, 9], [1, 3, 4]] {
            let (plain, counted) = (source(&spec, &chunk), Arc::new(source(&spec, &chunk)));
            let unpacked = Unpacked::new(counted.clone(), ScratchDir::system());
            let blocks = ChunkGrid::new(&spec.shape, &[3, 2, 9]);
            (0..blocks.len()).for_each(|n| same(&plain, &unpacked, blocks.region(n)));
            assert_eq!(counted.decoded.load(Ordering::Relaxed), counted.grid.len());
            let places = unpacked.places.lock().unwrap();
            let band = counted.grid.len() as u64 / 4;
            assert!(places.n <= band && places.free.len() as u64 == places.n, "{}", places.n);
        }
    }

    #[test]
    fn several_threads_and_repeated_reads_get_the_samples_of_the_source() {
        let spec = ImageSpec::new([5, 7, 9], Dtype::UInt16).unwrap();
        for chunk in [[1, 7, 9], [2, 3, 4], [5, 7, 9]] {
            let plain = source(&spec, &chunk);
            let unpacked = Unpacked::new(Arc::new(source(&spec, &chunk)), ScratchDir::system());
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for block in [[5, 2, 9], [2, 2, 3], [1, 7, 9], [5, 7, 9]] {
                            let blocks = ChunkGrid::new(&spec.shape, &block);
                            (0..blocks.len())
                                .for_each(|n| same(&plain, &unpacked, blocks.region(n)));
                        }
                    });
                }
            });
        }
    }
}
