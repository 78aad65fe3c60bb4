//! The main job on a volume that the demo makes itself, bigger than the memory it then runs in.

use crate::{Image, SaveOptions, SkeletonDone, SkeletonJob, skeleton};
use petavox_core::{Error, Result, Source};
use petavox_engine::RunOptions;
use petavox_ops::operation::thresholds::threshold::Threshold;
use petavox_ops::phantom::{VesselImage, VesselOptions};
use petavox_ops::skeleton::SkeletonOptions;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What [`demo`] did.
#[derive(Clone, Debug, Serialize)]
pub struct DemoDone {
    /// The folder.
    pub output: PathBuf,
    /// The volume it made.
    pub volume: PathBuf,
    /// Bytes of the volume's samples.
    pub volume_bytes: u64,
    /// The limit it then ran in.
    pub memory_budget_bytes: u64,
    /// Peak resident memory of the process.
    pub peak_memory_bytes: Option<u64>,
    /// True if the peak stayed within the limit.
    pub within_budget: Option<bool>,
    /// The report.
    pub report: PathBuf,
    /// What the skeleton was made of.
    pub skeleton: SkeletonDone,
}

/// The volume is this many times the budget.
const TIMES_THE_BUDGET: u64 = 6;

/// The smallest budget that the demo gives itself: below it the program's own memory would be most of it.
const LEAST_BUDGET: u64 = 64 << 20;

/// Makes a `float32` volume of `size` voxels along each axis with a tree of vessels in it, `dir/volume.zarr`, and runs
/// [`skeleton`] on it in a sixth of its size (or in the memory that `run` says), leaving its results in `dir`.
///
/// # Errors
/// [`Error::Exists`] if `dir` is there and may not be replaced; [`Error::InvalidArgument`] for a size that makes no vessels.
pub fn demo(size: usize, dir: &Path, overwrite: bool, run: &RunOptions) -> Result<DemoDone> {
    if !(64..=4096).contains(&size) {
        return Err(Error::argument("size", size, "64 to 4096 voxels along each axis"));
    }
    if dir.exists() {
        if !overwrite {
            return Err(Error::Exists { path: dir.to_owned() });
        }
        std::fs::remove_dir_all(dir).map_err(|e| Error::io(dir, "remove", e))?;
    }
    let source = VesselImage::new([size; 3], &VesselOptions::default())?;
    let volume_bytes = source.spec().bytes();
    let budget = run.memory_bytes.unwrap_or((volume_bytes / TIMES_THE_BUDGET).max(LEAST_BUDGET));
    let run = RunOptions { memory_bytes: Some(budget), ..run.clone() };
    let volume = dir.join("volume.zarr");
    let save = SaveOptions { n_levels: Some(1), ..SaveOptions::default() };
    Image::from_source(Arc::new(source)).save(&volume, &save, &run)?;

    let image = Image::open(&volume.to_string_lossy())?;
    let job = SkeletonJob {
        options: SkeletonOptions {
            sigma: vec![1.0],
            threshold: Threshold::Otsu,
            ..SkeletonOptions::default()
        },
        command: format!(
            "petavox skeleton {} -o {} --sigma 1",
            volume.display(),
            dir.join("skeleton").display()
        ),
        ..SkeletonJob::default()
    };
    let out = dir.join("skeleton");
    let done = skeleton(&image, &out, &job, &run)?;
    let report = dir.join("report.html");
    std::fs::copy(out.join("report.html"), &report).map_err(|e| Error::io(&report, "write", e))?;
    let peak_memory_bytes = petavox_engine::peak_resident_bytes();
    Ok(DemoDone {
        output: dir.to_owned(),
        volume,
        volume_bytes,
        memory_budget_bytes: budget,
        peak_memory_bytes,
        within_budget: peak_memory_bytes.map(|p| p <= budget),
        report,
        skeleton: done,
    })
}
