//! Operations, floor 3: kernels bound to the engine's contracts, one file each, and the applications built of them.
//!
//! - [`operation`]: one file per operation; [`OPERATIONS`] lists them, [`apply`] runs one by name.
//! - [`report`]: tables as pages that people read.
//! - [`skeleton`]: from a volume to a table of branches.

pub mod operation;
mod params;
pub mod phantom;
mod registry;
pub mod report;
pub mod skeleton;
pub mod thin;

pub use params::{Params, nearest};
pub use registry::{OPERATIONS, Operation, apply};
