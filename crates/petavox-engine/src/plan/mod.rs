//! The plan: what is computed, cut into stages, with its projected cost, before anything runs.

mod apart;
mod compile;
mod decode;
mod grid;
mod groups;
mod held;
mod identity;
mod keep;
mod later;
mod node;
mod pieces;
mod program;
mod reach;
mod stage;
mod ways;

pub use compile::{PlanOptions, least_budget, plan};
pub use identity::identity;
pub use keep::Keep;
pub(crate) use later::{block_bytes, kept_bytes};
pub use node::{Kind, Node};
pub(crate) use program::{Ask, Program, Step};
pub use stage::{Consumer, KeptImage, Plan, ReadSummary, Stage, Target};
