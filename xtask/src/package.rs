//! What users get, built as they get it: the program, and the wheel installed beside the libraries it is checked against.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::peers::{Peers, peers};
use crate::process::{call, cargo};

/// Builds the program and the wheel, and installs the wheel.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
    cargo(root, &["build", "--release", "--quiet", "--package", "petavox-cli"], &[])?;
    let wheels = target.join("wheels");
    if wheels.exists() {
        fs::remove_dir_all(&wheels).map_err(|e| format!("{}: {e}", wheels.display()))?;
    }
    let pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"];
    call(
        Command::new(&python)
            .args(["-m", "maturin", "build", "--release", "--quiet", "--locked", "--out"])
            .arg(&wheels)
            .env("CARGO_TARGET_DIR", &target)
            .current_dir(root),
    )?;
    let wheel = fs::read_dir(&wheels)
        .map_err(|e| format!("{}: {e}", wheels.display()))?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|e| e == "whl"))
        .ok_or("maturin built no wheel")?;
    let install = ["install", "--no-deps", "--force-reinstall"];
    call(Command::new(&python).args(pip).args(install).arg(wheel))
}
