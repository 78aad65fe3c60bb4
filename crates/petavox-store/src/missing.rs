//! How many chunks were missing.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// So many chunks are told apart; what is missing beyond them is many.
const MOST: usize = 100_000;

/// The chunks that were missing and read as fill value, each counted once however often it was read. Clones share the count,
/// so one that is kept from [`OpenOptions`](crate::OpenOptions) tells at the end of a run what all its sources missed.
#[derive(Clone, Debug, Default)]
pub struct MissingChunks(Arc<Mutex<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    chunks: HashSet<(usize, usize)>,
    n_arrays: usize,
}

impl MissingChunks {
    /// How many there were; 100,000 stands for that many or more.
    pub fn count(&self) -> u64 {
        self.lock().chunks.len() as u64
    }

    /// A number for an array that counts here.
    pub(crate) fn join(&self) -> usize {
        let mut seen = self.lock();
        seen.n_arrays += 1;
        seen.n_arrays
    }

    /// Counts a chunk of an array.
    pub(crate) fn add(&self, array: usize, chunk: usize) {
        let mut seen = self.lock();
        if seen.chunks.len() < MOST {
            seen.chunks.insert((array, chunk));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
