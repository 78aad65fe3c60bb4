//! Live checks: the built program against the libraries that users know.

use std::path::Path;
use std::process::Command;

use crate::peers::{Peers, peers};
use crate::process::call;

/// Runs `tests/live/run.py` with the program that [`crate::package`] built.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
    let binary = target.join("release").join(format!("petavox{}", std::env::consts::EXE_SUFFIX));
    call(
        Command::new(python)
            .arg(root.join("tests/live/run.py"))
            .env("PETAVOX", binary)
            .current_dir(root),
    )
}
