//! Words that do not belong in the code: `unsafe` outside its places, panics on user data, unfinished work.

use crate::finding::Finding;
use crate::source::{Line, Token, split, test_files, tokens};
use crate::tree::TextFile;

/// Where `unsafe` may stand: the kernels, and the files that map memory.
const UNSAFE_PLACES: &[&str] = &[
    "crates/petavox-kernels/src/",
    // Working volumes in mapped scratch files.
    "crates/petavox-engine/src/resources/valve.rs",
    "crates/petavox-engine/src/resources/words.rs",
    // The memory of numpy arrays, read and filled in place.
    "crates/petavox-python/src/numpy.rs",
    // Functions that C programs call by name, and what a forked process must not wait for.
    "crates/petavox-python/src/threads.rs",
];

/// Checks all Rust files.
pub(crate) fn check(files: &[TextFile]) -> Vec<Finding> {
    let split_files: Vec<(&TextFile, Vec<Line>)> =
        files.iter().map(|file| (file, split(&file.text))).collect();
    let pairs: Vec<(&str, &[Line])> =
        split_files.iter().map(|(file, lines)| (file.path.as_str(), &lines[..])).collect();
    let tests = test_files(&pairs);
    pairs.iter().flat_map(|(path, lines)| check_file(path, lines, tests.contains(path))).collect()
}

fn check_file(path: &str, lines: &[Line], is_test_file: bool) -> Vec<Finding> {
    let all = tokens(lines);
    let mut findings = Vec::new();
    let text = |i: usize| all.get(i).map_or("", |t: &Token| t.text.as_str());
    for (i, token) in all.iter().enumerate() {
        let mut found = |what: &str, fix: &str| {
            findings.push(Finding::new(path, token.line + 1, what, fix));
        };
        let before = i.checked_sub(1).map_or("", |j| text(j));
        match token.text.as_str() {
            "unsafe" if !UNSAFE_PLACES.iter().any(|place| path.starts_with(place)) => found(
                "unsafe outside the kernels and memory mapping",
                "write it safely, or move it to a kernel; files that map memory are listed in xtask/src/tidy/words.rs",
            ),
            "todo" | "unimplemented" if text(i + 1) == "!" => found(
                &format!("{}! is unfinished work", token.text),
                "finish it, or return an error that says what is not supported",
            ),
            "ignore" if before == "[" && i >= 2 && text(i - 2) == "#" => {
                found("an ignored test", "mend it or delete it")
            }
            "unwrap" | "expect"
                if before == "."
                    && text(i + 1) == "("
                    && panics(&all, i)
                    && path.starts_with("crates/")
                    && !is_test_file
                    && !lines[token.line].in_test
                    && !excused(lines, token.line) =>
            {
                found(
                    &format!(".{}( can panic", token.text),
                    "return an error, or say why it can't happen: `// cannot fail: ...` on this line or above",
                )
            }
            _ => {}
        }
    }
    findings
}

/// Whether the call at `i` is the one of `Option` and `Result`, not a parser's own `self.expect(sign)`.
fn panics(all: &[Token], i: usize) -> bool {
    let argument = all.get(i + 2).map_or("", |t| t.text.as_str());
    match all[i].text.as_str() {
        "unwrap" => argument == ")",
        _ => !(i >= 2 && all[i - 2].text == "self"),
    }
}

/// Whether this line, or the comment directly above it, says why it cannot fail.
fn excused(lines: &[Line], line: usize) -> bool {
    let says = |l: &Line| l.comment.contains("cannot fail:");
    let mut above = lines[..line].iter().rev();
    says(&lines[line])
        || lines[..line].last().is_some_and(says)
        || above
            .by_ref()
            .take_while(|l| l.code.trim().is_empty() && !l.comment.is_empty())
            .any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(path: &str, text: &str) -> Vec<(usize, String)> {
        let files = [TextFile { path: path.into(), text: text.into() }];
        check(&files).into_iter().map(|f| (f.line, f.what)).collect()
    }

    const SOURCE: &str = "crates/petavox-engine/src/a.rs";

    #[test]
    fn unsafe_is_allowed_only_in_its_places() {
        let text = "fn f() {\n    unsafe { g() }\n}\n";
        assert_eq!(whats(SOURCE, text)[0].0, 2);
        assert!(whats("crates/petavox-kernels/src/a.rs", text).is_empty());
        assert!(whats(SOURCE, "// unsafe\nlet a = \"unsafe\";").is_empty());
        assert!(whats(SOURCE, "#![deny(unsafe_op_in_unsafe_fn)]").is_empty());
    }

    #[test]
    fn unfinished_and_ignored_work_is_found_in_tests_too() {
        let text = concat!("#[cfg(test)]\nmod t {\n#[", "ignore]\nfn a() { to", "do!() }\n}\n");
        let lines: Vec<usize> = whats(SOURCE, text).iter().map(|f| f.0).collect();
        assert_eq!(lines, [3, 4]);
    }

    #[test]
    fn unwrap_and_expect_need_a_reason_outside_tests() {
        assert_eq!(whats(SOURCE, "a.unwrap();\nb\n    .expect(\"x\");").len(), 2);
        assert!(whats(SOURCE, "a.unwrap(); // cannot fail: a is set above").is_empty());
        assert!(
            whats(SOURCE, "// cannot fail: the length was checked,\n// see f\na.unwrap();")
                .is_empty()
        );
        assert!(whats(SOURCE, "#[cfg(test)]\nmod tests {\n fn f() { a.unwrap() }\n}").is_empty());
        assert!(whats("crates/petavox-engine/tests/a.rs", "a.unwrap();").is_empty());
        assert!(whats("xtask/src/a.rs", "a.unwrap();").is_empty());
    }

    #[test]
    fn look_alikes_are_left_alone() {
        assert!(whats(SOURCE, "a.unwrap_or(1); self.expect(b'{')?; /// a.unwrap()").is_empty());
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_tests() {
        let files = [
            TextFile {
                path: "crates/petavox-core/src/lib.rs".into(),
                text: "#[cfg(test)]\nmod laws;\nmod real;\n".into(),
            },
            TextFile { path: "crates/petavox-core/src/laws.rs".into(), text: "a.unwrap();".into() },
            TextFile { path: "crates/petavox-core/src/real.rs".into(), text: "a.unwrap();".into() },
        ];
        let found = check(&files);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].file, "crates/petavox-core/src/real.rs");
    }
}
