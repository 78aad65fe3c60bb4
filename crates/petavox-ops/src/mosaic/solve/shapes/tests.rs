//! Made-up grids of turned tiles with exact truth.

use super::*;

struct Dice(u64);

impl Dice {
    /// From -1 to 1.
    fn throw(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as f64 / f64::from(u32::MAX >> 1) * 2.0 - 1.0
    }
}

/// A grid of tiles of 500 by 500 samples that overlap by a tenth, turned by up to `by` of each generator's size at the edge.
fn world(ndim: usize, side: usize, model: Model, by: f64, noise: f64) -> (Shapes, Vec<Match>) {
    let mut dice = Dice(11);
    let n = side * side;
    let middle = |t: usize| -> Vec<f64> {
        let mut at = vec![0.0; ndim - 2];
        at.extend([(t / side) as f64 * 450.0, (t % side) as f64 * 450.0]);
        at
    };
    let mut truth = Shapes::new((0..n).map(middle).collect(), 350.0, model);
    for t in 0..n {
        let change: Vec<f64> = truth.generators.iter().map(|_| by * dice.throw()).collect();
        truth.change(t, &change);
        truth.tiles[t].middle.iter_mut().for_each(|m| *m += 5.0 * dice.throw());
    }
    let mut matches = Vec::new();
    for t in 0..n {
        let beside = (t % side + 1 < side).then_some((t + 1, ndim - 1));
        let below = (t / side + 1 < side).then_some((t + side, ndim - 2));
        for (pair, (other, along)) in [beside, below].into_iter().flatten().enumerate() {
            for k in 0..10 {
                // Places of the overlap, by where they lie.
                let mut at = truth.tiles[t].middle.clone();
                at.iter_mut().for_each(|a| *a += 20.0 * dice.throw());
                at[along] += 225.0;
                at[if along == ndim - 1 { ndim - 2 } else { ndim - 1 }] += (k as f64 - 4.5) * 45.0;
                let inside = |s: &Shape| -> Vec<f64> {
                    // Undone to far below the noise by repeating it.
                    let mut p: Vec<f64> = at.iter().zip(&s.middle).map(|(a, m)| a - m).collect();
                    for _ in 0..30 {
                        let off: Vec<f64> =
                            s.place(&p).iter().zip(&at).map(|(x, a)| a - x).collect();
                        p.iter_mut().zip(off).for_each(|(p, o)| *p += o);
                    }
                    p
                };
                let mut at_first = inside(&truth.tiles[t]);
                at_first.iter_mut().for_each(|v| *v += noise * dice.throw());
                let at_second = inside(&truth.tiles[other]);
                let pair = 2 * t + pair;
                matches.push(Match {
                    first: t,
                    second: other,
                    pair,
                    at_first,
                    at_second,
                    weight: 1.0,
                });
            }
        }
    }
    (truth, matches)
}

/// The root mean square of how far corners lie from where they belong, after what is best for all tiles together was taken out.
fn corners(found: &Shapes, truth: &Shapes) -> f64 {
    let n = found.ndim;
    let at = |s: &Shapes| -> Vec<Vec<f64>> {
        let places = |t: &Shape| -> Vec<Vec<f64>> {
            let corner = |c: usize| -> Vec<f64> {
                (0..n).map(|k| if c >> k & 1 == 0 { -200.0 } else { 200.0 }).collect()
            };
            (0..1 << n).map(|c| t.place(&corner(c))).collect()
        };
        s.tiles.iter().flat_map(places).collect()
    };
    let (a, b) = (at(found), at(truth));
    fn slices(v: &[Vec<f64>]) -> Vec<&[f64]> {
        v.iter().map(|v| &v[..]).collect()
    }
    let common = crate::mosaic::solve::regress(&slices(&a), &slices(&b));
    let off = |(a, b): (&Vec<f64>, &Vec<f64>)| -> f64 {
        common.place(a).iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum()
    };
    (a.iter().zip(&b).map(off).sum::<f64>() / a.len() as f64).sqrt()
}

fn found(truth: &Shapes, matches: &[Match], model: Model) -> Shapes {
    let mut shapes =
        Shapes::new(truth.tiles.iter().map(|t| t.middle.clone()).collect(), 350.0, model);
    shapes.turn(matches);
    shapes.fit(matches);
    shapes
}

#[test]
fn turned_tiles_are_found() {
    // A mosaic that is bent as a whole hardly shows in narrow overlaps of tiles that may be sheared, so that noise bends it a little.
    for (ndim, model, limit) in
        [(2, Model::Similarity, 0.15), (2, Model::Affine, 0.6), (3, Model::Similarity, 0.3)]
    {
        let (truth, matches) = world(ndim, 4, model, 4.0, 0.1);
        let before = corners(&found(&truth, &matches, Model::Translation), &truth);
        let after = corners(&found(&truth, &matches, model), &truth);
        assert!(before > 2.0 && after < limit, "{ndim} {model:?}: {before} {after}");
    }
}

#[test]
fn tiles_that_are_not_turned_stay_as_they_are() {
    for model in [Model::Similarity, Model::Affine] {
        let (truth, matches) = world(2, 5, model, 0.0, 0.1);
        let shapes = found(&truth, &matches, model);
        let most = shapes
            .generators
            .iter()
            .flat_map(|g| (0..25).map(|t| shapes.size(t, g).abs()).collect::<Vec<_>>());
        let most = most.fold(0.0, f64::max);
        assert!(most < 0.05, "{model:?}: {most} samples at the edge");
        let plain = corners(&found(&truth, &matches, Model::Translation), &truth);
        let bent = corners(&shapes, &truth);
        assert!(bent < 1.2 * plain + 0.005, "{bent} {plain}");
    }
}

#[test]
fn matches_that_are_wrong_do_not_turn_tiles() {
    let (truth, mut matches) = world(2, 4, Model::Similarity, 4.0, 0.1);
    for m in matches.iter_mut().filter(|m| m.pair % 9 == 4) {
        m.at_first.iter_mut().for_each(|v| *v = *v * 0.9 + 7.0);
    }
    let after = corners(&found(&truth, &matches, Model::Similarity), &truth);
    assert!(after < 0.2, "{after}");
}

#[test]
fn a_tile_that_shares_too_little_is_only_moved() {
    let (truth, mut matches) = world(2, 4, Model::Affine, 4.0, 0.1);
    // Tile 5 shares three places with one other, or so.
    matches.retain(|m| {
        let has = |t: usize| m.first == t || m.second == t;
        !has(5) || has(6) && m.at_first[0].abs() < 60.0
    });
    let mut shapes = found(&truth, &matches, Model::Affine);
    let counts = shapes.simplify(&matches);
    assert_eq!(shapes.tiles[5].model, Model::Translation, "{counts:?}");
    assert_eq!(shapes.tiles[0].model, Model::Affine);
    let one = Shape::moved(vec![0.0; 2], Model::Translation);
    assert_eq!(shapes.tiles[5].matrix, one.matrix);
}
