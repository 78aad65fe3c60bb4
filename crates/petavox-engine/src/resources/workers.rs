//! The threads of a run: the caller's, and helpers that are started when there is work for them, never the process' global pool.

use super::Crew;
use petavox_core::Workers;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// Pieces that a thread takes at once are so small that each thread comes back at least this often.
const TURNS: usize = 16;

/// Up to a fixed number of threads.
pub struct ThreadPool {
    helpers: OnceLock<Option<rayon::ThreadPool>>,
    n_threads: usize,
    crew: Arc<Crew>,
}

impl ThreadPool {
    /// `n_threads` threads that share with nobody.
    pub fn new(n_threads: usize) -> ThreadPool {
        ThreadPool::of(Crew::new(), n_threads)
    }

    /// `n_threads` threads of a crew.
    pub fn of(crew: Arc<Crew>, n_threads: usize) -> ThreadPool {
        ThreadPool { helpers: OnceLock::new(), n_threads: n_threads.max(1), crew }
    }

    /// The helpers; none if the system has no threads left, and then the caller works alone.
    fn helpers(&self) -> Option<&rayon::ThreadPool> {
        let start = || {
            rayon::ThreadPoolBuilder::new()
                .num_threads(self.n_threads - 1)
                .thread_name(|i| format!("petavox-{i}"))
                .build()
                .ok()
        };
        self.helpers.get_or_init(start).as_ref()
    }
}

impl Workers for ThreadPool {
    fn n_threads(&self) -> usize {
        self.n_threads
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        let parallel = n_items > 1 && self.n_threads > 1;
        let Some(helpers) = parallel.then(|| self.helpers()).flatten() else {
            return self.crew.lead(|| (0..n_items).for_each(task));
        };
        let at_once = (n_items / (TURNS * self.n_threads)).max(1);
        let next = AtomicUsize::new(0);
        let is_over = || next.load(Ordering::Relaxed) >= n_items;
        let work = |leave: &dyn Fn() -> bool| {
            while !leave() {
                let first = next.fetch_add(at_once, Ordering::Relaxed);
                if first >= n_items {
                    return;
                }
                (first..(first + at_once).min(n_items)).for_each(task);
            }
        };
        let n_helpers = self.n_threads.min(n_items.div_ceil(at_once)) - 1;
        helpers.in_place_scope(|scope| {
            // First, so that helpers find the place of this thread taken.
            self.crew.lead(|| {
                for _ in 0..n_helpers {
                    scope.spawn(|_| self.crew.share(self.n_threads, &is_over, &work));
                }
                work(&|| false);
            });
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_done_once() {
        for (n_threads, n_items) in [(3, 1000), (1, 1000), (3, 2), (3, 1), (3, 0)] {
            let sum = AtomicUsize::new(0);
            let pool = ThreadPool::new(n_threads);
            for _ in 0..2 {
                pool.for_each(n_items, &|i| {
                    sum.fetch_add(i + 1, Ordering::Relaxed);
                });
            }
            assert_eq!(sum.into_inner(), n_items * (n_items + 1));
        }
    }
}
