//! The main job on an [`Image`].

use crate::Image;
use petavox_core::Result;
use petavox_engine::explain::Document;
use petavox_engine::{RunContext, RunOptions};
use petavox_ops::skeleton::{
    SkeletonDone, SkeletonJob, Trace, TraceOptions, analyse, plan_analysis, trace,
};
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

impl Image {
    /// The branches of an image that is a skeleton already: every sample other than 0 is part of it. Radii are distances to the
    /// background of `mask`, or of the skeleton itself; `intensity` is averaged over each branch.
    ///
    /// ```
    /// use petavox::{Image, RunOptions};
    /// let skeleton = Image::from_vec(&[3, 3], vec![1u8, 0, 1, 0, 1, 0, 0, 1, 0])?;
    /// let trace = skeleton.trace(None, None, false, &RunOptions::default())?;
    /// assert_eq!(trace.table.n_rows(), 3);
    /// # Ok::<(), petavox::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`](petavox_core::Error::InvalidArgument) for images that have not 2 or 3 axes, and for a mask or
    /// intensities of another shape; whatever happens on the way.
    pub fn trace(
        &self,
        mask: Option<&Image>,
        intensity: Option<&Image>,
        value_is_height: bool,
        run: &RunOptions,
    ) -> Result<Trace> {
        let options = TraceOptions {
            mask: mask.map(|i| i.node().clone()),
            intensity: intensity.map(|i| i.node().clone()),
            value_is_height,
        };
        trace(self.node(), &options, &RunContext::new(run)?)
    }
}
