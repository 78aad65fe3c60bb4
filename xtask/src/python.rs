//! The Python package: its wheel is built as users get it, installed beside the libraries it is checked against, and tested.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::live::{Peers, peers};
use crate::process::call;

/// Builds the wheel, installs it, runs the package's tests and the examples in its docstrings. Without a usable Python this is
/// an error in CI and a line of text elsewhere.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let Peers::Ready { python, target } = peers(root)? else { return Ok(()) };
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
    call(Command::new(&python).args(pip).args(install).arg(wheel))?;
    // Away from the checkout, so that what is tested is what was installed.
    let pytest = ["-m", "pytest", "--quiet", "-p", "no:cacheprovider"];
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
