//! Tables to CSV: comma, dot, a header line, and as many digits as bring each number back exactly.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use petavox_core::{Column, Error, Result, Table};

pub(super) struct Writer {
    inner: csv::Writer<BufWriter<File>>,
}

impl Writer {
    /// Starts a file with the header of `first`, whose rows are not written yet.
    pub(super) fn create(path: &Path, first: &Table) -> Result<Writer> {
        let file = File::create(path).map_err(|e| Error::io(path, "create", e))?;
        let mut inner = csv::WriterBuilder::new().from_writer(BufWriter::new(file));
        if first.n_columns() > 0 {
            inner.write_record(first.names()).map_err(|e| failed(path, e))?;
        }
        Ok(Writer { inner })
    }

    pub(super) fn append(&mut self, path: &Path, part: &Table) -> Result<()> {
        for row in 0..part.n_rows() {
            let fields = part.columns().iter().map(|(_, column)| field(column, row));
            self.inner.write_record(fields).map_err(|e| failed(path, e))?;
        }
        Ok(())
    }

    pub(super) fn finish(self, path: &Path) -> Result<()> {
        let io = |e| Error::io(path, "write", e);
        let mut file = self.inner.into_inner().map_err(|e| io(e.into_error()))?;
        file.flush().map_err(io)
    }
}

fn field(column: &Column, row: usize) -> String {
    match column {
        Column::Int(v) => v[row].to_string(),
        // The shortest digits that read back as the same number; NaN, inf and -inf by name.
        Column::Float(v) => format!("{:?}", v[row]),
        Column::Bool(v) => if v[row] { "True" } else { "False" }.to_string(),
        Column::Text(v) => v[row].clone(),
    }
}

fn failed(path: &Path, error: csv::Error) -> Error {
    let source = match error.into_kind() {
        csv::ErrorKind::Io(io) => io,
        other => std::io::Error::other(format!("{other:?}")),
    };
    Error::io(path, "write", source)
}
