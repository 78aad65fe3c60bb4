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
                add_shifted(&tile, None, &shift, &ramps, &covers, s).unwrap();
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
            add_shifted(&part, None, &shift, &flat, &covers, s).unwrap();
            part.copy_from(&tile).unwrap();
            if warped {
                let cancel = CancelToken::new();
                let needs = warp.needs(&covers, &shape);
                let mut part = Block::zeros(needs, Dtype::Float64).unwrap();
                part.copy_from(&tile).unwrap();
                add_warped(&part, None, &warp, &ramps, &shape, &covers, &[0, 0], s, &cancel)
                    .unwrap();
            } else {
                add_shifted(&part, None, &shift, &ramps, &covers, s).unwrap();
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
            add_shifted(&tile, None, &shift, &ramps, &region, s).unwrap();
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
        add_shifted(&tile, Some(&mask), &shift, &ramps(&shape, false), &covers, s).unwrap();
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
        add_shifted(&tile, None, &shift, &ramps, &covers, s).unwrap();
    });
    assert_eq!(got[..6], [3.0, 5.0, 7.0, 9.0, 11.0, 13.0]);
}
