//! `stitch`: finds where tiles lie, then fuses them.

use super::fuse::told;
use super::layout::Tiles;
use super::output::Output;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::Error;
use petavox::explain::Document;
use petavox::mosaic::{
    Orientation, OrientationSeen, RunFacts, StitchOptions, Stitched, fuse, orientation_verdict,
    orientations, plan_stitch, stitch, write_orientations, write_positions, write_report,
};
use std::io::{BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

/// Find where overlapping tiles lie, and fuse them
///
/// Tiles are compared where the layout lets them overlap. Positions that were found, every pair's shift, score and residual, and the tiles
/// that could not be registered go into positions.json, which is a layout for 'fuse'; the report draws them.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  petavox stitch TileConfiguration.txt -o mosaic.zarr
  petavox stitch scan/ --pattern \"tile_{row}_{col}.tif\" --overlap 0.1 -o mosaic.ome.tif
  petavox stitch sections.json --model affine -o mosaic.zarr
  petavox stitch stage.csv --preview-orientation
  petavox stitch stage.csv --positions positions.json --report report.html")]
pub(crate) struct Stitch {
    #[command(flatten)]
    tiles: Tiles,
    /// Mosaic to write; without it only positions and report are
    #[arg(short, long = "output", value_name = "OUT", required_unless_present_any = ["positions", "preview_orientation"])]
    out: Option<PathBuf>,
    /// Where the positions go [default: beside OUT, as OUT.positions.json]
    #[arg(long, value_name = "JSON")]
    positions: Option<PathBuf>,
    /// Where the report goes [default: beside the positions, as report.html of their name]
    #[arg(long, value_name = "HTML")]
    report: Option<PathBuf>,
    /// Channel in which tiles are compared; the places hold for all
    #[arg(long, value_name = "N")]
    align_channel: Option<usize>,
    /// How far a tile may lie from where it should lie against its neighbour, in the unit of the positions [default: a tenth of the tile]
    #[arg(long, value_name = "UM")]
    max_shift: Option<f64>,
    /// Smoothing before tiles are compared, in samples [default: chosen by the data]
    #[arg(long, value_name = "S")]
    sigma: Option<f64>,
    /// What tiles may be besides moved: translation (nothing), similarity (each turned and scaled) or affine (and sheared)
    #[arg(long, value_name = "MODEL", default_value = "translation")]
    model: String,
    /// Draw the tiles in all eight orientations of the camera on one page, best first; at a terminal with -o or --positions, ask which one
    /// and go on with it, else stop: then choose with --orientation
    #[arg(long, value_name = "HTML", num_args = 0..=1, require_equals = true, default_missing_value = "orientation.html")]
    preview_orientation: Option<PathBuf>,
    #[command(flatten)]
    output: Output,
}

impl Stitch {
    fn options(&self) -> StitchOptions {
        StitchOptions {
            align_channel: self.align_channel,
            max_shift: self.max_shift,
            sigma: self.sigma,
            model: Some(self.model.clone()),
            skip_missing: self.tiles.skip_missing,
        }
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        let layout = self.tiles.open()?;
        let fusing = match &self.out {
            None => None,
            Some(out) => {
                let (image, _) = fuse(&layout, None, &self.tiles.fusing(out))?;
                Some(self.output.plan(&image, out, settings)?)
            }
        };
        Ok(plan_stitch(&layout, None, &self.options(), fusing, &settings.run)?)
    }
}

/// A name beside `path`: its own without the ending, and another one.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let endings = [
        ".ome.zarr",
        ".zarr",
        ".ome.tif",
        ".ome.tiff",
        ".tif",
        ".tiff",
        ".npy",
        ".png",
        ".positions.json",
        ".json",
    ];
    let stem = endings.iter().find_map(|e| name.strip_suffix(e)).unwrap_or(&name);
    path.with_file_name(format!("{stem}{ending}"))
}

/// Asks which of the orientations it is to be, where somebody sits at a terminal: nothing if not, or if there is nothing to go on with.
fn choose(
    args: &Stitch,
    seen: &[OrientationSeen],
    page: &Path,
    settings: &Settings,
) -> Result<Option<Orientation>> {
    let has_more = args.out.is_some() || args.positions.is_some();
    let somebody = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if !has_more || !somebody || settings.json || settings.quiet {
        return Ok(None);
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} {} draws them:", orientation_verdict(seen), page.display())?;
    for (k, s) in seen.iter().enumerate() {
        writeln!(out, "  {}  {}", k + 1, line(s).trim_end())?;
    }
    loop {
        write!(out, "Which one, 1 to {}? (nothing: stop here) ", seen.len())?;
        out.flush()?;
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer)? == 0 || answer.trim().is_empty() {
            return Ok(None);
        }
        let answer = answer.trim();
        let by_number = answer.parse::<usize>().ok().and_then(|n| seen.get(n.checked_sub(1)?));
        let found = by_number.or_else(|| seen.iter().find(|s| s.orientation.name() == answer));
        match found {
            Some(s) => return Ok(Some(s.orientation)),
            None => writeln!(out, "\"{answer}\" is none of them.")?,
        }
    }
}

fn line(s: &OrientationSeen) -> String {
    format!("{:<16}{:>6.2}  over {} pairs\n", s.orientation.name(), s.agreement, s.n_pairs)
}

/// Draws the eight orientations; the one that somebody chose at once, or what is to be said of them.
fn preview(
    args: &Stitch,
    page: &Path,
    settings: &Settings,
) -> Result<(Option<Orientation>, Report)> {
    if !settings.overwrite && page.symlink_metadata().is_ok() {
        return Err(Error::Exists { path: page.to_owned() }.into());
    }
    let layout = args.tiles.open()?;
    let (seen, n_tiles) = orientations(&layout, None, args.tiles.skip_missing, &settings.run)?;
    let title = args.tiles.layout.display().to_string();
    // What was asked, without asking again.
    let words: Vec<String> = super::skeleton::command_line()
        .split_whitespace()
        .filter(|w| !w.starts_with("--preview-orientation"))
        .map(str::to_owned)
        .collect();
    write_orientations(&seen, n_tiles, &title, &words.join(" "), page)?;
    let chosen = choose(args, &seen, page, settings)?;
    let text: String = seen.iter().map(line).collect();
    let ranked: Vec<serde_json::Value> = seen
        .iter()
        .map(|s| {
            serde_json::json!({ "orientation": s.orientation.name(), "agreement": s.agreement, "n_pairs": s.n_pairs })
        })
        .collect();
    let report = Report {
        outputs: vec![page.to_owned()],
        results: serde_json::json!({ "orientations": ranked, "n_tiles": n_tiles, "verdict": orientation_verdict(&seen) }),
        text,
        note: format!(
            "{} {} draws them; go on with --orientation NAME.",
            orientation_verdict(&seen),
            page.display()
        ),
    };
    Ok((chosen, report))
}

pub(crate) fn run(args: &Stitch, settings: &Settings) -> Result<Report> {
    let Some(page) = &args.preview_orientation else { return found_and_fused(args, settings) };
    let (chosen, mut report) = preview(args, page, settings)?;
    let Some(orientation) = chosen else { return Ok(report) };
    let mut tiles = args.tiles.clone();
    tiles.choice.orientation = Some(orientation);
    let more = found_and_fused(&Stitch { tiles, ..args.clone() }, settings)?;
    report.outputs.extend(more.outputs.iter().cloned());
    Ok(Report { outputs: report.outputs, ..more })
}

/// Finds the places, writes what is known of them, and fuses.
fn found_and_fused(args: &Stitch, settings: &Settings) -> Result<Report> {
    let main = args.out.as_ref().or(args.positions.as_ref());
    let main = main.ok_or_else(|| Error::argument("output", "nothing", "-o or --positions"))?;
    let positions = args.positions.clone().unwrap_or_else(|| beside(main, ".positions.json"));
    let report = args.report.clone().unwrap_or_else(|| beside(&positions, ".report.html"));
    for path in [Some(&positions), Some(&report), args.out.as_ref()].into_iter().flatten() {
        // What a run that was stopped has written beside its output is written again.
        let is_beside = Some(path) != args.out.as_ref();
        let may_replace = settings.overwrite || settings.resume && is_beside;
        if !may_replace && path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.clone() }.into());
        }
    }
    let layout = args.tiles.open()?;
    let stitched = stitch(&layout, None, &args.options(), &settings.run)?;
    let seconds = settings.began.elapsed().as_secs_f64();
    write_positions(&stitched, &positions)?;
    let facts = RunFacts {
        command: super::skeleton::command_line(),
        version: env!("CARGO_PKG_VERSION").into(),
        seconds,
        peak_memory_bytes: petavox::peak_resident_bytes(),
        memory_budget_bytes: Some(settings.memory_bytes),
        n_threads: Some(settings.threads),
        ..RunFacts::default()
    };
    let title = args.tiles.layout.display().to_string();
    write_report(&stitched, &title, &facts, &report)?;
    let mut all = Report { outputs: vec![positions, report], ..Report::default() };
    let mut fused = serde_json::Value::Null;
    let mut note = summary(&stitched, seconds);
    if let Some(out) = &args.out {
        let mut found = stitched.layout.clone();
        found.notes.clear();
        let (image, mosaic) = fuse(&found, None, &args.tiles.fusing(out))?;
        let mut options = args.output.options(settings);
        options.channels = mosaic.colors(image.spec());
        let saved = image.save(out, &options, &settings.run)?;
        let told = told(&saved, &mosaic);
        all.outputs.insert(0, out.clone());
        fused = told.results;
        note = format!("{note}\n{}", told.note);
    }
    all.note = note;
    all.results = serde_json::json!({
        "n_tiles": stitched.layout.tiles.len(),
        "n_pairs": stitched.pairs.len(),
        "n_pairs_used": stitched.pairs.iter().filter(|p| p.state == "used").count(),
        "unregistered": stitched.unregistered,
        "warnings": stitched.warnings,
        "typical_residual": stitched.typical_residual,
        "model": args.model,
        "n_models": models(&stitched),
        "finding_sigma": stitched.finding_sigma,
        "measuring_sigma": stitched.measuring_sigma,
        "stitch_seconds": seconds,
        "fused": fused,
    });
    Ok(all)
}

/// How many tiles were found to be of each model.
fn models(stitched: &Stitched) -> std::collections::BTreeMap<String, usize> {
    let mut out = std::collections::BTreeMap::new();
    for tile in &stitched.models {
        *out.entry(tile.model.clone()).or_default() += 1;
    }
    out
}

fn summary(stitched: &Stitched, seconds: f64) -> String {
    let n = stitched.layout.tiles.len();
    let used = stitched.pairs.iter().filter(|p| p.state == "used").count();
    let lost: String = stitched
        .unregistered
        .iter()
        .take(10)
        .map(|u| format!("\nnot registered: {}: {}", u.path, u.why))
        .collect();
    let more = match stitched.unregistered.len().saturating_sub(10) {
        0 => String::new(),
        k => format!("\nand {k} more, see the report"),
    };
    let warnings: String = stitched.warnings.iter().map(|w| format!("\nwarning: {w}")).collect();
    format!(
        "{} of {n} tiles registered by {used} of {} pairs, usual residual {:.2} samples, in {seconds:.1} s{warnings}{lost}{more}",
        n - stitched.unregistered.len().min(n),
        stitched.pairs.len(),
        stitched.typical_residual
    )
}
