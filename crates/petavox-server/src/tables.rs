//! Tables that were opened beside the images.

use petavox::table::read_table_within;
use petavox::{Column, Image, Reservation, Result, RunContext, Table};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Share of the free memory that a table may take.
const SHARE: u64 = 4;

/// One table.
pub(crate) struct Shown {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) table: Table,
    /// When the server read it.
    pub(crate) stamp: SystemTime,
    /// The skeleton whose branches it lists, which lies beside it under this name, and its shape.
    pub(crate) skeleton: Option<PathBuf>,
    pub(crate) skeleton_shape: Vec<usize>,
    _held: Reservation,
}

/// Reads the tables. They are kept whole: a table that takes more than a quarter of the free memory is refused.
///
/// # Errors
/// What the file says; no memory.
pub(crate) fn open(paths: &[PathBuf], context: &RunContext) -> Result<Vec<Shown>> {
    let mut all: Vec<Shown> = vec![];
    for path in paths {
        let table = read_table_within(path, context.budget.free() / SHARE)?;
        let held = context.budget.reserve("a table", bytes(&table))?;
        let stem = stem(path);
        let name = (1..)
            .map(|n| if n == 1 { stem.clone() } else { format!("{stem}-{n}") })
            .find(|name| all.iter().all(|t| t.name != *name))
            .unwrap_or(stem);
        let (skeleton, skeleton_shape) = skeleton(path, &table).unzip();
        let skeleton_shape = skeleton_shape.unwrap_or_default();
        let path = path.display().to_string();
        let stamp = SystemTime::now();
        all.push(Shown { name, path, table, stamp, skeleton, skeleton_shape, _held: held });
    }
    Ok(all)
}

/// The skeleton that `petavox skeleton` wrote beside a table of branches.
fn skeleton(path: &Path, table: &Table) -> Option<(PathBuf, Vec<usize>)> {
    table.column("image_coord_src_0")?;
    let beside = path.parent()?.join("skeleton.zarr");
    let image = beside.is_dir().then(|| Image::open(&beside.to_string_lossy()).ok())??;
    let shape = image.spec().shape.clone();
    (2..=3).contains(&shape.len()).then_some((beside, shape))
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(|| "table".to_owned(), |s| s.to_string_lossy().into_owned())
}

fn bytes(table: &Table) -> u64 {
    let column = |(_, values): &(String, Column)| match values {
        Column::Int(v) => v.len() * 8,
        Column::Float(v) => v.len() * 8,
        Column::Bool(v) => v.len(),
        Column::Text(v) => v.iter().map(|s| s.len() + size_of::<String>()).sum(),
    };
    table.columns().iter().map(column).sum::<usize>() as u64
}
