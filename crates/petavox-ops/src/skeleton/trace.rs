//! From an image that is a skeleton already to its graph and table, in memory.

use super::voxels::{radii, ranks_of};
use super::{GraphOptions, RunArrays, SkeletonGraph, TableOptions, VoxelValues, summarize};
use crate::operation::as_mask;
use crate::operation::internal::{bits, sample_at};
use petavox_core::{Column, Dtype, Error, Result, Table};
use petavox_engine::{Node, RunContext, Target, Words, execute, plan};
use petavox_kernels::bits::BitLayout;
use std::sync::Arc;

/// What a [`Trace`] is made of, beside the skeleton.
#[derive(Clone, Default)]
pub struct TraceOptions {
    /// The foreground whose nearest background gives the radii; the skeleton itself when `None`.
    pub mask: Option<Arc<Node>>,
    /// An image whose samples are averaged over each branch, in the column `mean_intensity`.
    pub intensity: Option<Arc<Node>>,
    /// The skeleton's samples are heights, and so are part of lengths and positions (skan's `value_is_height`).
    pub value_is_height: bool,
}

/// A skeleton's voxels, branches and table.
pub struct Trace {
    /// Raster ranks of the voxels, rising.
    pub ranks: Vec<u64>,
    /// The skeleton's sample at each voxel; none if they are all 1.
    pub values: Option<Vec<f64>>,
    /// Branch `b` has the voxels `voxels[offsets[b]..offsets[b + 1]]`, from one end to the other.
    pub offsets: Vec<u64>,
    /// Positions in `ranks`.
    pub voxels: Vec<u32>,
    /// One row per branch, as [`summarize`] makes it.
    pub table: Table,
}

/// Traces the branches of an image of which every sample other than 0 is skeleton. Spacing is the image's.
///
/// # Errors
/// [`Error::InvalidArgument`] for images that have not 2 or 3 axes, and for a mask or intensities of another shape;
/// [`Error::Budget`] if the skeleton does not fit; whatever happens on the way.
pub fn trace(skeleton: &Arc<Node>, options: &TraceOptions, context: &RunContext) -> Result<Trace> {
    let spec = skeleton.spec().clone();
    if !(2..=3).contains(&spec.ndim()) {
        let given = format!("an image of {} axes", spec.ndim());
        return Err(Error::argument("skeleton", given, "2 or 3 axes"));
    }
    for (name, other) in [("mask", &options.mask), ("source_image", &options.intensity)] {
        if let Some(other) = other.as_ref().filter(|o| o.spec().shape != spec.shape) {
            let given = format!("shape {:?}", other.spec().shape);
            return Err(Error::argument(name, given, format!("{:?}, the skeleton's", spec.shape)));
        }
    }
    let layout = BitLayout::new(&spec.shape)?;
    let mut words = packed(skeleton, context)?;
    let ranks = ranks_of(&words, &layout, context)?;
    if let Some(mask) = &options.mask {
        drop(words);
        words = packed(mask, context)?;
    }
    let radius = radii(&mut words, &layout, &spec, &ranks, context)?;
    drop(words);
    let values = match spec.dtype {
        Dtype::Bool => None,
        _ => Some(sampled(skeleton, &ranks, context)?),
    };
    let intensity = options.intensity.as_ref().map(|i| sampled(i, &ranks, context)).transpose()?;

    let heights = match (options.value_is_height, &values) {
        (true, Some(values)) => Some(as_values(values)),
        (true, None) => {
            return Err(Error::argument("value_is_height", "a mask", "an image of heights"));
        }
        _ => None,
    };
    let workers = context.workers.as_ref();
    let graph_options = GraphOptions { spacing: Some(&spec.spacing.values), heights };
    let graph = SkeletonGraph::new(
        &spec.shape,
        ranks.words(),
        &graph_options,
        &RunArrays(context),
        workers,
    )?;
    let table_options =
        TableOptions { values: values.as_ref().map(as_values), radius: Some(as_values(&radius)) };
    let mut table = summarize(&graph, &table_options, workers)?;
    let mut offsets = vec![0];
    let mut voxels = Vec::new();
    for branch in 0..graph.n_branches() {
        voxels.extend_from_slice(graph.path(branch));
        offsets.push(voxels.len() as u64);
    }
    if let Some(intensity) = &intensity {
        let samples: &[f64] = bytemuck::cast_slice(intensity.words());
        let mean = |b: usize| {
            let path = graph.path(b);
            path.iter().map(|v| samples[*v as usize]).sum::<f64>() / path.len() as f64
        };
        table.push("mean_intensity", Column::Float((0..graph.n_branches()).map(mean).collect()))?;
    }
    let values = values.map(|v| bytemuck::cast_slice(v.words()).to_vec());
    Ok(Trace { ranks: ranks.words().to_vec(), values, offsets, voxels, table })
}

fn as_values(words: &Words) -> VoxelValues<'_> {
    VoxelValues::F64(bytemuck::cast_slice(words.words()))
}

fn packed(image: &Arc<Node>, context: &RunContext) -> Result<Words> {
    swept(&bits::pack(&as_mask(image)?)?, context)
}

fn sampled(image: &Arc<Node>, ranks: &Arc<Words>, context: &RunContext) -> Result<Words> {
    swept(&sample_at::sample_at(image, ranks.clone())?, context)
}

fn swept(node: &Arc<Node>, context: &RunContext) -> Result<Words> {
    let target = Target { node: node.clone(), sink: None };
    execute(&plan(&[target], &context.plan_options())?, context)?.take_words(node)
}
