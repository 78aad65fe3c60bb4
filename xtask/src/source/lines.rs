//! Splits Rust source into lines of code and lines of comment, and finds the parts that are compiled for tests only.

/// One line of a Rust file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The code, with the inside of strings, characters and comments blanked.
    pub(crate) code: String,
    /// The text of the comments on this line.
    pub(crate) comment: String,
    /// Whether this line is compiled for tests only.
    pub(crate) in_test: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Code,
    LineComment,
    BlockComment(usize),
    Text,
    RawText(usize),
}

/// Splits a Rust file; line `i` of the file is entry `i` of the result.
pub(crate) fn split(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut lines = Vec::new();
    let mut line = Line::default();
    let mut state = State::Code;
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        if c == '\n' {
            if state == State::LineComment {
                state = State::Code;
            }
            lines.push(std::mem::take(&mut line));
            i += 1;
            continue;
        }
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        let mut step = 1;
        match state {
            State::Code if c == '/' && next == '/' => state = State::LineComment,
            State::Code if c == '/' && next == '*' => {
                state = State::BlockComment(1);
                step = 2;
            }
            State::Code if c == '"' => {
                state = State::Text;
                line.code.push('"');
            }
            State::Code if c == 'r' && starts_word(&chars, i) => {
                let hashes = chars[i + 1..].iter().take_while(|&&c| c == '#').count();
                if chars.get(i + 1 + hashes) == Some(&'"') {
                    state = State::RawText(hashes);
                    line.code.push('"');
                    step = hashes + 2;
                } else {
                    line.code.push(c);
                }
            }
            State::Code if c == '\'' => match char_literal(&chars, i) {
                Some(length) => {
                    line.code.push_str("' '");
                    step = length;
                }
                None => line.code.push(c),
            },
            State::Code => line.code.push(c),
            State::LineComment => line.comment.push(c),
            State::BlockComment(depth) => {
                if c == '*' && next == '/' {
                    state = if depth == 1 { State::Code } else { State::BlockComment(depth - 1) };
                    step = 2;
                } else if c == '/' && next == '*' {
                    state = State::BlockComment(depth + 1);
                    step = 2;
                } else {
                    line.comment.push(c);
                }
            }
            // A backslash before the end of a line leaves the newline to be counted.
            State::Text if c == '\\' => step = if next == '\n' { 1 } else { 2 },
            State::Text if c == '"' => {
                state = State::Code;
                line.code.push('"');
            }
            State::Text => {}
            State::RawText(hashes) => {
                let closes = chars[i + 1..].iter().take_while(|&&c| c == '#').count() >= hashes;
                if c == '"' && closes {
                    state = State::Code;
                    line.code.push('"');
                    step = hashes + 1;
                }
            }
        }
        i += step;
    }
    if line != Line::default() {
        lines.push(line);
    }
    mark_tests(&mut lines);
    lines
}

/// Whether a raw-string prefix may begin at `i`: at the start of a word, or after the `b` of `br"..."`.
fn starts_word(chars: &[char], i: usize) -> bool {
    let word = |c: &char| c.is_alphanumeric() || *c == '_';
    match i.checked_sub(1).map(|j| &chars[j]) {
        Some('b' | 'c') => !i.checked_sub(2).is_some_and(|j| word(&chars[j])),
        Some(before) => !word(before),
        None => true,
    }
}

/// The length of the character literal at `i`, or nothing when the quote begins a lifetime.
fn char_literal(chars: &[char], i: usize) -> Option<usize> {
    match chars.get(i + 1)? {
        '\\' => chars[i + 3..].iter().position(|&c| c == '\'').map(|at| at + 4),
        _ => (chars.get(i + 2) == Some(&'\'')).then_some(3),
    }
}

/// Marks items behind `#[test]` or a `cfg` that asks for `test`.
fn mark_tests(lines: &mut [Line]) {
    let mut i = 0;
    while i < lines.len() {
        if is_test_attribute(&lines[i].code) {
            let end = item_end(lines, i);
            for line in &mut lines[i..=end] {
                line.in_test = true;
            }
            i = end;
        }
        i += 1;
    }
}

fn is_test_attribute(code: &str) -> bool {
    let Some(attribute) = code.trim_start().strip_prefix("#[") else { return false };
    let asks = attribute.starts_with("cfg(")
        && attribute.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "test")
        && !attribute.contains("not(test");
    asks || attribute.starts_with("test]")
}

/// The last line of the item whose first attribute is on line `start`.
fn item_end(lines: &[Line], start: usize) -> usize {
    let (mut braces, mut brackets) = (0_usize, 0_usize);
    for (i, line) in lines.iter().enumerate().skip(start) {
        for c in line.code.chars() {
            match c {
                '[' | '(' => brackets += 1,
                ']' | ')' => brackets = brackets.saturating_sub(1),
                '{' => braces += 1,
                '}' => {
                    braces = braces.saturating_sub(1);
                    if braces == 0 {
                        return i;
                    }
                }
                ';' if braces == 0 && brackets == 0 => return i,
                _ => {}
            }
        }
    }
    lines.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Vec<String> {
        split(text).into_iter().map(|l| l.code).collect()
    }

    #[test]
    fn strings_and_comments_are_blanked() {
        let text = "let a = \"// no {\"; // yes\n/* b\n /* c */ d */ e\n";
        assert_eq!(code(text), ["let a = \"\"; ", "", " e"]);
        assert!(split(text)[0].comment.contains("yes"));
    }

    #[test]
    fn raw_strings_escapes_chars_and_lifetimes_do_not_confuse() {
        assert_eq!(code("x(r#\"a \" {\"#, b'{', '\\'', \"\\\"{\")"), ["x(\"\", b' ', ' ', \"\")"]);
        assert_eq!(code("fn f<'a>(x: &'a str)"), ["fn f<'a>(x: &'a str)"]);
        assert_eq!(code("let for_r = var\"\";"), ["let for_r = var\"\";"]);
    }

    #[test]
    fn line_numbers_survive_strings_over_several_lines() {
        assert_eq!(code("a(\"x \\\n y\nz\");\nb"), ["a(\"", "", "\");", "b"]);
    }

    #[test]
    fn only_test_items_are_marked() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {}\n}\nfn c() {}\n#[cfg(not(test))]\nfn d() {}\n\
                    #[cfg(any(test, feature = \"contract\"))]\npub mod contract;\nfn e() {}\n";
        let marked: Vec<bool> = split(text).iter().map(|l| l.in_test).collect();
        let expected =
            [false, true, true, true, true, false, false, false, true, true, false].to_vec();
        assert_eq!(marked, expected);
    }
}
