//! Rust source read just well enough for the checks: what is code, what is comment, what is test.

mod lines;
mod tokens;

pub(crate) use lines::{Line, split};
pub(crate) use tokens::{Token, tokens};
