//! Skeleton analysis: from the voxels of a skeleton to a graph of branches and its table.
//!
//! - [`analyse`]: all of it, from an image to a folder with table, skeleton, report and facts.
//! - [`skeleton_voxels`]: smooth, threshold, clean, thin; the voxels that are left, each with its radius.
//! - [`SkeletonGraph`]: branches between tips and junctions, built from the sorted raster ranks of the skeleton's voxels.
//! - [`summarize`]: the table of branches, row for row what `skan.summarize` gives, with radius and tortuosity added.
//! - [`prune`]: the graph without short tip branches.
//! - [`trace`]: the graph and table of an image that is a skeleton already.
//! - [`branch_labels`]: the branch of every voxel. [`swc`], [`graphml`]: the graph for other programs.

mod analysis;
mod arrays;
mod export;
mod graph;
mod label_image;
mod labels;
mod pictures;
mod prune;
mod room;
mod scratch;
mod table;
mod trace;
mod values;
mod voxels;

pub(crate) use analysis::analyse_prepared;
pub use analysis::{Export, SkeletonDone, SkeletonJob, analyse, plan_analysis};
pub use arrays::{Arrays, Heap, Memory};
pub use export::{graphml, swc};
pub use graph::{GraphOptions, GraphSummary, SkeletonGraph};
pub use label_image::LabelImage;
pub use labels::branch_labels;
pub use prune::prune;
pub use scratch::RunArrays;
pub use table::{TableOptions, summarize, summarize_rows};
pub use trace::{Trace, TraceOptions, trace};
pub use values::VoxelValues;
pub(crate) use voxels::{Prepared, Stages, squeezed};
pub use voxels::{SkeletonOptions, SkeletonVoxels, skeleton_plan, skeleton_voxels};
