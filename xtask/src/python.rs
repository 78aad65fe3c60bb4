//! The Python package that [`crate::package`] installed: its tests, and the examples in its docstrings.

use std::path::Path;
use std::process::Command;

use crate::peers::{Peers, peers};
use crate::process::call;

/// Runs the tests of the installed package.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
    // Away from the checkout, so that what is tested is what was installed.
    let pytest = ["-m", "pytest", "--quiet", "--durations=10", "-p", "no:cacheprovider"];
    call(
        Command::new(&python)
            .args(pytest)
            .arg("--rootdir")
            .arg(root)
            .arg("-c")
            .arg(root.join("pyproject.toml"))
            .arg(root.join("tests/python"))
            .args(["--doctest-modules", "--pyargs", "petavox"])
            .current_dir(&target),
    )
}
