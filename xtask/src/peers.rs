//! A throw-away Python environment with the libraries that users know, for everything that is checked against them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::call;

/// Makes the environment. Without a usable Python this is an error in CI and a line of text elsewhere.
pub(crate) fn make(root: &Path) -> Result<(), String> {
    peers(root).map(|_| ())
}

/// A Python with the libraries that Petavox is checked against.
pub(crate) enum Peers {
    /// It is there.
    Ready {
        /// The interpreter.
        python: PathBuf,
        /// Where cargo puts what it builds.
        target: PathBuf,
    },
    /// It cannot be had here; a line has said so.
    Skipped,
}

/// Makes the environment if it is not there yet.
pub(crate) fn peers(root: &Path) -> Result<Peers, String> {
    let target = target_folder(root);
    match python(root, &target) {
        Ok(python) => Ok(Peers::Ready { python, target }),
        Err(reason) if std::env::var_os("CI").is_some_and(|v| v == "true") => Err(reason),
        Err(reason) => {
            println!("skipped: checks that need Python ({reason})");
            Ok(Peers::Skipped)
        }
    }
}

/// Where cargo puts what it builds: this very program is in `TARGET/debug/`.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    std::env::current_exe()
        .ok()
        .and_then(|exe| Some(exe.parent()?.parent()?.to_path_buf()))
        .unwrap_or_else(|| root.join("target"))
}

/// A Python that has the pinned libraries: the one named by PETAVOX_PEERS_PYTHON, or a fresh environment below the
/// target folder that is made again only when the list of libraries changes.
fn python(root: &Path, target: &Path) -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os("PETAVOX_PEERS_PYTHON") {
        return Ok(given.into());
    }
    let list = root.join("tests/live/requirements.txt");
    let wanted = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let folder = target.join("peers-venv");
    let stamp = folder.join("installed.txt");
    let bin = if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" };
    let python = folder.join(bin);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let usable = Command::new("python3")
        .args(["-c", "import venv, ensurepip, sys; sys.exit(sys.version_info < (3, 11))"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !usable {
        return Err("they need python3 of version 3.11 or later with its venv module".to_string());
    }
    call(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
    call(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&list),
    )?;
    fs::write(&stamp, wanted).map_err(|e| format!("{}: {e}", stamp.display()))?;
    Ok(python)
}
