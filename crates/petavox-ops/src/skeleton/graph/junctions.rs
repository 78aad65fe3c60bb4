//! Clusters of junction voxels become trees; then voxels are counted into connected skeletons.

use super::super::arrays::{Array, Arrays};
use super::super::values::VoxelValues;
use super::lattice::{Lattice, N_STEPS};
use super::neighbours::{Edges, FORWARD, for_each_neighbour};
use petavox_core::Result;
use std::cell::Cell;

/// Marks a voxel that had three or more neighbours before any edge was dropped.
const JUNCTION: u32 = 1 << 31;

/// Bytes of a remembered edge, as counted against [`MAX_LISTED_BYTES_PER_VOXEL`].
const LISTED_EDGE_BYTES: usize = size_of::<[u32; 3]>();

/// Edges between junction voxels are listed once if that takes no more than this, else found again for each length.
pub(crate) const MAX_LISTED_BYTES_PER_VOXEL: usize = 12;

/// Disjoint sets of voxels; the lowest number of a set is its root.
struct Sets<'a>(&'a mut [u32]);

impl Sets<'_> {
    fn root(&mut self, mut i: u32) -> u32 {
        while self.0[i as usize] != i {
            let up = self.0[self.0[i as usize] as usize];
            self.0[i as usize] = up;
            i = up;
        }
        i
    }

    /// Joins two voxels' sets; false if they were one already.
    fn join(&mut self, i: u32, j: u32) -> bool {
        let (a, b) = (self.root(i), self.root(j));
        self.0[a.max(b) as usize] = a.min(b);
        a != b
    }
}

/// Every voxel in a set of its own.
pub(crate) fn singletons(n: usize, arrays: &dyn Arrays) -> Result<Array<u32>> {
    let mut parents = Array::<u32>::zeroed(arrays, n)?;
    parents.get_mut().iter_mut().enumerate().for_each(|(i, p)| *p = i as u32);
    Ok(parents)
}

/// Drops from `words` the edges between voxels with three or more neighbours that are not in the minimum spanning
/// forest of these edges: Kruskal's, by length and, where lengths tie, in raster order of both ends.
///
/// Without heights there are at most 13 lengths, so no edge need be sorted, or even stored.
///
/// # Errors
/// Whatever `arrays` says.
pub(crate) fn drop_cycles(
    lattice: &Lattice,
    ranks: &[u64],
    heights: Option<&VoxelValues<'_>>,
    words: &mut [u32],
    parents: &mut [u32],
    arrays: &dyn Arrays,
) -> Result<()> {
    let mut n_edges_at_most = 0;
    for word in words.iter_mut().filter(|w| w.count_ones() > 2) {
        n_edges_at_most += (*word >> 14).count_ones() as usize;
        *word |= JUNCTION;
    }
    if n_edges_at_most == 0 {
        return Ok(());
    }
    let mut sets = Sets(parents);
    let mut take = |words: &mut [u32], i: u32, step: usize, j: u32| {
        if !sets.join(i, j) {
            words[i as usize] &= !(1 << step);
            words[j as usize] &= !(1 << (26 - step));
        }
    };
    if let Some(heights) = heights {
        // Lengths are not negative, so their bits sort as they do: by length, then by both ends.
        let mut edges = Array::<[u64; 2]>::zeroed(arrays, n_edges_at_most)?;
        let edges = edges.get_mut();
        let mut n_edges = 0;
        for_each_junction_edge(lattice, ranks, words, |i, step, j| {
            let length = lattice.edge_length(Some(heights), i, j, step);
            edges[n_edges] = [length.to_bits(), u64::from(i) << 32 | u64::from(j)];
            n_edges += 1;
        });
        edges[..n_edges].sort_unstable();
        for &[_, ends] in &edges[..n_edges] {
            let (i, j) = ((ends >> 32) as u32, ends as u32);
            take(words, i, lattice.step_between(ranks[i as usize], ranks[j as usize]), j);
        }
        return Ok(());
    }
    let (n_classes, class_of) = lattice.length_classes();
    if n_edges_at_most * LISTED_EDGE_BYTES <= ranks.len() * MAX_LISTED_BYTES_PER_VOXEL {
        let mut edges = Array::<[u32; 3]>::zeroed(arrays, n_edges_at_most)?;
        let edges = edges.get_mut();
        let mut n_edges = 0;
        for_each_junction_edge(lattice, ranks, words, |i, step, j| {
            edges[n_edges] = [i, j, step as u32];
            n_edges += 1;
        });
        for class in 0..n_classes as u8 {
            for &[i, j, step] in &edges[..n_edges] {
                if class_of[step as usize] == class {
                    take(words, i, step as usize, j);
                }
            }
        }
        return Ok(());
    }
    for class in 0..n_classes as u8 {
        // Through cells, since words change while the walk reads them.
        let words = Cell::from_mut(&mut *words).as_slice_of_cells();
        let is_junction = |i: usize| words[i].get() >= JUNCTION;
        let steps =
            (14..N_STEPS).filter(|&s| class_of[s] == class).fold(0, |bits, s| bits | 1 << s);
        let wanted = |i: usize| if is_junction(i) { words[i].get() & steps } else { 0 };
        for_each_neighbour(lattice, ranks, 0..ranks.len(), wanted, |i, step, j| {
            if is_junction(j) && !sets.join(i as u32, j as u32) {
                words[i].set(words[i].get() & !(1 << step));
                words[j].set(words[j].get() & !(1 << (26 - step)));
            }
        });
    }
    Ok(())
}

/// Calls `found(i, step, j)` for every edge between two junction voxels, `i < j`, in rising order.
fn for_each_junction_edge(
    lattice: &Lattice,
    ranks: &[u64],
    words: &[u32],
    mut found: impl FnMut(u32, usize, u32),
) {
    let is_junction = |i: usize| words[i] >= JUNCTION;
    let wanted = |i: usize| if is_junction(i) { words[i] & FORWARD } else { 0 };
    for_each_neighbour(lattice, ranks, 0..ranks.len(), wanted, |i, step, j| {
        if is_junction(j) {
            found(i as u32, step, j as u32);
        }
    });
}

/// What [`number_skeletons`] found.
pub(crate) struct Skeletons {
    /// Connected skeletons, single voxels among them.
    pub(crate) n_skeletons: usize,
    /// Voxels without a neighbour.
    pub(crate) n_isolated: usize,
    /// Skeletons that are one closed ring.
    pub(crate) n_rings: usize,
}

/// Turns the sets of voxels into the numbers of their skeletons, in raster order of each one's first voxel.
pub(crate) fn number_skeletons(edges: Edges<'_>, parents: &mut [u32]) -> Skeletons {
    let n = edges.n_voxels();
    let mut sets = Sets(&mut *parents);
    for i in 0..n as u32 {
        for &j in edges.neighbours(i).iter().filter(|&&j| j > i) {
            sets.join(i, j);
        }
    }
    // A root is the first voxel of its set, and a parent comes before its child: one pass does it in place.
    let mut n_skeletons = 0;
    let mut n_isolated = 0;
    for i in 0..n {
        let parent = parents[i] as usize;
        parents[i] = if parent == i {
            n_skeletons += 1;
            n_isolated += usize::from(edges.degree(i as u32) == 0);
            n_skeletons - 1
        } else {
            parents[parent]
        };
    }
    let mut open = vec![0u64; (n_skeletons as usize).div_ceil(64)];
    for (i, &skeleton) in parents.iter().enumerate() {
        if edges.degree(i as u32) != 2 {
            open[skeleton as usize / 64] |= 1 << (skeleton % 64);
        }
    }
    let n_open: usize = open.iter().map(|w| w.count_ones() as usize).sum();
    let n_skeletons = n_skeletons as usize;
    Skeletons { n_skeletons, n_isolated, n_rings: n_skeletons - n_open }
}
