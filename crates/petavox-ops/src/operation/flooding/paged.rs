//! Samples of a file that are jumped about in, of which as many pages are in memory as there is room for and no more.

use petavox_core::{Buffer, Error, Result};
use petavox_kernels::morphology::foresting::{Sample, Samples};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Bytes of a page.
const PAGE: usize = 4 << 10;
/// A page that is in no frame, a frame that holds no page.
const NOWHERE: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Frame {
    page: u32,
    /// It was used since it was last looked at, so that it stays for a while.
    used: bool,
    changed: bool,
}

/// Samples in a file from its beginning on; a page of them is a whole number of samples.
pub(super) struct Paged<'a, T> {
    file: &'a File,
    n: usize,
    memory: Buffer,
    frame_of: Vec<u32>,
    frames: Vec<Frame>,
    hand: usize,
    of: std::marker::PhantomData<T>,
}

impl<'a, T: bytemuck::Pod> Paged<'a, T> {
    /// Bytes that are kept of every page of a file of `n_words` words, and of every frame of as many.
    pub(super) fn table_bytes(n_words: usize) -> u64 {
        ((8 * n_words).div_ceil(PAGE) * (size_of::<u32>() + size_of::<Frame>())) as u64
    }

    /// `n` samples of which those in `window` bytes are in memory.
    ///
    /// # Errors
    /// If there are too many, or no memory.
    pub(super) fn new(file: &'a File, n: usize, window: usize) -> Result<Paged<'a, T>> {
        let n_pages = (n * size_of::<T>()).div_ceil(PAGE);
        if n_pages >= NOWHERE as usize {
            return Err(Error::internal("paged samples", "more than 2^32 pages"));
        }
        let n_frames = (window / PAGE).clamp(16, n_pages.max(16));
        let none = Frame { page: NOWHERE, used: false, changed: false };
        Ok(Paged {
            file,
            n,
            memory: Buffer::zeroed(n_frames * PAGE)?,
            frame_of: vec![NOWHERE; n_pages],
            frames: vec![none; n_frames],
            hand: 0,
            of: std::marker::PhantomData,
        })
    }

    /// Where in memory a sample is.
    fn place(&mut self, i: usize, changes: bool) -> Result<&mut T> {
        let per_page = PAGE / size_of::<T>();
        let page = i / per_page;
        let frame = match self.frame_of[page] {
            NOWHERE => self.fetch(page)?,
            frame => frame as usize,
        };
        let state = &mut self.frames[frame];
        state.used = true;
        state.changed |= changes;
        let samples: &mut [T] = bytemuck::cast_slice_mut(self.memory.bytes_mut());
        Ok(&mut samples[frame * per_page + i % per_page])
    }

    /// Reads a page into the first frame that was not used for a while.
    fn fetch(&mut self, page: usize) -> Result<usize> {
        while std::mem::take(&mut self.frames[self.hand].used) {
            self.hand = (self.hand + 1) % self.frames.len();
        }
        let frame = self.hand;
        self.hand = (self.hand + 1) % self.frames.len();
        self.put_back(frame)?;
        let len = self.page_len(page);
        let to = &mut self.memory.bytes_mut()[frame * PAGE..][..len];
        self.file
            .read_exact_at(to, (page * PAGE) as u64)
            .map_err(|e| Error::io("scratch", "read the working volume", e))?;
        self.frames[frame] = Frame { page: page as u32, used: true, changed: false };
        self.frame_of[page] = frame as u32;
        Ok(frame)
    }

    /// The last page may be a part of one.
    fn page_len(&self, page: usize) -> usize {
        (self.n * size_of::<T>() - page * PAGE).min(PAGE)
    }

    fn put_back(&mut self, frame: usize) -> Result<()> {
        let Frame { page, changed, .. } = self.frames[frame];
        if page == NOWHERE {
            return Ok(());
        }
        self.frame_of[page as usize] = NOWHERE;
        self.frames[frame].page = NOWHERE;
        if !changed {
            return Ok(());
        }
        let len = self.page_len(page as usize);
        let from = &self.memory.bytes()[frame * PAGE..][..len];
        self.file
            .write_all_at(from, page as u64 * PAGE as u64)
            .map_err(|e| Error::io("scratch", "write the working volume", e))
    }

    /// Writes what was changed.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn flush(mut self) -> Result<()> {
        (0..self.frames.len()).try_for_each(|frame| self.put_back(frame))
    }
}

impl Samples for Paged<'_, Sample> {
    fn len(&self) -> usize {
        self.n
    }
    fn get(&mut self, i: usize) -> Result<Sample> {
        Ok(*self.place(i, false)?)
    }
    fn set(&mut self, i: usize, sample: Sample) -> Result<()> {
        *self.place(i, true)? = sample;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn samples_are_found_again_in_the_file_however_few_pages_there_are() {
        let mut file = tempfile::tempfile().unwrap();
        let n = 40_000usize;
        file.write_all(&vec![0; 8 * n]).unwrap();
        let mut paged = Paged::<u64>::new(&file, n, 0).unwrap();
        let jumps: Vec<usize> = (0..n).map(|i| i * 7919 % n).collect();
        jumps.iter().for_each(|&i| *paged.place(i, true).unwrap() = 3 * i as u64);
        assert!(jumps.iter().all(|&i| *paged.place(i, false).unwrap() == 3 * i as u64));
        paged.flush().unwrap();
        let mut again = Paged::<u64>::new(&file, n, 1 << 20).unwrap();
        assert!((0..n).all(|i| *again.place(i, false).unwrap() == 3 * i as u64));
    }
}
