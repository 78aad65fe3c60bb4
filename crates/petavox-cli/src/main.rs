//! The program `petavox`.
fn main() {}
