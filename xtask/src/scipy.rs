//! scipy.ndimage's own tests, run on petavox.ndimage: on arrays, and on images stored in small chunks.

use std::path::Path;
use std::process::Command;

use crate::live::{Peers, peers};
use crate::process::call;

/// Runs scipy's tests in both modes with the package that [`crate::python`] installed. Without a usable Python this is an error
/// in CI and a line of text elsewhere.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
    let folder = root.join("tests/scipy");
    for mode in [&[][..], &["--chunked"]] {
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
        )?;
    }
    Ok(())
}
