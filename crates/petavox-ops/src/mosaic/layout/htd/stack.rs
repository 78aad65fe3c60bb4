//! The files of a z-stack as one path that is opened as a stack.

use super::images::Name;
use petavox_core::{Error, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// A path that names these files, in the order of their planes: the file itself, or a glob that fits no other image of the plate.
pub(super) fn path_of(files: &[&PathBuf], all: &BTreeMap<Name, PathBuf>) -> Result<String> {
    let texts: Vec<String> = files.iter().map(|f| f.to_string_lossy().into_owned()).collect();
    let [first, others @ ..] = &texts[..] else {
        return Err(Error::internal("stack", "no files"));
    };
    if others.is_empty() {
        return Ok(first.clone());
    }
    let parts: Vec<Vec<&str>> = texts.iter().map(|t| t.split(['/', '\\']).collect()).collect();
    let n = parts[0].len();
    if parts.iter().any(|p| p.len() != n) {
        let expected = "the planes of a stack in folders side by side";
        return Err(Error::argument("tiles", first.as_str(), expected));
    }
    let columns: Vec<(String, String, bool)> = (0..n)
        .map(|k| {
            let column: Vec<&str> = parts.iter().map(|p| p[k]).collect();
            common(&column)
        })
        .collect();
    let glob: Vec<String> = columns
        .iter()
        .map(|(a, b, differ)| match differ {
            true => format!("{}*{}", escaped(a), escaped(b)),
            false => escaped(a),
        })
        .collect();
    let fits = |path: &PathBuf| {
        let text = path.to_string_lossy();
        let own: Vec<&str> = text.split(['/', '\\']).collect();
        let fit = |(part, (a, b, differ)): (&&str, &(String, String, bool))| match differ {
            true => part.len() >= a.len() + b.len() && part.starts_with(a) && part.ends_with(b),
            false => part == a,
        };
        own.len() == n && own.iter().zip(&columns).all(fit)
    };
    if let Some(other) = all.values().find(|p| fits(p) && !files.contains(p)) {
        let given = format!("{} among the planes of {first}", other.display());
        let expected = "names that tell stacks apart; --pattern \"*ZStep_2/*\" takes one plane";
        return Err(Error::argument("tiles", given, expected));
    }
    Ok(glob.join("/"))
}

/// What texts begin and end with, and whether they differ between.
fn common(texts: &[&str]) -> (String, String, bool) {
    let first = texts[0];
    if texts.iter().all(|t| *t == first) {
        return (first.to_owned(), String::new(), false);
    }
    let shortest = texts.iter().map(|t| t.len()).min().unwrap_or(0);
    let same = |n: &usize| {
        first.is_char_boundary(*n)
            && texts.iter().all(|t| t.as_bytes()[..*n] == first.as_bytes()[..*n])
    };
    let ahead = (0..=shortest).rev().find(same).unwrap_or(0);
    let tail = |n: &usize| {
        first.is_char_boundary(first.len() - n)
            && texts
                .iter()
                .all(|t| t.as_bytes()[t.len() - n..] == first.as_bytes()[first.len() - n..])
    };
    let behind = (0..=shortest - ahead).rev().find(tail).unwrap_or(0);
    (first[..ahead].to_owned(), first[first.len() - behind..].to_owned(), true)
}

/// Letters that a glob would take for something else, as they are.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '*' | '?' | '[' | ']') { format!("[{c}]") } else { c.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_is_a_glob_that_names_its_planes_only() {
        let name = |wave, step| Name { well: "A01".into(), site: 1, wave, step };
        let path =
            |step: usize, rest: &str| PathBuf::from(format!("p/ZStep_{step}/P[1]_A01_{rest}.tif"));
        let mut all = BTreeMap::new();
        for step in 1..=2 {
            all.insert(name(1, step), path(step, "s1_w1"));
            all.insert(name(2, step), path(step, "s1_w2"));
        }
        let own = [&all[&name(1, 1)], &all[&name(1, 2)]];
        assert_eq!(path_of(&own, &all).unwrap(), "p/ZStep_*/P[[]1[]]_A01_s1_w1.tif");
        assert_eq!(path_of(&own[..1], &all).unwrap(), "p/ZStep_1/P[1]_A01_s1_w1.tif");
        // With identifiers behind the wavelength, 1 and 12 look alike.
        let mut alike = all.clone();
        alike.insert(name(1, 1), path(1, "s1_w1aaa"));
        alike.insert(name(1, 2), path(2, "s1_w1bbb"));
        alike.insert(name(12, 1), path(1, "s1_w12"));
        let own = [&alike[&name(1, 1)], &alike[&name(1, 2)]];
        assert!(path_of(&own, &alike).is_err());
    }
}
