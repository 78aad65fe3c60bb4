//! The plan and its execution, floor 2: lazy graphs, stages, projected cost, and running them inside a memory budget.
//!
//! The engine knows three contracts, [`BlockOp`], [`FoldOp`] and [`SweepOp`], and no operation by name. A [`Node`] is one
//! step of a lazy computation; [`plan()`] cuts what is asked for into stages that fit a budget; [`execute()`] runs them.

mod contract;
pub mod explain;
mod plan;
mod resources;
mod run;

#[doc(hidden)]
pub use petavox_core;

pub use contract::travel::{
    from_bytes, part_from_bytes, part_to_bytes, to_bytes, value_from_bytes, value_to_bytes,
};
pub use contract::{BlockCall, BlockOp, FoldOp, Need, Part, Reading, SweepOp, Value, Walk, part};
pub use plan::{
    Consumer, Keep, KeptImage, Kind, Node, Plan, PlanOptions, ReadSummary, Stage, Target, identity,
    least_budget, plan,
};
pub use resources::{
    Budget, Crew, Reservation, RunContext, RunFolder, RunOptions, ScratchDir, ThreadPool, Words,
    available_memory, default_threads, parse_size, peak_resident_bytes, resident_bytes,
};
pub use run::{
    ChunkCache, Globals, Outcome, Reader, StageTask, Unpacked, execute, needs_store, sweep_over,
};
