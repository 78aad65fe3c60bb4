//! `skeleton`: from a volume to a table of branches.

use super::cluster::Cluster;
use super::input::Input;
use crate::report::Report;
use crate::settings::Settings;
use anyhow::Result;
use clap::Args;
use petavox::explain::{Document, bytes_text};
use petavox::{Export, Image, SkeletonJob, SkeletonOptions, ThinMethod, Threshold};
use std::path::PathBuf;

/// Trace the branches of vessels, neurons or networks into a table
///
/// The image is smoothed, thresholded, cleaned, thinned and measured. DIR gets branches.parquet (one row per branch, skan's columns and radii), skeleton.zarr (branch ids as labels),
/// report.html and run.json.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  petavox skeleton vessels.zarr -o vessels --sigma 2 --threshold otsu --min-size 64
  petavox skeleton \"slices/*.tif\" -o out --spacing 2,0.5,0.5 --threshold 0.45 --memory 1GiB
  petavox skeleton mask.tif -o out --mask --prune 10 --export swc")]
pub(crate) struct Skeleton {
    /// Image to read, 2-D or 3-D
    #[arg(value_name = "IN")]
    from: String,
    /// Folder to write
    #[arg(short, long = "output", value_name = "DIR")]
    out: PathBuf,
    /// Smooth with a Gaussian first: samples, one number or one per axis
    #[arg(long, value_name = "S", value_delimiter = ',', conflicts_with = "mask")]
    sigma: Option<Vec<f64>>,
    /// What is foreground: samples above a number, or above what otsu, li, yen, triangle or isodata finds
    #[arg(
        long,
        value_name = "VALUE",
        default_value = "otsu",
        allow_negative_numbers = true,
        conflicts_with = "mask"
    )]
    threshold: Threshold,
    /// Remove components of fewer samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    min_size: u64,
    /// The input is a mask already: every sample other than 0 is foreground
    #[arg(long)]
    mask: bool,
    /// Rule of thinning: parity (3-D, keeps the topology), lee (equal to scikit-image's) or zhang (2-D) [default: parity in
    /// 3-D, zhang in 2-D]
    #[arg(long, value_name = "RULE")]
    method: Option<ThinMethod>,
    /// Remove tip branches shorter than this, in the unit of the spacing
    #[arg(long, value_name = "LENGTH", default_value_t = 0.0)]
    prune: f64,
    /// Also write the graph for other programs: swc, graphml
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    export: Vec<Export>,
    /// Also measure the image's intensity along the branches (one more pass over the image)
    #[arg(long)]
    intensity: bool,
    #[command(flatten)]
    input: Input,
    #[command(flatten)]
    cluster: Cluster,
}

impl Skeleton {
    fn image(&self, settings: &Settings) -> Result<Image> {
        self.input.open(&self.from, settings)
    }

    fn job(&self, settings: &Settings) -> SkeletonJob {
        let usual = SkeletonOptions::default();
        SkeletonJob {
            input: String::new(),
            options: SkeletonOptions {
                sigma: self.sigma.clone().unwrap_or(usual.sigma),
                threshold: self.threshold,
                min_size: self.min_size,
                is_mask: self.mask,
                method: self.method,
                intensity: self.intensity,
            },
            prune: self.prune,
            exports: self.export.clone(),
            overwrite: settings.overwrite,
            resume: settings.resume,
            command: command_line(),
        }
    }

    pub(crate) fn plan(&self, settings: &Settings) -> Result<Document> {
        Ok(petavox::plan_skeleton(&self.image(settings)?, &self.job(settings), &settings.run)?)
    }
}

/// The command as it was typed, but for how it is run: reports of the same work are the same.
pub(super) fn command_line() -> String {
    let quote = |word: String| match word.contains([' ', '*', '?', '"', '\'', '$']) {
        true => format!("'{}'", word.replace('\'', "'\\''")),
        false => word,
    };
    let words = std::env::args().skip(1).filter(|word| word != "--resume" && word != "--overwrite");
    std::iter::once("petavox".to_owned()).chain(words.map(quote)).collect::<Vec<_>>().join(" ")
}

pub(crate) fn run(args: &Skeleton, settings: &Settings) -> Result<Report> {
    let mut job = args.job(settings);
    job.input = args.from.clone();
    let what = serde_json::json!({ "skeleton": job });
    if let Some(done) =
        args.cluster.ask(|| args.image(settings), &args.out, what, settings.memory_given)?
    {
        let outputs = ["branches.parquet", "skeleton.zarr", "report.html", "run.json"];
        return Ok(Report {
            outputs: outputs.iter().map(|name| args.out.join(name)).collect(),
            note: format!(
                "{}: {} branches, {} skeleton voxels",
                args.out.display(),
                done["n_branches"],
                done["n_skeleton_voxels"]
            ),
            results: done,
            text: String::new(),
        });
    }
    let done =
        petavox::skeleton(&args.image(settings)?, &args.out, &args.job(settings), &settings.run)?;
    let memory = done.peak_memory_bytes.map_or_else(String::new, |peak| {
        format!(", {} of {} memory", bytes_text(peak), bytes_text(done.memory_budget_bytes))
    });
    let notes: String = done.notes.iter().map(|note| format!("\nnote: {note}")).collect();
    let outputs = ["branches.parquet", "skeleton.zarr", "report.html", "run.json"];
    Ok(Report {
        outputs: outputs.iter().map(|name| args.out.join(name)).collect(),
        note: format!(
            "{}: {} branches, {} skeleton voxels, in {:.1} s{memory}{notes}",
            args.out.display(),
            done.n_branches,
            done.n_skeleton_voxels,
            done.seconds
        ),
        results: serde_json::to_value(&done)?,
        text: String::new(),
    })
}
