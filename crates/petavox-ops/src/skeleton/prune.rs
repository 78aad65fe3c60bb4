//! Short tip branches away, and what remains joined up.

use super::arrays::{Array, Arrays};
use super::graph::{BranchKind, Kept, Paths, SkeletonGraph};
use petavox_core::{Error, Result};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

mod joined;
use joined::Joined;

/// The graph without its tip branches shorter than `min_length`, to a fixed point.
///
/// A tip branch (type 1) runs from a tip to a junction. The shortest goes first (of equally long ones that whose tip
/// comes first in raster order). When its junction is left with two branches, these become one branch, with the summed
/// length, before the next is looked at; so of a fork of short twigs the longest goes on the trunk, and no skeleton ever
/// vanishes. Branches from tip to tip (type 0) are whole skeletons and stay, whatever their length.
///
/// Rows, node ids and skeleton ids are what they would be had the walk found the remaining branches: node ids count the
/// voxels that remain. Takes, beside the arrays of the new graph, about 70 bytes per branch.
///
/// ```
/// use petavox_core::Sequential;
/// use petavox_ops::skeleton::{GraphOptions, Heap, SkeletonGraph, prune};
/// // . . . # . . .
/// // # # # . # # #
/// let ranks = [3, 7, 8, 9, 11, 12, 13];
/// let graph = SkeletonGraph::new(&[2, 7], &ranks, &GraphOptions::default(), &Heap, &Sequential)?;
/// assert_eq!(prune(&graph, 5.0, &Heap)?.n_branches(), 1);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] if `min_length` is negative or not a number; whatever `arrays` says.
pub fn prune<'a>(
    graph: &SkeletonGraph<'a>,
    min_length: f64,
    arrays: &dyn Arrays,
) -> Result<SkeletonGraph<'a>> {
    if min_length.is_nan() || min_length < 0.0 {
        return Err(Error::argument("prune", min_length, "a length of 0 or more"));
    }
    let mut network = Network::new(graph);
    network.prune(min_length);
    network.finish(graph, arrays)
}

/// Branches between nodes, and the branches at each node.
struct Network {
    /// End voxels of the branches at the start, in rising order: the nodes.
    nodes: Vec<u32>,
    /// Where each node's branches start in `at_node`.
    first: Vec<u32>,
    /// Branches at each node; the first `degree` of its entries are valid. A branch from a node to itself comes twice.
    at_node: Vec<u32>,
    degree: Vec<u32>,
    /// Both nodes of each branch; a branch that was joined to another goes on under the other's number.
    ends: Vec<[u32; 2]>,
    lengths: Vec<f64>,
    state: Vec<State>,
    joined: Joined,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Between two nodes.
    Open,
    /// Closed, without a node.
    Ring,
    /// Pruned, or part of another branch.
    Gone,
}

impl Network {
    fn new(graph: &SkeletonGraph<'_>) -> Network {
        let n = graph.n_branches();
        let ends_of = |b: usize| {
            let path = graph.path(b);
            [path[0], path[path.len() - 1]]
        };
        let mut nodes: Vec<u32> = (0..n).flat_map(ends_of).collect();
        nodes.sort_unstable();
        nodes.dedup();
        let node_of = |voxel: u32| nodes.partition_point(|&v| v < voxel) as u32;
        let ends: Vec<[u32; 2]> = (0..n).map(|b| ends_of(b).map(node_of)).collect();
        let mut degree = vec![0u32; nodes.len()];
        ends.iter().flatten().for_each(|&node| degree[node as usize] += 1);
        let mut first = Vec::with_capacity(nodes.len());
        let mut n_entries = 0;
        for d in &mut degree {
            first.push(n_entries);
            n_entries += std::mem::take(d);
        }
        let mut at_node = vec![0; n_entries as usize];
        for (b, both) in ends.iter().enumerate() {
            for &node in both {
                let node = node as usize;
                at_node[(first[node] + degree[node]) as usize] = b as u32;
                degree[node] += 1;
            }
        }
        let state = (0..n).map(|b| {
            let [src, dst] = ends[b];
            if src == dst && degree[src as usize] == 2 { State::Ring } else { State::Open }
        });
        let state = state.collect();
        let lengths = graph.lengths().to_vec();
        Network { nodes, first, at_node, degree, ends, lengths, state, joined: Joined::new(n) }
    }

    /// The tip of a branch from tip to junction, and the end of the branch at which it is.
    fn tip(&self, branch: u32) -> Option<usize> {
        let [src, dst] = self.ends[branch as usize].map(|node| self.degree[node as usize]);
        match (self.state[branch as usize], src, dst) {
            (State::Open, 1, 3..) => Some(0),
            (State::Open, 3.., 1) => Some(1),
            _ => None,
        }
    }

    fn prune(&mut self, min_length: f64) {
        // Lengths are not negative, so their bits sort as they do.
        let mut queue = BinaryHeap::new();
        let entry = |network: &Network, branch: u32| {
            let length = network.lengths[branch as usize];
            let tip = network.tip(branch).filter(|_| length < min_length)?;
            Some(Reverse((length.to_bits(), network.ends[branch as usize][tip], branch)))
        };
        queue.extend((0..self.ends.len() as u32).filter_map(|b| entry(self, b)));
        while let Some(next) = queue.pop() {
            let Reverse((_, _, branch)) = next;
            // A branch that grew, or lost its junction, since it was queued is not what was meant.
            if entry(self, branch) != Some(next) {
                continue;
            }
            let Some(tip) = self.tip(branch) else { continue };
            self.state[branch as usize] = State::Gone;
            let [tip, junction] = [tip, 1 - tip].map(|end| self.ends[branch as usize][end]);
            self.degree[tip as usize] = 0;
            if let Some(grown) = self.detach(branch, junction) {
                queue.extend(entry(self, grown));
            }
        }
    }

    fn branches_at(&self, node: u32) -> &[u32] {
        let first = self.first[node as usize] as usize;
        &self.at_node[first..first + self.degree[node as usize] as usize]
    }

    /// Takes a branch off a junction; if that is one no more, joins the two others and tells the result.
    fn detach(&mut self, branch: u32, node: u32) -> Option<u32> {
        let first = self.first[node as usize] as usize;
        let place = self.branches_at(node).iter().position(|&b| b == branch)?;
        self.degree[node as usize] -= 1;
        self.at_node.swap(first + place, first + self.degree[node as usize] as usize);
        let &[a, b] = self.branches_at(node) else { return None };
        self.degree[node as usize] = 0;
        if a == b {
            self.state[a as usize] = State::Ring;
            return None;
        }
        let (a, b) = (a.min(b), a.max(b));
        let end_at = |branch: u32| usize::from(self.ends[branch as usize][0] != node);
        let (a_end, b_end) = (end_at(a), end_at(b));
        let far = self.ends[b as usize][1 - b_end];
        // `b` becomes part of `a`, which now reaches to where `b` did.
        self.joined.join(a, a_end, b, b_end);
        self.lengths[a as usize] += self.lengths[b as usize];
        self.state[b as usize] = State::Gone;
        let a_near = self.ends[a as usize][1 - a_end];
        self.ends[a as usize] = [a_near, far];
        let first = self.first[far as usize] as usize;
        let place = self.branches_at(far).iter().position(|&x| x == b)?;
        self.at_node[first + place] = a;
        Some(a)
    }

    /// The graph of what remains.
    fn finish<'a>(
        self,
        graph: &SkeletonGraph<'a>,
        arrays: &dyn Arrays,
    ) -> Result<SkeletonGraph<'a>> {
        // Voxels of no branch, those without a neighbour, stay; of the others those of the branches that remain.
        let n_voxels = graph.ranks().len();
        let mut bits = Array::<u64>::zeroed(arrays, n_voxels.div_ceil(64))?;
        let kept = bits.get_mut();
        (0..n_voxels as u32).filter(|&v| graph.contains(v)).for_each(|v| set(kept, v, true));
        for branch in 0..graph.n_branches() {
            graph.path(branch).iter().for_each(|&v| set(kept, v, false));
        }
        let isolated: Vec<u32> = (0..n_voxels as u32).filter(|&v| get(kept, v)).collect();
        let mut voxels = Vec::new();
        // What decides the order of the rows: rings last, then the first voxel and the one after it.
        let mut rows: Vec<(bool, u32, u32, u32)> = Vec::new();
        let (mut n_path_voxels, mut skeleton_starts) = (0, Vec::new());
        for branch in
            (0..graph.n_branches() as u32).filter(|&b| self.state[b as usize] != State::Gone)
        {
            let is_ring = self.state[branch as usize] == State::Ring;
            self.voxels_of(graph, branch, &mut voxels);
            rows.push((is_ring, voxels[0], voxels[1], branch));
            n_path_voxels += voxels.len();
            let lowest = voxels.iter().min().copied().unwrap_or(0);
            skeleton_starts.push((graph.skeleton_ids()[branch as usize], lowest));
            voxels.iter().for_each(|&v| set(kept, v, true));
        }
        rows.sort_unstable();
        let new_ids = renumber(skeleton_starts, &isolated);
        let mut paths = Paths::zeroed(rows.len(), n_path_voxels, arrays)?;
        let mut writer = paths.writer();
        for (is_ring, _, _, branch) in rows {
            self.voxels_of(graph, branch, &mut voxels);
            voxels.iter().for_each(|&v| writer.voxel(v));
            let length = voxels.windows(2).fold(0.0, |l, w| l + graph.edge_length(w[0], w[1]));
            let is_tip = |voxel: u32| {
                let node = self.nodes.partition_point(|&v| v < voxel);
                !is_ring && self.degree[node] == 1
            };
            let (src, dst) = (voxels[0], voxels[voxels.len() - 1]);
            let kind = BranchKind::between(src, is_tip(src), dst, is_tip(dst));
            let old = graph.skeleton_ids()[branch as usize];
            let id =
                new_ids.binary_search_by_key(&old, |&(id, _)| id).map_or(0, |at| new_ids[at].1);
            writer.end_of_path(length, id, kind);
        }
        Ok(graph.with_paths(paths, Kept::new(bits, arrays)?))
    }

    /// The voxels of a branch in the direction the walk would take.
    fn voxels_of(&self, graph: &SkeletonGraph<'_>, branch: u32, voxels: &mut Vec<u32>) {
        self.joined.voxels(graph, branch, voxels);
        if self.state[branch as usize] == State::Ring {
            voxels.pop();
            let lowest = voxels.iter().enumerate().min_by_key(|(_, v)| **v).map_or(0, |(i, _)| i);
            voxels.rotate_left(lowest);
            voxels.push(voxels[0]);
        }
        let last = voxels.len() - 1;
        if (voxels[0], voxels[1]) > (voxels[last], voxels[last - 1]) {
            voxels.reverse();
        }
    }
}

fn get(bits: &[u64], voxel: u32) -> bool {
    bits[voxel as usize / 64] >> (voxel % 64) & 1 == 1
}

fn set(bits: &mut [u64], voxel: u32, on: bool) {
    let word = &mut bits[voxel as usize / 64];
    *word = *word & !(1 << (voxel % 64)) | u64::from(on) << (voxel % 64);
}

/// Old and new number of each skeleton that has branches, by old number; the new ones rise with the skeletons' lowest
/// voxels, isolated voxels counted among them.
fn renumber(mut starts: Vec<(u32, u32)>, isolated: &[u32]) -> Vec<(u32, u32)> {
    starts.sort_unstable();
    starts.dedup_by_key(|s| s.0);
    let mut by_voxel: Vec<(u32, u32)> = starts.iter().map(|&(id, voxel)| (voxel, id)).collect();
    by_voxel.sort_unstable();
    let mut ids: Vec<(u32, u32)> = by_voxel
        .iter()
        .enumerate()
        .map(|(n, &(voxel, id))| (id, (n + isolated.partition_point(|&v| v < voxel)) as u32))
        .collect();
    ids.sort_unstable();
    ids
}

#[cfg(test)]
mod tests;
