//! Work that was asked for: done by a few threads inside the memory budget, once for all who want the same, and not at all when
//! nobody wants it any more.

mod kept;
#[cfg(test)]
mod tests;
mod tile;

use kept::KeptTiles;
use petavox::{CancelToken, Error, Reservation, Result, RunContext};
use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

pub(crate) use tile::Tile;

/// What has begun when the last one who waited for it leaves goes on for so long: most is done by then, and kept for when it is asked
/// for again, instead of thrown away.
const GRACE: Duration = Duration::from_millis(100);

/// What can be asked for again: the variant of an image, its level and the number of the chunk.
pub(crate) type Key = (u64, usize, usize);

/// What came of it.
pub(crate) type Done = Result<Arc<Tile>, Arc<Error>>;

type Run = Box<dyn FnOnce(&CancelToken) -> Result<Tile> + Send>;

/// Something to do.
pub(crate) struct Task {
    /// The memory it takes while it runs, its result included.
    pub(crate) peak_bytes: u64,
    pub(crate) run: Run,
}

/// Threads that work off a queue.
pub(crate) struct Works {
    shared: Arc<Shared>,
}

struct Shared {
    context: RunContext,
    state: Mutex<State>,
    changed: Condvar,
    counts: Counts,
}

struct State {
    queue: VecDeque<Arc<Job>>,
    by_key: HashMap<Key, Arc<Job>>,
    kept: KeptTiles,
    n_running: usize,
}

#[derive(Default)]
struct Counts {
    computed: AtomicU64,
    remembered: AtomicU64,
    shared: AtomicU64,
    cancelled: AtomicU64,
    failed: AtomicU64,
    /// Time spent on tasks, and on those of them that nobody waited for in the end.
    busy_us: AtomicU64,
    wasted_us: AtomicU64,
}

struct Job {
    key: Option<Key>,
    peak_bytes: u64,
    cancel: CancelToken,
    /// How many wait for it; changed under the lock of the state only.
    n_waiting: Mutex<usize>,
    run: Mutex<Option<Run>>,
    done: watch::Sender<Option<Done>>,
}

impl Works {
    /// Starts `n_threads` threads; finished tiles of up to `kept_bytes` are kept.
    pub(crate) fn start(context: RunContext, n_threads: usize, kept_bytes: u64) -> Works {
        let state = State {
            queue: VecDeque::new(),
            by_key: HashMap::new(),
            kept: KeptTiles::new(kept_bytes),
            n_running: 0,
        };
        let shared = Arc::new(Shared {
            context,
            state: Mutex::new(state),
            changed: Condvar::new(),
            counts: Counts::default(),
        });
        for i in 0..n_threads.max(1) {
            let shared = shared.clone();
            let thread = std::thread::Builder::new().name(format!("petavox-view-{i}"));
            // Where the system has no threads left, those that there are do the work.
            let _ = thread.spawn(move || shared.work());
        }
        Works { shared }
    }

    /// The tile of `key` if it is there, else what comes of `task`, which others who ask in the meantime wait for too. When all who
    /// wait have gone, the task is cancelled.
    pub(crate) async fn ask(&self, key: Option<Key>, task: impl FnOnce() -> Task) -> Done {
        let ticket = match self.join(key, task) {
            Ok(tile) => return Ok(tile),
            Err(ticket) => ticket,
        };
        let mut done = ticket.job.done.subscribe();
        let done = match done.wait_for(Option::is_some).await {
            Ok(done) => done.clone(),
            Err(_) => None,
        };
        done.unwrap_or_else(|| Err(Arc::new(Error::Cancelled)))
    }

    fn join(&self, key: Option<Key>, task: impl FnOnce() -> Task) -> Result<Arc<Tile>, Ticket> {
        let counts = &self.shared.counts;
        let mut state = self.shared.lock();
        if let Some(key) = key {
            if let Some(tile) = state.kept.get(key) {
                counts.remembered.fetch_add(1, Ordering::Relaxed);
                return Ok(tile);
            }
            if let Some(job) = state.by_key.get(&key) {
                *lock(&job.n_waiting) += 1;
                counts.shared.fetch_add(1, Ordering::Relaxed);
                return Err(Ticket { job: job.clone(), shared: self.shared.clone() });
            }
        }
        let Task { peak_bytes, run } = task();
        let job = Arc::new(Job {
            key,
            peak_bytes,
            cancel: CancelToken::new(),
            n_waiting: Mutex::new(1),
            run: Mutex::new(Some(run)),
            done: watch::Sender::new(None),
        });
        if let Some(key) = key {
            state.by_key.insert(key, job.clone());
        }
        state.queue.push_back(job.clone());
        drop(state);
        self.shared.changed.notify_one();
        Err(Ticket { job, shared: self.shared.clone() })
    }

    /// Forgets the tiles of a variant for which `is_stale` says so.
    pub(crate) fn forget(&self, is_stale: impl Fn(&Key) -> bool) {
        let mut state = self.shared.lock();
        state.kept.retain(|k| !is_stale(k));
        // What is being computed may be made of what was there before: it is handed to those who wait and not kept.
        state.by_key.retain(|k, _| !is_stale(k));
    }

    /// What the threads have done and are doing.
    pub(crate) fn told(&self) -> serde_json::Value {
        let counts = &self.shared.counts;
        let state = self.shared.lock();
        let get = |n: &AtomicU64| n.load(Ordering::Relaxed);
        serde_json::json!({
            "computed": get(&counts.computed),
            "from_memory": get(&counts.remembered),
            "shared": get(&counts.shared),
            "cancelled": get(&counts.cancelled),
            "failed": get(&counts.failed),
            "busy_ms": get(&counts.busy_us) / 1000,
            "wasted_ms": get(&counts.wasted_us) / 1000,
            "queue": state.queue.len(),
            "running": state.n_running,
            "kept_tiles": state.kept.len(),
            "kept_bytes": state.kept.bytes(),
        })
    }
}

/// One who waits for a job.
struct Ticket {
    job: Arc<Job>,
    shared: Arc<Shared>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        let mut n_waiting = lock(&self.job.n_waiting);
        *n_waiting -= 1;
        if *n_waiting > 0 || self.job.done.borrow().is_some() {
            return;
        }
        drop(n_waiting);
        let has_begun = lock(&self.job.run).is_none();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if has_begun => {
                let (job, shared) = (self.job.clone(), self.shared.clone());
                runtime.spawn(async move {
                    tokio::time::sleep(GRACE).await;
                    shared.give_up(&job, &mut shared.lock());
                });
            }
            _ => self.shared.give_up(&self.job, &mut state),
        }
    }
}

impl State {
    /// Takes a job out of those that can be joined.
    fn strike(&mut self, job: &Arc<Job>) -> bool {
        let Some(key) = job.key else { return false };
        let is_there = self.by_key.get(&key).is_some_and(|j| Arc::ptr_eq(j, job));
        if is_there {
            self.by_key.remove(&key);
        }
        is_there
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Cancels a job that nobody waits for.
    fn give_up(&self, job: &Arc<Job>, state: &mut State) {
        let wanted = *lock(&job.n_waiting) > 0 || job.done.borrow().is_some();
        if wanted || job.cancel.is_cancelled() {
            return;
        }
        self.counts.cancelled.fetch_add(1, Ordering::Relaxed);
        job.cancel.cancel();
        state.queue.retain(|j| !Arc::ptr_eq(j, job));
        state.strike(job);
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let waited = self.changed.wait_timeout(state, Duration::from_millis(50));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn work(&self) {
        let stops = &self.context.cancel;
        loop {
            let mut state = self.lock();
            let job = loop {
                if stops.is_cancelled() {
                    return;
                }
                match state.queue.pop_front() {
                    Some(job) => break job,
                    None => state = self.wait(state),
                }
            };
            state.n_running += 1;
            drop(state);
            let began = Instant::now();
            let done = self.make(&job);
            let took_us = began.elapsed().as_micros() as u64;
            self.counts.busy_us.fetch_add(took_us, Ordering::Relaxed);
            if job.cancel.is_cancelled() {
                self.counts.wasted_us.fetch_add(took_us, Ordering::Relaxed);
            }
            self.finish(&job, done);
        }
    }

    fn make(&self, job: &Job) -> Done {
        let run = lock(&job.run).take();
        let Some(run) = run else { return Err(Arc::new(Error::Cancelled)) };
        let held = self.room(job)?;
        let made = catch_unwind(AssertUnwindSafe(|| run(&job.cancel))).unwrap_or_else(|panic| {
            let told = panic.downcast_ref::<String>().cloned();
            let told = told.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            Err(Error::internal("a task of the server", told.unwrap_or_else(|| "panic".to_owned())))
        });
        let mut tile = made.map_err(Arc::new)?;
        drop(held);
        // A tile counts as long as somebody has it. Where others were quicker to take what was given back, it is on its way out anyway.
        tile.hold(self.context.budget.reserve("a finished tile", tile.len() as u64).ok());
        Ok(Arc::new(tile))
    }

    /// Waits until there is memory for a job.
    fn room(&self, job: &Job) -> Result<Reservation, Arc<Error>> {
        loop {
            let refused = match self.context.budget.reserve("what was asked for", job.peak_bytes) {
                Ok(held) => return Ok(held),
                Err(refused) => refused,
            };
            job.cancel.check()?;
            self.context.cancel.check()?;
            let mut state = self.lock();
            if state.kept.drop_bytes(job.peak_bytes) == 0 {
                // Nobody will give anything back.
                if state.n_running <= 1 {
                    return Err(Arc::new(refused));
                }
                drop(self.wait(state));
            }
        }
    }

    fn finish(&self, job: &Arc<Job>, done: Done) {
        let counts = &self.counts;
        let count = match &done {
            Ok(_) => &counts.computed,
            Err(e) if matches!(**e, Error::Cancelled) => &counts.cancelled,
            Err(_) => &counts.failed,
        };
        if !job.cancel.is_cancelled() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let mut state = self.lock();
        state.n_running -= 1;
        if state.strike(job)
            && let (Some(key), Ok(tile)) = (job.key, &done)
        {
            state.kept.keep(key, tile.clone());
        }
        job.done.send_replace(Some(done));
        drop(state);
        self.changed.notify_all();
    }
}
