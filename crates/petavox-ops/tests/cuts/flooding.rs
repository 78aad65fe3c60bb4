//! What spreads through masks and grey images until nothing changes, distances in steps, and what they mean.

use super::cuts::{Cut, any_cut, samples, stored};
use super::plain::{self, Plain};
use super::{Definition, Input, block, image, plain_of, truth};
use Input::{Grey, Mask};
use petavox_core::Dtype::{Bool, Float32, Int16, Int32, UInt8, UInt16};
use petavox_core::{Dtype, ImageSpec};
use petavox_ops::apply_to;
use proptest::prelude::*;
use std::sync::Arc;

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("binary_closing:size=3:iterations=60", Mask, 3, |_| None),
    ("binary_dilation:connectivity=1:iterations=70", Mask, 2, |p| Some(plain::morphology(p, true, 1, 70))),
    ("binary_erosion:connectivity=1:iterations=0:border_value=1", Mask, 4, |p| Some(p.map(|_| truth(p.samples.iter().all(|v| *v != 0.0))))),
    ("binary_fill_holes:connectivity=1", Mask, 4, |p| Some(filled(p))),
    ("binary_propagation:connectivity=1", Mask, 4, |p| Some(p.map(|_| truth(p.samples.iter().any(|v| *v != 0.0))))),
    ("distance_transform_bf:metric=taxicab", Mask, 3, |p| distance(p, |o| o.iter().map(|x| x.abs()).sum())),
    ("distance_transform_bf:metric=euclidean:sampling=0.5", Mask, 3, |p| plain::distance(p, &vec![0.5; p.shape.len()])),
    ("distance_transform_bf:returns=indices", Mask, 3, |_| None),
    ("distance_transform_cdt:metric=chessboard", Mask, 4, |p| distance(p, |o| o.iter().map(|x| x.abs()).max().unwrap_or(0))),
    ("distance_transform_cdt:metric=taxicab", Mask, 4, |p| distance(p, |o| o.iter().map(|x| x.abs()).sum())),
    ("distance_transform_cdt:returns=indices", Mask, 3, |_| None),
    ("distance_transform_edt:returns=indices:sampling=0.7", Mask, 3, |_| None),
    ("edge_maxima:low_threshold=0.5", Grey(Float32), 4, |_| None),
    ("flood:connectivity=1", Mask, 4, |p| Some(flooded(p))),
    ("local_maxima", Grey(UInt8), 4, |p| Some(maxima(p, p.shape.len(), 1.0))),
    ("local_maxima:connectivity=1:allow_borders=false", Grey(Float32), 3, |_| None),
    ("local_minima:connectivity=1", Grey(Int16), 3, |p| Some(maxima(p, 1, -1.0))),
    ("reconstruction:method=erosion", Grey(UInt16), 4, |p| Some(grey_filled(p))),
    ("thin", Mask, 3, |_| None),
    ("thin:max_num_iter=1", Mask, 2, |_| None),
    ("watershed_ift:connectivity=1", Grey(UInt8), 3, |_| None),
    ("watershed:connectivity=1", Grey(UInt8), 3, |p| Some(basins(p, &plain::label(&maxima(p, 1, -1.0), 1).0, None))),
];

/// Points one step along an axis (or up to `hops` axes) away that are inside.
fn around(p: &Plain, q: &[i64], hops: usize) -> Vec<Vec<i64>> {
    let mut all: Vec<Vec<i64>> = vec![vec![]];
    for x in q {
        all = all.iter().flat_map(|r| (-1..=1).map(|d| [&r[..], &[x + d]].concat())).collect();
    }
    all.retain(|r| {
        let moved = r.iter().zip(q).filter(|(a, b)| a != b).count();
        let inside = r.iter().zip(&p.shape).all(|(x, n)| (0..*n as i64).contains(x));
        inside && (1..=hops).contains(&moved)
    });
    all
}

/// Number of a point.
fn number(p: &Plain, q: &[i64]) -> usize {
    q.iter().zip(&p.shape).fold(0, |i, (x, n)| i * n + *x as usize)
}

fn filled(p: &Plain) -> Plain {
    let (holes, sizes) = plain::label(&p.map(|v| 1.0 - v), 1);
    let mut open = vec![false; sizes.len()];
    for q in holes.points() {
        if q.iter().zip(&p.shape).any(|(x, n)| *x == 0 || *x + 1 == *n as i64) {
            open[holes.at(&q, 0.0) as usize] = true;
        }
    }
    open[0] = false;
    holes.map(|l| truth(!open[l as usize]))
}

fn flooded(p: &Plain) -> Plain {
    let labels = plain::label(p, 1).0;
    let first = labels.samples[0];
    labels.map(|l| truth(first != 0.0 && l == first))
}

fn distance(p: &Plain, length: fn(&[i64]) -> i64) -> Option<Plain> {
    let zeros: Vec<Vec<i64>> = p.points().into_iter().filter(|q| p.at(q, 1.0) == 0.0).collect();
    if zeros.is_empty() {
        return None;
    }
    let nearest = |q: &Vec<i64>| {
        let to = |z: &Vec<i64>| length(&q.iter().zip(z).map(|(a, b)| a - b).collect::<Vec<_>>());
        zeros.iter().map(to).min().unwrap_or(0) as f64
    };
    Some(Plain { shape: p.shape.clone(), samples: p.points().iter().map(nearest).collect() })
}

/// Plateaus above all around them, of the image times `sign`; none if there is but one.
fn maxima(p: &Plain, hops: usize, sign: f64) -> Plain {
    let constant = p.samples.iter().all(|v| *v == p.samples[0]);
    let mut is = p.map(|_| truth(!constant));
    loop {
        let mut changed = false;
        for q in p.points() {
            let own = p.at(&q, 0.0) * sign;
            let beaten = around(p, &q, hops).iter().any(|r| {
                let other = p.at(r, 0.0) * sign;
                other > own || (other == own && is.at(r, 0.0) == 0.0)
            });
            let i = number(p, &q);
            if beaten && is.samples[i] == 1.0 {
                is.samples[i] = 0.0;
                changed = true;
            }
        }
        if !changed {
            return is;
        }
    }
}

/// The lowest image above `p` that has its border, and whose samples are each no lower than the lowest around them.
fn grey_filled(p: &Plain) -> Plain {
    let border = |q: &[i64]| q.iter().zip(&p.shape).any(|(x, n)| *x == 0 || *x + 1 == *n as i64);
    let samples =
        p.points().into_iter().map(|q| if border(&q) { p.at(&q, 0.0) } else { f64::INFINITY });
    spread(&Plain { shape: p.shape.clone(), samples: samples.collect() }, p, p.shape.len(), -1.0)
}

/// Reconstruction of `seed` under `mask` times `sign`.
fn spread(seed: &Plain, mask: &Plain, hops: usize, sign: f64) -> Plain {
    let mut now = seed.map(|v| v * sign);
    loop {
        let samples: Vec<f64> = (now.points().iter().zip(&now.samples))
            .map(|(q, v)| {
                let near = around(&now, q, hops).iter().map(|r| now.at(r, 0.0)).fold(*v, f64::max);
                near.min(mask.at(q, 0.0) * sign)
            })
            .collect();
        if samples == now.samples {
            return now.map(|v| v * sign);
        }
        now.samples = samples;
    }
}

/// A flood that takes the lowest sample beside what is flooded, the first in raster order of several, again and again.
fn basins(p: &Plain, markers: &Plain, mask: Option<&Plain>) -> Plain {
    let inside = |i: usize| mask.is_none_or(|m| m.samples[i] != 0.0);
    let points = p.points();
    let mut labels = markers.clone();
    labels.samples.iter_mut().enumerate().for_each(|(i, l)| *l *= truth(inside(i)));
    let mut waiting: Vec<usize> = (0..points.len()).filter(|i| labels.samples[*i] != 0.0).collect();
    while !waiting.is_empty() {
        let key = |i: &usize| (p.samples[*i], *i);
        let least = (0..waiting.len())
            .min_by(|a, b| key(&waiting[*a]).partial_cmp(&key(&waiting[*b])).unwrap())
            .unwrap();
        let at = waiting.swap_remove(least);
        for r in around(p, &points[at], 1) {
            let i = number(p, &r);
            if inside(i) && labels.samples[i] == 0.0 {
                labels.samples[i] = labels.samples[at];
                waiting.push(i);
            }
        }
    }
    labels
}

fn computed(
    name: &str,
    params: &str,
    images: &[(&Plain, Dtype)],
    cut: &Cut,
) -> petavox_core::Block {
    let sources: Vec<_> = images
        .iter()
        .map(|(p, dtype)| {
            let spec = ImageSpec::new(p.shape.clone(), *dtype).unwrap();
            stored(&spec, &Arc::new(block(p, *dtype)), cut)
        })
        .collect();
    let node = apply_to(&sources, name, serde_json::from_str(params).unwrap()).unwrap();
    samples(&node, cut).unwrap()
}

proptest! {
    #![proptest_config(super::config(60))]

    #[test]
    fn reconstructions_and_watersheds_are_what_they_mean_however_they_are_cut(
        shape in super::shapes(3), seed: u64, cuts in prop::collection::vec(any_cut(), 2), wide: bool,
    ) {
        let grey = image(shape.clone(), Grey(UInt16), seed);
        let other = image(shape.clone(), Grey(UInt16), seed ^ 99);
        let lower = Plain { samples: grey.samples.iter().zip(&other.samples).map(|(a, b)| a.min(*b)).collect(), shape: shape.clone() };
        let mask = image(shape.clone(), Mask, seed ^ 7);
        let few = image(shape.clone(), Grey(UInt8), seed ^ 55);
        let markers = Plain { samples: few.samples.iter().enumerate().map(|(i, v)| if i % 11 == 3 { *v } else { 0.0 }).collect(), shape: shape.clone() };
        // Wide values take wide levels.
        let dtype = if wide { Dtype::Float64 } else { UInt16 };
        let method = r#"{"method": "dilation", "connectivity": 1}"#;
        let cases = [
            ("reconstruction", method, vec![(&lower, UInt16), (&grey, UInt16)], spread(&lower, &grey, 1, 1.0)),
            ("watershed", "{}", vec![(&grey, dtype), (&markers, Int32)], basins(&grey, &markers, None)),
            ("watershed", "{}", vec![(&grey, dtype), (&markers, Int16), (&mask, Bool)], basins(&grey, &markers, Some(&mask))),
        ];
        for (name, params, images, want) in &cases {
            let first = computed(name, params, images, &Cut::whole());
            prop_assert_eq!(&plain_of(&first), want, "{} of {:?}", name, &shape);
            for cut in &cuts {
                prop_assert!(computed(name, params, images, cut).bytes() == first.bytes(), "{} of {:?} under {:?}", name, &shape, cut);
            }
        }
    }
}
