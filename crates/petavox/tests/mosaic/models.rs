//! Tiles that are turned, scaled and sheared, with exact truth.

use super::{is_the_same_when_read_again, placed};
use petavox::mosaic::{Layout, StitchOptions, Stitched, stitch};
use petavox::{Image, RunOptions, SaveOptions};

/// A specimen with detail at any place, in as many axes as a place has: chance at the points of two lattices, smoothly between them.
fn specimen(at: &[f64]) -> f64 {
    let chance = |point: &[i64]| {
        let mut v = 0x9E37_79B9_7F4A_7C15u64;
        for p in point {
            v = (v ^ *p as u64).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            v ^= v >> 29;
        }
        (v >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut sum = 0.0;
    for (step, size) in [(2.9, 400.0), (6.1, 400.0)] {
        let place: Vec<f64> = at.iter().map(|p| p / step).collect();
        for corner in 0..1usize << at.len() {
            let (mut point, mut by) = (vec![step as i64], size);
            for (a, p) in place.iter().enumerate() {
                let t = p - p.floor();
                let t = t * t * t * (t * (6.0 * t - 15.0) + 10.0);
                let up = corner >> a & 1;
                point.push(p.floor() as i64 + up as i64);
                by *= if up == 1 { t } else { 1.0 - t };
            }
            sum += by * chance(&point);
        }
    }
    sum
}

/// From a tile's samples to the specimen: rows of a matrix, the offset last.
type Map = Vec<Vec<f64>>;

fn apply(map: &Map, p: &[f64]) -> Vec<f64> {
    let row = |row: &Vec<f64>| -> f64 {
        row.iter().zip(p).map(|(m, p)| m * p).sum::<f64>() + row[p.len()]
    };
    map.iter().map(row).collect()
}

/// The place that a map, which turns little, takes to another.
fn undo(map: &Map, at: &[f64]) -> Vec<f64> {
    let mut p = at.to_vec();
    for _ in 0..60 {
        let off = apply(map, &p);
        p.iter_mut().zip(at.iter().zip(off)).for_each(|(p, (a, o))| *p += a - o);
    }
    p
}

/// A tile whose middle lies at `middle`, with a matrix around it.
fn around(matrix: &[Vec<f64>], middle: &[f64], shape: &[usize]) -> Map {
    let row = |(row, m): (&Vec<f64>, &f64)| -> Vec<f64> {
        let half = row.iter().zip(shape).map(|(v, s)| v * (*s as f64 - 1.0) / 2.0).sum::<f64>();
        [&row[..], &[m - half]].concat()
    };
    matrix.iter().zip(middle).map(row).collect()
}

/// Tiles with made-up samples, and where they are said to lie.
struct Made {
    _dir: tempfile::TempDir,
    told: Layout,
    truth: Vec<Map>,
    shape: Vec<usize>,
}

/// Two rows of tiles, each turned by its own matrix, a few samples from where they are said to lie along every axis.
fn made(shape: &[usize], columns: usize, step: f64, matrix: impl Fn(f64) -> Vec<Vec<f64>>) -> Made {
    let n = shape.len();
    let dir = tempfile::tempdir().unwrap();
    let (mut told, mut truth) = (Layout::default(), Vec::new());
    for k in 0..2 * columns {
        let mut first = vec![0.0; n];
        (first[n - 2], first[n - 1]) = ((k / columns) as f64 * step, (k % columns) as f64 * step);
        let off = |a: usize| 1.8 * (2.3 * k as f64 + 1.1 * a as f64).sin();
        let middle: Vec<f64> =
            (0..n).map(|a| first[a] + (shape[a] as f64 - 1.0) / 2.0 + off(a)).collect();
        // Turned to either side, by different amounts.
        let map = around(&matrix((1.0 + k as f64 * 2.6).sin()), &middle, shape);
        let mut samples = Vec::new();
        petavox::Region::whole(shape).for_each_row(|p| {
            let mut p: Vec<f64> = p.iter().map(|x| *x as f64).collect();
            for _ in 0..shape[n - 1] {
                samples.push(specimen(&apply(&map, &p)) as f32);
                p[n - 1] += 1.0;
            }
        });
        let path = dir.path().join(format!("{k}.npy"));
        let image = Image::from_vec(shape, samples).unwrap();
        image.save(&path, &SaveOptions::default(), &RunOptions::default()).unwrap();
        told.tiles.push(placed(path.to_string_lossy().into_owned(), &first));
        truth.push(map);
    }
    Made { _dir: dir, told, truth, shape: shape.to_vec() }
}

impl Made {
    fn stitched(&self, model: &str) -> Stitched {
        let options = StitchOptions { model: Some(model.into()), ..StitchOptions::default() };
        let found = stitch(&self.told, None, &options, &RunOptions::default()).unwrap();
        assert!(found.unregistered.is_empty(), "{:?}", found.unregistered);
        found
    }

    /// How far the corners of a tile are at most from where they belong in another tile, over all pairs of tiles; what all tiles have in
    /// common, which nothing tells, does not show in that.
    fn worst(&self, found: &Stitched) -> f64 {
        let n = self.shape.len();
        let maps: Vec<Map> = found
            .layout
            .tiles
            .iter()
            .map(|t| match &t.affine {
                Some(map) => map.clone(),
                None => {
                    let one = |a: usize| (0..n).map(|b| f64::from(u8::from(a == b))).collect();
                    let matrix: Vec<Vec<f64>> = (0..n).map(one).collect();
                    let place = t.position.as_ref().unwrap();
                    matrix.into_iter().zip(place).map(|(r, p)| [&r[..], &[*p]].concat()).collect()
                }
            })
            .collect();
        let mut worst = 0.0f64;
        for (a, b) in (0..maps.len()).flat_map(|a| (0..maps.len()).map(move |b| (a, b))) {
            for corner in 0..1usize << n {
                let p: Vec<f64> = (0..n)
                    .map(|k| if corner >> k & 1 == 0 { 0.0 } else { self.shape[k] as f64 - 1.0 })
                    .collect();
                let there = undo(&maps[a], &apply(&maps[b], &p));
                let wanted = undo(&self.truth[a], &apply(&self.truth[b], &p));
                let off = there.iter().zip(wanted).map(|(t, w)| (t - w).powi(2)).sum::<f64>();
                worst = worst.max(off.sqrt());
            }
        }
        worst
    }
}

/// Turned by up to a degree and larger by up to half a percent, in the plane of the last two axes.
fn turned(by: f64) -> Vec<Vec<f64>> {
    let (angle, scale) = (by * 1.0f64.to_radians(), 1.0 + 0.005 * by);
    vec![
        vec![scale * angle.cos(), -scale * angle.sin()],
        vec![scale * angle.sin(), scale * angle.cos()],
    ]
}

#[test]
fn turned_tiles_are_found_to_a_tenth_of_a_sample_at_their_corners() {
    let made = made(&[190, 190], 3, 156.0, turned);
    let found = made.stitched("similarity");
    let worst = made.worst(&found);
    assert!(worst < 0.1, "{worst}");
    let plain = made.worst(&made.stitched("translation"));
    assert!(plain > 1.0, "the test would show nothing: {plain}");
    let n = found.models.len() as f64;
    let mean = found.models.iter().map(|m| m.rotation_degrees).sum::<f64>() / n;
    let truth: Vec<f64> = (0..6).map(|k| -(1.0 + f64::from(k) * 2.6).sin()).collect();
    for (m, t) in found.models.iter().zip(&truth) {
        assert_eq!((m.model.as_str(), m.n_matches >= 4), ("similarity", true), "{m:?}");
        let off = m.rotation_degrees - mean - (t - truth.iter().sum::<f64>() / n);
        assert!(off.abs() < 0.05, "{m:?} {t}");
    }
    is_the_same_when_read_again(&found);
}

#[test]
fn sheared_tiles_are_found_to_half_a_sample_at_their_corners() {
    let sheared = |by: f64| {
        let mut matrix = turned(by);
        matrix[0][1] += 0.008 * by;
        matrix[1][1] -= 0.006 * by;
        matrix
    };
    let made = made(&[190, 190], 2, 144.0, sheared);
    // A shear is told by what overlaps are wide, which is little: 0.4 samples here.
    let worst = made.worst(&made.stitched("affine"));
    assert!(worst < 0.5, "{worst}");
    let similar = made.worst(&made.stitched("similarity"));
    assert!(similar > 2.0 * worst, "the test would show nothing: {similar} {worst}");
}

#[test]
fn volumes_are_turned_too() {
    let tilted = |by: f64| {
        let plane = turned(by);
        let tilt = by * 0.3f64.to_radians();
        vec![
            vec![plane[0][0], 0.0, -tilt],
            vec![0.0, plane[0][0], plane[0][1]],
            vec![tilt, plane[1][0], plane[1][1]],
        ]
    };
    let made = made(&[36, 76, 76], 2, 42.0, tilted);
    let found = made.stitched("similarity");
    let worst = made.worst(&found);
    assert!(worst < 0.1, "{worst}");
    let plain = made.worst(&made.stitched("translation"));
    assert!(plain > 0.5, "the test would show nothing: {plain}");
}

#[test]
fn a_model_that_there_is_not_is_refused() {
    let options = StitchOptions { model: Some("rigid".into()), ..StitchOptions::default() };
    let refused = stitch(&Layout::default(), None, &options, &RunOptions::default());
    let said = refused.err().map(|e| e.to_string()).unwrap_or_default();
    assert!(said.contains("rigid") && said.contains("similarity"), "{said}");
}
