//! No circles between the top-level modules of a crate.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::source::{Line, Token, split, test_files, tokens};
use crate::tree::TextFile;

/// Where one module first uses another: (file, line).
type Place = (String, usize);
/// `uses[a][b]`: module a uses module b.
type Uses = BTreeMap<String, BTreeMap<String, Place>>;

/// Checks every crate among these files.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, Vec<(&TextFile, &str)>> = BTreeMap::new();
    for file in files {
        if let Some((owner, inside)) = file.crate_source() {
            crates.entry(owner).or_default().push((file, inside));
        }
    }
    crates.values().flat_map(|files| circles(&uses(files))).collect()
}

/// Which module uses which, within one crate.
fn uses(files: &[(&TextFile, &str)]) -> Uses {
    let is_root = |inside: &str| ["lib.rs", "main.rs"].contains(&inside);
    let modules: BTreeSet<String> =
        files.iter().filter(|f| !is_root(f.1)).map(|f| module_path(f.1)[0].clone()).collect();
    // A name that the crate's root re-exports leads to the module that it comes from.
    let mut homes: BTreeMap<String, String> =
        modules.iter().map(|m| (m.clone(), m.clone())).collect();
    for (file, _) in files.iter().filter(|f| is_root(f.1)) {
        homes.extend(reexports(&file.text, &modules));
    }

    let mut uses = Uses::new();
    let split_files: Vec<Vec<Line>> = files.iter().map(|(file, _)| split(&file.text)).collect();
    let pairs: Vec<(&str, &[Line])> = files
        .iter()
        .zip(&split_files)
        .map(|((file, _), lines)| (&file.path[..], &lines[..]))
        .collect();
    let tests = test_files(&pairs);
    for ((file, inside), lines) in files.iter().zip(&split_files) {
        if is_root(inside) || tests.contains(&file.path[..]) {
            continue;
        }
        let path = module_path(inside);
        for (name, line) in root_names(&tokens(lines), path.len()) {
            let Some(home) = homes.get(&name) else { continue };
            if *home != path[0] && !lines[line].in_test {
                uses.entry(path[0].clone())
                    .or_default()
                    .entry(home.clone())
                    .or_insert_with(|| (file.path.clone(), line + 1));
            }
        }
    }
    uses
}

/// `a/b.rs` -> `[a, b]`, `a/mod.rs` -> `[a]`.
fn module_path(inside: &str) -> Vec<String> {
    let trimmed = inside.trim_end_matches(".rs").trim_end_matches("/mod");
    trimmed.split('/').map(str::to_string).collect()
}

/// Names that `use module::{Name, other as Name}` brings into the crate's root.
fn reexports(text: &str, modules: &BTreeSet<String>) -> Vec<(String, String)> {
    let all = tokens(&split(text));
    let mut out = Vec::new();
    for (i, _) in all.iter().enumerate().filter(|(_, t)| t.text == "use") {
        let mut at = i + 1;
        let text = |i: usize| all.get(i).map_or("", |t: &Token| t.text.as_str());
        if ["crate", "self"].contains(&text(at)) && text(at + 1) == "::" {
            at += 2;
        }
        if !modules.contains(text(at)) {
            continue;
        }
        let home = text(at).to_string();
        // The last word before `,`, `}` or `;` is the name under which an item arrives.
        let statement = all[at..].iter().take_while(|t| t.text != ";");
        let mut last = None;
        for token in statement.chain(std::iter::once(&Token { text: ";".into(), line: 0 })) {
            if token.is_word() {
                last = Some(token.text.clone());
            } else if token.text != "::"
                && let Some(name) = last.take()
            {
                out.push((name, home.clone()));
            }
        }
    }
    out.retain(|(name, home)| name != home && !modules.contains(name));
    out
}

/// The first names after the crate's root in all paths of a file whose module is `depth` levels below the root:
/// `crate::name`, `super::name`, `crate::{name, other::x}`.
fn root_names(all: &[Token], depth: usize) -> Vec<(String, usize)> {
    let mut names = Vec::new();
    // Depth of braces at which each inline module was opened.
    let (mut inline, mut braces) = (Vec::new(), 0_usize);
    let text = |i: usize| all.get(i).map_or("", |t: &Token| t.text.as_str());
    let mut i = 0;
    while i < all.len() {
        match text(i) {
            "{" => {
                if i >= 2 && text(i - 2) == "mod" {
                    inline.push(braces);
                }
                braces += 1;
            }
            "}" => {
                braces = braces.saturating_sub(1);
                if inline.last() == Some(&braces) {
                    inline.pop();
                }
            }
            start @ ("crate" | "super") => {
                let inside_path = i >= 1 && ["::", "$"].contains(&text(i - 1));
                let mut at = i + 1;
                let mut climbed = usize::from(start == "super");
                while text(at) == "::" && text(at + 1) == "super" {
                    climbed += 1;
                    at += 2;
                }
                let at_root = start == "crate" || climbed == depth + inline.len();
                if !inside_path && at_root && text(at) == "::" {
                    take_names(all, at + 1, &mut names);
                }
                i = at;
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    names
}

/// The names at the head of a use-tree that begins at `i`: one name, or those of a group.
fn take_names(all: &[Token], i: usize, names: &mut Vec<(String, usize)>) {
    let Some(first) = all.get(i) else { return };
    if first.is_word() {
        names.push((first.text.clone(), first.line));
    }
    if first.text != "{" {
        return;
    }
    let (mut depth, mut head) = (0_usize, true);
    for token in &all[i..] {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                if depth == 0 {
                    return;
                }
            }
            "," if depth == 1 => head = true,
            _ if head && token.is_word() => {
                names.push((token.text.clone(), token.line));
                head = false;
            }
            _ => {}
        }
    }
}

/// One finding per circle, at the place where its first arrow starts.
fn circles(uses: &Uses) -> Vec<Finding> {
    let mut seen = BTreeSet::new();
    let mut findings = Vec::new();
    for start in uses.keys() {
        let Some(circle) = shortest_circle(uses, start) else { continue };
        let members: BTreeSet<&String> = circle.iter().copied().collect();
        if !seen.insert(members) {
            continue;
        }
        let arrows: Vec<String> = circle
            .iter()
            .zip(circle.iter().cycle().skip(1))
            .map(|(a, b)| {
                let (file, line) = &uses[*a][*b];
                format!("{a} -> {b} ({file}:{line})")
            })
            .collect();
        let next = circle.get(1).unwrap_or(&circle[0]);
        let (file, line) = &uses[circle[0]][*next];
        findings.push(Finding::new(
            file,
            *line,
            format!("modules in a circle: {}", arrows.join(", ")),
            "take what both need into a module below both, or pass it as an argument",
        ));
    }
    findings
}

/// The shortest way from `start` back to itself.
fn shortest_circle<'a>(uses: &'a Uses, start: &'a String) -> Option<Vec<&'a String>> {
    let mut came_from: BTreeMap<&String, &String> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(module) = queue.pop_front() {
        for next in uses.get(module).into_iter().flat_map(|to| to.keys()) {
            if next == start {
                let mut circle = vec![module];
                while let Some(&before) = came_from.get(circle[circle.len() - 1]) {
                    circle.push(before);
                }
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, module);
                queue.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<Finding> {
        let files: Vec<TextFile> = files
            .iter()
            .map(|(name, text)| TextFile {
                path: format!("crates/petavox-core/src/{name}"),
                text: text.to_string(),
            })
            .collect();
        check(&files)
    }

    #[test]
    fn a_line_of_modules_is_no_circle() {
        let files =
            [("a.rs", "use crate::b::X;"), ("b.rs", "use super::c::Y;"), ("c.rs", "pub struct Y;")];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn a_circle_is_reported_once_with_its_places() {
        let files = [
            ("a.rs", "fn f() {}\nuse crate::b::X;"),
            ("b.rs", "use super::c::Y;"),
            ("c/d.rs", "fn f() { super::super::a::g() }"),
        ];
        let circles = found(&files);
        assert_eq!(circles.len(), 1);
        assert_eq!(
            (circles[0].file.as_str(), circles[0].line),
            ("crates/petavox-core/src/a.rs", 2)
        );
        assert!(circles[0].what.contains("a -> b") && circles[0].what.contains("c -> a"));
    }

    #[test]
    fn names_re_exported_by_the_root_lead_home() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\npub use a::{A, x as B};\npub use b::C;"),
            ("a.rs", "use crate::{\n    C,\n};"),
            ("b.rs", "fn f(b: crate::B) {}"),
        ];
        let circles = found(&files);
        assert_eq!(circles.len(), 1);
        assert!(circles[0].what.contains("b -> a"));
    }

    #[test]
    fn tests_macros_and_neighbours_inside_a_module_do_not_count() {
        let files = [
            ("a.rs", "use crate::b::X;\nmacro_rules! m { () => { $crate::b::f() } }"),
            (
                "b.rs",
                "#[cfg(test)]\nmod tests {\n    use crate::a::Z;\n}\nmod inner { use super::a; }",
            ),
            ("b/e.rs", "use super::a::Z;"),
            ("b/tests.rs", "use crate::a::Z;"),
        ];
        assert!(found(&files).is_empty());
    }

    #[test]
    fn groups_are_read_to_their_heads_only() {
        let files = [("a.rs", "use crate::{b::{c, d}, e};"), ("c.rs", "use crate::a;")];
        assert!(found(&files).is_empty());
    }
}
