//! Disjoint sets.

use serde::{Deserialize, Serialize};

/// Disjoint sets of numbers; the smallest member stands for its set.
///
/// ```
/// let mut sets = petavox_kernels::label::UnionFind::default();
/// sets.grow(3);
/// sets.join(2, 1);
/// assert_eq!([sets.find(0), sets.find(1), sets.find(2)], [0, 1, 1]);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UnionFind {
    parent: Vec<u64>,
}

impl UnionFind {
    /// Adds `n` sets of one member.
    pub fn grow(&mut self, n: usize) {
        let old = self.parent.len() as u64;
        self.parent.extend(old..old + n as u64);
    }

    /// Adds other sets; their members are numbered on from the number returned.
    pub fn append(&mut self, others: UnionFind) -> usize {
        let base = self.len();
        self.parent.extend(others.parent.iter().map(|p| p + base as u64));
        base
    }

    /// Number of members.
    pub fn len(&self) -> usize {
        self.parent.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.parent.is_empty()
    }

    /// The smallest member of the set that `member` is in.
    pub fn find(&mut self, member: usize) -> usize {
        let mut at = member;
        while self.parent[at] != at as u64 {
            let up = self.parent[at] as usize;
            self.parent[at] = self.parent[up];
            at = up;
        }
        at
    }

    /// Makes the sets of two members one.
    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.find(a), self.find(b));
        self.parent[a.max(b)] = a.min(b) as u64;
    }
}
