//! The plan: what is computed, cut into stages, with its projected cost, before anything runs.

mod compile;
mod decode;
mod grid;
mod identity;
mod later;
mod node;
mod pieces;
mod program;
mod reach;
mod stage;

pub use compile::{PlanOptions, plan};
pub use identity::identity;
pub use node::{Kind, Node};
pub(crate) use program::{Ask, Program, Step};
pub use stage::{Consumer, Plan, ReadSummary, Stage, Target};
