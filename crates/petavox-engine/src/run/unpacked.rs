//! A source that is decoded once, whatever it is read for: its chunks lie decoded in a scratch file from then on.

use crate::resources::ScratchDir;
use petavox_core::{Block, ChunkGrid, Error, ImageSpec, Region, Result, Source};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, OnceLock};

/// A source by way of a scratch file without a name, where each chunk is put when it is first asked for. Reading slices for
/// small cubes would otherwise decode every slice once for each row of cubes.
pub struct Unpacked {
    source: Arc<dyn Source>,
    scratch: ScratchDir,
    file: OnceLock<File>,
    /// Whether each chunk is in the file; locked while it is put there.
    there: Vec<Mutex<bool>>,
    chunk_bytes: u64,
}

impl Unpacked {
    /// The scratch file, of the size of all chunks, is made when something is read.
    pub fn new(source: Arc<dyn Source>, scratch: ScratchDir) -> Unpacked {
        let grid = source.grid();
        let chunk = grid.chunk().iter().product::<usize>();
        let chunk_bytes = (chunk * source.spec().dtype.size()) as u64;
        let there = (0..grid.len()).map(|_| Mutex::new(false)).collect();
        Unpacked { scratch, file: OnceLock::new(), there, chunk_bytes, source }
    }

    fn file(&self) -> Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let file = self.scratch.file(self.there.len() as u64 * self.chunk_bytes)?;
        // Two may have made one; the other's, which has no name, is gone when it is dropped.
        Ok(self.file.get_or_init(|| file))
    }

    /// Copies what `out` shows of a chunk.
    fn chunk(&self, number: usize, out: &mut Block) -> Result<()> {
        let region = self.source.grid().region(number);
        let place = number as u64 * self.chunk_bytes;
        let failed = |e| Error::io("scratch", "keep decoded chunks", e);
        let file = self.file()?;
        let poisoned = |_| Error::internal("unpacked", "a worker failed while it decoded");
        let mut there = self.there[number].lock().map_err(poisoned)?;
        if !*there {
            let mut block = Block::zeros(region, self.spec().dtype)?;
            self.source.read(&mut block)?;
            file.write_all_at(block.bytes(), place).map_err(failed)?;
            *there = true;
            return out.copy_from(&block);
        }
        drop(there);
        let size = self.spec().dtype.size();
        runs(&region, &out.region().clone(), |from, to, n| {
            let into = &mut out.bytes_mut()[to * size..(to + n) * size];
            file.read_exact_at(into, place + (from * size) as u64).map_err(failed)
        })
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
        let decoding = match self.there.is_empty() {
            true => 0,
            false => self.source.scratch_bytes(&self.grid().region(0)),
        };
        self.chunk_bytes + decoding
    }

    fn read(&self, out: &mut Block) -> Result<()> {
        let numbers = self.grid().meeting(out.region());
        numbers.into_iter().try_for_each(|number| self.chunk(number, out))
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

    #[test]
    fn every_chunk_is_decoded_once_and_reads_are_those_of_the_source() {
        let spec = ImageSpec::new([5, 7, 9], Dtype::UInt16).unwrap();
        let source = |chunk: &[usize]| Counted {
            spec: spec.clone(),
            grid: ChunkGrid::new(&spec.shape, chunk),
            decoded: AtomicUsize::new(0),
        };
        for chunk in [[1, 7, 9], [2, 3, 4], [5, 7, 9]] {
            let plain = source(&chunk);
            let counted = Arc::new(source(&chunk));
            let unpacked = Unpacked::new(counted.clone(), ScratchDir::system());
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    scope.spawn(|| {
                        for block in [[5, 2, 9], [2, 2, 3], [1, 7, 9], [5, 7, 9]] {
                            let blocks = ChunkGrid::new(&spec.shape, &block);
                            for n in 0..blocks.len() {
                                let zeros = || Block::zeros(blocks.region(n), Dtype::UInt16);
                                let (mut a, mut b) = (zeros().unwrap(), zeros().unwrap());
                                plain.read(&mut a).unwrap();
                                unpacked.read(&mut b).unwrap();
                                assert_eq!(a.bytes(), b.bytes());
                            }
                        }
                    });
                }
            });
            assert_eq!(counted.decoded.load(Ordering::Relaxed), counted.grid.len());
        }
    }
}
