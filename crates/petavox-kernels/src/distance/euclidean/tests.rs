use super::*;
use crate::golden;
use petavox_core::{Boundary, Buffer, Region};
use proptest::prelude::*;

/// All passes in this order of axes, each in slabs of whole lines.
fn run(mask: &Block, spacing: &[f64], order: &[usize], n_slabs: usize) -> Vec<f64> {
    let mut squares = Block::zeros(mask.region().clone(), Dtype::Float64).unwrap();
    distance_start(mask, &mut squares).unwrap();
    for &axis in order {
        let len = mask.shape()[axis];
        let mut scratch = Buffer::zeroed(distance_pass_scratch_bytes(len)).unwrap();
        let other = (axis + 1) % mask.shape().len();
        let mut joined = Block::zeros(mask.region().clone(), Dtype::Float64).unwrap();
        for s in 0..n_slabs {
            let (mut start, mut shape) = (vec![0; mask.shape().len()], mask.shape().to_vec());
            if other == axis {
                if s > 0 {
                    continue;
                }
            } else {
                let n = shape[other];
                let (a, b) = (n * s / n_slabs, n * (s + 1) / n_slabs);
                start[other] = a as i64;
                shape[other] = b - a;
            }
            let region = Region::new(start, shape);
            if region.is_empty() {
                continue;
            }
            let mut slab = golden::cut(&squares, &region, Boundary::Nearest);
            let pass = if axis == order[0] { distance_first_pass } else { distance_pass };
            pass(&mut slab, axis, spacing[axis], scratch.bytes_mut()).unwrap();
            joined.copy_from(&slab).unwrap();
        }
        squares = joined;
    }
    let mut out = Block::zeros(mask.region().clone(), Dtype::Float64).unwrap();
    distance_root(&squares, &mut out).unwrap();
    out.typed::<f64>().unwrap().to_vec()
}

/// The nearest background sample, by trying all.
fn reference(mask: &Block, spacing: &[f64]) -> Vec<f64> {
    let mut points = vec![];
    for_each_index(mask.shape(), &mut |index| points.push(index.to_vec()));
    let of = |p: &Vec<usize>, q: &Vec<usize>| -> f64 {
        (0..p.len()).map(|a| ((p[a] as f64 - q[a] as f64) * spacing[a]).powi(2)).sum()
    };
    let background: Vec<&Vec<usize>> =
        points.iter().zip(mask.bytes()).filter(|(_, m)| **m == 0).map(|(p, _)| p).collect();
    let nearest = |p| background.iter().map(|q| of(p, q)).fold(f64::INFINITY, f64::min).sqrt();
    points.iter().map(nearest).collect()
}

#[test]
fn distances_are_scipys() {
    for value in golden::cases("distance") {
        let mask = golden::block(&value["input"]);
        let spacing = golden::numbers(&value["spacing"]);
        let want = golden::block(&value["output"]);
        let want = want.typed::<f64>().unwrap();
        let order: Vec<usize> = (0..spacing.len()).collect();
        let got = run(&mask, &spacing, &order, 3);
        let whole = spacing.iter().all(|s| s.fract() == 0.0);
        for (g, w) in got.iter().zip(want) {
            assert!(g == w || (!whole && (g - w).abs() <= 1e-12 * w), "{g} {w} {spacing:?}");
        }
    }
}

#[test]
fn without_background_everything_is_infinitely_far() {
    let mask = Block::from_vec(Region::whole(&[2, 3]), vec![1u8; 6]).unwrap();
    let mask = mask.viewed_as(Dtype::Bool).unwrap();
    assert_eq!(run(&mask, &[1.0, 2.0], &[0, 1], 1), [f64::INFINITY; 6]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_order_and_slabs_give_the_definition(
        shape in prop::collection::vec(1usize..10, 1..4), seed: u64, rare in 1u64..12, n_slabs in 1usize..4,
        spacing in prop::collection::vec(0.1f64..9.0, 3), unit: bool, backwards: bool,
    ) {
        let n = shape.len();
        let spacing = if unit { vec![1.0; n] } else { spacing[..n].to_vec() };
        let mut state = seed | 1;
        let mut samples: Vec<u8> = (0..shape.iter().product::<usize>()).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            u8::from(!(state >> 33).is_multiple_of(rare))
        }).collect();
        samples[0] = 0;
        let mask = Block::from_vec(Region::whole(&shape), samples).unwrap().viewed_as(Dtype::Bool).unwrap();
        let mut order: Vec<usize> = (0..n).collect();
        if backwards { order.reverse() }
        let got = run(&mask, &spacing, &order, n_slabs);
        for (g, w) in got.iter().zip(reference(&mask, &spacing)) {
            prop_assert!(if unit { *g == w } else { (g - w).abs() <= 1e-12 * w }, "{} {}", g, w);
        }
    }
}

#[test]
fn long_distances_are_exact_too() {
    for spacing in [[1.0, 1.0], [0.7, 2.0]] {
        let shape = [45, 90];
        let samples: Vec<u8> = (0..45 * 90).map(|i| u8::from(i != 17 && i != 3977)).collect();
        let mask = Block::from_vec(Region::whole(&shape), samples).unwrap();
        let mask = mask.viewed_as(Dtype::Bool).unwrap();
        let (got, want) = (run(&mask, &spacing, &[0, 1], 2), reference(&mask, &spacing));
        for (g, w) in got.iter().zip(&want) {
            assert!((g - w).abs() <= 1e-12 * w, "{g} {w}");
        }
    }
}
