//! The names of slices: globs, natural order, gaps in the numbering.

use petavox_core::{Error, Result};
use std::cmp::Ordering;
use std::path::{Path, PathBuf};

/// The files that match a glob of `*`, `?`, `**` and `[...]`.
pub(super) fn expand(pattern: &Path) -> Result<Vec<PathBuf>> {
    let text = pattern.to_string_lossy();
    let matches = glob::glob(&text).map_err(|e| {
        Error::argument("path", &text, format!("a glob such as \"slices/*.tif\" ({e})"))
    })?;
    matches
        .map(|m| {
            m.map_err(|e| {
                Error::io(e.path().to_owned(), "list", std::io::Error::from(e.error().kind()))
            })
        })
        .collect()
}

/// A run of digits, or of anything else.
#[derive(Debug, PartialEq, Eq)]
enum Token<'a> {
    Text(&'a str),
    Digits(&'a str),
}

fn tokens(name: &str) -> Vec<Token<'_>> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        out.push(if digits { Token::Digits(run) } else { Token::Text(run) });
        rest = after;
    }
    out
}

/// Compares as people do: runs of digits by their value, so that `slice2` comes before `slice10`.
pub(super) fn natural(a: &str, b: &str) -> Ordering {
    for (x, y) in tokens(a).iter().zip(&tokens(b)) {
        let order = match (x, y) {
            (Token::Digits(x), Token::Digits(y)) => {
                let (x, y) = (x.trim_start_matches('0'), y.trim_start_matches('0'));
                x.len().cmp(&y.len()).then_with(|| x.cmp(y))
            }
            (Token::Text(x), Token::Text(y)) => x.cmp(y),
            (Token::Digits(_), Token::Text(_)) => Ordering::Less,
            (Token::Text(_), Token::Digits(_)) => Ordering::Greater,
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// One warning per gap or doubled number, the first few of them, where names differ in one number only.
pub(super) fn gaps(paths: &[PathBuf]) -> Vec<String> {
    const SHOWN: usize = 5;
    let names: Vec<String> = paths
        .iter()
        .map(|p| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default())
        .collect();
    let split: Vec<Vec<Token<'_>>> = names.iter().map(|n| tokens(n)).collect();
    let Some(first) = split.first() else { return vec![] };
    if split.iter().any(|t| t.len() != first.len()) {
        return vec![];
    }
    let varying: Vec<usize> =
        (0..first.len()).filter(|&i| split.iter().any(|t| t[i] != first[i])).collect();
    let [at] = varying[..] else { return vec![] };
    let number = |t: &[Token<'_>]| match t[at] {
        Token::Digits(d) => d.parse::<u64>().ok(),
        Token::Text(_) => None,
    };
    let Some(numbers) = split.iter().map(|t| number(t)).collect::<Option<Vec<u64>>>() else {
        return vec![];
    };
    let steps: Vec<u64> = numbers.windows(2).map(|w| w[1].saturating_sub(w[0])).collect();
    let Some(&step) = steps.iter().filter(|s| **s > 0).min() else { return vec![] };
    let odd: Vec<usize> = (0..steps.len()).filter(|&i| steps[i] != step).collect();
    let mut found: Vec<String> = odd
        .iter()
        .take(SHOWN)
        .map(|&i| {
            let (a, b) = (&names[i], &names[i + 1]);
            match steps[i] {
                0 => format!("{a} and {b} have the same number"),
                s => format!(
                    "{} slices seem to be missing between {a} and {b}",
                    s.div_ceil(step) - 1
                ),
            }
        })
        .collect();
    if odd.len() > SHOWN {
        found.push(format!("and {} more gaps in the numbering", odd.len() - SHOWN));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_natural() {
        let mut names = ["s10.tif", "s2.tif", "s1.tif", "s02.tif", "a.tif", "s2b.tif", "10", "9"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(
            names,
            ["9", "10", "a.tif", "s1.tif", "s2.tif", "s02.tif", "s2b.tif", "s10.tif"]
        );
    }

    #[test]
    fn gaps_are_named_and_even_steps_are_none() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        assert_eq!(gaps(&paths(&["z1.tif", "z2.tif", "z3.tif"])), Vec::<String>::new());
        assert_eq!(gaps(&paths(&["z0.tif", "z10.tif", "z20.tif"])), Vec::<String>::new());
        assert_eq!(
            gaps(&paths(&["z01.tif", "z02.tif", "z05.tif"])),
            ["2 slices seem to be missing between z02.tif and z05.tif"]
        );
        assert_eq!(
            gaps(&paths(&["z1.tif", "z01.tif", "z2.tif"])),
            ["z1.tif and z01.tif have the same number"]
        );
        assert!(gaps(&paths(&["a.tif", "b.tif"])).is_empty());
    }
}
