//! What holds for every mask.

use super::reference;
use crate::skeleton::{
    Arrays, GraphOptions, Heap, Memory, SkeletonGraph, TableOptions, VoxelValues, branch_labels,
    summarize,
};
use petavox_core::{Buffer, Result, Sequential, Workers};
use proptest::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mask of a small image: shape, ranks.
pub(crate) fn small_mask() -> impl Strategy<Value = (Vec<usize>, Vec<u64>)> {
    let shapes = prop_oneof![
        prop::collection::vec(1usize..7, 3),
        prop::collection::vec(1usize..12, 2),
        Just(vec![1, 1, 40])
    ];
    (shapes, 0u32..100).prop_flat_map(|(shape, percent)| {
        let n: usize = shape.iter().product();
        let sample = prop::bool::weighted(f64::from(percent) / 100.0);
        prop::collection::vec(sample, n).prop_map(move |mask| {
            let ranks = (0..n).filter(|&r| mask[r]).map(|r| r as u64).collect();
            (shape.clone(), ranks)
        })
    })
}

fn three<T: Copy>(values: &[T], fill: T) -> [T; 3] {
    let mut all = [fill; 3];
    all[3 - values.len()..].copy_from_slice(values);
    all
}

const SPACINGS: [[f64; 3]; 4] =
    [[1.0, 1.0, 1.0], [9.1006, 3.0335, 3.0335], [0.1, 0.7, 0.3], [2.0, 1.0, 2.0]];

fn expect_reference(shape: &[usize], ranks: &[u64], spacing: &[f64], heights: Option<&[f64]>) {
    let options = GraphOptions { spacing: Some(spacing), heights: heights.map(VoxelValues::F64) };
    let graph = SkeletonGraph::new(shape, ranks, &options, &Heap, &Sequential).unwrap();
    let full_shape = three(shape, 1).map(|s| s as u64);
    let expected = reference::branches(full_shape, ranks, three(spacing, 1.0), heights);
    assert_eq!(graph.n_branches(), expected.len());
    for (b, branch) in expected.iter().enumerate() {
        let ours = reference::Branch {
            voxels: graph.path(b).to_vec(),
            length: graph.lengths()[b],
            skeleton: graph.skeleton_ids()[b],
            kind: graph.branch_types()[b],
        };
        assert_eq!(&ours, branch);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn graphs_equal_the_plain_definitions((shape, ranks) in small_mask(), which in 0usize..4) {
        let spacing = &SPACINGS[which][3 - shape.len()..];
        expect_reference(&shape, &ranks, spacing, None);
    }

    #[test]
    fn graphs_with_heights_equal_the_plain_definitions((shape, ranks) in small_mask(), seed in 0u64..1000) {
        // Few distinct heights: many ties.
        let heights: Vec<f64> = ranks.iter().map(|r| ((r * 7 + seed) % 5) as f64 * 0.5).collect();
        expect_reference(&shape, &ranks, &SPACINGS[0][3 - shape.len()..], Some(&heights));
    }

    #[test]
    fn the_place_in_a_huge_image_is_invisible((shape, ranks) in small_mask()) {
        // Farther than 32 bits count, and with room on all sides.
        let (small, huge) = (three(&shape, 1).map(|s| s as u64), [3000u64, 5000, 7000]);
        let moved: Vec<u64> = ranks
            .iter()
            .map(|r| [r / (small[1] * small[2]), r / small[2] % small[1], r % small[2]])
            .map(|[z, y, x]| ((z + 2900) * huge[1] + y + 4000) * huge[2] + x + 6000)
            .collect();
        let options = GraphOptions::default();
        let here = SkeletonGraph::new(&shape, &ranks, &options, &Heap, &Sequential).unwrap();
        let huge = huge.map(|s| s as usize);
        let there = SkeletonGraph::new(&huge, &moved, &options, &Heap, &Sequential).unwrap();
        prop_assert_eq!(here.summary(), there.summary());
        for b in 0..here.n_branches() {
            prop_assert_eq!(here.path(b), there.path(b));
        }
        if let Some(&last) = moved.last() {
            prop_assert!(last > u64::from(u32::MAX));
            prop_assert!(there.coordinates(moved.len() as u32 - 1)[0] >= 2900);
        }
    }

    #[test]
    fn branches_and_labels_cover_every_voxel_with_a_neighbour((shape, ranks) in small_mask()) {
        let options = GraphOptions::default();
        let graph = SkeletonGraph::new(&shape, &ranks, &options, &Heap, &Sequential).unwrap();
        let mut labels = vec![7; ranks.len()];
        branch_labels(&graph, &mut labels).unwrap();
        let summary = graph.summary();
        prop_assert_eq!(labels.iter().filter(|&&l| l == 0).count(), summary.n_isolated_voxels);
        for (v, &label) in labels.iter().enumerate().filter(|(_, l)| **l > 0) {
            let first = (0..graph.n_branches()).find(|&b| graph.path(b).contains(&(v as u32)));
            prop_assert_eq!(first, Some(label as usize - 1));
        }
        let total: f64 = graph.lengths().iter().sum();
        prop_assert_eq!(total, summary.total_length);
        prop_assert_eq!(summary.n_branches(), graph.n_branches());
    }
}

/// Long random walks in an image large enough for several pieces of parallel work.
fn walks(shape: [usize; 3], n_steps: usize) -> Vec<u64> {
    let mut state = 1u64;
    let mut random = |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut ranks = Vec::with_capacity(n_steps);
    let (mut at, mut direction) = (shape.map(|s| s as i64 / 2), [1i64, 0, 0]);
    for step in 0..n_steps {
        if step % 400 == 0 {
            at = shape.map(|s| random(s as u64) as i64);
        }
        if random(6) == 0 {
            direction = [(); 3].map(|()| random(3) as i64 - 1);
        }
        for axis in 0..3 {
            at[axis] = (at[axis] + direction[axis]).clamp(0, shape[axis] as i64 - 1);
        }
        ranks.push(((at[0] * shape[1] as i64 + at[1]) * shape[2] as i64 + at[2]) as u64);
    }
    ranks.sort_unstable();
    ranks.dedup();
    ranks
}

/// Threads that take the pieces of work in a jumbled order.
struct Jumbled(usize);

impl Workers for Jumbled {
    fn n_threads(&self) -> usize {
        self.0
    }

    fn for_each(&self, n_items: usize, task: &(dyn Fn(usize) + Sync)) {
        std::thread::scope(|scope| {
            for t in 0..self.0 {
                scope.spawn(move || {
                    (0..n_items).rev().filter(|i| i % self.0 == t).for_each(task);
                });
            }
        });
    }
}

#[test]
fn threads_are_invisible() {
    let shape = [150, 160, 170];
    let ranks = walks(shape, 120_000);
    assert!(ranks.len() > 80_000);
    let values: Vec<f64> = ranks.iter().map(|&r| (r % 1000) as f64 / 7.0).collect();
    let table = |workers: &dyn Workers| {
        let options = GraphOptions::default();
        let graph = SkeletonGraph::new(&shape, &ranks, &options, &Heap, workers).unwrap();
        let values = Some(VoxelValues::F64(&values));
        summarize(&graph, &TableOptions { values, radius: values }, workers).unwrap()
    };
    let one = table(&Sequential);
    assert!(one.n_rows() > 1000);
    for n_threads in [2, 3] {
        assert!(table(&Jumbled(n_threads)) == one);
    }
}

/// Memory that is counted while it lives.
struct Counted(Buffer, Arc<AtomicUsize>);

impl Memory for Counted {
    fn bytes(&self) -> &[u8] {
        self.0.bytes()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.bytes_mut()
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.fetch_sub(self.0.len(), Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Counting {
    now: Arc<AtomicUsize>,
    peak: AtomicUsize,
}

impl Arrays for Counting {
    fn zeroed(&self, n_bytes: usize) -> Result<Box<dyn Memory>> {
        let now = self.now.fetch_add(n_bytes, Ordering::Relaxed) + n_bytes;
        self.peak.fetch_max(now, Ordering::Relaxed);
        Ok(Box::new(Counted(Buffer::zeroed(n_bytes)?, Arc::clone(&self.now))))
    }
}

#[test]
fn memory_is_what_was_announced() {
    let solid: Vec<u64> = (0..20 * 20 * 20).collect();
    let random: Vec<u64> = (0..40 * 40 * 40).filter(|r| r * r % 997 < 250).collect();
    let thin = walks([200, 200, 200], 60_000);
    let cases = [([20; 3], &solid), ([40; 3], &random), ([200; 3], &thin)];
    for (shape, ranks) in cases {
        let counting = Counting::default();
        let options = GraphOptions::default();
        let graph = SkeletonGraph::new(&shape, ranks, &options, &counting, &Sequential).unwrap();
        let n_branches = graph.n_branches();
        let n_edges = (0..n_branches).map(|b| graph.path(b).len() - 1).sum();
        let peak = counting.peak.load(Ordering::Relaxed) as u64;
        let announced = SkeletonGraph::build_bytes(ranks.len(), n_edges, n_branches);
        assert!(peak <= announced, "{peak} bytes, announced {announced}");
        drop(graph);
        assert_eq!(counting.now.load(Ordering::Relaxed), 0);
    }
    // Ranks, graph and what is added for a value and a radius per voxel, on a skeleton with a branch every 8 voxels.
    let thin_bytes = SkeletonGraph::build_bytes(1000, 1050, 125) + 8 * 1000 + 8 * 1000;
    assert!(thin_bytes < 64 * 1000);
}

#[test]
fn ranks_that_do_not_rise_or_lie_outside_are_refused() {
    let graph = |shape: &[usize], ranks: &[u64]| {
        let options = GraphOptions::default();
        SkeletonGraph::new(shape, ranks, &options, &Heap, &Sequential).map(|g| g.n_branches())
    };
    assert!(graph(&[4, 4], &[3, 2]).is_err());
    assert!(graph(&[4, 4], &[3, 3]).is_err());
    assert!(graph(&[4, 4], &[3, 16]).is_err());
    assert!(graph(&[4], &[3]).is_err());
    assert!(graph(&[2, 2, 2, 2], &[3]).is_err());
    assert!(graph(&[0, 4], &[0]).is_err());
    assert!(graph(&[usize::MAX, 4], &[0]).is_err());
    assert_eq!(graph(&[0, 4], &[]).unwrap(), 0);
    assert_eq!(graph(&[4, 4], &[]).unwrap(), 0);
}

#[test]
fn spacing_and_heights_are_checked() {
    let graph = |options: GraphOptions<'_>| {
        SkeletonGraph::new(&[4, 4], &[1, 2], &options, &Heap, &Sequential).map(|g| g.n_branches())
    };
    for spacing in [&[1.0][..], &[1.0, 0.0], &[1.0, -1.0], &[1.0, f64::NAN], &[1.0; 3]] {
        assert!(graph(GraphOptions { spacing: Some(spacing), heights: None }).is_err());
    }
    for heights in [&[1.0][..], &[1.0, f64::NAN]] {
        let heights = Some(VoxelValues::F64(heights));
        assert!(graph(GraphOptions { spacing: None, heights }).is_err());
    }
    assert_eq!(graph(GraphOptions::default()).unwrap(), 1);
}
