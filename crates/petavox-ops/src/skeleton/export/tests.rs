use super::*;
use crate::skeleton::{GraphOptions, Heap, TableOptions, VoxelValues, prune, summarize};
use petavox_core::Sequential;
use proptest::prelude::*;
use std::path::Path;

fn graph<'a>(shape: &[usize], ranks: &'a [u64], spacing: &'a [f64]) -> SkeletonGraph<'a> {
    let options = GraphOptions { spacing: Some(spacing), heights: None };
    SkeletonGraph::new(shape, ranks, &options, &Heap, &Sequential).unwrap()
}

fn swc_text(graph: &SkeletonGraph<'_>, radius: Option<VoxelValues<'_>>) -> String {
    let mut out = Vec::new();
    swc(graph, radius, &mut out, Path::new("a.swc")).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn swc_of_a_fork() {
    // # . #
    // . # .
    // . # .
    let ranks = [0, 2, 4, 7];
    let g = graph(&[3, 3], &ranks, &[2.0, 0.5]);
    let text = swc_text(&g, Some(VoxelValues::F64(&[1.0, 2.0, 3.0, 4.0])));
    let expected = "# written by petavox: 4 voxels in 1 trees\n\
                    # id type x y z radius parent\n\
                    1 0 0 0 0 1 -1\n\
                    2 0 0.5 2 0 3 1\n\
                    3 0 1 0 0 2 2\n\
                    4 0 0.5 4 0 4 2\n";
    assert_eq!(text, expected);
}

#[test]
fn swc_cuts_loops_and_says_so() {
    // . # .
    // # . #
    // . # .
    let ranks = [1, 3, 5, 7];
    let text = swc_text(&graph(&[3, 3], &ranks, &[1.0, 1.0]), None);
    assert!(text.contains("# loops cut open: 1"), "{text}");
    assert!(text.contains("half the smallest spacing"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert_eq!(
        lines,
        ["1 0 1 0 0 0.5 -1", "2 0 0 1 0 0.5 1", "3 0 1 2 0 0.5 2", "4 0 2 1 0 0.5 3"]
    );
}

#[test]
fn graphml_has_a_node_per_end_and_an_edge_per_row() {
    // # . #
    // . # .
    // . # .
    let ranks = [0, 2, 4, 7];
    let g = graph(&[1, 3, 3], &ranks, &[3.0, 2.0, 0.5]);
    let table = summarize(&g, &TableOptions::default(), &Sequential).unwrap();
    let mut out = Vec::new();
    graphml(&g, &table, &mut out, Path::new("a.graphml")).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.matches("<node ").count(), 4);
    assert_eq!(text.matches("<edge ").count(), 3);
    assert_eq!(text.matches("attr.name=\"branch_distance\"").count(), 1);
    assert!(text.contains(
        r#"<node id="n3"><data key="node_x">0.5</data><data key="node_y">4</data><data key="node_z">0</data>"#
    ));
    assert!(text.contains(r#"<edge id="e2" source="n2" target="n3"><data key="edge_0">0</data>"#));
    let short = table.select(&[0]).unwrap();
    assert!(graphml(&g, &short, &mut Vec::new(), Path::new("a.graphml")).is_err());
}

#[test]
fn a_writer_that_fails_gives_an_error_with_the_name() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let ranks = [0, 1];
    let g = graph(&[3, 3], &ranks, &[1.0, 1.0]);
    let message = swc(&g, None, &mut Full, Path::new("out.swc")).unwrap_err().to_string();
    assert!(message.contains("out.swc") && message.contains("no space"), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn swc_has_every_voxel_once_after_its_parent_and_one_root_per_skeleton(
        (shape, ranks) in crate::skeleton::graph::small_mask(),
        min_length in 0u32..4,
    ) {
        let spacing = vec![1.0; shape.len()];
        let g = prune(&graph(&shape, &ranks, &spacing), f64::from(min_length), &Heap).unwrap();
        let text = swc_text(&g, None);
        let mut seen = std::collections::BTreeSet::new();
        let mut at: Vec<[i64; 3]> = vec![[0; 3]];
        let mut n_roots = 0;
        for line in text.lines().filter(|l| !l.starts_with('#')) {
            let f: Vec<f64> = line.split(' ').map(|w| w.parse().unwrap()).collect();
            let place = [f[2] as i64, f[3] as i64, f[4] as i64];
            prop_assert_eq!(f[0] as usize, at.len());
            prop_assert!(seen.insert(place));
            if f[6] < 0.0 {
                n_roots += 1;
            } else {
                prop_assert!(f[6] < f[0]);
                let parent = at[f[6] as usize];
                prop_assert!((0..3).all(|a| (parent[a] - place[a]).abs() <= 1));
            }
            at.push(place);
        }
        prop_assert_eq!(seen.len(), g.summary().n_voxels);
        prop_assert_eq!(n_roots, g.summary().n_skeletons);
    }
}
