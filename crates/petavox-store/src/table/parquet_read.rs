//! Parquet to tables: flat columns of numbers, yes/no and text, from files that may lie.
//!
//! Values are decoded in small batches, so that memory grows with what is really there and not with what is claimed.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use parquet::basic::{Compression, ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, FileReader, Length, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use petavox_core::{Column, Error, Result, Table};

use super::too_large;

/// Values decoded at a time.
const BATCH: usize = 1 << 14;
/// The largest description of a file that is read.
const MAX_FOOTER_BYTES: u64 = 32 << 20;

/// Reads a whole file; no damage in it can do more than end in an error.
pub(super) fn read(path: &Path, max_bytes: u64) -> Result<Table> {
    let file = Checked::open(path)?;
    // The decoder is careful, but it was not written for hostile files: its panics stop here.
    catch_unwind(AssertUnwindSafe(|| read_all(path, file, max_bytes))).unwrap_or_else(|_| {
        Err(Error::corrupt(path, None, "its contents make no sense to the Parquet decoder"))
    })
}

fn read_all(path: &Path, file: Checked, max_bytes: u64) -> Result<Table> {
    let reader = SerializedFileReader::new(file).map_err(|e| damaged(path, None, e))?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let kinds = schema
        .columns()
        .iter()
        .map(|column| Kind::of(path, column))
        .collect::<Result<Vec<Kind>>>()?;
    let mut columns: Vec<Values> = kinds.iter().map(|_| Values::default()).collect();
    let mut budget = max_bytes;
    for i in 0..reader.num_row_groups() {
        let group = reader.get_row_group(i).map_err(|e| damaged(path, None, e))?;
        let rows = u64::try_from(group.metadata().num_rows()).unwrap_or(u64::MAX);
        for (j, values) in columns.iter_mut().enumerate() {
            let name = || Some(format!("column {}", schema.column(j).name()));
            check_codec(path, schema.column(j).name(), group.metadata().column(j).compression())?;
            let column = group.get_column_reader(j).map_err(|e| damaged(path, name(), e))?;
            let before = values.missing.len() as u64;
            read_column(column, &kinds[j], values, &mut budget).map_err(|e| match e {
                Stop::TooLarge => too_large(path, max_bytes),
                Stop::Damaged(e) => damaged(path, name(), e),
            })?;
            let read = values.missing.len() as u64 - before;
            if read != rows {
                let problem = format!("{read} values in row group {i} which has {rows} rows");
                return Err(Error::corrupt(path, name(), problem));
            }
        }
    }
    let names = schema.columns().iter().map(|column| match column.name() {
        // What pandas calls an index that is not just the row number.
        "__index_level_0__" => "index".to_string(),
        name => name.to_string(),
    });
    let finished = columns.into_iter().zip(&kinds).map(|(values, kind)| values.finish(kind));
    Table::new(names.zip(finished).collect())
}

fn check_codec(path: &Path, column: &str, codec: Compression) -> Result<()> {
    match codec {
        Compression::UNCOMPRESSED
        | Compression::SNAPPY
        | Compression::GZIP(_)
        | Compression::ZSTD(_) => Ok(()),
        other => {
            let name = other.to_string();
            let name = name.split('(').next().unwrap_or(&name);
            let feature = format!("column {column}: {name} compression");
            Err(Error::unsupported(path, feature, "none, snappy, zstd and gzip are read"))
        }
    }
}

/// What a column becomes.
enum Kind {
    Int { unsigned: bool },
    Float,
    Bool,
    Text,
}

impl Kind {
    fn of(path: &Path, column: &ColumnDescriptor) -> Result<Kind> {
        let unsupported = |what: String| {
            let feature = format!("column {}: {what}", column.path().string());
            Err(Error::unsupported(path, feature, "columns of numbers, yes/no and text are read"))
        };
        if column.max_rep_level() > 0
            || column.max_def_level() > 1
            || column.path().parts().len() != 1
        {
            return unsupported("a nested column".to_string());
        }
        let logical = column.logical_type_ref().cloned();
        let plain = matches!(logical, None | Some(LogicalType::Integer { .. }));
        let converted_number = matches!(
            column.converted_type(),
            ConvertedType::NONE
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        );
        let unsigned = matches!(
            column.converted_type(),
            ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        );
        match column.physical_type() {
            Physical::INT32 | Physical::INT64 if plain && converted_number => {
                Ok(Kind::Int { unsigned })
            }
            Physical::FLOAT | Physical::DOUBLE if plain => Ok(Kind::Float),
            Physical::BOOLEAN => Ok(Kind::Bool),
            Physical::BYTE_ARRAY
                if matches!(logical, Some(LogicalType::String | LogicalType::Enum))
                    || column.converted_type() == ConvertedType::UTF8 =>
            {
                Ok(Kind::Text)
            }
            physical => unsupported(match logical {
                Some(logical) => format!("type {physical} holding {logical:?}"),
                None => format!("type {physical}"),
            }),
        }
    }
}

/// A column while it is read. Missing values are 0 or empty here, and marked.
#[derive(Default)]
struct Values {
    ints: Vec<i64>,
    floats: Vec<f64>,
    bools: Vec<bool>,
    texts: Vec<String>,
    missing: Vec<bool>,
}

impl Values {
    fn finish(self, kind: &Kind) -> Column {
        let none_missing = !self.missing.contains(&true);
        let with_gaps = |values: Vec<f64>| {
            let pairs = values.into_iter().zip(&self.missing);
            Column::Float(pairs.map(|(v, &gone)| if gone { f64::NAN } else { v }).collect())
        };
        match kind {
            Kind::Int { .. } if none_missing => Column::Int(self.ints),
            Kind::Int { .. } => with_gaps(self.ints.iter().map(|&v| v as f64).collect()),
            Kind::Float => with_gaps(self.floats),
            Kind::Bool if none_missing => Column::Bool(self.bools),
            Kind::Bool => with_gaps(self.bools.iter().map(|&v| f64::from(u8::from(v))).collect()),
            Kind::Text => Column::Text(self.texts),
        }
    }
}

enum Stop {
    TooLarge,
    Damaged(ParquetError),
}

fn wrong(message: &str) -> Stop {
    Stop::Damaged(ParquetError::General(message.to_string()))
}

fn read_column(
    reader: ColumnReader,
    kind: &Kind,
    values: &mut Values,
    budget: &mut u64,
) -> Result<(), Stop> {
    let Values { ints, floats, bools, texts, missing } = values;
    let unsigned = matches!(kind, Kind::Int { unsigned: true });
    match reader {
        ColumnReader::BoolColumnReader(r) => batches(r, bools, missing, budget, |v| Ok(*v)),
        ColumnReader::Int32ColumnReader(r) => batches(r, ints, missing, budget, |&v| {
            Ok(if unsigned { i64::from(v as u32) } else { i64::from(v) })
        }),
        ColumnReader::Int64ColumnReader(r) => batches(r, ints, missing, budget, |&v| {
            if unsigned && v < 0 { Err(wrong("a value of 2^63 or more")) } else { Ok(v) }
        }),
        ColumnReader::FloatColumnReader(r) => {
            batches(r, floats, missing, budget, |&v| Ok(f64::from(v)))
        }
        ColumnReader::DoubleColumnReader(r) => batches(r, floats, missing, budget, |v| Ok(*v)),
        ColumnReader::ByteArrayColumnReader(r) => {
            let text = |v: &ByteArray| match v.as_utf8() {
                Ok(text) => Ok(text.to_string()),
                Err(e) => Err(Stop::Damaged(e)),
            };
            batches(r, texts, missing, budget, text)
        }
        _ => Err(wrong("a type that is not read")),
    }
}

/// Memory that a value takes beside itself.
trait Extra {
    fn extra(&self) -> usize {
        0
    }
}
impl Extra for i64 {}
impl Extra for f64 {}
impl Extra for bool {}
impl Extra for String {
    fn extra(&self) -> usize {
        self.capacity()
    }
}

fn batches<D: DataType, T: Extra + Clone + Default>(
    mut reader: ColumnReaderImpl<D>,
    out: &mut Vec<T>,
    missing: &mut Vec<bool>,
    budget: &mut u64,
    convert: impl Fn(&D::T) -> Result<T, Stop>,
) -> Result<(), Stop> {
    let (mut raw, mut levels) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
    loop {
        raw.clear();
        levels.clear();
        let (records, n_values, n_levels) =
            reader.read_records(BATCH, Some(&mut levels), None, &mut raw).map_err(Stop::Damaged)?;
        if records == 0 {
            return Ok(());
        }
        let mut bytes = records * (size_of::<T>() + 1);
        let mut found = raw.iter().take(n_values);
        // A column that cannot be null comes without levels.
        for i in 0..records {
            let there = n_levels == 0 || n_values == n_levels || levels.get(i) == Some(&1);
            let value = match there {
                true => convert(found.next().ok_or_else(|| wrong("fewer values than rows"))?)?,
                false => T::default(),
            };
            bytes += value.extra();
            out.push(value);
            missing.push(!there);
        }
        *budget = budget.checked_sub(bytes as u64).ok_or(Stop::TooLarge)?;
    }
}

fn damaged(path: &Path, part: Option<String>, error: ParquetError) -> Error {
    match error {
        ParquetError::NYI(what) => Error::unsupported(path, what, "plain flat columns are read"),
        other => Error::corrupt(path, part, other),
    }
}

/// A file that hands out only bytes it has.
struct Checked {
    file: File,
    len: u64,
}

impl Checked {
    fn open(path: &Path) -> Result<Checked> {
        let mut file = File::open(path).map_err(|e| Error::io(path, "open", e))?;
        let io = |e| Error::io(path, "read", e);
        let len = file.metadata().map_err(io)?.len();
        let mut tail = [0; 8];
        if len >= 12 {
            file.seek(SeekFrom::End(-8)).map_err(io)?;
            file.read_exact(&mut tail).map_err(io)?;
        }
        let [a, b, c, d, magic @ ..] = tail;
        let footer = u64::from(u32::from_le_bytes([a, b, c, d]));
        if magic != *b"PAR1" {
            return Err(Error::corrupt(path, None, "not a Parquet file, or one that is cut short"));
        }
        if footer > MAX_FOOTER_BYTES || footer + 12 > len {
            let problem = format!("a footer of {footer} bytes in a file of {len} bytes");
            return Err(Error::corrupt(path, None, problem));
        }
        Ok(Checked { file, len })
    }

    fn at(&self, start: u64) -> Result<File, ParquetError> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(file)
    }
}

impl Length for Checked {
    fn len(&self) -> u64 {
        self.len
    }
}

impl ChunkReader for Checked {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::new(self.at(start)?))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.len) {
            let problem = format!("{length} bytes at {start} lie beyond the end of the file");
            return Err(ParquetError::EOF(problem));
        }
        let mut buffer = vec![0; length];
        self.at(start)?.read_exact(&mut buffer)?;
        Ok(buffer.into())
    }
}
