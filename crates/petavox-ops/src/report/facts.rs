//! What a report is made of.

use petavox_core::{ImageSpec, Table};

use super::raster::Raster;

/// How a result came about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunFacts {
    /// The command as it was typed.
    pub command: String,
    /// Version of the program.
    pub version: String,
    /// When it ran, in words; left out if empty.
    pub date: String,
    /// Names and values of what could have been different: sigma, threshold, method ...
    pub parameters: Vec<(String, String)>,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Largest resident memory of the process, in bytes, if known.
    pub peak_memory_bytes: Option<u64>,
    /// The memory budget in bytes, if there was one.
    pub memory_budget_bytes: Option<u64>,
    /// Threads used, if known.
    pub n_threads: Option<usize>,
}

/// A picture of a volume seen along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Projection {
    /// What is seen, such as `image`.
    pub title: String,
    /// How it was made, such as `maximum along z`.
    pub caption: String,
    /// The picture.
    pub raster: Raster,
    /// Physical height and width of the picture, in the unit of the image's spacing.
    pub size: [f64; 2],
}

/// Everything a skeleton's report tells.
#[derive(Clone, Debug)]
pub struct SkeletonReport<'a> {
    /// Name of the sample, the page's title.
    pub title: String,
    /// How it was made.
    pub run: RunFacts,
    /// The image that went in.
    pub input: ImageSpec,
    /// One row per branch, with the columns of `skan.summarize`, underscores in their names, and the radii if known.
    pub table: &'a Table,
    /// Samples of the mask that are foreground, if counted.
    pub n_mask_voxels: Option<u64>,
    /// Samples of the skeleton, if counted.
    pub n_skeleton_voxels: Option<u64>,
    /// Skeleton samples without a neighbour, which are in no branch.
    pub n_lone_voxels: u64,
    /// Remarks for the reader, such as rules that took effect.
    pub notes: Vec<String>,
    /// Pictures.
    pub projections: Vec<Projection>,
}
