//! The graph written for other programs.

mod graphml;
mod swc;

#[cfg(test)]
mod tests;

pub use graphml::graphml;
pub use swc::swc;

use super::graph::SkeletonGraph;

/// The end voxels of all branches, each once, in raster order.
fn nodes_of(graph: &SkeletonGraph<'_>) -> Vec<u32> {
    let mut nodes: Vec<u32> = (0..graph.n_branches())
        .flat_map(|b| {
            let path = graph.path(b);
            [path[0], path[path.len() - 1]]
        })
        .collect();
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

/// Physical position along x, y and z (the image's last, last but one and first of three axes; z is 0 in 2-D).
fn xyz(graph: &SkeletonGraph<'_>, voxel: u32) -> [f64; 3] {
    let [z, y, x] = graph.coordinates(voxel);
    let spacing = graph.spacing();
    let n = spacing.len();
    let z_spacing = if n == 3 { spacing[0] } else { 0.0 };
    [x as f64 * spacing[n - 1], y as f64 * spacing[n - 2], z as f64 * z_spacing]
}
