//! Rust source read just well enough for the checks: what is code, what is comment, what is test.

mod lines;
mod test_files;
mod tokens;

pub(crate) use lines::{Line, split};
pub(crate) use test_files::test_files;
pub(crate) use tokens::{Token, tokens};
