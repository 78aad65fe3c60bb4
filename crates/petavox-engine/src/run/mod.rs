//! Carrying a plan out: stages in order, blocks by workers, decoded chunks kept while they are needed.

mod cache;
mod checkpoint;
mod execute;
mod kept;
mod make;
mod pad;
mod pool;
mod reader;
mod stage;
mod strips;
mod task;
mod unpacked;

pub use cache::ChunkCache;
pub use execute::{Outcome, execute};
pub use reader::{Globals, Reader};
pub use task::{StageTask, needs_store, sweep_over};
pub use unpacked::Unpacked;
