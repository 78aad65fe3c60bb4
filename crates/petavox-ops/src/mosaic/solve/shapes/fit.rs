//! All tiles at once: normal equations of matches, solved by conjugate gradients with a tile's own block undone before.

use super::matrix::{cholesky, substitute, times};
use super::{LEAST, Match, Shapes};
use crate::mosaic::solve::gradients::Equations;
use crate::mosaic::solve::median;
use std::collections::BTreeMap;

/// Rounds in which matches are weighed anew by how they fit.
const ROUNDS: usize = 10;
/// How many times the usual error a match may be off before it counts for a quarter.
const FAR: f64 = 3.0;
/// The pull of a tile's middle to where it is, against that of a match: what nothing holds stays.
const STAY: f64 = 1e-6;

/// What is solved once.
struct System {
    /// Unknowns of a tile.
    d: usize,
    own: Vec<Vec<f64>>,
    between: Vec<(usize, usize, Vec<f64>)>,
    right: Vec<f64>,
}

impl Shapes {
    /// How tiles are turned, by how matches of the same pair lie against each other; where tiles lie does not count and is kept.
    pub fn turn(&mut self, matches: &[Match]) {
        let mut of_pair: BTreeMap<usize, Vec<&Match>> = BTreeMap::new();
        matches.iter().for_each(|m| of_pair.entry(m.pair).or_default().push(m));
        let mut centered = Vec::new();
        for all in of_pair.values().filter(|all| all.len() > 1) {
            let sum: f64 = all.iter().map(|m| m.weight).sum();
            let mean = |of: fn(&Match) -> &Vec<f64>, a: usize| -> f64 {
                all.iter().map(|m| m.weight * of(m)[a]).sum::<f64>() / sum
            };
            let (mut first, mut second) = (Vec::new(), Vec::new());
            for a in 0..self.ndim {
                first.push(mean(|m| &m.at_first, a));
                second.push(mean(|m| &m.at_second, a));
            }
            let less = |p: &[f64], c: &[f64]| p.iter().zip(c).map(|(p, c)| p - c).collect();
            for m in all {
                let at_first = less(&m.at_first, &first);
                let at_second = less(&m.at_second, &second);
                centered.push(Match { at_first, at_second, ..(*m).clone() });
            }
        }
        let middles: Vec<Vec<f64>> = self
            .tiles
            .iter_mut()
            .map(|t| std::mem::replace(&mut t.middle, vec![0.0; self.ndim]))
            .collect();
        self.rounds(&centered, false);
        self.tiles.iter_mut().zip(middles).for_each(|(t, m)| t.middle = m);
    }

    /// Where all tiles lie and how, by all matches.
    pub fn fit(&mut self, matches: &[Match]) {
        self.rounds(matches, true);
    }

    fn rounds(&mut self, matches: &[Match], moves: bool) {
        if matches.is_empty() {
            return;
        }
        for round in 0..ROUNDS {
            let weights = self.weighed(matches);
            let system = self.system(matches, &weights, moves);
            let by = system.solved();
            for t in 0..self.tiles.len() {
                let by = &by[t * system.d..(t + 1) * system.d];
                let middle = &mut self.tiles[t].middle;
                middle.iter_mut().zip(by).for_each(|(m, b)| *m += b);
                self.change(t, &by[self.ndim..]);
            }
            if round >= 2 {
                self.learn();
            }
        }
        self.weighed(matches);
    }

    /// How much matches count by how well they fit; and what is usual.
    fn weighed(&mut self, matches: &[Match]) -> Vec<f64> {
        let off: Vec<f64> = matches.iter().map(|m| self.distance(m)).collect();
        // The middle of the lengths of vectors with errors of 1 along every axis.
        let middle = [0.674, 1.177, 1.538][self.ndim.clamp(1, 3) - 1];
        let usual = median(&off) / middle;
        // Unknowns take up a part of what is off.
        let count = (self.ndim * matches.len()) as f64;
        let free: usize = self
            .tiles
            .iter()
            .map(|t| self.ndim + self.generators.iter().filter(|g| g.least <= t.model).count())
            .sum();
        self.noise = (usual / (1.0 - free as f64 / count).max(0.25).sqrt()).max(0.01);
        let far = FAR * self.noise.max(0.03);
        let weight = |(m, d): (&Match, &f64)| m.weight / (1.0 + (d / far).powi(2)).powi(2);
        matches.iter().zip(&off).map(weight).collect()
    }

    /// How large the generators of every class are.
    fn learn(&mut self) {
        for class in 0..3 {
            let (mut sum, mut n) = (0.0, 0.0f64);
            for g in self.generators.iter().filter(|g| g.class == class) {
                for t in 0..self.tiles.len() {
                    if g.least <= self.tiles[t].model {
                        (sum, n) = (sum + self.size(t, g).powi(2), n + 1.0);
                    }
                }
            }
            self.usual[class] = (sum / n.max(1.0)).sqrt().max(LEAST);
        }
    }

    /// How a place of a tile moves with each of the tile's unknowns, axis by axis.
    fn moves(&self, tile: usize, at: &[f64], moves: bool) -> Vec<f64> {
        let (n, d) = (self.ndim, self.ndim + self.generators.len());
        let shape = &self.tiles[tile];
        let p = times(&shape.matrix, at);
        let mut out = vec![0.0; n * d];
        for a in 0..n {
            out[a * d + a] = f64::from(u8::from(moves));
        }
        for (k, g) in self.generators.iter().enumerate().filter(|(_, g)| g.least <= shape.model) {
            for (a, v) in times(&g.matrix, &p).into_iter().enumerate() {
                out[a * d + n + k] = v / self.radius;
            }
        }
        out
    }

    fn system(&self, matches: &[Match], weights: &[f64], moves: bool) -> System {
        let (n, d) = (self.ndim, self.ndim + self.generators.len());
        let n_tiles = self.tiles.len();
        let mut own = vec![vec![0.0; d * d]; n_tiles];
        let mut right = vec![0.0; d * n_tiles];
        let mut between: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
        for (m, &w) in matches.iter().zip(weights) {
            let off = self.off(m);
            let a = self.moves(m.first, &m.at_first, moves);
            let b = self.moves(m.second, &m.at_second, moves);
            let both = between.entry((m.first, m.second)).or_insert_with(|| vec![0.0; d * d]);
            for axis in 0..n {
                let (x, y) = (&a[axis * d..(axis + 1) * d], &b[axis * d..(axis + 1) * d]);
                for i in 0..d {
                    right[m.first * d + i] -= w * x[i] * off[axis];
                    right[m.second * d + i] += w * y[i] * off[axis];
                    for j in 0..d {
                        own[m.first][i * d + j] += w * x[i] * x[j];
                        own[m.second][i * d + j] += w * y[i] * y[j];
                        both[i * d + j] -= w * x[i] * y[j];
                    }
                }
            }
        }
        for (t, own) in own.iter_mut().enumerate() {
            for a in 0..n {
                own[a * d + a] += if moves { STAY } else { 1.0 };
            }
            for (k, g) in self.generators.iter().enumerate() {
                let i = n + k;
                if g.least > self.tiles[t].model {
                    own[i * d + i] = 1.0;
                    continue;
                }
                let pull = (self.noise / self.usual[g.class]).powi(2);
                own[i * d + i] += pull;
                right[t * d + i] -= pull * self.size(t, g);
            }
        }
        let between = between.into_iter().map(|((a, b), m)| (a, b, m)).collect();
        System { d, own, between, right }
    }

    /// How far a tile's edge may be off if all others are right, in samples; nothing if its matches do not tell at all.
    pub(super) fn unsure(&self, tile: usize, own: &[usize], matches: &[Match]) -> Option<f64> {
        let (n, d) = (self.ndim, self.ndim + self.generators.len());
        let mut sum = vec![0.0; d * d];
        for &k in own {
            let m = &matches[k];
            let at = if m.first == tile { &m.at_first } else { &m.at_second };
            let x = self.moves(tile, at, true);
            for row in x.chunks_exact(d) {
                for i in 0..d {
                    (0..d).for_each(|j| sum[i * d + j] += m.weight * row[i] * row[j]);
                }
            }
        }
        let is_free = |i: usize| {
            i < n || self.generators.get(i - n).is_some_and(|g| g.least <= self.tiles[tile].model)
        };
        (0..d).filter(|&i| !is_free(i)).for_each(|i| sum[i * d + i] = 1.0);
        let l = cholesky(&sum, d)?;
        let mut most = 0.0f64;
        for i in (n..d).filter(|&i| is_free(i)) {
            let mut unit = vec![0.0; d];
            unit[i] = 1.0;
            substitute(&l, d, &mut unit);
            most = most.max(unit[i]);
        }
        Some(most.max(0.0).sqrt() * self.noise.max(0.03))
    }
}

impl System {
    fn product(&self, x: &[f64], out: &mut [f64]) {
        let d = self.d;
        let add = |m: &[f64], x: &[f64], out: &mut [f64]| {
            for (row, to) in m.chunks_exact(d).zip(out) {
                *to += row.iter().zip(x).map(|(m, x)| m * x).sum::<f64>();
            }
        };
        out.fill(0.0);
        for (t, m) in self.own.iter().enumerate() {
            add(m, &x[t * d..(t + 1) * d], &mut out[t * d..(t + 1) * d]);
        }
        for (a, b, m) in &self.between {
            add(m, &x[b * d..(b + 1) * d], &mut out[a * d..(a + 1) * d]);
            let from = &x[a * d..(a + 1) * d];
            let to = &mut out[b * d..(b + 1) * d];
            for (row, f) in m.chunks_exact(d).zip(from) {
                to.iter_mut().zip(row).for_each(|(t, m)| *t += m * f);
            }
        }
    }

    /// To about a thousandth of a sample.
    fn solved(&self) -> Vec<f64> {
        let (d, n) = (self.d, self.right.len());
        let blocks: Vec<Option<Vec<f64>>> = self.own.iter().map(|m| cholesky(m, d)).collect();
        let undone = |r: &[f64], z: &mut [f64]| {
            z.copy_from_slice(r);
            for ((z, l), own) in z.chunks_exact_mut(d).zip(&blocks).zip(&self.own) {
                match l {
                    Some(l) => substitute(l, d, z),
                    None => (0..d).for_each(|i| z[i] /= own[i * d + i].max(1e-12)),
                }
            }
        };
        let product = |direction: &[f64], out: &mut [f64]| self.product(direction, out);
        let enough = |z: &[f64]| z.iter().all(|z| z.abs() < 2e-5);
        let mut x = vec![0.0; n];
        let most = (2 * n).clamp(40, 600);
        Equations { product, undone, enough, most }.solve(&mut x, self.right.clone());
        x
    }
}
