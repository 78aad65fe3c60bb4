//! numpy's elementwise functions of an image and numbers, and what they mean.

use super::cuts::{Cut, any_cut, samples, stored};
use super::plain::Plain;
use super::{Definition, Input, block, image, truth};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Bool, Float32, Float64, Int16, Int64, UInt8, UInt16};
use petavox_core::ImageSpec;
use petavox_ops::apply_to;
use proptest::prelude::*;
use std::sync::Arc;

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("absolute", Grey(Int16), 4, |p| each(p, f64::abs)),
    ("add:value=3", Grey(UInt16), 4, |p| each(p, |v| v + 3.0)),
    ("arccos", Grey(Float64), 3, |p| each(p, f64::acos)),
    ("arccosh", Grey(Float64), 3, |p| each(p, f64::acosh)),
    ("arcsin", Grey(Float32), 3, |p| each(p, f64::asin)),
    ("arcsinh", Grey(Float64), 3, |p| each(p, f64::asinh)),
    ("arctan", Grey(Float64), 3, |p| each(p, f64::atan)),
    ("arctan2:value=0.5", Grey(Float64), 3, |p| each(p, |v| v.atan2(0.5))),
    ("arctanh", Grey(Float64), 3, |p| each(p, f64::atanh)),
    ("bitwise_and:value=3", Grey(UInt8), 4, |p| each(p, |v| f64::from(v as u8 & 3))),
    ("bitwise_or:value=3", Grey(UInt8), 4, |p| each(p, |v| f64::from(v as u8 | 3))),
    ("bitwise_xor:value=3", Grey(UInt8), 4, |p| each(p, |v| f64::from(v as u8 ^ 3))),
    ("cbrt", Grey(Float64), 3, |p| each(p, f64::cbrt)),
    ("ceil", Grey(Float32), 3, |p| each(p, f64::ceil)),
    ("clip:min=-3:max=9", Grey(Int16), 4, |p| each(p, |v| v.clamp(-3.0, 9.0))),
    ("copysign:value=-1", Grey(Float64), 3, |p| each(p, |v| -v.abs())),
    ("cos", Grey(Float64), 3, |p| each(p, f64::cos)),
    ("cosh", Grey(Float64), 3, |p| each(p, f64::cosh)),
    ("degrees", Grey(Float64), 3, |p| each(p, f64::to_degrees)),
    ("divide:value=3", Grey(Int16), 4, |p| each(p, |v| v / 3.0)),
    ("exp", Grey(Float32), 3, |p| each(p, f64::exp)),
    ("exp2", Grey(Float64), 3, |p| each(p, f64::exp2)),
    ("expm1", Grey(Float64), 3, |p| each(p, f64::exp_m1)),
    ("fabs", Grey(Int16), 3, |p| each(p, f64::abs)),
    ("floor", Grey(Float64), 3, |p| each(p, f64::floor)),
    ("floor_divide:value=-4", Grey(Int64), 3, |p| each(p, |v| (v / -4.0).floor())),
    ("fmax:value=0.5", Grey(Float64), 3, |p| each(p, |v| v.max(0.5))),
    ("fmin:value=0.5", Grey(Float64), 3, |p| each(p, |v| v.min(0.5))),
    ("fmod:value=4", Grey(Int16), 3, |p| each(p, |v| v % 4.0)),
    ("hypot:value=3", Grey(Float64), 3, |p| each(p, |v| v.hypot(3.0))),
    ("invert", Mask, 3, |p| each(p, |v| 1.0 - v)),
    ("isfinite", Grey(Float64), 3, |p| each(p, |_| 1.0)),
    ("isinf", Grey(Float64), 3, |p| each(p, |_| 0.0)),
    ("isnan", Grey(Float64), 3, |p| each(p, |_| 0.0)),
    ("left_shift:value=2", Grey(UInt16), 3, |p| each(p, |v| v * 4.0)),
    ("log", Grey(Float64), 3, |p| each(p, f64::ln)),
    ("log10", Grey(Float64), 3, |p| each(p, f64::log10)),
    ("log1p", Grey(Float64), 3, |p| each(p, f64::ln_1p)),
    ("log2", Grey(Float64), 3, |p| each(p, f64::log2)),
    ("logaddexp:value=1", Grey(Float64), 3, |p| each(p, |v| (v.exp() + 1f64.exp()).ln())),
    ("logical_and:value=1", Grey(Int16), 3, |p| each(p, |v| truth(v != 0.0))),
    ("logical_not", Grey(Float32), 3, |p| each(p, |v| truth(v == 0.0))),
    ("logical_or:value=0", Grey(Int16), 3, |p| each(p, |v| truth(v != 0.0))),
    ("logical_xor:value=1", Grey(Int16), 3, |p| each(p, |v| truth(v == 0.0))),
    ("maximum:value=4", Grey(UInt8), 4, |p| each(p, |v| v.max(4.0))),
    ("minimum:value=-4", Grey(Int16), 4, |p| each(p, |v| v.min(-4.0))),
    ("multiply:value=1.5", Grey(Int16), 4, |p| each(p, |v| v * 1.5)),
    ("negative", Grey(Int16), 3, |p| each(p, |v| -v)),
    ("positive", Grey(Int16), 3, |p| each(p, |v| v)),
    ("power:value=2", Grey(Int64), 3, |p| each(p, |v| v * v)),
    ("radians", Grey(Float64), 3, |p| each(p, f64::to_radians)),
    ("reciprocal", Grey(Float64), 3, |p| each(p, f64::recip)),
    ("remainder:value=7", Grey(Int16), 3, |p| each(p, |v| v.rem_euclid(7.0))),
    ("right_shift:value=1", Grey(UInt8), 3, |p| each(p, |v| (v / 2.0).floor())),
    ("rint", Grey(Float64), 3, |p| each(p, f64::round_ties_even)),
    ("sign", Grey(Int16), 3, |p| each(p, |v| if v == 0.0 { 0.0 } else { v.signum() })),
    ("signbit", Grey(Int16), 3, |p| each(p, |v| truth(v < 0.0))),
    ("sin", Grey(Float64), 3, |p| each(p, f64::sin)),
    ("sinh", Grey(Float64), 3, |p| each(p, f64::sinh)),
    ("sqrt", Grey(UInt16), 4, |p| each(p, |v| f64::from((v as f32).sqrt()))),
    ("square", Grey(Int64), 3, |p| each(p, |v| v * v)),
    ("subtract:value=3", Grey(Int16), 4, |p| each(p, |v| v - 3.0)),
    ("tan", Grey(Float64), 3, |p| each(p, f64::tan)),
    ("tanh", Grey(Float64), 3, |p| each(p, f64::tanh)),
    ("trunc", Grey(Float64), 3, |p| each(p, f64::trunc)),
    ("where:x=2.5:y=-1", Mask, 4, |p| each(p, |v| if v != 0.0 { 2.5 } else { -1.0 })),
];

/// What is not a number is left out.
fn each(p: &Plain, f: fn(f64) -> f64) -> Option<Plain> {
    let all = p.map(f);
    all.samples.iter().all(|v| v.is_finite()).then_some(all)
}

/// The axes of `shape` but the first `drop`, those of `ones` with one sample.
fn part(shape: &[usize], drop: usize, ones: &[bool]) -> Vec<usize> {
    let kept = shape.iter().zip(ones).skip(drop.min(shape.len()));
    kept.map(|(&n, &one)| if one { 1 } else { n }).collect()
}

/// The sample that stands at a point of a larger shape.
fn stretched(p: &Plain, point: &[i64]) -> f64 {
    let own = point[point.len() - p.shape.len()..].iter().zip(&p.shape);
    p.at(&own.map(|(&x, &n)| if n == 1 { 0 } else { x }).collect::<Vec<i64>>(), f64::NAN)
}

proptest! {
    #![proptest_config(super::config(150))]

    #[test]
    fn operands_of_different_shapes_are_one_and_the_same_however_they_are_cut(
        shape in super::shapes(4), seed: u64, ones in prop::collection::vec(any::<[bool; 3]>(), 4), drop in 0usize..5,
        which in 0usize..3, cuts in prop::collection::vec([any_cut(), any_cut(), any_cut()], 3),
    ) {
        let column = |k: usize| ones.iter().map(|o| o[k]).collect::<Vec<bool>>();
        let dtypes = [if which == 2 { Bool } else { Int16 }, Float64, Float64];
        let shapes = [part(&shape, 0, &column(0)), part(&shape, drop, &column(1)), part(&shape, drop / 2, &column(2))];
        let (name, f, n): (_, fn(&[f64]) -> f64, _) = [
            ("subtract", (|v| v[0] - v[1]) as fn(&[f64]) -> f64, 2),
            ("less", |v| truth(v[0] < v[1]), 2),
            ("where", |v| if v[0] != 0.0 { v[1] } else { v[2] }, 3),
        ][which];
        let plains: Vec<Plain> = (0..n)
            .map(|k| image(shapes[k].clone(), if dtypes[k] == Bool { Mask } else { Grey(dtypes[k]) }, seed ^ k as u64))
            .collect();
        let computed = |cuts: &[Cut; 3]| {
            let sources: Vec<_> = (0..n)
                .map(|k| {
                    let spec = ImageSpec::new(shapes[k].clone(), dtypes[k]).unwrap();
                    stored(&spec, &Arc::new(block(&plains[k], dtypes[k])), &cuts[k])
                })
                .collect();
            let node = apply_to(&sources, name, serde_json::Map::new()).unwrap();
            samples(&node, &cuts[2]).unwrap()
        };
        let first = computed(&[Cut::whole(), Cut::whole(), Cut::whole()]);
        let got = super::plain_of(&first);
        for (point, got) in got.points().iter().zip(&got.samples) {
            let operands: Vec<f64> = plains.iter().map(|p| stretched(p, point)).collect();
            prop_assert_eq!(*got, f(&operands), "{} of {:?} at {:?}", name, &shapes[..n], point);
        }
        for cut in &cuts {
            prop_assert!(computed(cut).bytes() == first.bytes(), "{name} of {:?} under {cut:?}", &shapes[..n]);
        }
    }
}
