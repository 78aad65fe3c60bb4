//! The files of the checkout.

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the workspace.
#[derive(Debug, Clone)]
pub(crate) struct TextFile {
    /// Path relative to the workspace, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl TextFile {
    /// `crates/petavox-core/src/a/b.rs` -> `("petavox-core", "a/b.rs")`.
    pub(crate) fn crate_source(&self) -> Option<(&str, &str)> {
        let (owner, rest) = match self.path.strip_prefix("crates/") {
            Some(rest) => rest.split_once('/')?,
            None => ("xtask", self.path.strip_prefix("xtask/")?),
        };
        Some((owner, rest.strip_prefix("src/")?))
    }
}

/// The folder of the workspace's `Cargo.toml`.
pub(crate) fn workspace_root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Every file below `root` whose name ends in one of `endings`, in path order. Build output, hidden folders and
/// installed packages are left out.
pub(crate) fn files(root: &Path, endings: &[&str]) -> Result<Vec<TextFile>, String> {
    let mut found = Vec::new();
    walk(root, root, endings, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(
    root: &Path,
    folder: &Path,
    endings: &[&str],
    found: &mut Vec<TextFile>,
) -> Result<(), String> {
    let explain = |path: &Path, e: std::io::Error| format!("{}: {e}", path.display());
    for entry in fs::read_dir(folder).map_err(|e| explain(folder, e))? {
        let entry = entry.map_err(|e| explain(folder, e))?;
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let kind = entry.file_type().map_err(|e| explain(&path, e))?;
        if kind.is_dir() {
            let skipped = ["target", "node_modules", "__pycache__", "petavox-demo"];
            if !name.starts_with('.') && !skipped.contains(&name.as_str()) {
                walk(root, &path, endings, found)?;
            }
        } else if kind.is_file() && endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).map_err(|e| explain(&path, e))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            found.push(TextFile { path: relative.to_string_lossy().replace('\\', "/"), text });
        }
    }
    Ok(())
}
