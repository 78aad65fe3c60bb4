//! The branch of every voxel.

use super::graph::SkeletonGraph;
use petavox_core::{Error, Result};

/// Writes for every rank of the graph the number of its branch, row of the table + 1: labels for an image.
///
/// A junction lies on several branches and gets the first one's number. Voxels without a neighbour, and those that were
/// pruned away, get 0.
///
/// ```
/// use petavox_core::Sequential;
/// use petavox_ops::skeleton::{GraphOptions, Heap, SkeletonGraph, branch_labels};
/// // 1 0 1 0 1
/// // 0 1 0 0 0
/// // 0 1 0 0 0
/// let ranks = [0, 2, 4, 6, 11];
/// let graph = SkeletonGraph::new(&[3, 5], &ranks, &GraphOptions::default(), &Heap, &Sequential)?;
/// let mut labels = [0; 5];
/// branch_labels(&graph, &mut labels)?;
/// assert_eq!(labels, [1, 2, 0, 1, 3]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] if `labels` has not one entry per rank.
pub fn branch_labels(graph: &SkeletonGraph<'_>, labels: &mut [u32]) -> Result<()> {
    let n_voxels = graph.ranks().len();
    if labels.len() != n_voxels {
        let expected = format!("{n_voxels}, one per skeleton voxel");
        return Err(Error::argument("labels", format!("{} entries", labels.len()), expected));
    }
    labels.fill(0);
    for branch in (0..graph.n_branches()).rev() {
        for &voxel in graph.path(branch) {
            labels[voxel as usize] = branch as u32 + 1;
        }
    }
    Ok(())
}
