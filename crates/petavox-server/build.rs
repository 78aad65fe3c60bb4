//! Lists the viewer's files, so that the program carries them; nothing is built.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../viewer");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let mut table = String::from("pub(crate) const FILES: &[(&str, &[u8])] = &[\n");
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let path = file.canonicalize().unwrap_or_else(|_| file.clone());
        let _ =
            writeln!(table, "    ({name:?}, include_bytes!({:?})),", path.display().to_string());
    }
    table.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("viewer.rs");
    if let Err(e) = std::fs::write(&out, table) {
        println!("cargo:warning={}: {e}", out.display());
    }
}

/// What a browser needs: pages, modules, styles, pictures and fonts; no tests and no hidden files.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if !name.starts_with('.') && !name.starts_with("test") && name != "node_modules" {
                println!("cargo:rerun-if-changed={}", path.display());
                collect(&path, files);
            }
            continue;
        }
        let ending = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
        if ["html", "js", "mjs", "css", "svg", "png", "ico", "woff2", "wasm"].contains(&&*ending) {
            files.push(path);
        }
    }
}
