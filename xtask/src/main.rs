//! Tasks for the workspace.
fn main() {}
