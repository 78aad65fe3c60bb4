//! From the numbers of blocks to the numbers of the image.

use super::{Component, UnionFind};
use petavox_core::Region;
use serde::{Deserialize, Serialize};

/// The components of all blocks while they are being joined; 32 bytes for each.
///
/// Blocks and joins may come in any order: the numbers that [`Components::finish`] gives depend on the image only.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Components {
    sets: UnionFind,
    firsts: Vec<u64>,
    sizes: Vec<u64>,
    values: Vec<u64>,
}

impl Components {
    /// Adds what [`super::label_block`] found in the block at `region` of an image of this shape. The number returned stands for
    /// the block from now on.
    pub fn add_block(
        &mut self,
        region: &Region,
        image_shape: &[usize],
        found: &[Component],
    ) -> usize {
        let base = self.sets.len();
        self.sets.grow(found.len());
        for component in found {
            let mut rest = component.first;
            let (mut first, mut step) = (0, 1);
            for a in (0..region.ndim()).rev() {
                let n = region.shape()[a] as u64;
                first += (rest % n + region.start()[a] as u64) * step;
                rest /= n;
                step *= image_shape[a] as u64;
            }
            self.firsts.push(first);
            self.sizes.push(component.size);
            self.values.push(component.value);
        }
        base
    }

    /// Adds the components of other blocks. What is returned is to be added to the numbers that stood for those blocks.
    pub fn append(&mut self, others: Components) -> usize {
        let base = self.sets.append(others.sets);
        self.firsts.extend(others.firsts);
        self.sizes.extend(others.sizes);
        self.values.extend(others.values);
        base
    }

    /// Two components that touch, each given as its block's number and its label (1, 2, ...) there, are one if their values are equal.
    pub fn join(&mut self, a: (usize, u32), b: (usize, u32)) {
        let (a, b) = (a.0 + a.1 as usize - 1, b.0 + b.1 as usize - 1);
        if self.values[a] == self.values[b] {
            self.sets.join(a, b);
        }
    }

    /// Numbers the components by the raster order of their first samples.
    pub fn finish(mut self) -> ComponentTable {
        let n = self.sets.len();
        for i in 0..n {
            let root = self.sets.find(i);
            if root != i {
                self.firsts[root] = self.firsts[root].min(self.firsts[i]);
                self.sizes[root] += self.sizes[i];
            }
        }
        let mut roots: Vec<usize> = (0..n).filter(|&i| self.sets.find(i) == i).collect();
        roots.sort_unstable_by_key(|&i| self.firsts[i]);
        let mut numbers = vec![0u64; n];
        for (k, &root) in roots.iter().enumerate() {
            numbers[root] = k as u64 + 1;
        }
        for i in 0..n {
            numbers[i] = numbers[self.sets.find(i)];
        }
        let sizes = roots.iter().map(|&i| self.sizes[i]).collect();
        ComponentTable { numbers, sizes }
    }
}

/// The numbers of an image's components, and their sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentTable {
    numbers: Vec<u64>,
    sizes: Vec<u64>,
}

impl ComponentTable {
    /// Samples per component, in the order of the numbers from 1.
    pub fn sizes(&self) -> &[u64] {
        &self.sizes
    }

    /// What the labels 0, 1, ... `n_labels` of a block become: scipy.ndimage's numbers.
    pub fn lookup(&self, block: usize, n_labels: usize) -> Vec<u64> {
        let numbers = &self.numbers[block..block + n_labels];
        std::iter::once(0).chain(numbers.iter().copied()).collect()
    }

    /// For the labels 0, 1, ... `n_labels` of a block: 1 if the component has at most `max_size` samples, else 0 (also for label 0).
    /// Written by [`super::Runs::write`] this is the mask of what scikit-image 0.26 removes by `remove_small_objects(max_size=...)`, or
    /// fills by `remove_small_holes` when the background was labelled. Its older `min_size` is `max_size` plus one.
    pub fn small(&self, block: usize, n_labels: usize, max_size: u64) -> Vec<u64> {
        let small = |n: u64| n > 0 && self.sizes[n as usize - 1] <= max_size;
        self.lookup(block, n_labels).into_iter().map(|n| u64::from(small(n))).collect()
    }
}
