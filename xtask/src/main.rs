//! Tasks for the workspace: `cargo xtask tidy` checks the house rules, `cargo xtask test` runs every test there is.
//!
//! Plain standard library, so that it builds in a second and never breaks a build by itself.

// A program that talks to a developer's terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod finding;
mod lanes;
mod live;
mod package;
mod peers;
mod process;
mod python;
mod scipy;
mod source;
mod steps;
mod tidy;
mod tree;

use std::process::ExitCode;

use steps::{STEPS, Step};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let root = tree::workspace_root();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["help" | "--help" | "-h"] => {
            println!("{}", usage());
            Ok(())
        }
        ["test"] => lanes::run(&STEPS.iter().collect::<Vec<_>>()),
        // One step without those it needs: how `test` calls them.
        ["--alone", name] if step(name).is_some() => {
            step(name).map_or(Ok(()), |step| (step.run)(&root))
        }
        [name] if step(name).is_some() => in_turn(name, &root, &mut Vec::new()),
        _ => {
            eprintln!("{}", usage());
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn step(name: &str) -> Option<&'static Step> {
    STEPS.iter().find(|step| step.name == name)
}

/// Runs the step after those it needs, but lints, documentation and tests of the crates: who asks for one layer is at work on it.
fn in_turn(name: &str, root: &std::path::Path, done: &mut Vec<&'static str>) -> Result<(), String> {
    let Some(step) = step(name).filter(|step| !done.contains(&step.name)) else { return Ok(()) };
    for need in step.needs.iter().filter(|need| !["lints", "docs", "tests"].contains(need)) {
        in_turn(need, root, done)?;
    }
    done.push(step.name);
    (step.run)(root)
}

fn usage() -> String {
    let steps: String =
        STEPS.iter().map(|step| format!("\n  {:14} {}", step.name, step.summary)).collect();
    format!(
        "usage: cargo xtask COMMAND\n\n  {:14} everything that must pass: the steps below, two at a time{steps}",
        "test"
    )
}
