//! One file per operation: a kernel bound to one of the engine's contracts, and its line in the registry.

pub mod astype;
pub mod compare;
pub mod gaussian;
