//! Places that both tiles of a pair show, several along what they share.

use super::edges::{Edge, Mover};
use super::measure::{Bench, Finding, Measuring, Smoothing};
use super::patches::{Part, middle};
use crate::mosaic::place::Affine;
use crate::mosaic::solve::{Match, Shape, median};
use petavox_core::{Region, Result};
use petavox_kernels::register::{
    Coherence, Fft, Found, Patch, Search, WARP_TAPS, coherence, refine, search, warped,
};

/// Parts along an axis, at most.
const MOST: usize = 5;
/// Samples along an axis that a part has at least, along the longest axes and along others.
const LEAST: [usize; 2] = [32, 128];
/// How far around a prediction a part is looked for, in samples.
const REACH: usize = 6;

/// Tiles in samples, and matches from their middles in a unit that all axes share.
pub(super) struct Frame {
    /// Units of a sample, per axis.
    pub(super) units: Vec<f64>,
    /// From the first sample to the middle of every mover, in samples.
    pub(super) half: Vec<Vec<f64>>,
}

impl Frame {
    pub(super) fn new(bench: &Bench, movers: &[Mover]) -> Frame {
        let tiles = &bench.looker.tiles;
        let spacing: Vec<f64> =
            tiles.spatial.iter().map(|&a| tiles.spec.spacing.values[a]).collect();
        let least = spacing.iter().copied().fold(f64::INFINITY, f64::min);
        let half = |m: &Mover| -> Vec<f64> {
            bench.looker.shape(m.looked_at).iter().map(|s| (*s as f64 - 1.0) / 2.0).collect()
        };
        Frame {
            units: spacing.iter().map(|s| s / least).collect(),
            half: movers.iter().map(half).collect(),
        }
    }

    /// From a place in a mover, in samples, to one from its middle, in units.
    pub(super) fn inside(&self, mover: usize, at: &[f64]) -> Vec<f64> {
        let from = |k: usize| (at[k] - self.half[mover][k]) * self.units[k];
        (0..at.len()).map(from).collect()
    }

    /// The middle of a mover whose first sample lies at a place, if it is not turned.
    pub(super) fn middle(&self, mover: usize, first: &[f64]) -> Vec<f64> {
        let from = |k: usize| (first[k] + self.half[mover][k]) * self.units[k];
        (0..first.len()).map(from).collect()
    }

    /// And back.
    pub(super) fn first(&self, mover: usize, middle: &[f64]) -> Vec<f64> {
        let from = |k: usize| middle[k] / self.units[k] - self.half[mover][k];
        (0..middle.len()).map(from).collect()
    }

    /// From a mover's samples to those of the mosaic.
    pub(super) fn forward(&self, mover: usize, shape: &Shape) -> Affine {
        let n = self.units.len();
        let entry = |a: usize, b: usize| shape.matrix[a][b] * self.units[b] / self.units[a];
        let matrix: Vec<Vec<f64>> = (0..n).map(|a| (0..n).map(|b| entry(a, b)).collect()).collect();
        let turned = Affine { matrix, offset: vec![0.0; n] };
        let half = turned.apply(&self.half[mover]);
        let offset = (0..n).map(|a| shape.middle[a] / self.units[a] - half[a]).collect();
        Affine { offset, ..turned }
    }
}

/// What came of a pair.
pub(super) struct Sights {
    pub(super) finding: Finding,
    pub(super) matches: Vec<Match>,
    pub(super) coherence: Option<Coherence>,
}

impl Sights {
    fn nothing(why: &str) -> Sights {
        Sights { finding: Finding::Nothing(why.into()), matches: Vec::new(), coherence: None }
    }
}

/// One part that was found.
struct Sight {
    found: Found,
    /// Its middle in the first tile, in samples.
    at: Vec<f64>,
}

impl Bench {
    /// Searches a pair part by part, the tiles as they are: those parts count that agree with each other as far as turned tiles can.
    pub(super) fn seek(
        &self,
        number: usize,
        edge: &Edge,
        ends: (usize, usize),
        smoothing: Smoothing,
        frame: &Frame,
        fft: &mut Fft,
    ) -> Result<Sights> {
        let how = self.usual(edge);
        let Some((a, b)) = self.whole_parts(ends, &how) else {
            return Ok(Sights::nothing("they share nothing"));
        };
        let shape = self.looker.shape(ends.1);
        let back: Vec<i64> = how.nominal.iter().map(|d| -d.round() as i64).collect();
        let (mut seen, mut weak, mut why): (Vec<Sight>, Option<Found>, Option<String>) =
            (Vec::new(), None, None);
        for part in cut(&a) {
            let around = part.translate(&back).grow(&how.reach, &how.reach);
            let Some(other) = around.intersect(&b) else { continue };
            let (part, other) = middle(part, other, &how.nominal, &how.reach, self.most);
            let raw = [self.looker.raw(ends.0, &part)?, self.looker.raw(ends.1, &other)?];
            if let Some(nothing) = raw.iter().find_map(Part::nothing) {
                why = Some(nothing.into());
                continue;
            }
            let [first, second] = raw.map(|r| r.filtered(smoothing.sigma));
            // The part stands for the first tile, so that what it shares is counted right.
            let begin = part.start().to_vec();
            let away: Vec<i64> = begin.iter().map(|s| -s).collect();
            let moved = Patch { region: part.translate(&away), ..first };
            let nominal = how.nominal.iter().zip(&begin).map(|(d, s)| d - *s as f64).collect();
            let own = Search { nominal, reach: how.reach.clone() };
            let shapes = (part.shape(), &shape[..]);
            let Some(mut found) = search(&moved, &second, shapes, &own, fft) else { continue };
            found.shift.iter_mut().zip(&begin).for_each(|(d, s)| *d += *s as f64);
            if found.strength() < smoothing.limit {
                if weak.as_ref().is_none_or(|w| w.strength() < found.strength()) {
                    weak = Some(found);
                }
                continue;
            }
            let near: Vec<i64> = found.shift.iter().map(|s| s.round() as i64).collect();
            if let Some(common) = part.intersect(&other.translate(&near)) {
                seen.push(Sight { found, at: center(&common) });
            }
        }
        let seen = agreeing(seen);
        if seen.is_empty() {
            return Ok(match weak {
                Some(weak) => {
                    Sights { finding: Finding::Found(weak), matches: Vec::new(), coherence: None }
                }
                None => Sights::nothing(why.as_deref().unwrap_or("they share too little")),
            });
        }
        let matches = seen
            .iter()
            .map(|s| {
                let there: Vec<f64> = s.at.iter().zip(&s.found.shift).map(|(a, d)| a - d).collect();
                Match {
                    first: edge.first,
                    second: edge.second,
                    pair: number,
                    at_first: frame.inside(edge.first, &s.at),
                    at_second: frame.inside(edge.second, &there),
                    weight: super::weight(&s.found),
                }
            })
            .collect();
        Ok(Sights { finding: Finding::Found(together(&seen)), matches, coherence: None })
    }

    /// Measures a pair part by part where the tiles lie by now, each as it is turned.
    pub(super) fn sight(
        &self,
        number: usize,
        edge: &Edge,
        ends: (usize, usize),
        how: (Smoothing, &Measuring),
        frame: &Frame,
        shapes: &[Shape],
        fft: &mut Fft,
    ) -> Result<Sights> {
        let (smoothing, measuring) = how;
        let forward = [edge.first, edge.second].map(|m| frame.forward(m, &shapes[m]));
        let back = [forward[0].inverse()?, forward[1].inverse()?];
        let boxes = [ends.0, ends.1].map(|t| self.looker.shape(t));
        let inner = [0, 1].map(|k| inner(&forward[k], &boxes[k]));
        let [Some(first), Some(second)] = &inner else {
            return Ok(Sights::nothing("they share too little"));
        };
        let Some(shared) = first.intersect(second) else {
            return Ok(Sights::nothing("they share too little"));
        };
        let (mut seen, mut matches, mut all) = (Vec::new(), Vec::new(), Coherence::default());
        let mut why = None;
        let still = vec![0.0; shared.ndim()];
        let reach: Vec<usize> = self.reach.iter().map(|r| REACH.min(*r)).collect();
        for part in cut(&shared) {
            let part = middle(part.clone(), part, &still, &reach, self.most / 2).0;
            let mut lie = Vec::new();
            for (k, tile) in [ends.0, ends.1].into_iter().enumerate() {
                lie.push(self.lying(tile, &back[k], &part, &boxes[k])?);
            }
            if let Some(nothing) = lie.iter().find_map(Part::nothing) {
                why = Some(nothing);
                continue;
            }
            let away: Vec<i64> = part.start().iter().map(|s| -s).collect();
            let begin = |p: Patch| Patch { region: p.region.translate(&away), ..p };
            let of = |k: usize, sigma: f64| begin(lie[k].filtered(sigma));
            let (a, b) = (of(0, smoothing.sigma), of(1, smoothing.sigma));
            let own = Search { nominal: still.clone(), reach: reach.clone() };
            let Some(found) = search(&a, &b, (part.shape(), part.shape()), &own, fft) else {
                continue;
            };
            if found.strength() < smoothing.limit {
                continue;
            }
            let (a, b) = (of(0, measuring.sigma), of(1, measuring.sigma));
            let exact = refine(&a, &b, &found.shift, measuring.weights.as_ref(), fft);
            let moved = |s: &[f64]| s.iter().zip(&found.shift).any(|(n, o)| (n - o).abs() > 1.0);
            let Some(exact) = exact.filter(|e| !moved(&e.shift)) else { continue };
            if measuring.weights.is_none() {
                let (a, b) = (of(0, super::FINE), of(1, super::FINE));
                coherence(&a, &b, &exact.shift, fft).iter().for_each(|c| all.add(c));
            }
            // What the second shows at a place, the first shows a shift farther on.
            let at = center(&part);
            let half = |sign: f64| -> Vec<f64> {
                at.iter().zip(&exact.shift).map(|(a, d)| a + sign * d / 2.0).collect()
            };
            matches.push(Match {
                first: edge.first,
                second: edge.second,
                pair: number,
                at_first: frame.inside(edge.first, &back[0].apply(&half(1.0))),
                at_second: frame.inside(edge.second, &back[1].apply(&half(-1.0))),
                weight: super::weight(&found),
            });
            seen.push(Sight { found, at });
        }
        if seen.is_empty() {
            return Ok(Sights::nothing(why.unwrap_or("nothing that they share agrees")));
        }
        Ok(Sights {
            finding: Finding::Found(together(&seen)),
            matches,
            coherence: measuring.weights.is_none().then_some(all),
        })
    }

    /// A part of the mosaic as a tile shows it that lies there turned.
    fn lying(&self, tile: usize, back: &Affine, part: &Region, shape: &[usize]) -> Result<Part> {
        let n = part.ndim();
        let (mut low, mut high) = (vec![f64::INFINITY; n], vec![f64::NEG_INFINITY; n]);
        for corner in corners(part) {
            for (k, p) in back.apply(&corner).into_iter().enumerate() {
                (low[k], high[k]) = (low[k].min(p), high[k].max(p));
            }
        }
        let margin = WARP_TAPS as i64 + 1;
        let own = Region::per_axis(n, |k| {
            let end = shape[k] as i64;
            let start = (low[k].floor() as i64 - margin).clamp(0, end - 1);
            let stop = (high[k].ceil() as i64 + margin + 1).clamp(start + 1, end);
            (start, (stop - start) as usize)
        });
        let raw = self.looker.raw(tile, &own)?;
        let from = Patch { region: raw.region, samples: raw.samples, counts: raw.counts };
        let Patch { region, samples, counts } = warped(&from, &back.matrix, &back.offset, part);
        Ok(Part { region, samples, counts })
    }
}

/// Parts of what two tiles share: several along its long axes.
fn cut(whole: &Region) -> Vec<Region> {
    let longest = whole.shape().iter().copied().max().unwrap_or(1);
    let counts: Vec<usize> = whole
        .shape()
        .iter()
        .map(|&len| match 2 * len >= longest {
            true => (len / LEAST[0]).clamp(1, MOST),
            false => (len / LEAST[1]).clamp(1, 2),
        })
        .collect();
    let mut out = Vec::new();
    let all = Region::whole(&counts);
    all.for_each_row(|point| {
        for i in 0..all.row_len() {
            out.push(Region::per_axis(counts.len(), |a| {
                let k = point[a] as usize + if a + 1 == counts.len() { i } else { 0 };
                let at = |k: usize| k * whole.shape()[a] / counts[a];
                (whole.start()[a] + at(k) as i64, at(k + 1) - at(k))
            }));
        }
    });
    out
}

/// The largest box around a tile's middle that lies in it however it is turned.
fn inner(forward: &Affine, shape: &[usize]) -> Option<Region> {
    let n = shape.len();
    let half: Vec<f64> = shape.iter().map(|s| (*s as f64 - 1.0) / 2.0).collect();
    let at = forward.apply(&half);
    let mut spans = Vec::new();
    for a in 0..n {
        let turned: f64 =
            (0..n).filter(|&b| b != a).map(|b| forward.matrix[a][b].abs() * half[b]).sum();
        let reach = forward.matrix[a][a].abs() * half[a] - turned;
        let (low, high) = ((at[a] - reach).ceil(), (at[a] + reach).floor());
        if !(high >= low && low.abs() < 1e12 && high.abs() < 1e12) {
            return None;
        }
        spans.push((low as i64, (high - low) as usize + 1));
    }
    Some(Region::per_axis(n, |a| spans[a]))
}

fn corners(part: &Region) -> Vec<Vec<f64>> {
    let n = part.ndim();
    (0..1usize << n)
        .map(|corner| {
            let at = |k: usize| match corner >> k & 1 {
                0 => part.start()[k] as f64,
                _ => part.end(k) as f64 - 1.0,
            };
            (0..n).map(at).collect()
        })
        .collect()
}

fn center(part: &Region) -> Vec<f64> {
    (0..part.ndim())
        .map(|k| part.start()[k] as f64 + (part.shape()[k] as f64 - 1.0) / 2.0)
        .collect()
}

/// The parts whose shifts differ by no more than turned tiles make them: those that have most behind them.
fn agreeing(seen: Vec<Sight>) -> Vec<Sight> {
    let length = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
    };
    let agree = |a: &Sight, b: &Sight| {
        length(&a.found.shift, &b.found.shift) <= 1.5 + 0.05 * length(&a.at, &b.at)
    };
    let behind = |a: &Sight| -> f64 {
        seen.iter().filter(|b| agree(a, b)).map(|b| b.found.strength()).sum()
    };
    let best = (0..seen.len()).max_by(|&i, &j| behind(&seen[i]).total_cmp(&behind(&seen[j])));
    let keep: Vec<bool> = seen.iter().map(|s| best.is_some_and(|b| agree(&seen[b], s))).collect();
    seen.into_iter().zip(keep).filter(|(_, k)| *k).map(|(s, _)| s).collect()
}

/// What all parts say of a pair.
fn together(seen: &[Sight]) -> Found {
    let n: usize = seen.iter().map(|s| s.found.n).sum();
    let axes = seen.first().map_or(0, |s| s.found.shift.len());
    let along = |a: usize| median(&seen.iter().map(|s| s.found.shift[a]).collect::<Vec<_>>());
    let score = seen.iter().map(|s| s.found.score * s.found.n as f64).sum::<f64>();
    Found { shift: (0..axes).map(along).collect(), score: score / n.max(1) as f64, n }
}
