//! How many threads of a process work at once, whichever runs they belong to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Threads that wait look again after this long, whatever they were told.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The threads that work in a process. Runs that share a crew share its threads: each run has one that always works, in the place
/// of the caller who waits for it, and further ones work only while there is room for them. So two runs at once on two cores
/// have one thread each, a run inside a task of another goes on whatever the others do, and a run that is left alone has them all.
#[derive(Debug, Default)]
pub struct Crew {
    /// The most that may work at once; 0 if only the runs themselves say.
    limit: AtomicUsize,
    working: AtomicUsize,
    lock: Mutex<()>,
    freed: Condvar,
}

impl Crew {
    /// A crew of nobody yet.
    pub fn new() -> Arc<Crew> {
        Arc::default()
    }

    /// The most that may work at once, whatever a run asks for.
    pub fn limit(&self) -> Option<usize> {
        Some(self.limit.load(Ordering::Relaxed)).filter(|n| *n > 0)
    }

    /// Changes the limit; runs that have begun see it at their next block.
    pub fn set_limit(&self, limit: Option<usize>) {
        self.limit.store(limit.unwrap_or(0), Ordering::Relaxed);
        self.wake();
    }

    /// How many work now.
    pub fn working(&self) -> usize {
        self.working.load(Ordering::Relaxed)
    }

    /// Does `work` on this thread while fewer than `n_threads` work. `work` returns when nothing is left, or when the function it is
    /// given says that another run needs the place; then it is called again.
    pub(crate) fn share(
        &self,
        n_threads: usize,
        is_over: &(dyn Fn() -> bool + Sync),
        work: &(dyn Fn(&dyn Fn() -> bool) + Sync),
    ) {
        let most = || n_threads.min(self.limit().unwrap_or(usize::MAX));
        while self.join(most, is_over) {
            let _working = Leaves(self);
            work(&|| self.working() > most());
        }
    }

    /// Does `work` on this thread, whoever else works.
    pub(crate) fn lead(&self, work: impl FnOnce()) {
        self.working.fetch_add(1, Ordering::Relaxed);
        let _working = Leaves(self);
        work();
    }

    /// Waits until fewer than `most` work, and is one of them then; false if it is over before.
    fn join(&self, most: impl Fn() -> usize, is_over: &(dyn Fn() -> bool + Sync)) -> bool {
        let try_join = || {
            let room = |working| (working < most()).then_some(working + 1);
            self.working.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok()
        };
        loop {
            if is_over() {
                return false;
            }
            if try_join() {
                return true;
            }
            let Ok(guard) = self.lock.lock() else { return false };
            // Whoever leaves in between wakes nobody: hence the limit on the wait.
            drop(self.freed.wait_timeout(guard, LOOK_AGAIN));
        }
    }

    /// Wakes those who wait, because somebody left or because their work is over.
    fn wake(&self) {
        self.freed.notify_all();
    }
}

/// One who works, until dropped.
struct Leaves<'a>(&'a Crew);

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::Relaxed);
        self.0.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    /// `n_runs` runs of `n_threads` threads each over 200 pieces of work: the most that worked at once.
    fn most_at_once(n_runs: usize, n_threads: usize, limit: Option<usize>) -> usize {
        let crew = Crew::new();
        crew.set_limit(limit);
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let together = std::sync::Barrier::new(n_runs);
        std::thread::scope(|scope| {
            for _ in 0..n_runs {
                scope.spawn(|| {
                    let next = AtomicUsize::new(0);
                    let is_over = || next.load(Ordering::Relaxed) >= 200;
                    let work = |leave: &dyn Fn() -> bool| {
                        while !leave() && next.fetch_add(1, Ordering::Relaxed) < 200 {
                            most.fetch_max(
                                now.fetch_add(1, Ordering::SeqCst) + 1,
                                Ordering::SeqCst,
                            );
                            std::thread::sleep(Duration::from_micros(200));
                            now.fetch_sub(1, Ordering::SeqCst);
                        }
                    };
                    std::thread::scope(|inner| {
                        crew.lead(|| {
                            together.wait();
                            for _ in 1..n_threads {
                                inner.spawn(|| crew.share(n_threads, &is_over, &work));
                            }
                            work(&|| false);
                        });
                    });
                    assert!(is_over());
                });
            }
        });
        assert_eq!(crew.working(), 0);
        most.into_inner()
    }

    #[test]
    fn runs_at_once_share_their_threads() {
        assert_eq!(most_at_once(2, 2, None), 2);
        assert!(most_at_once(2, 4, None) <= 4);
        assert_eq!(most_at_once(1, 4, Some(1)), 1);
    }

    #[test]
    fn a_run_alone_has_all_threads_and_each_run_has_one() {
        assert!(most_at_once(1, 3, None) > 1);
        assert_eq!(most_at_once(3, 1, None), 3);
    }

    #[test]
    fn one_who_waits_goes_when_the_work_is_over() {
        fn worked(_: &dyn Fn() -> bool) {
            panic!("there is no room");
        }
        let crew = Crew::new();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            crew.lead(|| {
                let waits =
                    scope.spawn(|| crew.share(1, &|| over.load(Ordering::Relaxed), &worked));
                std::thread::sleep(Duration::from_millis(5));
                over.store(true, Ordering::Relaxed);
                waits.join().unwrap();
            });
        });
    }
}
