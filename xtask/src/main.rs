//! Tasks for the workspace: `cargo xtask tidy` checks the house rules, `cargo xtask test` runs every test there is.
//!
//! Plain standard library, so that it builds in a second and never breaks a build by itself.

// A program that talks to a developer's terminal.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod finding;
mod live;
mod process;
mod python;
mod scipy;
mod source;
mod steps;
mod tidy;
mod tree;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  tidy    check the rules of the house: floors, circles, file sizes, forbidden words
  test    everything that must pass: format, lints, tidy, docs, tests, live checks against peers
  python  only the Python package: wheel, tests, examples
  scipy   only scipy.ndimage's own tests, on the package that `python` installed
  live    only the live checks against numpy, scipy, scikit-image, skan ...";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let root = tree::workspace_root();
    let outcome = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["tidy"] => tidy::run(&root),
        ["test"] => steps::run(&root),
        ["python"] => python::run(&root),
        ["scipy"] => scipy::run(&root),
        ["live"] => live::run(&root),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
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
