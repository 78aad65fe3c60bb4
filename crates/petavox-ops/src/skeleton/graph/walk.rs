//! Branches: walks along voxels with two neighbours, from one tip or junction to the next.

use super::super::arrays::{Array, Arrays};
use super::super::values::VoxelValues;
use super::lattice::Lattice;
use super::neighbours::Edges;
use super::paths::{BranchKind, PathWriter, Paths};
use petavox_core::{Error, Result};

/// Walks every edge once, in an order that depends on the skeleton alone: from each tip and junction in raster order,
/// along each of its edges in raster order; then around each closed ring from its first voxel.
///
/// `skeletons` numbers the skeleton of every voxel, `n_rings` of which are closed rings.
pub(crate) fn walk(
    lattice: &Lattice,
    heights: Option<&VoxelValues<'_>>,
    edges: Edges<'_>,
    skeletons: &[u32],
    n_rings: usize,
    arrays: &dyn Arrays,
) -> Result<Paths> {
    let n_voxels = edges.n_voxels() as u32;
    let n_ends: usize = (0..n_voxels).map(|v| edges.degree(v)).filter(|&d| d != 2).sum();
    let n_paths = n_ends / 2 + n_rings;
    if n_paths >= u32::MAX as usize {
        let given = format!("{n_paths} branches");
        return Err(Error::argument("skeleton", given, "fewer than 2^32 - 1 branches"));
    }
    let mut paths = Paths::zeroed(n_paths, edges.n_slots() / 2 + n_paths, arrays)?;
    let mut visited = Array::<u64>::zeroed(arrays, edges.n_slots().div_ceil(64))?;
    let writer = paths.writer();
    let mut walker =
        Walker { lattice, heights, edges, skeletons, visited: visited.get_mut(), writer };
    for start in 0..n_voxels {
        if edges.degree(start) != 2 {
            (0..edges.degree(start)).for_each(|k| walker.trace(start, k));
        }
    }
    if n_rings > 0 {
        for start in 0..n_voxels {
            if edges.degree(start) == 2 {
                walker.trace(start, 0);
            }
        }
    }
    Ok(paths)
}

struct Walker<'a> {
    lattice: &'a Lattice,
    heights: Option<&'a VoxelValues<'a>>,
    edges: Edges<'a>,
    skeletons: &'a [u32],
    /// One bit per slot: the edge was walked.
    visited: &'a mut [u64],
    writer: PathWriter<'a>,
}

impl Walker<'_> {
    fn is_visited(&self, slot: usize) -> bool {
        self.visited[slot / 64] >> (slot % 64) & 1 == 1
    }

    fn visit(&mut self, slot: usize) {
        self.visited[slot / 64] |= 1 << (slot % 64);
    }

    /// Walks from a voxel along its `k`-th edge until a tip, a junction or the start again; nothing if that was done.
    fn trace(&mut self, start: u32, mut k: usize) {
        let edges = self.edges;
        let mut first_slot = edges.first_slot(start);
        if self.is_visited(first_slot + k) {
            return;
        }
        let mut here = start;
        let mut length = 0.0;
        self.writer.voxel(start);
        loop {
            let slot = first_slot + k;
            let next = edges.target(slot);
            length += self.lattice.edge_length(self.heights, here, next, edges.step(here, k));
            self.visit(slot);
            self.writer.voxel(next);
            first_slot = edges.first_slot(next);
            let back = edges.neighbours(next).iter().position(|&v| v == here).unwrap_or(0);
            self.visit(first_slot + back);
            if edges.degree(next) != 2 || next == start {
                let kind = BranchKind::between(
                    start,
                    edges.degree(start) == 1,
                    next,
                    edges.degree(next) == 1,
                );
                self.writer.end_of_path(length, self.skeletons[start as usize], kind);
                return;
            }
            here = next;
            k = 1 - back;
        }
    }
}
