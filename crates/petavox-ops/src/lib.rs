//! Operations, floor 3: kernels bound to the engine's contracts, one file each, and the applications built of them.
//!
//! - [`operation`]: one file per operation; [`operations`] lists them, [`apply`] runs one by name.
//! - [`write_plan`], [`read_plan`]: a lazy image as text and back.
//! - [`cluster`]: one computation shared by several machines.
//! - [`mosaic`]: tiles as one image, and where tiles lie.
//! - [`report`]: tables as pages that people read.
//! - [`saving`]: lazy images into files, with their pyramids.
//! - [`side_by_side`]: the branch tables of several samples on one page.
//! - [`skeleton`]: from a volume to a table of branches.

pub mod cluster;
mod family;
mod levels;
pub mod mosaic;
pub mod operation;
mod params;
pub mod phantom;
mod registry;
pub mod report;
pub mod saving;
pub mod side_by_side;
pub mod skeleton;
pub mod thin;
mod written;

pub use family::{Build, Family, Operation};
pub use levels::coarser;
pub use params::{Params, nearest};
pub use registry::{FAMILIES, apply, apply_to, operations};
pub use written::{Resolver, read_plan, write_plan};
