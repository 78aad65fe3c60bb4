//! `reduce`: a number about an image, or an image with one axis less.

use super::input::Input;
use super::output::Output;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::Document;
use petavox::table::write_table;
use petavox::{Column, Error, Image, Reduced, Reduction, Table};
use std::path::{Path, PathBuf};

/// Reduce an image to its sum, mean, extremes, histogram ..., or along one axis
///
/// OP is sum, prod, mean, min, max, ptp, std, var, any, all, count_nonzero, argmax, argmin or histogram, as in numpy. Without
/// --axis the value of the whole image is printed; sums are exact. With --axis an image without that axis is written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox reduce volume.zarr mean
  petavox reduce volume.zarr histogram -o histogram.csv
  petavox reduce volume.zarr max --axis 0 -o projection.tif")]
pub(crate) struct Reduce {
    /// Image to read
    #[arg(value_name = "IN")]
    from: String,
    /// What to compute
    #[arg(value_name = "OP")]
    op: Reduction,
    /// Axis to reduce along, counted from 0; a negative one from the last
    #[arg(long, value_name = "N", allow_negative_numbers = true, requires = "out")]
    axis: Option<i64>,
    /// Image (with --axis) or table (.csv or .parquet) to write
    #[arg(short, long = "output", value_name = "OUT")]
    out: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    output: Output,
}

impl Reduce {
    fn along(&self, settings: &Settings) -> Result<Option<(Image, &Path)>> {
        let (Some(axis), Some(out)) = (self.axis, &self.out) else { return Ok(None) };
        Ok(Some((self.input.open(&self.from, settings)?.reduce_axis(self.op, axis)?, out)))
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        match self.along(settings)? {
            Some((image, out)) => self.output.plan(&image, out, settings),
            None => {
                Ok(self.input.open(&self.from, settings)?.plan_reduce(self.op, &settings.run)?)
            }
        }
    }
}

pub(crate) fn run(args: &Reduce, settings: &Settings) -> Result<Report> {
    if let Some((image, out)) = args.along(settings)? {
        return args.output.save(&image, out, settings);
    }
    let image = args.input.open(&args.from, settings)?;
    if let Some(out) = &args.out {
        settings.check_table(out)?;
    }
    let reduced = image.reduce(args.op, &settings.run)?;
    let mut report = Report {
        results: serde_json::json!({ "op": args.op.name(), "value": reduced.json() }),
        ..Report::default()
    };
    match &args.out {
        None => report.text = format!("{reduced}\n"),
        Some(out) => {
            write_table(out, &table(args.op, &reduced)?)?;
            report.outputs.push(out.clone());
        }
    }
    Ok(report)
}

fn table(op: Reduction, reduced: &Reduced) -> Result<Table, Error> {
    let name = op.name().to_owned();
    Table::new(match reduced {
        Reduced::Int(i) => match i64::try_from(*i) {
            Ok(i) => vec![(name, Column::Int(vec![i]))],
            Err(_) => vec![(name, Column::Float(vec![*i as f64]))],
        },
        Reduced::Float(f) => vec![(name, Column::Float(vec![*f]))],
        Reduced::Bool(b) => vec![(name, Column::Bool(vec![*b]))],
        Reduced::Histogram(h) => vec![
            ("bin_center".to_owned(), Column::Float(h.centres().to_vec())),
            ("count".to_owned(), Column::Int(h.counts().iter().map(|&n| n as i64).collect())),
        ],
    })
}
