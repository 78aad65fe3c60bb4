//! Branch tables of several samples side by side.

use crate::report::{CompareOptions, compare_report};
use petavox_core::{Error, Result};
use petavox_store::atomic::write_whole;
use petavox_store::table::read_table;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What [`compare`] did.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The page.
    pub output: PathBuf,
    /// The samples' names and how many branches each has.
    pub samples: Vec<(String, usize)>,
}

/// Writes a page that lays branch tables side by side: counts, totals, and violins of every measured column.
///
/// A sample is a name and a table, `.parquet` or `.csv`, or the folder that the skeleton pipeline wrote.
///
/// # Errors
/// [`Error::Exists`] if the page is there and may not be replaced; [`Error::InvalidArgument`] for fewer than two samples or a name
/// that repeats; whatever is wrong with a table, naming it.
pub fn compare(samples: &[(String, PathBuf)], output: &Path, overwrite: bool) -> Result<Compared> {
    if samples.len() < 2 {
        return Err(Error::argument(
            "samples",
            samples.len(),
            "two or more, as in A=a/branches.parquet B=b/branches.parquet",
        ));
    }
    for (i, (name, _)) in samples.iter().enumerate() {
        if samples[..i].iter().any(|(other, _)| other == name) {
            return Err(Error::argument(
                "samples",
                format!("'{name}' twice"),
                "a name of its own for each",
            ));
        }
    }
    if output.extension().is_none_or(|e| e != "html") {
        return Err(Error::argument("output", output.display(), "a name that ends in .html"));
    }
    if output.exists() && !overwrite {
        return Err(Error::Exists { path: output.to_owned() });
    }
    let mut tables = Vec::new();
    for (name, path) in samples {
        let path = if path.is_dir() { path.join("branches.parquet") } else { path.clone() };
        let table = read_table(&path)?;
        if table.column("branch_distance").is_none() {
            let problem = "there is no column branch_distance: this is not a table of branches";
            return Err(Error::corrupt(&path, None, problem));
        }
        tables.push((name.clone(), table));
    }
    let unit = common_unit(samples);
    let counts = tables.iter().map(|(name, table)| (name.clone(), table.n_rows())).collect();
    write_whole(
        output,
        compare_report(&tables, &CompareOptions { unit, ..CompareOptions::default() }).as_bytes(),
    )?;
    Ok(Compared { output: output.to_owned(), samples: counts })
}

/// The unit of lengths, if the `run.json` beside every table names the same one.
fn common_unit(samples: &[(String, PathBuf)]) -> Option<String> {
    let mut common = None;
    for (_, path) in samples {
        let folder = if path.is_dir() { path } else { path.parent()? };
        let facts = std::fs::read(folder.join("run.json")).ok()?;
        let facts: serde_json::Value = serde_json::from_slice(&facts).ok()?;
        let unit = facts.get("unit")?.as_str()?.to_owned();
        if common.get_or_insert_with(|| unit.clone()) != &unit {
            return None;
        }
    }
    common
}
