//! The branch of every voxel.

use super::graph::SkeletonGraph;

/// For every rank of the graph the number of its branch: row of the table + 1, as labels for an image.
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
/// assert_eq!(branch_labels(&graph), [1, 2, 0, 1, 3]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
pub fn branch_labels(graph: &SkeletonGraph<'_>) -> Vec<u32> {
    let mut labels = vec![0; graph.ranks().len()];
    for branch in (0..graph.n_branches()).rev() {
        for &voxel in graph.path(branch) {
            labels[voxel as usize] = branch as u32 + 1;
        }
    }
    labels
}
