//! `cargo xtask tidy`: the rules of the house that a compiler does not check.

mod circles;
mod floors;
mod manifest;
mod sizes;
mod words;

use std::path::Path;

use crate::tree;

/// Runs every check over the checkout and prints what it found.
pub(crate) fn run(root: &Path) -> Result<(), String> {
    let manifests: Vec<_> = tree::files(root, &["Cargo.toml"])?
        .into_iter()
        .filter(|file| file.path != "Cargo.toml")
        .collect();
    let sources = tree::files(root, &[".rs", ".py", ".js"])?;
    let rust: Vec<_> = sources.iter().filter(|f| f.path.ends_with(".rs")).cloned().collect();

    let mut findings = floors::check(&manifests);
    findings.extend(circles::check(&rust));
    findings.extend(words::check(&rust));
    let (summary, too_long) = sizes::check(&sources);
    findings.extend(too_long);

    println!("tidy: {} crates, {summary}", manifests.len());
    if findings.is_empty() {
        return Ok(());
    }
    findings.sort();
    for finding in &findings {
        eprintln!("{finding}");
    }
    Err(format!("tidy found {} broken rules", findings.len()))
}
