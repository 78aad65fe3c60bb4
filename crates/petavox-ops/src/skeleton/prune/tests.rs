use super::*;
use crate::skeleton::{GraphOptions, Heap, TableOptions, summarize};
use petavox_core::{Sequential, Table};
use proptest::prelude::*;

/// Shape and ranks of a drawing.
fn drawn(rows: &[&str]) -> ([usize; 2], Vec<u64>) {
    let text: String = rows.concat();
    let ranks = (0..text.len()).filter(|&i| text.as_bytes()[i] == b'#').map(|i| i as u64);
    ([rows.len(), rows[0].len()], ranks.collect())
}

/// What is left of a drawing, and the table.
fn pruned(rows: &[&str], min_length: f64) -> (Vec<String>, Table) {
    let (shape, ranks) = drawn(rows);
    let options = GraphOptions::default();
    let graph = SkeletonGraph::new(&shape, &ranks, &options, &Heap, &Sequential).unwrap();
    let graph = prune(&graph, min_length, &Heap).unwrap();
    let mut left = vec![vec!['.'; shape[1]]; shape[0]];
    for v in (0..ranks.len() as u32).filter(|&v| graph.contains(v)) {
        let [_, y, x] = graph.coordinates(v).map(|c| c as usize);
        left[y][x] = '#';
    }
    let table = summarize(&graph, &TableOptions::default(), &Sequential).unwrap();
    (left.into_iter().map(|row| row.into_iter().collect()).collect(), table)
}

fn ints(table: &Table, column: &str) -> Vec<i64> {
    table.column(column).unwrap().as_int().unwrap().to_vec()
}

#[test]
fn a_short_twig_goes_and_the_trunk_becomes_one_branch() {
    let (left, table) = pruned(&["...#...", "...#...", "###.###"], 3.0);
    assert_eq!(left, [".......", "...#...", "###.###"]);
    assert_eq!(table.n_rows(), 1);
    assert_eq!(ints(&table, "node_id_src"), [1]);
    assert_eq!(ints(&table, "node_id_dst"), [6]);
    assert_eq!(ints(&table, "branch_type"), [0]);
    assert_eq!(
        table.column("branch_distance").unwrap().as_float().unwrap(),
        [4.0 + 2.0 * 2f64.sqrt()]
    );
}

#[test]
fn of_a_fork_of_twigs_the_longest_goes_on() {
    let rows = ["..........#", "#........#.", ".########..", "#.........."];
    let (left, table) = pruned(&rows, 4.0);
    assert_eq!(left, ["..........#", ".........#.", ".########..", "#.........."]);
    assert_eq!(ints(&table, "branch_type"), [0]);
}

#[test]
fn a_loop_left_without_a_junction_is_a_ring_from_its_first_voxel() {
    let rows = ["..#....", ".#.####", "..#...."];
    let (left, table) = pruned(&rows, 10.0);
    assert_eq!(left, ["..#....", ".#.#...", "..#...."]);
    assert_eq!(ints(&table, "branch_type"), [3]);
    assert_eq!(ints(&table, "node_id_src"), [0]);
}

#[test]
fn whole_skeletons_and_single_voxels_stay_and_are_renumbered() {
    // The twig at the top is the first voxel: without it the pair comes first, then the single voxel, then the cross bar.
    let rows = ["...#....##.#", "...#........", "###.###....."];
    let (left, table) = pruned(&rows, 3.0);
    assert_eq!(left, ["........##.#", "...#........", "###.###....."]);
    assert_eq!(ints(&table, "skeleton_id"), [0, 2]);
    assert_eq!(ints(&table, "node_id_src"), [0, 4]);
    assert_eq!(ints(&table, "node_id_dst"), [1, 9]);
}

#[test]
fn lengths_below_zero_and_nan_are_refused() {
    let graph =
        SkeletonGraph::new(&[2, 2], &[0], &GraphOptions::default(), &Heap, &Sequential).unwrap();
    assert!(prune(&graph, -1.0, &Heap).is_err());
    assert!(prune(&graph, f64::NAN, &Heap).is_err());
    assert_eq!(prune(&graph, f64::INFINITY, &Heap).unwrap().summary().n_isolated_voxels, 1);
}

/// Branches less nodes plus connected skeletons: the number of independent loops.
fn n_loops(graph: &SkeletonGraph<'_>) -> usize {
    let ends = |b: usize| [graph.path(b)[0], *graph.path(b).last().unwrap()];
    let mut nodes: Vec<u32> = (0..graph.n_branches()).flat_map(ends).collect();
    nodes.sort_unstable();
    nodes.dedup();
    let s = graph.summary();
    s.n_branches() + s.n_skeletons - s.n_isolated_voxels - nodes.len()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn pruning_holds_its_laws((shape, ranks) in crate::skeleton::graph::small_mask(), quarters in 0u32..40) {
        let min_length = f64::from(quarters) / 4.0;
        let options = GraphOptions::default();
        let graph = SkeletonGraph::new(&shape, &ranks, &options, &Heap, &Sequential).unwrap();
        let table = |g: &SkeletonGraph<'_>| summarize(g, &TableOptions::default(), &Sequential).unwrap();
        // Nothing is shorter than 0.
        prop_assert_eq!(table(&prune(&graph, 0.0, &Heap).unwrap()), table(&graph));

        let once = prune(&graph, min_length, &Heap).unwrap();
        // No short twig is left, a second time changes nothing, loops and skeletons stay.
        for (kind, length) in once.branch_types().iter().zip(once.lengths()) {
            prop_assert!(*kind != 1 || *length >= min_length);
        }
        prop_assert_eq!(table(&prune(&once, min_length, &Heap).unwrap()), table(&once));
        prop_assert_eq!(n_loops(&once), n_loops(&graph));
        prop_assert_eq!(once.summary().n_skeletons, graph.summary().n_skeletons);

        // No node has two branches, but for rings.
        let mut degree = std::collections::BTreeMap::new();
        for b in 0..once.n_branches() {
            let path = once.path(b);
            *degree.entry(path[0]).or_insert(0) += 1;
            *degree.entry(path[path.len() - 1]).or_insert(0) += 1;
        }
        let rings = (0..once.n_branches())
            .filter(|&b| once.branch_types()[b] == 3 && degree[&once.path(b)[0]] == 2)
            .count();
        prop_assert_eq!(degree.values().filter(|&&d| d == 2).count(), rings);

        // Rows come in the order of the walk; a branch is as long as its steps; kinds tell the ends' degrees.
        let is_ring = |b: usize| degree[&once.path(b)[0]] == 2;
        let key = |b: usize| (is_ring(b), once.path(b)[0], once.path(b)[1]);
        for b in 0..once.n_branches() {
            prop_assert!(b == 0 || key(b - 1) < key(b));
            let path = once.path(b);
            prop_assert!(path[0] <= path[path.len() - 1]);
            let steps = path.windows(2).fold(0.0, |l, w| l + once.edge_length(w[0], w[1]));
            prop_assert_eq!(once.lengths()[b], steps);
            let tips = [path[0], path[path.len() - 1]].iter().filter(|v| degree[*v] == 1).count();
            let kind = if path[0] == path[path.len() - 1] { 3 } else { 2 - tips };
            prop_assert_eq!(usize::from(once.branch_types()[b]), kind);
        }

        // Node ids count the voxels that are left; skeleton ids rise with their first voxels.
        let left: Vec<u32> = (0..ranks.len() as u32).filter(|&v| once.contains(v)).collect();
        prop_assert!(left.iter().enumerate().all(|(n, &v)| once.node_id(v) as usize == n));
        prop_assert_eq!(once.summary().n_voxels, left.len());
        let mut firsts = std::collections::BTreeMap::new();
        for b in 0..once.n_branches() {
            let lowest = *once.path(b).iter().min().unwrap();
            let first = firsts.entry(once.skeleton_ids()[b]).or_insert(lowest);
            *first = lowest.min(*first);
        }
        let firsts: Vec<u32> = firsts.into_values().collect();
        prop_assert!(firsts.is_sorted());
    }
}
