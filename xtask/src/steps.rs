//! `cargo xtask test`: everything that must pass before a change goes in.

use std::path::Path;
use std::time::Instant;

use crate::process::cargo;
use crate::{live, python, scipy, tidy};

/// Runs every step in turn and stops at the first that fails.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let begin = Instant::now();
    step("format", || cargo(root, &["fmt", "--all", "--check"], &[]))?;
    step("tidy", || tidy::run(root))?;
    step("lints", || {
        let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
        cargo(root, &args, &[])
    })?;
    step("docs", || {
        let args = ["doc", "--workspace", "--no-deps", "--quiet"];
        cargo(root, &args, &[("RUSTDOCFLAGS", "-D warnings")])
    })?;
    step("tests", || cargo(root, &["test", "--workspace", "--quiet"], &[]))?;
    step("python", || python::run(root))?;
    step("scipy's tests", || scipy::run(root))?;
    step("live checks", || live::run(root))?;
    println!("all passed in {} s", begin.elapsed().as_secs());
    Ok(())
}

fn step(name: &str, work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    println!("== {name}");
    let begin = Instant::now();
    work().map_err(|message| format!("{name}: {message}"))?;
    println!("== {name}: passed in {:.1} s", begin.elapsed().as_secs_f64());
    Ok(())
}
