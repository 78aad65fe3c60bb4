//! Small matrices.

/// The image of a vector.
pub(super) fn times(m: &[Vec<f64>], p: &[f64]) -> Vec<f64> {
    m.iter().map(|row| row.iter().zip(p).map(|(m, x)| m * x).sum()).collect()
}

/// One after the other.
pub(super) fn product(a: &[Vec<f64>], b: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = b.first().map_or(0, Vec::len);
    let entry = |row: &[f64], c: usize| row.iter().zip(b).map(|(x, line)| x * line[c]).sum();
    a.iter().map(|row| (0..n).map(|c| entry(row, c)).collect()).collect()
}

/// The sum of all powers over their factorials, of a small matrix.
pub(super) fn exponential(m: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = m.len();
    let one = |a: usize| (0..n).map(|b| if a == b { 1.0 } else { 0.0 }).collect::<Vec<f64>>();
    let mut power: Vec<Vec<f64>> = (0..n).map(one).collect();
    let mut sum = power.clone();
    for k in 1..12 {
        power = product(&power, m);
        power.iter_mut().flatten().for_each(|v| *v /= f64::from(k));
        for (to, from) in sum.iter_mut().flatten().zip(power.iter().flatten()) {
            *to += from;
        }
    }
    sum
}

/// The lower triangle whose product with itself turned over is `m` (`n` by `n`, row by row), if there is one.
pub(super) fn cholesky(m: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut l = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| l[i * n + k] * l[j * n + k]).sum();
            let left = m[i * n + j] - sum;
            if i != j {
                l[i * n + j] = left / l[j * n + j];
            } else if left > 1e-9 * m[i * n + i].abs() && left > 0.0 {
                l[i * n + i] = left.sqrt();
            } else {
                return None;
            }
        }
    }
    Some(l)
}

/// What `m · x` is `b` for, in place; by the lower triangle of `m`.
pub(super) fn substitute(l: &[f64], n: usize, b: &mut [f64]) {
    for i in 0..n {
        let sum: f64 = (0..i).map(|k| l[i * n + k] * b[k]).sum();
        b[i] = (b[i] - sum) / l[i * n + i];
    }
    for i in (0..n).rev() {
        let sum: f64 = (i + 1..n).map(|k| l[k * n + i] * b[k]).sum();
        b[i] = (b[i] - sum) / l[i * n + i];
    }
}
