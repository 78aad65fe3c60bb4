//! `compare`: branch tables of several samples side by side.

use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use std::path::PathBuf;

/// Lay the branch tables of several samples side by side in one page
///
/// The page shows counts, totals and violin plots of every measured column. A TABLE is a .parquet or .csv file, or the
/// folder that 'petavox skeleton' wrote.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox compare control=a/branches.parquet treated=b/branches.parquet -o report.html
  petavox compare day1=out1 day7=out7 day14=out14 -o growth.html")]
pub(crate) struct Compare {
    /// Samples: a name and its table
    #[arg(value_name = "NAME=TABLE", required = true, num_args = 2.., value_parser = sample)]
    samples: Vec<(String, PathBuf)>,
    /// Page to write, .html
    #[arg(short, long = "output", value_name = "OUT")]
    out: PathBuf,
}

/// A name and a path.
fn sample(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => {
            Ok((name.to_owned(), path.into()))
        }
        _ => Err("a name and a table, such as control=a/branches.parquet".to_owned()),
    }
}

pub(crate) fn run(args: &Compare, settings: &Settings) -> Result<Report> {
    let done = petavox::compare(&args.samples, &args.out, settings.overwrite)?;
    let samples: Vec<String> =
        done.samples.iter().map(|(name, n)| format!("{name} ({n} branches)")).collect();
    Ok(Report {
        outputs: vec![done.output.clone()],
        results: serde_json::to_value(&done)?,
        note: format!("{}: {}", done.output.display(), samples.join(", ")),
        ..Report::default()
    })
}
