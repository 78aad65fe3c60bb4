//! Branches made of branches, end to end.

use super::SkeletonGraph;

/// Says that no branch follows.
const NONE: u32 = u32::MAX;

/// Chains of the graph's branches. A chain is known by the branch it began with; its ends are 0 and 1.
pub(super) struct Joined {
    /// For each branch and each of its two ends the neighbour in the chain, and which of the neighbour's ends it is.
    next: Vec<[(u32, u8); 2]>,
    /// For each chain the branch and the end of that branch at either end of the chain.
    ends: Vec<[(u32, u8); 2]>,
}

impl Joined {
    /// Every branch a chain of its own.
    pub(super) fn new(n_branches: usize) -> Joined {
        let ends = (0..n_branches as u32).map(|b| [(b, 0), (b, 1)]).collect();
        Joined { next: vec![[(NONE, 0); 2]; n_branches], ends }
    }

    /// Joins chain `b` at its end `b_end` to chain `a` at its end `a_end`. The result goes on as chain `a`: its end 0
    /// is the free end of `a`, its end 1 that of `b`.
    pub(super) fn join(&mut self, a: u32, a_end: usize, b: u32, b_end: usize) {
        let (near, far) = (self.ends[a as usize][a_end], self.ends[b as usize][b_end]);
        self.next[near.0 as usize][near.1 as usize] = far;
        self.next[far.0 as usize][far.1 as usize] = near;
        self.ends[a as usize] =
            [self.ends[a as usize][1 - a_end], self.ends[b as usize][1 - b_end]];
    }

    /// The voxels of a chain from its end 0 to its end 1; where two branches meet their common voxel comes once.
    pub(super) fn voxels(&self, graph: &SkeletonGraph<'_>, chain: u32, voxels: &mut Vec<u32>) {
        voxels.clear();
        let mut at = self.ends[chain as usize][0];
        while at.0 != NONE {
            let path = graph.path(at.0 as usize);
            let skip = usize::from(!voxels.is_empty());
            if at.1 == 0 {
                voxels.extend(&path[skip..]);
            } else {
                voxels.extend(path.iter().rev().skip(skip));
            }
            at = self.next[at.0 as usize][1 - at.1 as usize];
        }
    }
}
