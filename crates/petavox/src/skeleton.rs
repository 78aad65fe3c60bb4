//! The main job on an [`Image`].

use crate::Image;
use petavox_core::Result;
use petavox_engine::RunOptions;
use petavox_engine::explain::Document;
use petavox_ops::skeleton::{SkeletonDone, SkeletonJob, analyse, plan_analysis};
use std::path::Path;

/// Skeletonizes an image and writes `branches.parquet`, `skeleton.zarr`, `report.html` and `run.json` into `dir`, which
/// appears when everything is in it.
///
/// A run that is cancelled or killed leaves its work beside `dir` under a hidden name; with
/// [`resume`](SkeletonJob::resume) it is continued, and gives the same bytes.
///
/// # Errors
/// [`Error::Exists`](petavox_core::Error::Exists) if `dir` is there and may not be replaced,
/// [`Error::Budget`](petavox_core::Error::Budget) if the budget is too small (with the smallest that works),
/// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) for images that are not one grey 2-D or 3-D image.
pub fn skeleton(
    image: &Image,
    dir: &Path,
    job: &SkeletonJob,
    run: &RunOptions,
) -> Result<SkeletonDone> {
    let mut job = job.clone();
    if let (true, Some(info)) = (job.input.is_empty(), image.info()) {
        job.input = info.path.clone();
    }
    analyse(image.node(), dir, &job, run)
}

/// The plan of [`skeleton`].
///
/// # Errors
/// As [`skeleton`], as far as can be known without computing.
pub fn plan_skeleton(image: &Image, job: &SkeletonJob, run: &RunOptions) -> Result<Document> {
    plan_analysis(image.node(), job, run)
}
