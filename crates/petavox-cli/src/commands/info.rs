//! `info`: what is in a file.

use super::input::Input;
use super::layout::Choice;
use super::output::shape_text;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::bytes_text;
use std::fmt::Write;

/// Say what is in a file: shape, dtype, axes, spacing, chunks, levels
///
/// Of a layout of tiles, draws their outlines.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox info vessels.zarr
  petavox info \"slices/*.tif\"
  petavox info --json cells.ome.tif
  petavox info TileConfiguration.txt
  petavox info plate/ --pattern \"*_B03_*\"")]
pub(crate) struct Info {
    /// Image to look at
    #[arg(value_name = "PATH")]
    path: String,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    choice: Choice,
    /// Tell of a layout although tiles are missing or cannot be read, and name them
    #[arg(long, help_heading = "Tiles")]
    skip_missing: bool,
}

pub(crate) fn run(args: &Info, settings: &Settings) -> Result<Report> {
    if super::outline::is_layout(&args.path, args.choice.pattern.as_deref()) {
        let options = args.choice.options(args.input.spacing.clone(), args.skip_missing);
        return super::outline::run(&args.path, &options);
    }
    let image = args.input.open(&args.path, settings)?;
    let Some(info) = image.info() else { return Ok(Report::default()) };
    Ok(Report { text: text(info), results: serde_json::to_value(info)?, ..Report::default() })
}

fn text(info: &petavox::Info) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(out, "{name:<10}{value}");
    };
    line("path", info.path.clone());
    line("format", info.format.clone());
    line("shape", format!("{} ({})", shape_text(&info.shape), info.axes));
    line("dtype", info.dtype.to_string());
    let numbers = |v: &[f64]| v.iter().map(f64::to_string).collect::<Vec<_>>().join(", ");
    let unit = info.unit.as_deref().map(|u| format!(" {u}")).unwrap_or_default();
    line("spacing", format!("{}{unit}", numbers(&info.spacing)));
    if info.origin.iter().any(|&o| o != 0.0) {
        line("origin", format!("{}{unit}", numbers(&info.origin)));
    }
    line("chunks", shape_text(&info.chunks));
    if let Some(shards) = &info.shards {
        line("shards", shape_text(shards));
    }
    if !info.codecs.is_empty() {
        line("codecs", info.codecs.join(", "));
    }
    let stored =
        info.stored_bytes.map(|b| format!(", {} on disk", bytes_text(b))).unwrap_or_default();
    line("size", format!("{}{stored}", bytes_text(info.bytes)));
    if info.levels.len() > 1 {
        for level in &info.levels {
            let spacing = numbers(&level.spacing);
            line(
                "level",
                format!("{}: {}, spacing {spacing}", level.path, shape_text(&level.shape)),
            );
        }
    }
    for (i, channel) in info.channels.iter().enumerate() {
        let name = channel.name.as_deref().unwrap_or("without a name");
        let color = channel.color.as_deref().map(|c| format!(", #{c}")).unwrap_or_default();
        let window = channel.window.map(|(a, b)| format!(", {a} to {b}")).unwrap_or_default();
        line("channel", format!("{i}: {name}{color}{window}"));
    }
    if !info.labels.is_empty() {
        line("labels", info.labels.join(", "));
    }
    for warning in &info.warnings {
        line("warning", warning.clone());
    }
    out
}
