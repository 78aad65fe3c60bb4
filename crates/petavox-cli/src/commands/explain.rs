//! `explain`: the plan of a command, without running it.

use super::{apply, convert, fuse, label, measure, reduce, skeleton, stitch};
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::{Args, Subcommand, ValueEnum};
use petavox::explain::{dot, html, text};

/// Show the plan of a command without running it
///
/// The plan says which passes are made over the data, what each reads, fuses and writes, and how much memory it will take.
#[derive(Debug, Args)]
#[command(
    disable_help_subcommand = true,
    after_help = "\
Examples:
  petavox explain apply raw.zarr mask.zarr gaussian:sigma=2 greater:value=0.45
  petavox explain convert big.tif big.zarr --memory 512MiB
  petavox explain stitch TileConfiguration.txt -o mosaic.zarr
  petavox explain --format html convert big.tif big.zarr > plan.html"
)]
pub(crate) struct Explain {
    /// How the plan is shown
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    format: Format,
    #[command(subcommand)]
    command: Planned,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// For the terminal
    Text,
    /// A page for the browser
    Html,
    /// A graph for Graphviz
    Dot,
    /// All of it, for programs
    Json,
}

/// Commands that have a plan.
#[derive(Debug, Subcommand)]
enum Planned {
    Convert(convert::Convert),
    Apply(apply::Apply),
    Fuse(fuse::Fuse),
    Stitch(stitch::Stitch),
    Reduce(reduce::Reduce),
    Label(label::Label),
    Measure(measure::Measure),
    Skeleton(skeleton::Skeleton),
}

pub(crate) fn run(args: &Explain, settings: &Settings) -> Result<Report> {
    let document = match &args.command {
        Planned::Convert(args) => args.plan(settings)?,
        Planned::Apply(args) => args.plan(settings)?,
        Planned::Fuse(args) => args.plan(settings)?,
        Planned::Stitch(args) => args.plan(settings)?,
        Planned::Reduce(args) => args.plan(settings)?,
        Planned::Label(args) => args.plan(settings)?,
        Planned::Measure(args) => args.plan(settings)?,
        Planned::Skeleton(args) => args.plan(settings)?,
    };
    let text = match args.format {
        Format::Text => text(&document),
        Format::Html => html(&document),
        Format::Dot => dot(&document),
        Format::Json => format!("{}\n", serde_json::to_string_pretty(&document)?),
    };
    Ok(Report { text, results: serde_json::to_value(&document)?, ..Report::default() })
}
