//! How every tile is turned, scaled or sheared, from places that pairs of tiles share.
//!
//! A tile is its middle and a matrix around it. The matrix is moved in steps of a few generators (scale, rotations, shears), each counted in
//! what it moves the tile's edge by. All tiles are solved for at once by weighted least squares over the matches, which count less the worse
//! they fit (`fit`). Nothing tells a transform that all tiles have in common, so that every generator is pulled weakly to none; how weakly
//! is read from how large they turn out, so that tiles that are not turned come out as they are.

mod fit;
mod matrix;
#[cfg(test)]
mod tests;

use super::median;
use matrix::{exponential, product, times};

/// What tiles may be, besides being moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Model {
    /// Nothing.
    Translation,
    /// Turned and scaled.
    Similarity,
    /// Turned, scaled and sheared.
    Affine,
}

impl Model {
    /// The name that options have.
    pub fn name(self) -> &'static str {
        match self {
            Model::Translation => "translation",
            Model::Similarity => "similarity",
            Model::Affine => "affine",
        }
    }

    /// True if tiles are more than moved.
    pub fn bends(self) -> bool {
        self != Model::Translation
    }

    /// The next that takes less to be known.
    fn simpler(self) -> Model {
        match self {
            Model::Affine => Model::Similarity,
            _ => Model::Translation,
        }
    }
}

/// A place that two tiles show.
#[derive(Clone, Debug)]
pub struct Match {
    /// The first tile.
    pub first: usize,
    /// The second tile.
    pub second: usize,
    /// The pair of tiles that it belongs to.
    pub pair: usize,
    /// The place in the first tile, from its middle.
    pub at_first: Vec<f64>,
    /// The place in the second tile, from its middle.
    pub at_second: Vec<f64>,
    /// How much it counts, about 1.
    pub weight: f64,
}

/// Where a tile lies, and how: a place `p` from its middle lies at `middle + matrix · p`.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Where its middle lies.
    pub middle: Vec<f64>,
    /// Row by row.
    pub matrix: Vec<Vec<f64>>,
    /// What it may be.
    pub model: Model,
}

impl Shape {
    /// A tile that is only moved.
    pub fn moved(middle: Vec<f64>, model: Model) -> Shape {
        let n = middle.len();
        let one = |a: usize| (0..n).map(|b| if a == b { 1.0 } else { 0.0 }).collect();
        Shape { middle, matrix: (0..n).map(one).collect(), model }
    }

    /// Where a place of the tile lies.
    pub fn place(&self, p: &[f64]) -> Vec<f64> {
        times(&self.matrix, p).iter().zip(&self.middle).map(|(v, m)| v + m).collect()
    }
}

/// One way in which a matrix may change.
struct Generator {
    /// Scale, rotation or shear: they are as large as each other only within one of these.
    class: usize,
    matrix: Vec<Vec<f64>>,
    least: Model,
}

/// All ways, those of similarities first; each moves places of a tile by as much as a scale would, on average.
fn generators(n: usize, model: Model) -> Vec<Generator> {
    let mut out = Vec::new();
    let mut push = |class, least, entries: &[(usize, usize, f64)]| {
        let size: f64 = entries.iter().map(|e| e.2 * e.2).sum();
        let mut matrix = vec![vec![0.0; n]; n];
        entries.iter().for_each(|(a, b, v)| matrix[*a][*b] = v * (n as f64 / size).sqrt());
        if least <= model {
            out.push(Generator { class, matrix, least });
        }
    };
    let all: Vec<(usize, usize, f64)> = (0..n).map(|a| (a, a, 1.0)).collect();
    push(0, Model::Similarity, &all);
    for a in 0..n {
        for b in a + 1..n {
            push(1, Model::Similarity, &[(a, b, 1.0), (b, a, -1.0)]);
            push(2, Model::Affine, &[(a, b, 1.0), (b, a, 1.0)]);
        }
    }
    for a in 1..n {
        // Traceless, and none of them says what another does.
        let before: Vec<_> = (0..a).map(|b| (b, b, -1.0 / a as f64)).collect();
        push(2, Model::Affine, &[&before[..], &[(a, a, 1.0)]].concat());
    }
    out
}

/// All tiles.
pub struct Shapes {
    /// In the order of their numbers.
    pub tiles: Vec<Shape>,
    /// How far a match usually is off along an axis.
    pub noise: f64,
    ndim: usize,
    /// From the middle of a tile to its edge.
    radius: f64,
    generators: Vec<Generator>,
    /// How large generators of each class usually are.
    usual: [f64; 3],
}

/// How large generators are before anything is known, as a part of the radius.
const USUAL: f64 = 0.01;
/// They are not taken for smaller, in samples at the edge.
const LEAST: f64 = 0.02;
/// A tile's edge may be off by this much for what its own matches do not tell, in samples.
const UNSURE: f64 = 0.5;

impl Shapes {
    /// Tiles that are only moved, to `middles`; `radius` is from the middle of one to its edge.
    pub fn new(middles: Vec<Vec<f64>>, radius: f64, model: Model) -> Shapes {
        let ndim = middles.first().map_or(0, Vec::len);
        Shapes {
            tiles: middles.into_iter().map(|m| Shape::moved(m, model)).collect(),
            noise: 1.0,
            ndim,
            radius: radius.max(1.0),
            generators: generators(ndim, model),
            usual: [USUAL * radius.max(1.0); 3],
        }
    }

    /// How far a match is off.
    pub fn off(&self, m: &Match) -> Vec<f64> {
        let (a, b) = (&self.tiles[m.first], &self.tiles[m.second]);
        a.place(&m.at_first).iter().zip(b.place(&m.at_second)).map(|(a, b)| a - b).collect()
    }

    /// The length of that.
    pub fn distance(&self, m: &Match) -> f64 {
        self.off(m).iter().map(|v| v * v).sum::<f64>().sqrt()
    }

    /// Where the middle of the second tile lies from that of the first by the matches of a pair, of which a few may be wrong.
    pub fn shift(&self, matches: &[&Match]) -> Option<Vec<f64>> {
        let told: Vec<Vec<f64>> = matches
            .iter()
            .map(|m| {
                let a = times(&self.tiles[m.first].matrix, &m.at_first);
                let b = times(&self.tiles[m.second].matrix, &m.at_second);
                a.iter().zip(b).map(|(a, b)| a - b).collect()
            })
            .collect();
        let along = |a: usize| -> Vec<f64> { told.iter().map(|t| t[a]).collect() };
        let center: Vec<f64> = (0..self.ndim).map(|a| median(&along(a))).collect();
        let far: Vec<f64> = told
            .iter()
            .map(|t| t.iter().zip(&center).map(|(x, c)| (x - c).powi(2)).sum::<f64>().sqrt())
            .collect();
        let limit = 0.3 + 3.0 * median(&far);
        let near: Vec<usize> = (0..told.len()).filter(|&k| far[k] <= limit).collect();
        let sum: f64 = near.iter().map(|&k| matches[k].weight).sum();
        if sum <= 0.0 {
            return None;
        }
        let mean = |a: usize| near.iter().map(|&k| matches[k].weight * told[k][a]).sum::<f64>();
        Some((0..self.ndim).map(|a| mean(a) / sum).collect())
    }

    /// How large a generator is in a tile, in samples at its edge.
    fn size(&self, tile: usize, g: &Generator) -> f64 {
        let matrix = &self.tiles[tile].matrix;
        let mut sum = 0.0;
        for (a, (row, by)) in matrix.iter().zip(&g.matrix).enumerate() {
            for (b, (v, g)) in row.iter().zip(by).enumerate() {
                sum += g * (v - if a == b { 1.0 } else { 0.0 });
            }
        }
        sum / self.ndim as f64 * self.radius
    }

    /// Changes a tile by so much of each generator.
    fn change(&mut self, tile: usize, by: &[f64]) {
        let mut sum = vec![vec![0.0; self.ndim]; self.ndim];
        for (g, v) in self.generators.iter().zip(by) {
            for (to, from) in sum.iter_mut().flatten().zip(g.matrix.iter().flatten()) {
                *to += from * v / self.radius;
            }
        }
        let shape = &mut self.tiles[tile];
        shape.matrix = product(&exponential(&sum), &shape.matrix);
    }

    /// Makes tiles simpler of which too little is known, and says how many matches each has. What was not to be told by a tile's own
    /// matches is none: the tile is what it was.
    pub fn simplify(&mut self, matches: &[Match]) -> Vec<usize> {
        let n = self.tiles.len();
        let mut own: Vec<Vec<usize>> = vec![Vec::new(); n];
        for (k, m) in matches.iter().enumerate() {
            if self.distance(m) <= 4.0 * self.noise.max(0.1) {
                own[m.first].push(k);
                own[m.second].push(k);
            }
        }
        for (t, own) in own.iter().enumerate() {
            while self.tiles[t].model != Model::Translation {
                let model = self.tiles[t].model;
                let n_free =
                    self.ndim + self.generators.iter().filter(|g| g.least <= model).count();
                let enough = own.len() * self.ndim >= 2 * n_free;
                if enough && self.unsure(t, own, matches).is_some_and(|e| e <= UNSURE) {
                    break;
                }
                // What it was found to be holds for a model that is not believed.
                let simpler = model.simpler();
                let kept: Vec<f64> = self
                    .generators
                    .iter()
                    .map(|g| if g.least <= simpler { self.size(t, g) } else { 0.0 })
                    .collect();
                self.tiles[t] = Shape::moved(self.tiles[t].middle.clone(), simpler);
                self.change(t, &kept);
            }
        }
        own.iter().map(Vec::len).collect()
    }
}
