//! Working volumes of 64-bit words, in memory or in a mapped scratch file.

use super::Budget;
use super::budget::Reservation;
use super::scratch::ScratchDir;
use super::valve::Registration;
use petavox_core::{Error, Result};
use std::ops::Range;

/// Pages that the system maps around one that is read.
const MAPPED_AT_ONCE: usize = 64 << 10;

/// 64-bit words that a sweep works on, zero at first.
pub struct Words {
    /// Before the map, so that it is dropped first.
    #[expect(dead_code, reason = "held for its drop")]
    watched: Option<Registration>,
    map: memmap2::MmapMut,
    /// The file behind the map.
    file: Option<std::fs::File>,
    n_words: usize,
    spilled: bool,
    /// Bytes that may be resident at one time; the user of spilled words hands back what is more.
    window_bytes: u64,
    reservation: Option<Reservation>,
}

impl Words {
    /// `n_words` words in memory.
    ///
    /// # Errors
    /// [`Error::Budget`] if they do not fit.
    pub fn in_memory(n_words: usize, budget: &Budget, what: &str) -> Result<Words> {
        let bytes = 8 * n_words as u64;
        let reservation = budget.reserve(what, bytes)?;
        let map = memmap2::MmapMut::map_anon(bytes.max(8) as usize)
            .map_err(|e| Error::io("memory", format!("allocate {bytes} bytes"), e))?;
        // All of it is used soon: large pages save the system many small faults. Where there are none, nothing is lost.
        #[cfg(target_os = "linux")]
        let _ = map.advise(memmap2::Advice::HugePage);
        Ok(Words {
            watched: None,
            file: None,
            map,
            n_words,
            spilled: false,
            window_bytes: bytes,
            reservation: Some(reservation),
        })
    }

    /// `n_words` words in a mapped scratch file, of which about `window_bytes` are resident at a time.
    ///
    /// # Errors
    /// [`Error::Budget`] if the window does not fit; [`Error::Io`] if the disk is full.
    pub fn in_file(
        n_words: usize,
        window_bytes: u64,
        scratch: &ScratchDir,
        budget: &Budget,
        what: &str,
    ) -> Result<Words> {
        let bytes = 8 * n_words as u64;
        let window_bytes = window_bytes.min(bytes);
        let reservation = budget.reserve(what, window_bytes)?;
        let file = scratch.file(bytes.max(8))?;
        // SAFETY: the file was just made by this process and has no name any more, so that nobody else can change or
        // truncate it while it is mapped.
        let map = unsafe { memmap2::MmapMut::map_mut(&file) }
            .map_err(|e| Error::io(scratch.path(), "map a scratch file", e))?;
        let watched = Some(budget.watch(&map));
        Ok(Words {
            watched,
            file: Some(file),
            map,
            n_words,
            spilled: true,
            window_bytes,
            reservation: Some(reservation),
        })
    }

    /// `n_words` words in the file `path`, which stays: an interrupted run finds them again. Zero if the file is new or of
    /// another length.
    ///
    /// # Errors
    /// [`Error::Budget`] if the window does not fit; [`Error::Io`] if the disk is full.
    pub fn in_named_file(
        n_words: usize,
        window_bytes: u64,
        path: &std::path::Path,
        budget: &Budget,
        what: &str,
    ) -> Result<Words> {
        let bytes = 8 * n_words as u64;
        let window_bytes = window_bytes.min(bytes);
        let reservation = budget.reserve(what, window_bytes)?;
        let failed = |action: &str, e| Error::io(path, action, e);
        let file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| failed("open the working volume", e))?;
        let len = file.metadata().map_err(|e| failed("look at the working volume", e))?.len();
        if len != bytes.max(8) {
            file.set_len(0).map_err(|e| failed("empty the working volume", e))?;
            super::reserve_space(&file, bytes.max(8))
                .map_err(|e| failed(&format!("reserve {bytes} bytes for the working volume"), e))?;
        }
        // SAFETY: the file lies in a run folder that this process has locked; nobody else changes or truncates it.
        let map = unsafe { memmap2::MmapMut::map_mut(&file) }
            .map_err(|e| failed("map the working volume", e))?;
        let watched = Some(budget.watch(&map));
        Ok(Words {
            watched,
            file: Some(file),
            map,
            n_words,
            spilled: true,
            window_bytes,
            reservation: Some(reservation),
        })
    }

    /// Gives the memory back, to the system and to the budget, until [`Words::unpark`]. Does nothing for words in memory.
    pub fn park(&mut self) {
        if self.spilled {
            self.release(0..self.n_words);
            self.reservation = None;
        }
    }

    /// Takes memory for the words again: all of it if it is there, else a window.
    ///
    /// # Errors
    /// [`Error::Budget`] if others took the memory meanwhile.
    pub fn unpark(&mut self, budget: &Budget, what: &str) -> Result<()> {
        if self.reservation.is_some() {
            return Ok(());
        }
        let whole = 8 * self.n_words as u64;
        // A quarter of what is free is left to others.
        self.window_bytes = whole.min(budget.free() / 4 * 3);
        self.reservation = Some(budget.reserve(what, self.window_bytes)?);
        Ok(())
    }

    /// The words as somebody's own memory, for which the budget is no longer charged; `None` if they live in a file.
    pub fn given_away(self) -> Option<Words> {
        (!self.spilled).then_some(Words { reservation: None, ..self })
    }

    /// True if all the words may be resident at once.
    pub fn fits_memory(&self) -> bool {
        self.window_bytes >= 8 * self.n_words as u64
    }

    /// The file the words live in, for those who go through them in strides: a mapping would keep much more than the words touched
    /// resident. Reads and writes of the file and of [`Words::words`] see each other.
    pub fn file(&self) -> Option<&std::fs::File> {
        self.file.as_ref()
    }

    /// Makes what was written durable, if it is in a file.
    ///
    /// # Errors
    /// [`Error::Io`] if the disk refuses.
    pub fn flush(&self) -> Result<()> {
        if !self.spilled {
            return Ok(());
        }
        self.map.flush().map_err(|e| Error::io("scratch", "flush a mapped file", e))
    }

    /// In memory if at most `memory_bytes` are taken, else in a file.
    ///
    /// # Errors
    /// As the other two.
    pub fn where_it_fits(
        n_words: usize,
        memory_bytes: u64,
        window_bytes: u64,
        scratch: &ScratchDir,
        budget: &Budget,
        what: &str,
    ) -> Result<Words> {
        if 8 * n_words as u64 <= memory_bytes.min(budget.free()) {
            Words::in_memory(n_words, budget, what)
        } else {
            Words::in_file(n_words, window_bytes, scratch, budget, what)
        }
    }

    /// The words.
    pub fn words(&self) -> &[u64] {
        &bytemuck::cast_slice(&self.map)[..self.n_words]
    }

    /// The words, to change.
    pub fn words_mut(&mut self) -> &mut [u64] {
        &mut bytemuck::cast_slice_mut(&mut self.map)[..self.n_words]
    }

    /// True if they live in a file.
    pub fn is_spilled(&self) -> bool {
        self.spilled
    }

    /// Bytes that may be resident at one time.
    pub fn window_bytes(&self) -> u64 {
        self.window_bytes
    }

    /// Hands the memory of these words back to the system if they live in a file; their contents stay.
    pub fn release(&self, words: Range<usize>) {
        if !self.spilled || words.is_empty() {
            return;
        }
        // Outwards to what the system maps at once, or the ends of ranges would stay for good; others' words are only mapped again.
        let start = words.start * 8 / MAPPED_AT_ONCE * MAPPED_AT_ONCE;
        let end = ((words.end * 8).div_ceil(MAPPED_AT_ONCE) * MAPPED_AT_ONCE).min(self.map.len());
        if start < end {
            // SAFETY: the mapping is shared and backed by a file, so that dropping resident pages keeps their contents;
            // nothing is invalidated.
            let dropped = unsafe {
                self.map.unchecked_advise_range(
                    memmap2::UncheckedAdvice::DontNeed,
                    start,
                    end - start,
                )
            };
            // A refusal only means that the pages stay resident.
            drop(dropped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spilled_words_keep_their_contents_when_handed_back() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = ScratchDir::new(dir.path()).unwrap();
        let budget = Budget::new(64 << 20);
        let mut words = Words::in_file(1 << 16, 1 << 16, &scratch, &budget, "test").unwrap();
        words.words_mut().iter_mut().enumerate().for_each(|(i, w)| *w = i as u64 * 3);
        words.release(0..1 << 16);
        assert!(words.words().iter().enumerate().all(|(i, w)| *w == i as u64 * 3));
        assert!(words.is_spilled());
    }

    #[test]
    fn memory_that_does_not_fit_goes_to_a_file() {
        let scratch = ScratchDir::system();
        let budget = Budget::new(64 << 20);
        let small = Words::where_it_fits(1000, 1 << 20, 4096, &scratch, &budget, "small").unwrap();
        let large =
            Words::where_it_fits(1 << 20, 1 << 20, 4096, &scratch, &budget, "large").unwrap();
        assert!(!small.is_spilled() && large.is_spilled());
    }
}
