//! Carrying a plan out: memory that is reserved before it is used, workers, scratch, stages.

mod budget;
mod cache;
mod checkpoint;
mod context;
mod execute;
mod journal;
mod limits;
mod pool;
mod scratch;
mod stage;
mod words;
mod workers;

pub use budget::{Budget, Reservation};
pub use context::{RunContext, RunOptions};
pub use execute::{Outcome, execute};
pub use journal::RunFolder;
pub use limits::{available_memory, default_threads, peak_resident_bytes};
pub use scratch::ScratchDir;
pub(crate) use scratch::reserve_space;
pub use words::Words;
pub use workers::ThreadPool;
