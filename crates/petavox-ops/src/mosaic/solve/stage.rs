//! What a stage means by its numbers.

use super::median;

/// The regression of found on nominal places: `matrix · nominal + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct StageModel {
    /// Row by row.
    pub matrix: Vec<Vec<f64>>,
    /// Per axis.
    pub offset: Vec<f64>,
    /// The usual distance of a tile from where the regression says, per axis, in samples.
    pub scatter: Vec<f64>,
}

impl StageModel {
    /// The numbers as they are.
    pub fn plain(ndim: usize) -> StageModel {
        let one = |a: usize| (0..ndim).map(|b| if a == b { 1.0 } else { 0.0 }).collect();
        StageModel {
            matrix: (0..ndim).map(one).collect(),
            offset: vec![0.0; ndim],
            scatter: vec![0.0; ndim],
        }
    }

    /// Where a tile with this nominal place belongs.
    pub fn place(&self, nominal: &[f64]) -> Vec<f64> {
        let row = |(line, o): (&Vec<f64>, &f64)| {
            o + line.iter().zip(nominal).map(|(m, x)| m * x).sum::<f64>()
        };
        self.matrix.iter().zip(&self.offset).map(row).collect()
    }

    /// Where a tile belongs against another.
    pub fn shift(&self, from: &[f64], to: &[f64]) -> Vec<f64> {
        self.place(from).iter().zip(self.place(to)).map(|(a, b)| b - a).collect()
    }
}

/// The robust regression of `found` on `nominal`. With too few tiles, or all in a line, only what they tell is taken from them.
pub fn regress(nominal: &[&[f64]], found: &[&[f64]]) -> StageModel {
    let ndim = nominal.first().map_or(0, |p| p.len());
    let mut model = StageModel::plain(ndim);
    if nominal.is_empty() {
        return model;
    }
    let n = nominal.len() as f64;
    let center: Vec<f64> =
        (0..ndim).map(|a| nominal.iter().map(|p| p[a]).sum::<f64>() / n).collect();
    let size = (0..ndim)
        .map(|a| nominal.iter().map(|p| (p[a] - center[a]).abs()).fold(0.0, f64::max))
        .fold(1.0, f64::max);
    for a in 0..ndim {
        // Deviations from the numbers as they are, on scaled coordinates; a ridge keeps what nothing tells at zero.
        let off: Vec<f64> = nominal.iter().zip(found).map(|(p, f)| f[a] - p[a]).collect();
        let mut weights = vec![1.0; off.len()];
        let mut best = vec![0.0; ndim + 1];
        for _ in 0..12 {
            let mut normal = vec![vec![0.0; ndim + 2]; ndim + 1];
            for ((p, o), w) in nominal.iter().zip(&off).zip(&weights) {
                let mut row: Vec<f64> = (0..ndim).map(|b| (p[b] - center[b]) / size).collect();
                row.push(1.0);
                for i in 0..=ndim {
                    for j in 0..=ndim {
                        normal[i][j] += w * row[i] * row[j];
                    }
                    normal[i][ndim + 1] += w * row[i] * o;
                }
            }
            for (i, row) in normal.iter_mut().enumerate() {
                row[i] += if i < ndim { 1e-3 * n.min(10.0) } else { 1e-12 };
            }
            best = eliminated(normal);
            let left: Vec<f64> = nominal
                .iter()
                .zip(&off)
                .map(|(p, o)| {
                    let said: f64 = (0..ndim).map(|b| best[b] * (p[b] - center[b]) / size).sum();
                    o - said - best[ndim]
                })
                .collect();
            let spread = left.iter().map(|l| l.abs()).collect::<Vec<_>>();
            let scale = (1.4826 * median(&spread)).max(1e-3);
            model.scatter[a] = scale;
            weights = left.iter().map(|l| 1.0 / (1.0 + (l / (2.0 * scale)).powi(2))).collect();
        }
        for b in 0..ndim {
            model.matrix[a][b] += best[b] / size;
        }
        model.offset[a] = best[ndim] - (0..ndim).map(|b| best[b] / size * center[b]).sum::<f64>();
    }
    model
}

/// The solution of a small system, the right side as the last column.
fn eliminated(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    let n = rows.len();
    for a in 0..n {
        let pivot =
            (a..n).max_by(|&r, &s| rows[r][a].abs().total_cmp(&rows[s][a].abs())).unwrap_or(a);
        rows.swap(a, pivot);
        let by = rows[a][a];
        if by.abs() < 1e-300 {
            continue;
        }
        rows[a].iter_mut().for_each(|v| *v /= by);
        let row = rows[a].clone();
        for (_, other) in rows.iter_mut().enumerate().filter(|(r, _)| *r != a) {
            let by = other[a];
            other.iter_mut().zip(&row).for_each(|(o, v)| *o -= by * v);
        }
    }
    rows.iter().map(|row| row[n]).collect()
}

/// Puts the groups of tiles where the stage model of the largest says, and tiles that nothing was found of where it and their neighbours say.
pub(super) fn align(
    nominal: &[Vec<f64>],
    places: &mut [Vec<f64>],
    groups: &[Option<usize>],
) -> StageModel {
    let ndim = nominal.first().map_or(0, Vec::len);
    let main: Vec<usize> = (0..nominal.len()).filter(|&t| groups[t] == Some(0)).collect();
    let model = if main.is_empty() {
        StageModel::plain(ndim)
    } else {
        let from: Vec<&[f64]> = main.iter().map(|&t| &nominal[t][..]).collect();
        let to: Vec<&[f64]> = main.iter().map(|&t| &places[t][..]).collect();
        regress(&from, &to)
    };
    // What the model leaves over near a place: of its nearest registered tiles, the nearer the more.
    let known: Vec<(Vec<f64>, Vec<f64>)> = main
        .iter()
        .map(|&t| {
            let said = model.place(&nominal[t]);
            (nominal[t].clone(), places[t].iter().zip(said).map(|(p, s)| p - s).collect())
        })
        .collect();
    let local = |at: &[f64]| -> Vec<f64> {
        let mut near: Vec<(f64, &Vec<f64>)> = known
            .iter()
            .map(|(p, left)| (p.iter().zip(at).map(|(a, b)| (a - b) * (a - b)).sum::<f64>(), left))
            .collect();
        let k = 4.min(near.len());
        if k == 0 {
            return vec![0.0; ndim];
        }
        near.select_nth_unstable_by(k - 1, |a, b| a.0.total_cmp(&b.0));
        // A mis-recorded neighbour must not pull others along: the middle of those around.
        (0..ndim).map(|a| median(&near[..k].iter().map(|n| n.1[a]).collect::<Vec<_>>())).collect()
    };
    let expected = |t: usize| -> Vec<f64> {
        model.place(&nominal[t]).iter().zip(local(&nominal[t])).map(|(p, l)| p + l).collect()
    };
    let last = groups.iter().flatten().copied().max().unwrap_or(0);
    for group in 1..=last {
        let members: Vec<usize> =
            (0..nominal.len()).filter(|&t| groups[t] == Some(group)).collect();
        for a in 0..ndim {
            let off: Vec<f64> = members.iter().map(|&t| expected(t)[a] - places[t][a]).collect();
            let by = median(&off);
            members.iter().for_each(|&t| places[t][a] += by);
        }
    }
    for t in (0..nominal.len()).filter(|&t| groups[t].is_none()) {
        places[t] = expected(t);
    }
    model
}
