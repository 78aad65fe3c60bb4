//! The graph of a skeleton: tips and junctions, and the branches between them.
//!
//! The definitions are those of skan 0.13 (Nunez-Iglesias et al., PeerJ 6:e4312, 2018), found by experiment and held to
//! by recorded tables:
//! 1. Voxels touch by face, edge or corner; an edge is as long as the step between the two centres.
//! 2. Voxels with three or more neighbours form clusters; of the edges inside a cluster only a minimum spanning tree
//!    stays (Kruskal; ties in raster order of the edge's ends). Then a voxel with one edge is a tip, with two a link,
//!    with three or more a junction.
//! 3. Branches run along links. They are found from every tip and junction in raster order, along their edges in raster
//!    order; closed rings come last, from their first voxel towards its first neighbour.

mod junctions;
mod kept;
mod lattice;
mod neighbours;
mod paths;
mod walk;

#[cfg(test)]
mod tests;

use super::arrays::Arrays;
use super::values::VoxelValues;
pub(crate) use kept::Kept;
use lattice::Lattice;
pub(crate) use paths::{BranchKind, Paths};
use petavox_core::{Error, Result, Workers};
#[cfg(test)]
pub(crate) use tests::laws::small_mask;

/// How a graph is built.
#[derive(Clone, Copy, Debug, Default)]
pub struct GraphOptions<'a> {
    /// Size of a sample along each axis; 1 where not given.
    pub spacing: Option<&'a [f64]>,
    /// A height per voxel, in the units of the spacing, by which neighbours are further apart (skan's
    /// `value_is_height`): for images that are maps of a surface. Heights are subtracted as floats, also where skan
    /// lets unsigned integers wrap around.
    pub heights: Option<VoxelValues<'a>>,
}

/// What a graph consists of.
#[derive(Clone, Debug, PartialEq)]
pub struct GraphSummary {
    /// Voxels, those without a neighbour among them.
    pub n_voxels: usize,
    /// Connected skeletons, single voxels among them.
    pub n_skeletons: usize,
    /// Voxels without a neighbour. They belong to no branch and have no row in the table.
    pub n_isolated_voxels: usize,
    /// Branches of each type: tip to tip, tip to junction, junction to junction, cycle.
    pub n_branches_by_type: [usize; 4],
    /// Length of all branches.
    pub total_length: f64,
}

impl GraphSummary {
    /// Branches of all types.
    pub fn n_branches(&self) -> usize {
        self.n_branches_by_type.iter().sum()
    }
}

/// A skeleton as a graph: the branches in the order of [`super::summarize`]'s rows, each a list of voxels.
///
/// A voxel is known by its position in the ranks that the graph was built from. Beside these (8 bytes per voxel) building
/// takes at most [`SkeletonGraph::build_bytes`], some 22 bytes per voxel and 25 per branch of a thin skeleton; the built
/// graph keeps 4 bytes per voxel and 25 per branch. All of it comes from the [`Arrays`] given.
#[derive(Debug)]
pub struct SkeletonGraph<'a> {
    lattice: Lattice,
    ranks: &'a [u64],
    heights: Option<VoxelValues<'a>>,
    paths: Paths,
    kept: Option<Kept>,
    n_skeletons: usize,
    n_isolated: usize,
}

impl<'a> SkeletonGraph<'a> {
    /// Builds the graph of the voxels at `ranks` (raster ranks in rising order, each once) of an image of 2 or 3 axes.
    ///
    /// The result is the same for every number of threads.
    ///
    /// ```
    /// use petavox_core::Sequential;
    /// use petavox_ops::skeleton::{GraphOptions, Heap, SkeletonGraph};
    /// // 1 0 1
    /// // 0 1 0
    /// // 0 1 0
    /// let ranks = [0, 2, 4, 7];
    /// let graph = SkeletonGraph::new(&[3, 3], &ranks, &GraphOptions::default(), &Heap, &Sequential)?;
    /// assert_eq!(graph.n_branches(), 3);
    /// assert_eq!(graph.path(0), [0, 2]);
    /// assert_eq!(graph.summary().n_branches_by_type, [0, 3, 0, 0]);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the shape has not 2 or 3 axes, ranks do not rise or lie outside the image, the
    /// spacing is not positive, there are 2^32 - 1 voxels or more, or heights are not one finite number per voxel;
    /// whatever `arrays` says when there is no room.
    pub fn new(
        shape: &[usize],
        ranks: &'a [u64],
        options: &GraphOptions<'a>,
        arrays: &dyn Arrays,
        workers: &dyn Workers,
    ) -> Result<SkeletonGraph<'a>> {
        let ones = vec![1.0; shape.len()];
        let lattice = Lattice::new(shape, options.spacing.unwrap_or(&ones))?;
        neighbours::check_ranks(&lattice, ranks)?;
        let heights = options.heights;
        if let Some(heights) = &heights {
            heights.check("heights", ranks.len())?;
            if !heights.all_finite() {
                return Err(Error::argument("heights", "NaN or infinity", "finite numbers"));
            }
        }
        let mut words = neighbours::neighbour_words(&lattice, ranks, arrays, workers)?;
        let mut skeletons = junctions::singletons(ranks.len(), arrays)?;
        junctions::drop_cycles(
            &lattice,
            ranks,
            heights.as_ref(),
            words.get_mut(),
            skeletons.get_mut(),
            arrays,
        )?;
        let adjacency = neighbours::Adjacency::new(&lattice, ranks, words, arrays, workers)?;
        let edges = adjacency.edges();
        let found = junctions::number_skeletons(edges, skeletons.get_mut());
        let n_rings = found.n_rings;
        let paths =
            walk::walk(&lattice, heights.as_ref(), edges, skeletons.get(), n_rings, arrays)?;
        Ok(SkeletonGraph {
            lattice,
            ranks,
            heights,
            paths,
            kept: None,
            n_skeletons: found.n_skeletons,
            n_isolated: found.n_isolated,
        })
    }

    /// The most bytes [`SkeletonGraph::new`] has from its arrays at one time, without heights. Thin skeletons have about
    /// as many edges as voxels and a branch for every 5 to 50 voxels; no mask leads to more than three edges per voxel.
    /// With heights, building starts with 16 bytes per pair of touching junction voxels (besides 8 per voxel), which may be
    /// more.
    pub fn build_bytes(n_voxels: usize, n_edges: usize, n_branches: usize) -> u64 {
        let [n_voxels, n_edges, n_branches] = [n_voxels, n_edges, n_branches].map(|n| n as u64);
        // Neighbour words and sets; then the list of edges between junctions or, later, offsets and slots, the bits of
        // visited slots and the paths. The last term is for rounding up.
        let clusters = (4 + 4 + junctions::MAX_LISTED_BYTES_PER_VOXEL as u64) * n_voxels;
        let walk =
            (4 + 4 + 1) * n_voxels + (8 + 4) * n_edges + n_edges.div_ceil(4) + 25 * n_branches;
        clusters.max(walk) + 64
    }

    /// Number of branches: rows of the table.
    pub fn n_branches(&self) -> usize {
        self.paths.len()
    }

    /// The voxels of a branch from one end to the other, both included; a cycle ends where it starts.
    ///
    /// # Panics
    /// If there is no such branch (a programming error).
    pub fn path(&self, branch: usize) -> &[u32] {
        self.paths.voxels(branch)
    }

    /// Length of each branch: the sum of its steps.
    pub fn lengths(&self) -> &[f64] {
        self.paths.lengths()
    }

    /// The skeleton each branch belongs to, numbered in raster order of the skeletons' first voxels.
    pub fn skeleton_ids(&self) -> &[u32] {
        self.paths.skeletons()
    }

    /// Type of each branch: 0 tip to tip, 1 tip to junction, 2 junction to junction, 3 both ends are one voxel.
    pub fn branch_types(&self) -> &[u8] {
        self.paths.kinds()
    }

    /// The raster ranks the graph was built from.
    pub fn ranks(&self) -> &'a [u64] {
        self.ranks
    }

    /// Number of the image's axes, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.lattice.ndim
    }

    /// Size of a sample along each axis.
    pub fn spacing(&self) -> &[f64] {
        &self.lattice.spacing[3 - self.lattice.ndim..]
    }

    /// Plane, row and column of a voxel; the plane of a 2-D image is 0.
    pub fn coordinates(&self, voxel: u32) -> [u64; 3] {
        self.lattice.coordinates(self.ranks[voxel as usize])
    }

    /// The number of a voxel as the table's node ids have it: its position among the voxels the graph still has.
    pub fn node_id(&self, voxel: u32) -> u32 {
        self.kept.as_ref().map_or(voxel, |kept| kept.number(voxel))
    }

    /// True unless the voxel was pruned away.
    pub fn contains(&self, voxel: u32) -> bool {
        self.kept.as_ref().is_none_or(|kept| kept.contains(voxel))
    }

    /// What the graph consists of.
    pub fn summary(&self) -> GraphSummary {
        let mut n_branches_by_type = [0; 4];
        for &kind in self.branch_types() {
            n_branches_by_type[kind as usize] += 1;
        }
        GraphSummary {
            n_voxels: self.kept.as_ref().map_or(self.ranks.len(), Kept::n_kept),
            n_skeletons: self.n_skeletons,
            n_isolated_voxels: self.n_isolated,
            n_branches_by_type,
            total_length: self.lengths().iter().sum(),
        }
    }

    pub(crate) fn heights(&self) -> Option<&VoxelValues<'a>> {
        self.heights.as_ref()
    }

    /// The same voxels with other branches.
    pub(crate) fn with_paths(&self, paths: Paths, kept: Kept) -> SkeletonGraph<'a> {
        SkeletonGraph {
            lattice: self.lattice.clone(),
            ranks: self.ranks,
            heights: self.heights,
            paths,
            kept: Some(kept),
            n_skeletons: self.n_skeletons,
            n_isolated: self.n_isolated,
        }
    }

    /// Length of the edge between two neighbouring voxels.
    pub(crate) fn edge_length(&self, i: u32, j: u32) -> f64 {
        let step = self.lattice.step_between(self.ranks[i as usize], self.ranks[j as usize]);
        self.lattice.edge_length(self.heights.as_ref(), i, j, step)
    }
}
