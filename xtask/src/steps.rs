//! The steps of `cargo xtask test`: what each does, and which steps must have passed before it can begin.

use std::path::Path;

use crate::process::cargo;
use crate::{live, package, peers, python, scipy, tidy};

/// One thing that must pass before a change goes in.
pub(crate) struct Step {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it does, for `cargo xtask help`.
    pub(crate) summary: &'static str,
    /// Steps that must have passed before.
    pub(crate) needs: &'static [&'static str],
    /// Does it, for the workspace at this folder.
    pub(crate) run: fn(&Path) -> Result<(), String>,
}

/// Every step, the quick ones and those on the longest way first: two are run at a time, in this order.
pub(crate) const STEPS: &[Step] = &[
    Step { name: "format", summary: "rustfmt has nothing to change", needs: &[], run: format },
    Step {
        name: "tidy",
        summary: "the rules of the house: floors, circles, file sizes, words",
        needs: &[],
        run: tidy::run,
    },
    Step { name: "lints", summary: "clippy on all targets", needs: &[], run: lints },
    // Cargo uses every core and locks its folder: its steps wait for each other.
    Step {
        name: "docs",
        summary: "the crates' documentation builds without a warning",
        needs: &["lints"],
        run: docs,
    },
    Step {
        name: "tests",
        summary: "unit, property, golden and documentation tests of the crates",
        needs: &["docs"],
        run: tests,
    },
    Step {
        name: "peers",
        summary: "a throw-away Python with the libraries we are checked against",
        needs: &[],
        run: peers::make,
    },
    Step {
        name: "package",
        summary: "the wheel, built and installed beside the peers; the program",
        needs: &["tests", "peers"],
        run: package::run,
    },
    Step {
        name: "live",
        summary: "the program against numpy, scipy, scikit-image, skan ...",
        needs: &["package"],
        run: live::run,
    },
    Step {
        name: "python",
        summary: "the Python package's tests and examples",
        needs: &["package"],
        run: python::run,
    },
    Step {
        name: "scipy",
        summary: "scipy.ndimage's own tests, on arrays",
        needs: &["package"],
        run: scipy::arrays,
    },
    Step {
        name: "scipy-chunked",
        summary: "the same on images stored in small chunks",
        needs: &["package"],
        run: scipy::chunked,
    },
];

fn format(root: &Path) -> Result<(), String> {
    cargo(root, &["fmt", "--all", "--check"], &[])
}

fn tests(root: &Path) -> Result<(), String> {
    cargo(root, &["test", "--workspace", "--quiet"], &[])
}

fn lints(root: &Path) -> Result<(), String> {
    let args = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
    cargo(root, &args, &[])
}

fn docs(root: &Path) -> Result<(), String> {
    let args = ["doc", "--workspace", "--no-deps", "--quiet"];
    cargo(root, &args, &[("RUSTDOCFLAGS", "-D warnings")])
}
