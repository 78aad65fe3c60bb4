//! scipy.ndimage's own tests, run on petavox.ndimage: on arrays, and on images stored in small chunks.

use std::path::Path;
use std::process::Command;

use crate::peers::{Peers, peers};
use crate::process::call;

/// Runs scipy's tests on arrays, with the package that [`crate::package`] installed.
pub(crate) fn arrays(root: &Path) -> Result<(), String> {
    run(root, &[])
}

/// The same with every array stored as small odd chunks and computed out of core.
pub(crate) fn chunked(root: &Path) -> Result<(), String> {
    run(root, &["--chunked"])
}

fn run(root: &Path, mode: &[&str]) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
    let folder = root.join("tests/scipy");
    let options = ["-m", "pytest", "--quiet", "--tb=short", "-p", "no:cacheprovider"];
    call(
        Command::new(&python)
            .args(options)
            .arg("-c")
            .arg(folder.join("pytest.ini"))
            .args(["-p", "substitute", "--pyargs", "scipy.ndimage.tests"])
            .args(mode)
            .env("PYTHONPATH", &folder)
            .current_dir(&target),
    )
}
