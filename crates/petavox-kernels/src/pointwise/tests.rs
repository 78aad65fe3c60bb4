use super::*;
use crate::golden;
use petavox_core::{Dtype, Region, dispatch};

const ALL: [(&str, Comparison); 6] = [
    ("greater", Comparison::Greater),
    ("greater_equal", Comparison::GreaterEqual),
    ("less", Comparison::Less),
    ("less_equal", Comparison::LessEqual),
    ("equal", Comparison::Equal),
    ("not_equal", Comparison::NotEqual),
];

#[test]
fn casts_are_numpys() {
    for value in golden::cases("cast") {
        let (input, want) = (golden::block(&value["input"]), golden::block(&value["output"]));
        let mut got = Block::zeros(input.region().clone(), want.dtype()).unwrap();
        cast(&input, &mut got).unwrap();
        let names = format!("{} to {}", input.dtype(), want.dtype());
        // NaN may carry other bits.
        dispatch!(want.dtype(), T => {
            let pairs = got.typed::<T>().unwrap().iter().zip(want.typed::<T>().unwrap());
            for (i, (a, b)) in pairs.enumerate() {
                assert!(a == b || (*a != *a && *b != *b), "{names} at {i}: {a} {b}");
            }
        });
    }
}

#[test]
fn comparisons_are_numpys() {
    for value in golden::cases("compare") {
        let (input, want) = (golden::block(&value["input"]), golden::block(&value["output"]));
        let scalar = match value["int"].as_str() {
            Some(text) => Scalar::Int(text.parse().unwrap()),
            None => Scalar::Float(golden::double(&value["float"])),
        };
        let op = ALL.iter().find(|(name, _)| value["op"] == *name).unwrap().1;
        let mut got = Block::zeros(input.region().clone(), Dtype::Bool).unwrap();
        compare(&input, op, scalar, &mut got).unwrap();
        assert_eq!(got.bytes(), want.bytes(), "{} {op:?} {scalar:?}", input.dtype());
    }
}

#[test]
fn large_integers_are_compared_exactly() {
    let x = (1i64 << 53) + 1;
    let input = Block::from_vec(Region::new([0], [1]), vec![x]).unwrap();
    let mut got = Block::zeros(Region::new([0], [1]), Dtype::Bool).unwrap();
    compare(&input, Comparison::Greater, Scalar::Float((1i64 << 53) as f64), &mut got).unwrap();
    assert_eq!(got.bytes(), [1]);
}

#[test]
fn scaling_is_done_in_the_samples_float() {
    let region = Region::new([0], [2]);
    let input = Block::from_vec(region.clone(), vec![0.1f32, 7.0]).unwrap();
    let mut out = Block::zeros(region.clone(), Dtype::Float32).unwrap();
    scale_offset(&input, 1.1, 0.3, &mut out).unwrap();
    assert_eq!(out.typed::<f32>().unwrap(), [0.1f32 * 1.1 + 0.3, 7.0f32 * 1.1 + 0.3]);
    let mut out = Block::zeros(region, Dtype::Int16).unwrap();
    scale_offset(&input, -2.0, 0.5, &mut out).unwrap();
    assert_eq!(out.typed::<i16>().unwrap(), [0, -13]);
}
