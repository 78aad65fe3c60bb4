//! SWC: the trees of neuroanatomy, one line per voxel.

use super::{nodes_of, xyz};
use crate::skeleton::{SkeletonGraph, VoxelValues};
use petavox_core::{Error, Result};
use std::io::{BufWriter, Write};
use std::path::Path;

/// Writes the graph as SWC: a line `id type x y z radius parent` per voxel, parents before children, -1 for a root.
///
/// Every connected skeleton is a tree of its own in the one file, rooted at its first tip or junction in raster order (a
/// ring at its first voxel). SWC has no loops: where a branch closes one it is cut at the last step, and a comment at
/// the top says how many were cut. Positions are in the spacing's unit; type is 0, undefined. Without `radius` (one per
/// voxel, parallel to the graph's ranks) every radius is half the smallest spacing, and a comment says so.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is not one radius per voxel; [`Error::Io`] naming `path`, which is only the name
/// that errors carry.
pub fn swc(
    graph: &SkeletonGraph<'_>,
    radius: Option<VoxelValues<'_>>,
    out: &mut dyn Write,
    path: &Path,
) -> Result<()> {
    if let Some(radius) = &radius {
        radius.check("radius", graph.ranks().len())?;
    }
    let mut out = BufWriter::new(out);
    Tracer::new(graph, radius)
        .write(&mut out)
        .and_then(|()| out.flush())
        .map_err(|e| Error::io(path, "write", e))
}

struct Tracer<'a> {
    graph: &'a SkeletonGraph<'a>,
    radius: Option<VoxelValues<'a>>,
    default_radius: f64,
    nodes: Vec<u32>,
    /// Branches at each node, by `first`; one from a node to itself comes twice.
    first: Vec<usize>,
    at_node: Vec<u32>,
    n_written: u64,
}

impl<'a> Tracer<'a> {
    fn new(graph: &'a SkeletonGraph<'a>, radius: Option<VoxelValues<'a>>) -> Tracer<'a> {
        let nodes = nodes_of(graph);
        let node_of = |voxel: u32| nodes.partition_point(|&v| v < voxel);
        let mut pairs: Vec<(usize, u32)> = (0..graph.n_branches())
            .flat_map(|b| {
                let path = graph.path(b);
                [(node_of(path[0]), b as u32), (node_of(path[path.len() - 1]), b as u32)]
            })
            .collect();
        pairs.sort_unstable();
        let first = (0..=nodes.len()).map(|n| pairs.partition_point(|p| p.0 < n)).collect();
        let at_node = pairs.into_iter().map(|(_, b)| b).collect();
        let default_radius = graph.spacing().iter().copied().fold(f64::INFINITY, f64::min) / 2.0;
        Tracer { graph, radius, default_radius, nodes, first, at_node, n_written: 0 }
    }

    fn write(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        let summary = self.graph.summary();
        let n_trees = summary.n_skeletons - summary.n_isolated_voxels;
        // Edges less nodes plus components: what a forest has none of.
        let n_cut = summary.n_branches() + n_trees - self.nodes.len();
        writeln!(
            out,
            "# written by petavox: {} voxels in {} trees",
            summary.n_voxels, summary.n_skeletons
        )?;
        if n_cut > 0 {
            writeln!(out, "# loops cut open: {n_cut}, since SWC holds trees only")?;
        }
        if self.radius.is_none() {
            writeln!(out, "# no radius was measured: it is half the smallest spacing everywhere")?;
        }
        writeln!(out, "# id type x y z radius parent")?;
        let mut number_of_node = vec![0u64; self.nodes.len()];
        let mut is_done = vec![false; self.graph.n_branches()];
        let mut stack = Vec::new();
        for root in 0..self.nodes.len() {
            if number_of_node[root] > 0 {
                continue;
            }
            number_of_node[root] = self.line(out, self.nodes[root], None)?;
            stack.extend(self.branches_from(root));
            while let Some((branch, node)) = stack.pop() {
                if std::mem::replace(&mut is_done[branch as usize], true) {
                    continue;
                }
                let path = self.graph.path(branch as usize);
                let forward = path[0] == self.nodes[node];
                let n = path.len();
                let voxel = |i: usize| if forward { path[i] } else { path[n - 1 - i] };
                let mut parent = number_of_node[node];
                for i in 1..n - 1 {
                    parent = self.line(out, voxel(i), Some(parent))?;
                }
                let far = self.nodes.partition_point(|&v| v < voxel(n - 1));
                if number_of_node[far] == 0 {
                    number_of_node[far] = self.line(out, voxel(n - 1), Some(parent))?;
                    stack.extend(self.branches_from(far));
                }
            }
        }
        self.isolated(out)
    }

    /// The branches at a node, last first, so that a stack gives the first.
    fn branches_from(&self, node: usize) -> Vec<(u32, usize)> {
        let branches = &self.at_node[self.first[node]..self.first[node + 1]];
        branches.iter().rev().map(|&b| (b, node)).collect()
    }

    /// Voxels without a neighbour: trees of one point.
    fn isolated(&mut self, out: &mut dyn Write) -> std::io::Result<()> {
        let n_voxels = self.graph.ranks().len();
        let mut is_on_path = vec![false; n_voxels];
        for branch in 0..self.graph.n_branches() {
            self.graph.path(branch).iter().for_each(|&v| is_on_path[v as usize] = true);
        }
        for voxel in 0..n_voxels as u32 {
            if self.graph.contains(voxel) && !is_on_path[voxel as usize] {
                self.line(out, voxel, None)?;
            }
        }
        Ok(())
    }

    /// Writes a voxel and tells its number.
    fn line(
        &mut self,
        out: &mut dyn Write,
        voxel: u32,
        parent: Option<u64>,
    ) -> std::io::Result<u64> {
        self.n_written += 1;
        let [x, y, z] = xyz(self.graph, voxel);
        let radius = self.radius.as_ref().map_or(self.default_radius, |r| r.at(voxel));
        let id = self.n_written;
        match parent {
            Some(parent) => writeln!(out, "{id} 0 {x} {y} {z} {radius} {parent}")?,
            None => writeln!(out, "{id} 0 {x} {y} {z} {radius} -1")?,
        }
        Ok(id)
    }
}
