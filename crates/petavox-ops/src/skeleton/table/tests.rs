use super::super::{GraphOptions, Heap, SkeletonGraph};
use super::*;
use petavox_core::Sequential;

fn table(ranks: &[u64], options: &TableOptions<'_>) -> Table {
    let graph_options = GraphOptions { spacing: Some(&[2.0, 1.0]), heights: None };
    let graph = SkeletonGraph::new(&[4, 5], ranks, &graph_options, &Heap, &Sequential).unwrap();
    summarize(&graph, options, &Sequential).unwrap()
}

/// `#...#`
/// `.#.#.`
/// `..#..`
/// `.....`
const V: [u64; 5] = [0, 4, 6, 8, 12];

#[test]
fn radius_is_taken_over_all_voxels_of_a_branch() {
    let radius = VoxelValues::F32(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    let t = table(&V, &TableOptions { radius: Some(radius), ..Default::default() });
    let column = |name| t.column(name).unwrap().as_float().unwrap();
    assert_eq!(column("mean_radius"), [3.0]);
    assert_eq!((column("min_radius"), column("max_radius")), (&[1.0][..], &[5.0][..]));
    let names: Vec<&str> = t.names().collect();
    assert_eq!(names[names.len() - 4..], ["mean_radius", "min_radius", "max_radius", "tortuosity"]);
}

#[test]
fn tortuosity_is_length_by_distance_and_nan_for_cycles() {
    let t = table(&V, &TableOptions::default());
    assert_eq!(t.column("tortuosity"), Some(&Column::Float(vec![4.0 * 5f64.sqrt() / 4.0])));
    assert!(t.column("mean_radius").is_none());
    let diamond = table(&[2, 6, 8, 12], &TableOptions::default());
    assert_eq!(diamond.column("branch_type"), Some(&Column::Int(vec![3])));
    assert_eq!(diamond.column("tortuosity"), Some(&Column::Float(vec![f64::NAN])));
}

#[test]
fn an_empty_skeleton_has_all_columns_and_no_rows() {
    let t = table(&[], &TableOptions::default());
    assert_eq!((t.n_rows(), t.n_columns()), (0, 17));
    assert_eq!(table(&[7], &TableOptions::default()), t);
}

#[test]
fn rows_in_parts_are_the_rows_of_the_whole() {
    let ranks = [0, 2, 6, 8, 9, 12, 15, 17];
    let graph =
        SkeletonGraph::new(&[4, 5], &ranks, &GraphOptions::default(), &Heap, &Sequential).unwrap();
    let values: Vec<f64> = ranks.iter().map(|&r| r as f64 * 0.1).collect();
    let options = TableOptions { values: Some(VoxelValues::F64(&values)), radius: None };
    let whole = summarize(&graph, &options, &Sequential).unwrap();
    assert!(whole.n_rows() > 2);
    for row in 0..whole.n_rows() {
        let part = summarize_rows(&graph, row..row + 1, &options, &Sequential).unwrap();
        assert_eq!(part, whole.select(&[row]).unwrap());
    }
    let n = whole.n_rows();
    assert!(summarize_rows(&graph, n..n + 1, &options, &Sequential).is_err());
}

#[test]
fn values_of_another_length_are_refused() {
    let graph =
        SkeletonGraph::new(&[4, 5], &V, &GraphOptions::default(), &Heap, &Sequential).unwrap();
    let short = Some(VoxelValues::F64(&[1.0, 2.0]));
    for options in
        [TableOptions { values: short, radius: None }, TableOptions { values: None, radius: short }]
    {
        let message = summarize(&graph, &options, &Sequential).unwrap_err().to_string();
        assert!(message.contains("2 values") && message.contains('5'), "{message}");
    }
}
