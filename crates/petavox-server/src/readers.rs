//! Images that are ready to be read, and those that first need something computed of a whole image.

use petavox::{ChunkCache, Error, Globals, NoProgress, Node, Progress, Reader, Result, RunContext};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// A computation that failed is tried again after this long.
const AGAIN: Duration = Duration::from_secs(10);
/// Readers that are kept; beyond that those of variants that are not in use are made again.
const MOST: usize = 1024;

/// How far an image is.
#[derive(Clone)]
pub(crate) enum State {
    /// Something is computed of a whole image first.
    Computing(Arc<Counter>),
    /// Any region can be read.
    Ready(Arc<Reader>),
    /// It cannot be read, since this moment.
    Failed(Arc<Error>, Instant),
}

/// What is computed now, and how many of its blocks are done.
#[derive(Default)]
pub(crate) struct Counter {
    stage: Mutex<String>,
    done: AtomicU64,
    all: AtomicU64,
}

impl Counter {
    /// The stage, blocks done, and blocks in all.
    pub(crate) fn told(&self) -> (String, u64, u64) {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (stage, self.done.load(Ordering::Relaxed), self.all.load(Ordering::Relaxed))
    }
}

impl Progress for Counter {
    fn begin(&self, stage: &str, n_blocks: u64) {
        *self.stage.lock().unwrap_or_else(PoisonError::into_inner) = stage.to_owned();
        self.done.store(0, Ordering::Relaxed);
        self.all.store(n_blocks, Ordering::Relaxed);
    }

    fn advance(&self, n_blocks: u64, _bytes: u64) {
        self.done.fetch_add(n_blocks, Ordering::Relaxed);
    }

    fn end(&self) {}
}

/// The readers of one image's levels and variants, by node.
pub(crate) struct Readers {
    globals: Mutex<Arc<Globals>>,
    cache: Arc<ChunkCache>,
    context: RunContext,
    known: Mutex<HashMap<u64, watch::Receiver<State>>>,
}

impl Readers {
    pub(crate) fn new(context: RunContext, cache: Arc<ChunkCache>) -> Readers {
        Readers { globals: Mutex::default(), cache, context, known: Mutex::default() }
    }

    /// How far a node is; where nothing was done yet it is begun.
    pub(crate) fn state(self: &Arc<Readers>, node: &Arc<Node>) -> watch::Receiver<State> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = known.get(&node.id()) {
            let fresh = match &*state.borrow() {
                State::Failed(_, since) => since.elapsed() < AGAIN,
                State::Computing(_) | State::Ready(_) => true,
            };
            if fresh {
                return state.clone();
            }
        }
        if known.len() >= MOST {
            known.retain(|_, s| matches!(&*s.borrow(), State::Computing(_)));
        }
        let globals = self.globals();
        let (sender, state) = if globals.suffice(node) {
            watch::channel(self.made(node, &globals, Arc::new(NoProgress)))
        } else {
            let counter = Arc::new(Counter::default());
            let (sender, state) = watch::channel(State::Computing(counter.clone()));
            let (readers, node, sender_there) = (self.clone(), node.clone(), sender.clone());
            let compute = move || {
                sender_there.send_replace(readers.made(&node, &globals, counter));
            };
            let thread = std::thread::Builder::new().name("petavox-globals".to_owned());
            if let Err(e) = thread.spawn(compute) {
                let failed = Arc::new(Error::io("threads", "start", e));
                sender.send_replace(State::Failed(failed, Instant::now()));
            }
            (sender, state)
        };
        drop(sender);
        known.insert(node.id(), state.clone());
        state
    }

    /// How far a node is, if somebody has asked for it.
    pub(crate) fn known(&self, node: &Node) -> Option<watch::Receiver<State>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&node.id()).cloned()
    }

    /// A reader of a node that is read once, such as a slice of an image that is ready.
    pub(crate) fn once(&self, node: &Arc<Node>) -> Result<Reader> {
        Reader::new(node, &self.globals(), self.cache.clone(), &self.context)
    }

    /// Forgets all of it, because the file has changed; `sources` are the nodes that read it.
    pub(crate) fn forget(&self, sources: &[u64]) {
        *self.globals.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        sources.iter().for_each(|id| self.cache.forget(*id));
    }

    fn globals(&self) -> Arc<Globals> {
        self.globals.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn made(&self, node: &Arc<Node>, globals: &Globals, progress: Arc<dyn Progress>) -> State {
        let context = RunContext { progress, ..self.context.clone() };
        let made = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Reader::new(node, globals, self.cache.clone(), &context)
        }));
        match made {
            Ok(Ok(reader)) => State::Ready(Arc::new(reader)),
            Ok(Err(e)) => State::Failed(Arc::new(e), Instant::now()),
            Err(_) => {
                let e = Error::internal("preparing an image", "a panic");
                State::Failed(Arc::new(e), Instant::now())
            }
        }
    }
}
