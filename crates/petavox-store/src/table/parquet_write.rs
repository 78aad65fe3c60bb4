//! Tables to Parquet: flat columns that are never null, in row groups of bounded size.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnPath, Type};
use petavox_core::{Column, Error, Result, Table};

/// Rows of a row group: what a reader holds of each column at a time.
const ROWS: usize = 1 << 16;

pub(super) struct Writer {
    inner: SerializedFileWriter<BufWriter<File>>,
}

impl Writer {
    /// Starts a file with the columns of `first`, whose rows are not written yet.
    pub(super) fn create(path: &Path, first: &Table) -> Result<Writer> {
        let file = File::create(path).map_err(|e| Error::io(path, "create", e))?;
        let start = || -> Result<_, ParquetError> {
            let fields = first
                .columns()
                .iter()
                .map(|(name, column)| field(name, column).map(Arc::new))
                .collect::<Result<Vec<_>, _>>()?;
            let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
            // Speed and size are both good here, and every reader knows it.
            let mut properties = WriterProperties::builder()
                .set_created_by(concat!("petavox ", env!("CARGO_PKG_VERSION")).to_string())
                .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?));
            for (name, column) in first.columns() {
                // Measurements hardly repeat: a dictionary would only cost time.
                let repeats = !matches!(column, Column::Float(_));
                let name = ColumnPath::new(vec![name.clone()]);
                properties = properties.set_column_dictionary_enabled(name, repeats);
            }
            let properties = Arc::new(properties.build());
            SerializedFileWriter::new(BufWriter::new(file), Arc::new(schema), properties)
        };
        Ok(Writer { inner: start().map_err(|e| failed(path, e))? })
    }

    pub(super) fn append(&mut self, path: &Path, part: &Table) -> Result<()> {
        for begin in (0..part.n_rows()).step_by(ROWS) {
            let end = part.n_rows().min(begin + ROWS);
            self.row_group(part, begin, end).map_err(|e| failed(path, e))?;
        }
        Ok(())
    }

    fn row_group(&mut self, part: &Table, begin: usize, end: usize) -> Result<(), ParquetError> {
        let mut group = self.inner.next_row_group()?;
        let mut columns = part.columns().iter();
        while let Some(mut writer) = group.next_column()? {
            let Some((_, column)) = columns.next() else { break };
            match column {
                Column::Int(v) => {
                    writer.typed::<Int64Type>().write_batch(&v[begin..end], None, None)?
                }
                Column::Float(v) => {
                    writer.typed::<DoubleType>().write_batch(&v[begin..end], None, None)?
                }
                Column::Bool(v) => {
                    writer.typed::<BoolType>().write_batch(&v[begin..end], None, None)?
                }
                Column::Text(v) => {
                    let bytes: Vec<ByteArray> =
                        v[begin..end].iter().map(|s| ByteArray::from(s.as_str())).collect();
                    writer.typed::<ByteArrayType>().write_batch(&bytes, None, None)?
                }
            };
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    pub(super) fn finish(self, path: &Path) -> Result<()> {
        let mut file = self.inner.into_inner().map_err(|e| failed(path, e))?;
        file.flush().map_err(|e| Error::io(path, "write", e))
    }
}

fn field(name: &str, column: &Column) -> Result<Type, ParquetError> {
    let (physical, logical) = match column {
        Column::Int(_) => (Physical::INT64, None),
        Column::Float(_) => (Physical::DOUBLE, None),
        Column::Bool(_) => (Physical::BOOLEAN, None),
        Column::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(logical)
        .build()
}

/// What stopped a writer: the system's own words where there are some, such as a full disk.
fn failed(path: &Path, error: ParquetError) -> Error {
    let source = match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other),
        },
        other => std::io::Error::other(other),
    };
    Error::io(path, "write", source)
}
