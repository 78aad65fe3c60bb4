//! `demo`: the main job on a volume that is made on the spot.

use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::RunOptions;
use petavox::explain::bytes_text;
use std::path::PathBuf;

/// Make a volume of vessels and trace it in a sixth of its size in memory
///
/// DIR gets volume.zarr, skeleton/ with what 'petavox skeleton' writes, and report.html. The memory limit is a sixth of the
/// volume unless --memory says otherwise; the measured peak is compared with it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox demo
  petavox demo --size 1024 --memory 512MiB -o big-demo")]
pub(crate) struct Demo {
    /// Voxels along each axis
    #[arg(long, value_name = "N", default_value_t = 512)]
    size: usize,
    /// Folder to write
    #[arg(short, long = "output", value_name = "DIR", default_value = "petavox-demo")]
    out: PathBuf,
}

pub(crate) fn run(args: &Demo, settings: &Settings) -> Result<Report> {
    let options = RunOptions { memory_bytes: settings.memory_given, ..settings.run.clone() };
    let done = petavox::demo(args.size, &args.out, settings.overwrite, &options)?;
    let memory = match (done.peak_memory_bytes, done.within_budget) {
        (Some(peak), Some(within)) => format!(
            "peak memory {} of {}{}",
            bytes_text(peak),
            bytes_text(done.memory_budget_bytes),
            if within { "" } else { ": more than the limit" }
        ),
        _ => format!("memory limit {}", bytes_text(done.memory_budget_bytes)),
    };
    Ok(Report {
        outputs: vec![done.volume.clone(), done.report.clone()],
        note: format!(
            "a volume of {}: {} branches, in {:.1} s, {memory}\nlook at {}",
            bytes_text(done.volume_bytes),
            done.skeleton.n_branches,
            settings.began.elapsed().as_secs_f64(),
            done.report.display()
        ),
        results: serde_json::to_value(&done)?,
        text: String::new(),
    })
}
