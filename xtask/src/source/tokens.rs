//! The words and signs of blanked source.

use super::lines::Line;

/// A word (identifier, keyword, number), `::` or a single other sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// Index of its line, from 0.
    pub(crate) line: usize,
}

impl Token {
    /// Whether this is an identifier, keyword or number.
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c.is_alphanumeric() || c == '_')
    }
}

/// The tokens of a file, in order.
pub(crate) fn tokens(lines: &[Line]) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::new();
    for (line, code) in lines.iter().map(|l| &l.code).enumerate() {
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = match first {
                _ if word(first) => rest.find(|c| !word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            out.push(Token { text: rest[..length].to_string(), line });
            rest = rest[length..].trim_start();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::split;

    #[test]
    fn paths_are_cut_into_words_and_signs() {
        let all = tokens(&split("use crate::a::{b, c as d};"));
        let texts: Vec<&str> = all.iter().map(|t| t.text.as_str()).collect();
        assert_eq!(
            texts,
            ["use", "crate", "::", "a", "::", "{", "b", ",", "c", "as", "d", "}", ";"]
        );
    }
}
