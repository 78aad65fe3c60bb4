//! The threads of a run: a pool of its own, never the process' global one.

use petavox_core::{Error, Result, Workers};

/// A fixed number of threads.
pub struct ThreadPool {
    pool: rayon::ThreadPool,
    n_threads: usize,
}

impl ThreadPool {
    /// Starts `n_threads` threads.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no threads left.
    pub fn new(n_threads: usize) -> Result<ThreadPool> {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(n_threads)
            .thread_name(|i| format!("petavox-{i}"))
            .build()
            .map_err(|e| Error::io("threads", "start", std::io::Error::other(e)))?;
        Ok(ThreadPool { pool, n_threads })
    }
}

impl Workers for ThreadPool {
    fn n_threads(&self) -> usize {
        self.n_threads
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        if n_items <= 1 || self.n_threads == 1 {
            (0..n_items).for_each(task);
        } else {
            self.pool.install(|| (0..n_items).into_par_iter().for_each(task));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn every_item_is_done_once() {
        let pool = ThreadPool::new(3).unwrap();
        let sum = AtomicUsize::new(0);
        pool.for_each(1000, &|i| {
            sum.fetch_add(i + 1, Ordering::Relaxed);
        });
        assert_eq!(sum.into_inner(), 500_500);
    }
}
