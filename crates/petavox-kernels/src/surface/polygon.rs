//! Loops of points around a cube, cut into triangles.

use super::cube::{EDGES, faces_of};

/// More than any diagonals are long: those that lie in a face, where the neighbouring cube may draw the same.
const IN_A_FACE: f64 = 1e6;

/// Calls `f` with the triangles of a loop, as positions in it: those whose sides have the least sum of squares.
pub(super) fn triangles(line: &[usize], points: &[[f64; 3]], f: &mut dyn FnMut([usize; 3])) {
    let n = line.len();
    if n == 3 {
        return f([0, 1, 2]);
    }
    let cost = |i: usize, k: usize| {
        if k - i == 1 || k - i == n - 1 {
            return 0.0;
        }
        let d: f64 = (0..3).map(|a| (points[i][a] - points[k][a]).powi(2)).sum();
        d + if faces_of(line[i]) & faces_of(line[k]) != 0 { IN_A_FACE } else { 0.0 }
    };
    // The best way to cut what lies between two points of the loop, and the third corner of the triangle at their side.
    let mut best = [[(0.0, 0u8); EDGES]; EDGES];
    for length in 2..n {
        for i in 0..n - length {
            let k = i + length;
            best[i][k] = (i + 1..k)
                .map(|m| (best[i][m].0 + best[m][k].0 + cost(i, m) + cost(m, k), m as u8))
                .fold((f64::INFINITY, 0), |a, b| if b.0 < a.0 { b } else { a });
        }
    }
    let mut open = [(0usize, 0usize); EDGES];
    let mut n_open = 1;
    open[0] = (0, n - 1);
    while n_open > 0 {
        n_open -= 1;
        let (i, k) = open[n_open];
        let m = best[i][k].1 as usize;
        f([i, m, k]);
        for side in [(m, k), (i, m)] {
            if side.1 - side.0 > 1 {
                open[n_open] = side;
                n_open += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_of_any_length_become_triangles_that_share_their_sides() {
        for n in 3..13usize {
            let line: Vec<usize> = (0..n).collect();
            let points: Vec<[f64; 3]> = (0..n)
                .map(|i| {
                    let angle = i as f64 * std::f64::consts::TAU / n as f64;
                    [angle.cos(), angle.sin(), 0.1 * i as f64]
                })
                .collect();
            let mut found = Vec::new();
            triangles(&line, &points, &mut |t| found.push(t));
            assert_eq!(found.len(), n - 2);
            let mut sides: Vec<(usize, usize)> =
                found.iter().flat_map(|t| [(t[0], t[1]), (t[1], t[2]), (t[2], t[0])]).collect();
            sides.sort_unstable();
            sides.dedup();
            assert_eq!(sides.len(), 3 * (n - 2));
            let outer = |(a, b): &&(usize, usize)| (a + 1) % n == *b;
            assert_eq!(sides.iter().filter(outer).count(), n);
        }
    }
}
