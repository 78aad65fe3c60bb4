//! What a run has: memory in a ledger, threads, scratch, a folder to go on from.

mod budget;
mod context;
mod crew;
mod limits;
mod run_folder;
mod scratch;
mod size;
mod valve;
mod words;
mod workers;

pub use budget::{Budget, Reservation};
pub use context::{RunContext, RunOptions};
pub use crew::Crew;
pub use limits::{available_memory, default_threads, peak_resident_bytes, resident_bytes};
pub use run_folder::RunFolder;
pub use scratch::ScratchDir;
pub(crate) use scratch::reserve_space;
pub use size::parse_size;
pub use words::Words;
pub use workers::ThreadPool;
