//! The definitions of the graph written down plainly, without a thought for time or memory.

use std::collections::{BTreeMap, BTreeSet};

/// A branch: its voxels, length, skeleton and type.
#[derive(Debug, PartialEq)]
pub(super) struct Branch {
    pub(super) voxels: Vec<u32>,
    pub(super) length: f64,
    pub(super) skeleton: u32,
    pub(super) kind: u8,
}

type Edges = BTreeMap<u32, BTreeMap<u32, f64>>;

fn all_edges(shape: [u64; 3], ranks: &[u64], spacing: [f64; 3], heights: Option<&[f64]>) -> Edges {
    let place = |r: u64| {
        [r / (shape[1] * shape[2]), r / shape[2] % shape[1], r % shape[2]].map(|c| c as f64)
    };
    let mut edges = Edges::new();
    for (i, &a) in ranks.iter().enumerate() {
        for (j, &b) in ranks.iter().enumerate() {
            let (a, b) = (place(a), place(b));
            let steps: [f64; 3] = std::array::from_fn(|k| a[k] - b[k]);
            if i != j && steps.iter().all(|s| s.abs() <= 1.0) {
                let [z, y, x]: [f64; 3] = std::array::from_fn(|k| (steps[k] * spacing[k]).powi(2));
                let flat = (z + (y + x)).sqrt();
                let length = heights.map_or(flat, |h| (h[i] - h[j]).hypot(flat));
                edges.entry(i as u32).or_default().insert(j as u32, length);
            }
        }
    }
    edges
}

/// Lowest voxel that each voxel is connected to.
fn components(n: u32, edges: &[(u32, u32)]) -> Vec<u32> {
    let mut lowest: Vec<u32> = (0..n).collect();
    loop {
        let before = lowest.clone();
        for &(i, j) in edges {
            let low = lowest[i as usize].min(lowest[j as usize]);
            (lowest[i as usize], lowest[j as usize]) = (low, low);
        }
        if lowest == before {
            return lowest;
        }
    }
}

/// All branches, in order.
pub(super) fn branches(
    shape: [u64; 3],
    ranks: &[u64],
    spacing: [f64; 3],
    heights: Option<&[f64]>,
) -> Vec<Branch> {
    let n = ranks.len() as u32;
    let mut edges = all_edges(shape, ranks, spacing, heights);
    let degree = |edges: &Edges, v: u32| edges.get(&v).map_or(0, BTreeMap::len);
    let junctions: BTreeSet<u32> = (0..n).filter(|&v| degree(&edges, v) > 2).collect();
    let mut inside: Vec<(f64, u32, u32)> = Vec::new();
    for &i in &junctions {
        for (&j, &length) in edges[&i].range(i + 1..).filter(|(j, _)| junctions.contains(j)) {
            inside.push((length, i, j));
        }
    }
    inside.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut tree = Vec::new();
    for (_, i, j) in inside {
        let sets = components(n, &tree);
        if sets[i as usize] == sets[j as usize] {
            edges.get_mut(&i).unwrap().remove(&j);
            edges.get_mut(&j).unwrap().remove(&i);
        } else {
            tree.push((i, j));
        }
    }
    let pairs: Vec<(u32, u32)> =
        edges.iter().flat_map(|(&i, to)| to.keys().map(move |&j| (i, j))).collect();
    let lowest = components(n, &pairs);
    let roots: BTreeSet<u32> = lowest.iter().copied().collect();
    let skeleton = |v: u32| roots.range(..lowest[v as usize]).count() as u32;

    let mut left = edges.clone();
    let mut branches = Vec::new();
    let mut follow = |start: u32, mut next: u32| {
        let mut branch = vec![start];
        let mut length = 0.0;
        let mut here = start;
        loop {
            if left.get_mut(&here).unwrap().remove(&next).is_none() {
                return;
            }
            left.get_mut(&next).unwrap().remove(&here);
            length += edges[&here][&next];
            branch.push(next);
            if next == start || degree(&edges, next) != 2 {
                break;
            }
            let onward = edges[&next].keys().copied().find(|&v| v != here).unwrap();
            (here, next) = (next, onward);
        }
        let tips = usize::from(degree(&edges, start) == 1) + usize::from(degree(&edges, next) == 1);
        let kind = if start == next { 3 } else { 2 - tips as u8 };
        branches.push(Branch { voxels: branch, length, skeleton: skeleton(start), kind });
    };
    for v in (0..n).filter(|&v| degree(&edges, v) != 2 && degree(&edges, v) > 0) {
        edges[&v].keys().for_each(|&next| follow(v, next));
    }
    for v in (0..n).filter(|&v| degree(&edges, v) == 2) {
        follow(v, *edges[&v].keys().next().unwrap());
    }
    branches
}
