use super::*;
use petavox_core::{Block, CancelToken, Dtype, Region};

fn strip_of(region: &Region, blend: Blend, add: impl FnOnce(&mut Strip<'_>)) -> Vec<f64> {
    let mut scratch = vec![0u8; Strip::scratch_bytes(region.len()) as usize];
    let mut strip = Strip::new(region.clone(), blend, &mut scratch).unwrap();
    add(&mut strip);
    let mut out = Block::zeros(region.clone(), Dtype::Float64).unwrap();
    strip.finish(&mut out).unwrap();
    out.typed::<f64>().unwrap().to_vec()
}

fn ramps(shape: &[usize], cosine: bool) -> Vec<Ramp> {
    shape
        .iter()
        .map(|&n| if cosine { Ramp::cosine(n, false) } else { Ramp::flat(n, false) })
        .collect()
}

/// A plane, so that linear interpolation is exact.
fn plane(region: &Region) -> Block {
    let mut v = vec![];
    region.for_each_row(|p| {
        (0..region.row_len())
            .for_each(|i| v.push(3.0 * p[0] as f64 + 0.5 * (p[1] + i as i64) as f64))
    });
    Block::from_vec(region.clone(), v).unwrap()
}

#[test]
fn a_shifted_plane_is_the_plane_moved_whatever_the_blend() {
    let shape = [7, 9];
    for position in [[2.0, 1.0], [1.25, 3.5], [0.5, 2.0]] {
        let shift = Shift::new(&position);
        let covers = shift.covers(&shape);
        let tile = plane(&shift.needs(&covers));
        for blend in [Blend::Max, Blend::Mean, Blend::First, Blend::Linear] {
            let ramps = ramps(&shape, blend == Blend::Linear);
            let got = strip_of(&covers, blend, |s| {
                add_shifted(&tile, Weights::default(), &shift, &ramps, &covers, s).unwrap();
            });
            let mut at = 0;
            covers.for_each_row(|p| {
                for i in 0..covers.row_len() {
                    let want = 3.0 * (p[0] as f64 - position[0])
                        + 0.5 * ((p[1] + i as i64) as f64 - position[1]);
                    assert!((got[at] - want).abs() < 1e-12, "{position:?} {blend:?}");
                    at += 1;
                }
            });
        }
    }
}

#[test]
fn a_warp_that_only_moves_is_a_shift() {
    use crate::interpolate::{Interpolant, PointMap};
    let shape = [12, 15];
    let position = [2.25, -1.5];
    let shift = Shift::new(&position);
    let covers = shift.covers(&shape);
    let tile = plane(&Region::whole(&shape));
    let warp = Warp {
        map: PointMap::Affine {
            matrix: vec![vec![1.0, 0.0], vec![0.0, 1.0]],
            offset: position.iter().map(|p| -p).collect(),
        },
        carried: (0, 0),
        interpolant: Interpolant::Spline(1),
    };
    let ramps = ramps(&shape, true);
    // Two tiles of other values, so that weights matter.
    let ones = Block::from_vec(Region::whole(&shape), vec![1.0; 180]).unwrap();
    let both = |warped: bool| {
        strip_of(&covers, Blend::Linear, |s| {
            let flat = Ramp::flat(12, false);
            let flat = [flat, Ramp::flat(15, false)];
            let mut part = Block::zeros(shift.needs(&covers), Dtype::Float64).unwrap();
            part.copy_from(&ones).unwrap();
            add_shifted(&part, Weights::default(), &shift, &flat, &covers, s).unwrap();
            part.copy_from(&tile).unwrap();
            if warped {
                let cancel = CancelToken::new();
                let needs = warp.needs(&covers, &shape);
                let mut part = Block::zeros(needs, Dtype::Float64).unwrap();
                part.copy_from(&tile).unwrap();
                add_warped(
                    &part,
                    Weights::default(),
                    &warp,
                    &ramps,
                    &shape,
                    &covers,
                    &[0, 0],
                    s,
                    &cancel,
                )
                .unwrap();
            } else {
                add_shifted(&part, Weights::default(), &shift, &ramps, &covers, s).unwrap();
            }
        })
    };
    let (a, b) = (both(false), both(true));
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-12));
}

#[test]
fn what_two_tiles_agree_on_stays_to_the_last_bit() {
    let shape = [5, 6];
    let region = Region::whole(&shape);
    let tile = Block::from_vec(region.clone(), vec![0.1f64; 30]).unwrap();
    let ramps = ramps(&shape, true);
    let shift = Shift::new(&[0.0, 0.0]);
    let got = strip_of(&region, Blend::Linear, |s| {
        for _ in 0..3 {
            add_shifted(&tile, Weights::default(), &shift, &ramps, &region, s).unwrap();
        }
    });
    assert!(got.iter().all(|v| *v == 0.1));
}

#[test]
fn masked_samples_do_not_count_and_neither_do_values_made_of_them() {
    let shape = [1, 4];
    let shift = Shift::new(&[0.0, 0.5]);
    let covers = shift.covers(&shape);
    let tile = Block::from_vec(Region::whole(&shape), vec![1u8, 2, 3, 4]).unwrap();
    let mask = Block::from_vec(Region::whole(&shape), vec![1f32, 1.0, 0.0, 1.0]).unwrap();
    let got = strip_of(&covers, Blend::Mean, |s| {
        add_shifted(
            &tile,
            Weights { mask: Some(&mask), content: None },
            &shift,
            &ramps(&shape, false),
            &covers,
            s,
        )
        .unwrap();
    });
    assert_eq!(got, [1.5, 0.0, 0.0]);
}

#[test]
fn colours_are_moved_together() {
    let shape = [2, 3, 3];
    let shift = Shift::new(&[0.0, 0.5, 0.0]);
    let covers = shift.covers(&shape);
    let tile =
        Block::from_vec(Region::whole(&shape), (0..18).map(|i| (i * 2) as f32).collect()).unwrap();
    let ramps = [Ramp::cosine(2, false), Ramp::cosine(3, false), Ramp::flat(3, false)];
    let got = strip_of(&covers, Blend::Linear, |s| {
        add_shifted(&tile, Weights::default(), &shift, &ramps, &covers, s).unwrap();
    });
    assert_eq!(got[..6], [3.0, 5.0, 7.0, 9.0, 11.0, 13.0]);
}

/// The weights of parts of a tile, put together.
fn content_in_parts(tile: &Block, edge: usize) -> Vec<f32> {
    let shape = tile.shape().to_vec();
    let mut sums = ContentSums::new(&shape, [0, 1]).unwrap();
    sums.add(tile).unwrap();
    let content = sums.finish();
    let mut all = Block::zeros(tile.region().clone(), Dtype::Float32).unwrap();
    let grid = petavox_core::ChunkGrid::new(&shape, &[edge, edge + 3]);
    for k in 0..grid.len() {
        let mut part = Block::zeros(grid.region(k), Dtype::Float32).unwrap();
        content.weights(&mut part).unwrap();
        all.copy_from(&part).unwrap();
    }
    all.typed::<f32>().unwrap().to_vec()
}

#[test]
fn what_has_contrast_counts_more_and_parts_do_not_show() {
    let shape = [100, 130];
    // A flat left half, waves at the right, on a large common value.
    let samples: Vec<f64> = (0..shape[0] * shape[1])
        .map(|i| (i / shape[1], i % shape[1]))
        .map(|(y, x)| if x < 65 { 1e6 } else { 1e6 + 50.0 * ((x + y) as f64).sin() })
        .collect();
    let tile = Block::from_vec(Region::whole(&shape), samples).unwrap();
    let whole = content_in_parts(&tile, 1000);
    assert!(content_in_parts(&tile, 7) == whole && content_in_parts(&tile, 32) == whole);
    let at = |y: usize, x: usize| f64::from(whole[y * shape[1] + x]);
    assert!((at(50, 100) / 1250.0 - 1.0).abs() < 0.3, "half of the waves' square: {}", at(50, 100));
    assert!(at(50, 20) > 0.0 && at(50, 20) < 1e-3 * at(50, 100), "{}", at(50, 20));
}

#[test]
fn contrast_decides_between_tiles_that_disagree() {
    let shape = [64, 64];
    let region = Region::whole(&shape);
    let waves: Vec<f64> =
        (0..64 * 64).map(|i| 100.0 + if i % 2 == 0 { 20.0 } else { -20.0 }).collect();
    let sharp = Block::from_vec(region.clone(), waves.clone()).unwrap();
    let flat = Block::from_vec(region.clone(), vec![100.0; 64 * 64]).unwrap();
    let shift = Shift::new(&[0.0, 0.0]);
    let got = strip_of(&region, Blend::Content, |s| {
        for tile in [&flat, &sharp] {
            let mut sums = ContentSums::new(&shape, [0, 1]).unwrap();
            sums.add(tile).unwrap();
            let mut weights = Block::zeros(region.clone(), Dtype::Float32).unwrap();
            sums.finish().weights(&mut weights).unwrap();
            let weights = Weights { mask: None, content: Some(&weights) };
            add_shifted(tile, weights, &shift, &ramps(&shape, true), &region, s).unwrap();
        }
    });
    assert!(got.iter().zip(&waves).all(|(g, w)| (g - w).abs() < 1e-6));
}
