//! Carrying a plan out: memory that is reserved before it is used, workers, scratch, stages.

mod budget;
mod cache;
mod context;
mod execute;
mod limits;
mod pool;
mod scratch;
mod stage;
mod words;
mod workers;

pub use budget::{Budget, Reservation};
pub use context::{RunContext, RunOptions};
pub use execute::{Outcome, execute};
pub use limits::{available_memory, default_threads, peak_resident_bytes};
pub use scratch::ScratchDir;
pub use words::Words;
pub use workers::ThreadPool;
