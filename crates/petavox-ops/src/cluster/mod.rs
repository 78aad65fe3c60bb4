//! One computation that several machines share: the same plan, cut into tasks that know of each other only bytes.
//!
//! Whoever starts it and whoever works on it hold the same [`Job`] and the same lazy image, so that all plan the same stages with the
//! same blocks. A task then is a stage's number and a range of its blocks ([`Shared::run`]). Between stages:
//!
//! - parts of folds are merged as a tree ([`Shared::merge`]) and finished once ([`Shared::finish`]); the value goes to the tasks that need it;
//! - the input of a sweep is written by all into a Zarr that all see, and one process makes the passes ([`Shared::sweep`]): a packed mask
//!   takes an eighth of a byte per voxel, and to exchange its planes after every pass would take thousands of barriers.
//!
//! Which process does what, and when, is the business of a scheduler above.

mod job;
mod output;
mod pieces;
mod shared;
mod skeleton;
mod stores;

pub use job::{Job, Made, OutputInfo, StageInfo, Wants};
pub use output::SharedOutput;
pub use pieces::Piece;
pub use shared::{Shared, Values};
