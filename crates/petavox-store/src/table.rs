//! Tables as files: Parquet and CSV.
//!
//! [`write_table`] and [`read_table`] move a whole [`Table`]; [`TableWriter`] takes it in parts, so that a table larger than
//! memory can be written. The ending of the name picks the format: `.parquet` keeps every value exactly; `.csv` is for
//! people and spreadsheets, keeps numbers exactly, and forgets the difference between the text `12` and the number 12.
//!
//! The file appears under its final name when it is complete, and never before.

mod csv_read;
mod csv_write;
mod parquet_read;
mod parquet_write;
#[cfg(test)]
mod tests;

use std::path::Path;

use petavox_core::{Error, Result, Table};

use crate::atomic::Staging;

/// The largest table that [`read_table`] takes, in bytes of its values in memory.
pub const MAX_TABLE_BYTES: u64 = 4 << 30;

#[derive(Clone, Copy, PartialEq)]
enum Format {
    Parquet,
    Csv,
}

fn format(path: &Path) -> Result<Format> {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.as_deref() {
        Some("parquet") => Ok(Format::Parquet),
        Some("csv") => Ok(Format::Csv),
        _ => Err(Error::argument("table", path.display(), "a name that ends in .parquet or .csv")),
    }
}

/// Writes a table. A file that is there under this name is replaced, once the new one is complete.
///
/// ```
/// use petavox_core::{Column, Table};
/// use petavox_store::table::{read_table, write_table};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("branches.parquet");
/// let table = Table::new(vec![("length".into(), Column::Float(vec![1.5, f64::NAN]))])?;
/// write_table(&path, &table)?;
/// assert_eq!(read_table(&path)?, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for another ending, [`Error::Io`] when the file cannot be written.
pub fn write_table(path: &Path, table: &Table) -> Result<()> {
    let mut writer = TableWriter::create(path)?;
    writer.append(table)?;
    writer.finish()
}

/// Reads a table of up to [`MAX_TABLE_BYTES`], written by this crate, by pandas or by another program.
///
/// Whole-number columns become [`Int`](petavox_core::Column::Int), others
/// [`Float`](petavox_core::Column::Float). Where values are missing, numbers and yes/no columns become `Float` with NaN, and
/// text is empty. A CSV column is `Int` if all its values are whole numbers, `Float` if all are numbers or missing (empty, `NaN`, `NA`), `Bool` if
/// all are `true` or `false` in any capitals, otherwise `Text`.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Corrupt`] for a damaged file or one that claims too much; [`Error::Unsupported`] for a
/// column that is none of these; [`Error::InvalidArgument`] for another ending.
pub fn read_table(path: &Path) -> Result<Table> {
    read_table_within(path, MAX_TABLE_BYTES)
}

/// As [`read_table`], for a table whose values take at most `max_bytes` in memory.
///
/// # Errors
/// As [`read_table`].
pub fn read_table_within(path: &Path, max_bytes: u64) -> Result<Table> {
    match format(path)? {
        Format::Parquet => parquet_read::read(path, max_bytes),
        Format::Csv => csv_read::read(path, max_bytes),
    }
}

/// The error for a table that does not fit.
fn too_large(path: &Path, max_bytes: u64) -> Error {
    let problem = format!(
        "the table takes more than {max_bytes} bytes in memory; split it, or keep fewer columns"
    );
    Error::corrupt(path, None, problem)
}

/// Writes a table in parts. Dropped before [`finish`](TableWriter::finish), it leaves nothing behind.
///
/// A part becomes one or more row groups of the Parquet file: append some ten thousand rows at a time, not single ones.
#[derive(Debug)]
pub struct TableWriter {
    format: Format,
    /// Names and kinds of the columns, once a part has come.
    columns: Option<Vec<(String, &'static str)>>,
    sink: Option<Sink>,
    staging: Staging,
    finished: bool,
}

enum Sink {
    Parquet(parquet_write::Writer),
    Csv(csv_write::Writer),
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Sink::Parquet(_) => "Parquet",
            Sink::Csv(_) => "Csv",
        })
    }
}

impl std::fmt::Debug for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if *self == Format::Parquet { "Parquet" } else { "Csv" })
    }
}

impl TableWriter {
    /// Starts a file; one that is there under this name stays until the new one is complete.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an ending that is not `.parquet` or `.csv`, [`Error::Io`] if nothing can be written
    /// there or another process is writing it.
    pub fn create(path: &Path) -> Result<TableWriter> {
        let format = format(path)?;
        let staging = Staging::begin(path, 0, true, false)?;
        Ok(TableWriter { format, columns: None, sink: None, staging, finished: false })
    }

    /// Adds the rows of a table. The first one, which may be without rows, decides on the columns.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if its columns differ from those of the first, [`Error::Io`] when writing fails.
    pub fn append(&mut self, part: &Table) -> Result<()> {
        let columns: Vec<(String, &'static str)> =
            part.columns().iter().map(|(name, column)| (name.clone(), column.kind())).collect();
        match &self.columns {
            Some(before) if *before != columns => {
                let show = |columns: &[(String, &str)]| {
                    let all: Vec<_> = columns.iter().map(|(n, k)| format!("{n} ({k})")).collect();
                    all.join(", ")
                };
                return Err(Error::argument("columns", show(&columns), show(before)));
            }
            _ => self.columns = Some(columns),
        }
        let path = self.staging.path();
        if self.sink.is_none() {
            self.sink = Some(match self.format {
                Format::Parquet => Sink::Parquet(parquet_write::Writer::create(path, part)?),
                Format::Csv => Sink::Csv(csv_write::Writer::create(path, part)?),
            });
        }
        match &mut self.sink {
            Some(Sink::Parquet(writer)) => writer.append(path, part),
            Some(Sink::Csv(writer)) => writer.append(path, part),
            None => Ok(()),
        }
    }

    /// Completes the file and gives it its final name.
    ///
    /// # Errors
    /// [`Error::Io`] when writing fails; the final name is then as it was before.
    pub fn finish(mut self) -> Result<()> {
        if self.sink.is_none() {
            self.append(&Table::default())?;
        }
        let path = self.staging.path().to_path_buf();
        match self.sink.take() {
            Some(Sink::Parquet(writer)) => writer.finish(&path)?,
            Some(Sink::Csv(writer)) => writer.finish(&path)?,
            None => {}
        }
        self.staging.commit()?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for TableWriter {
    fn drop(&mut self) {
        // The file is closed before it is removed, which some systems insist on.
        self.sink = None;
        if !self.finished {
            self.staging.abandon();
        }
    }
}
