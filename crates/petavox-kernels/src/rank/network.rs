//! Networks of comparisons that leave the sample of a rank: columns of the window are sorted, sorted lists are merged (Batcher's odd-even
//! merging), and of the last two only the wanted sample is selected. Columns and what is merged of them serve all windows that hold them.
//!
//! K. E. Batcher, "Sorting networks and their applications", AFIPS 32, 1968; D. E. Knuth, "The art of computer programming" 3, 5.3.4;
//! sharing between windows after A. Adams, "Fast median filters using separable sorting networks", ACM TOG 40, 2021.

use super::graph::{Graph, Value};

/// Sorts.
fn sort(graph: &mut Graph, values: &[Value]) -> Vec<Value> {
    if values.len() < 2 {
        return values.to_vec();
    }
    let (left, right) = values.split_at(values.len() / 2);
    let (left, right) = (sort(graph, left), sort(graph, right));
    merge(graph, &left, &right)
}

/// One sorted list of two.
fn merge(graph: &mut Graph, a: &[Value], b: &[Value]) -> Vec<Value> {
    match (a, b) {
        ([], some) | (some, []) => return some.to_vec(),
        (&[a], &[b]) => return vec![graph.low(a, b), graph.high(a, b)],
        _ => {}
    }
    let every = |v: &[Value], from: usize| v.iter().skip(from).step_by(2).copied().collect();
    let halves = |from: usize| -> (Vec<Value>, Vec<Value>) { (every(a, from), every(b, from)) };
    let ((a_even, b_even), (a_odd, b_odd)) = (halves(0), halves(1));
    let even = merge(graph, &a_even, &b_even);
    let odd = merge(graph, &a_odd, &b_odd);
    let mut merged = vec![even[0]];
    for i in 0..odd.len().max(even.len() - 1) {
        match (odd.get(i), even.get(i + 1)) {
            (Some(&a), Some(&b)) => merged.extend([graph.low(a, b), graph.high(a, b)]),
            (Some(&one), None) | (None, Some(&one)) => merged.push(one),
            (None, None) => {}
        }
    }
    merged
}

/// The sample of rank `k` (0 for the least) of two sorted lists: the least over all ways to leave `k + 1` samples of
/// the greatest of those.
fn select(graph: &mut Graph, a: &[Value], b: &[Value], k: usize) -> Option<Value> {
    let mut found: Option<Value> = None;
    for i in (k + 1).saturating_sub(b.len())..=a.len().min(k + 1) {
        let from_a = i.checked_sub(1).map(|last| a[last]);
        let from_b = (k + 1 - i).checked_sub(1).map(|last| b[last]);
        let most = match (from_a, from_b) {
            (Some(a), Some(b)) => graph.high(a, b),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => continue,
        };
        found = Some(found.map_or(most, |f| graph.low(f, most)));
    }
    found
}

/// The samples of columns `from..from + n`, sorted. Halves are powers of two, as those are most often the same elsewhere.
fn sorted_columns(graph: &mut Graph, columns: &[Vec<Value>]) -> Vec<Value> {
    match columns {
        [] => vec![],
        [column] => sort(graph, column),
        _ => {
            let (left, right) = columns.split_at(columns.len().next_power_of_two() / 2);
            let (left, right) = (sorted_columns(graph, left), sorted_columns(graph, right));
            merge(graph, &left, &right)
        }
    }
}

/// The sample of rank `k` of a window, given as its columns: the rows that have a sample at each place along the last axis.
pub(super) fn ranked(graph: &mut Graph, columns: &[Vec<u32>], k: usize) -> Option<Value> {
    let mut lists: Vec<Vec<Value>> = vec![];
    for (shift, rows) in columns.iter().enumerate() {
        lists.push(rows.iter().map(|&row| graph.row(row, shift as u32)).collect());
    }
    let (left, right) = if let [column] = &lists[..] {
        let (left, right) = column.split_at(column.len() / 2);
        (sort(graph, left), sort(graph, right))
    } else {
        let (left, right) = lists.split_at(columns.len().next_power_of_two() / 2);
        (sorted_columns(graph, left), sorted_columns(graph, right))
    };
    select(graph, &left, &right, k)
}
