//! CSV to tables: what a column is follows from its values.

use std::fs::File;
use std::path::Path;

use petavox_core::{Column, Error, Result, Table};

use super::too_large;

/// The longest line that is read: a file without line ends is no table.
const MAX_LINE_BYTES: usize = 1 << 24;

pub(super) fn read(path: &Path, max_bytes: u64) -> Result<Table> {
    let file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
    let length = file.metadata().map_err(|e| Error::io(path, "read", e))?.len();
    if length > max_bytes {
        return Err(too_large(path, max_bytes));
    }
    let file = Lines { inner: file, in_line: 0 };
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let names: Vec<String> = reader
        .headers()
        .map_err(|e| damaged(path, e))?
        .iter()
        .enumerate()
        // An index that pandas wrote has no name; and some programs begin a file with a byte order mark.
        .map(|(i, name)| match name.trim_start_matches('\u{feff}') {
            "" if i == 0 => "index".to_string(),
            name => name.to_string(),
        })
        .collect();
    let mut columns: Vec<Growing> = names.iter().map(|_| Growing::default()).collect();
    let (mut record, mut bytes) = (csv::StringRecord::new(), 0);
    while reader.read_record(&mut record).map_err(|e| damaged(path, e))? {
        for (column, field) in columns.iter_mut().zip(&record) {
            bytes += 32 + field.len() as u64;
            column.push(field);
        }
        if bytes > max_bytes {
            return Err(too_large(path, max_bytes));
        }
    }
    let mut finished = Vec::with_capacity(names.len());
    for (name, column) in names.into_iter().zip(columns) {
        finished.push((name, column.finish(path)?));
    }
    Table::new(finished).map_err(|e| Error::corrupt(path, Some("header".to_string()), e))
}

/// A column whose kind is the narrowest that all values so far fit. Which one it is shows only at the end, so the words are
/// kept until then.
#[derive(Default)]
struct Growing {
    words: Vec<String>,
    kind: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Missing,
    Int,
    Float,
    Bool,
    Text,
}

impl Kind {
    fn of(word: &str) -> Kind {
        if is_missing(word) {
            Kind::Missing
        } else if word.parse::<i64>().is_ok() {
            Kind::Int
        } else if word.parse::<f64>().is_ok() {
            Kind::Float
        } else if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") {
            Kind::Bool
        } else {
            Kind::Text
        }
    }

    /// The narrowest kind that both fit. Numbers can be missing (NaN), yes and no cannot.
    fn with(self, other: Kind) -> Kind {
        use Kind::{Float, Int, Missing, Text};
        match (self, other) {
            (a, b) if a == b => a,
            (Missing | Int | Float, Missing | Int | Float) => Float,
            _ => Text,
        }
    }
}

fn is_missing(word: &str) -> bool {
    matches!(word, "" | "NaN" | "nan" | "NA" | "N/A" | "null" | "None")
}

impl Growing {
    fn push(&mut self, field: &str) {
        let new = Kind::of(field.trim());
        self.kind = Some(self.kind.map_or(new, |kind| kind.with(new)));
        self.words.push(field.to_string());
    }

    fn finish(self, path: &Path) -> Result<Column> {
        let words = self.words.iter().map(|word| word.trim());
        let odd = |word: &str| Error::corrupt(path, None, format!("{word} is not a number"));
        Ok(match self.kind.unwrap_or(Kind::Missing) {
            Kind::Int => {
                let parse = |word: &str| word.parse::<i64>().map_err(|_| odd(word));
                Column::Int(words.map(parse).collect::<Result<_>>()?)
            }
            Kind::Float | Kind::Missing => {
                let parse = |word: &str| match is_missing(word) {
                    true => Ok(f64::NAN),
                    false => word.parse::<f64>().map_err(|_| odd(word)),
                };
                Column::Float(words.map(parse).collect::<Result<_>>()?)
            }
            Kind::Bool => {
                Column::Bool(words.map(|word| word.eq_ignore_ascii_case("true")).collect())
            }
            Kind::Text => Column::Text(self.words),
        })
    }
}

/// Refuses lines without end.
struct Lines {
    inner: File,
    in_line: usize,
}

impl std::io::Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.in_line = match buffer[..n].iter().rposition(|&b| b == b'\n') {
            Some(at) => n - at,
            None => self.in_line + n,
        };
        if self.in_line > MAX_LINE_BYTES {
            let problem = format!("a line of more than {MAX_LINE_BYTES} bytes");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, problem));
        }
        Ok(n)
    }
}

fn damaged(path: &Path, error: csv::Error) -> Error {
    let line = error.position().map(|at| format!("line {}", at.line()));
    match error.into_kind() {
        csv::ErrorKind::Io(io) if io.kind() != std::io::ErrorKind::InvalidData => {
            Error::io(path, "read", io)
        }
        csv::ErrorKind::Io(io) => Error::corrupt(path, line, io),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let problem = format!("{len} fields where the header has {expected_len}");
            Error::corrupt(path, line, problem)
        }
        csv::ErrorKind::Utf8 { .. } => Error::corrupt(path, line, "text that is not UTF-8"),
        other => Error::corrupt(path, line, format!("{other:?}")),
    }
}
