//! Which files are compiled for tests only.

use std::collections::BTreeSet;

use super::lines::Line;
use super::tokens::tokens;

/// The paths among `files` that are tests: by where they lie, or because a `#[cfg(test)] mod name;` leads to them.
pub(crate) fn test_files<'a>(files: &[(&'a str, &[Line])]) -> BTreeSet<&'a str> {
    let modules: BTreeSet<String> =
        files.iter().flat_map(|(path, lines)| out_of_line_tests(path, lines)).collect();
    let of_module = |path: &str| {
        let bare = path.trim_end_matches(".rs");
        modules.iter().any(|m| bare == m || path.starts_with(&format!("{m}/")))
    };
    files
        .iter()
        .map(|(path, _)| *path)
        .filter(|path| is_test_path(path) || of_module(path))
        .collect()
}

/// Paths without `.rs` of modules declared as `#[cfg(test)] mod name;` in this file.
fn out_of_line_tests(path: &str, lines: &[Line]) -> Vec<String> {
    let folder = match path.rsplit_once('/') {
        Some((folder, "lib.rs" | "main.rs" | "mod.rs")) => folder,
        _ => path.trim_end_matches(".rs"),
    };
    let all = tokens(lines);
    all.windows(3)
        .filter(|t| t[0].text == "mod" && t[2].text == ";" && lines[t[0].line].in_test)
        .map(|t| format!("{folder}/{}", t[1].text))
        .collect()
}

fn is_test_path(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.any(|part| ["tests", "benches", "examples", "fuzz", "tests.rs"].contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::split;

    #[test]
    fn declared_and_placed_tests_are_found() {
        let root = split("#[cfg(any(test, feature = \"contract\"))]\npub mod laws;\nmod real;\n");
        let paths = [
            "c/src/lib.rs",
            "c/src/laws.rs",
            "c/src/laws/a.rs",
            "c/src/real.rs",
            "c/src/real/tests/b.rs",
        ];
        let files: Vec<(&str, &[Line])> = paths
            .iter()
            .map(|p| (*p, if p.ends_with("lib.rs") { &root[..] } else { &[] }))
            .collect();
        let found: Vec<&str> = test_files(&files).into_iter().collect();
        assert_eq!(found, ["c/src/laws.rs", "c/src/laws/a.rs", "c/src/real/tests/b.rs"]);
    }
}
