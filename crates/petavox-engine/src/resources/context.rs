//! What a run may use: memory, threads, scratch; and whom it tells and obeys.

use super::limits::{available_memory, default_threads};
use super::{Budget, Crew, ScratchDir, ThreadPool};
use petavox_core::{CancelToken, NoProgress, Progress, Result};
use std::path::PathBuf;
use std::sync::Arc;

/// How to run.
#[derive(Clone)]
pub struct RunOptions {
    /// Limit on the whole process' resident memory; half of what is available when `None`.
    pub memory_bytes: Option<u64>,
    /// Memory that the process holds already and that counts in the limit; what a bare program takes when `None`.
    pub base_bytes: Option<u64>,
    /// Threads; see [`default_threads`] when `None`.
    pub n_threads: Option<usize>,
    /// With whom it shares threads; with nobody by default.
    pub crew: Arc<Crew>,
    /// Where scratch files go; the system's folder for temporary files when `None`.
    pub scratch: Option<PathBuf>,
    /// Compute what several passes need in each of them, also where keeping it would be quicker.
    pub recompute: bool,
    /// Samples that a block has at most along an axis: for tests that want many small ones. Chosen by cost otherwise.
    pub block_edge: Option<usize>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who can stop it.
    pub cancel: CancelToken,
}

impl Default for RunOptions {
    fn default() -> Self {
        RunOptions {
            memory_bytes: None,
            base_bytes: None,
            n_threads: None,
            crew: Crew::new(),
            scratch: None,
            recompute: false,
            block_edge: None,
            progress: Arc::new(NoProgress),
            cancel: CancelToken::new(),
        }
    }
}

/// What a run has.
#[derive(Clone)]
pub struct RunContext {
    /// The ledger of memory.
    pub budget: Budget,
    /// The threads, for sweeps and whatever else is not cut into blocks.
    pub workers: Arc<ThreadPool>,
    /// Threads that are used at once.
    pub n_threads: usize,
    /// With whom it shares threads.
    pub crew: Arc<Crew>,
    /// Where scratch files go.
    pub scratch: ScratchDir,
    /// What several passes need is computed by each.
    pub recompute: bool,
    /// Samples that a block has at most along an axis: for tests that want many small ones. Chosen by cost otherwise.
    pub block_edge: Option<usize>,
    /// Who is told.
    pub progress: Arc<dyn Progress>,
    /// Who can stop it.
    pub cancel: CancelToken,
    /// Where working volumes and the journal are kept, if the run can be resumed.
    pub folder: Option<Arc<super::RunFolder>>,
}

impl RunContext {
    /// Opens the ledger; threads are started when there is work for them.
    ///
    /// # Errors
    /// If the scratch folder cannot be had.
    pub fn new(options: &RunOptions) -> Result<RunContext> {
        let crew = options.crew.clone();
        let most = crew.limit().unwrap_or(usize::MAX);
        let n_threads = options.n_threads.unwrap_or_else(default_threads).clamp(1, most);
        let memory = options.memory_bytes.unwrap_or_else(|| available_memory() / 2);
        let scratch = match &options.scratch {
            Some(dir) => ScratchDir::new(dir)?,
            None => ScratchDir::system(),
        };
        Ok(RunContext {
            budget: Budget::with_base(memory, options.base_bytes.unwrap_or(0)),
            workers: Arc::new(ThreadPool::of(crew.clone(), n_threads)),
            n_threads,
            crew,
            scratch,
            recompute: options.recompute,
            block_edge: options.block_edge,
            progress: options.progress.clone(),
            cancel: options.cancel.clone(),
            folder: None,
        })
    }
}
