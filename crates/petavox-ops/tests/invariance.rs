//! Chunks are invisible: whatever its source's chunks, its result's chunks, its threads and its memory, every operation of
//! the registry gives the same bits, and those are what a plain definition gives.

mod cuts;
#[path = "cuts/exposure.rs"]
mod exposure;
#[path = "cuts/feature.rs"]
mod feature;
#[path = "cuts/flooding.rs"]
mod flooding;
#[path = "cuts/fourier.rs"]
mod fourier;
#[path = "cuts/geometry.rs"]
mod geometry;
#[path = "cuts/labels.rs"]
mod labels;
#[path = "cuts/linear.rs"]
mod linear;
#[path = "cuts/plain.rs"]
mod plain;
#[path = "cuts/pointwise.rs"]
mod pointwise;
#[path = "cuts/ranks.rs"]
mod ranks;
#[path = "cuts/reductions.rs"]
mod reductions;
#[path = "cuts/segment.rs"]
mod segment;
#[path = "cuts/several.rs"]
mod several;

use cuts::{Cut, any_cut, samples, stored, value};
use petavox_core::{Block, Column, Dtype, ImageSpec, Region, Sequential, Table, dispatch};
use petavox_engine::Node;
use petavox_kernels::bits::BitLayout;
use petavox_kernels::measure::{Binning, Histogram, RegionRow, accumulate_histogram};
use petavox_ops::operation::measures::columns::{
    PROPERTIES, TableOptions, needs_image, table, wants,
};
use petavox_ops::operation::measures::measure::measure;
use petavox_ops::operation::reduce::{ReduceOptions, Reduction, reduce, reduce_with, reduced};
use petavox_ops::operation::thresholds::threshold::Threshold;
use petavox_ops::thin::{ThinMethod, ThinOptions, thin};
use petavox_ops::{apply, apply_to, operations};
use plain::Plain;
use proptest::prelude::*;
use std::sync::Arc;

/// Grey values for a step, or a mask.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Input {
    Grey(Dtype),
    Mask,
}

use Input::{Grey, Mask};

type Definition = fn(&Plain) -> Option<Plain>;

/// Every operation with steps that try it, the input it takes, how many axes at most, and what it means.
#[rustfmt::skip]
const TABLE: &[(&str, Input, usize, Definition)] = &[
    ("astype:dtype=float32", Grey(Dtype::Int16), 4, |p| Some(p.clone())),
    ("astype:dtype=uint8", Grey(Dtype::Int16), 4, |p| Some(p.map(|v| (v as i64).rem_euclid(256) as f64))),
    ("astype:dtype=bool", Grey(Dtype::Float64), 4, |p| Some(p.map(|v| truth(v != 0.0)))),
    ("binary_closing:connectivity=1:iterations=2", Mask, 4, |p| Some(erode(&dilate(p, 1, 2), 1, 2))),
    ("binary_dilation:connectivity=2:iterations=2", Mask, 4, |p| Some(dilate(p, 2, 2))),
    ("binary_dilation:connectivity=1:iterations=5", Mask, 3, |p| Some(dilate(p, 1, 5))),
    ("binary_erosion:connectivity=1:iterations=1", Mask, 4, |p| Some(erode(p, 1, 1))),
    ("binary_erosion:connectivity=2:iterations=2", Mask, 3, |p| Some(erode(p, 2, 2))),
    ("binary_opening:connectivity=1:iterations=1", Mask, 4, |p| Some(dilate(&erode(p, 1, 1), 1, 1))),
    ("broadcast_to:shape=3,2,12,11", Grey(Dtype::Int16), 1, |_| None),
    ("broadcast_to:shape=70,90", Grey(Dtype::Int16), 2, |_| None),
    ("concatenate:axis=0", Grey(Dtype::Int16), 4, |p| Some(p.clone())),
    ("distance_transform_edt", Mask, 4, |p| plain::distance(p, &vec![1.0; p.shape.len()])),
    ("distance_transform_edt:sampling=0.5", Mask, 3, |p| plain::distance(p, &vec![0.5; p.shape.len()])),
    ("downscale:factors=2:method=max", Grey(Dtype::Int16), 3, |p| Some(plain::downscale(p, 2, |c| c.iter().copied().fold(f64::MIN, f64::max)))),
    ("downscale:factors=3:method=min", Grey(Dtype::UInt8), 3, |p| Some(plain::downscale(p, 3, |c| c.iter().copied().fold(f64::MAX, f64::min)))),
    ("downscale:factors=2:method=mean", Grey(Dtype::UInt16), 3, |p| Some(plain::downscale(p, 2, |c| (c.iter().sum::<f64>() / c.len() as f64).round_ties_even()))),
    ("downscale:factors=2:dtype=float64", Grey(Dtype::Int16), 3, |p| Some(plain::downscale(p, 2, |c| c.iter().sum::<f64>() / c.len() as f64))),
    ("downscale:factors=3:dtype=float64", Mask, 3, |p| Some(plain::downscale(p, 3, |c| c.iter().sum::<f64>() / c.len() as f64))),
    ("downscale:factors=5:method=mode", Mask, 3, |_| None),
    ("equal:value=3", Grey(Dtype::UInt8), 4, |p| Some(p.map(|v| truth(v == 3.0)))),
    ("expand_dims:axis=1", Grey(Dtype::Int16), 4, |p| Some(with_axis(p, 1))),
    ("flip", Grey(Dtype::UInt8), 4, |p| Some(plain::picked_by(p, |_, n| (0..n).rev().collect()))),
    ("flip:axis=-1", Grey(Dtype::Float64), 4, |p| Some(plain::picked_by(p, |a, n| if a + 1 == p.shape.len() { (0..n).rev().collect() } else { (0..n).collect() }))),
    ("gaussian:sigma=1.3", Grey(Dtype::Float64), 4, |p| Some(plain::gaussian(p, 1.3))),
    ("gaussian:sigma=0.6", Grey(Dtype::Float32), 3, |p| Some(plain::gaussian(p, 0.6))),
    ("gaussian:sigma=2:mode=mirror", Grey(Dtype::UInt16), 3, |_| None),
    ("gaussian:sigma=1:mode=wrap", Grey(Dtype::Float32), 3, |_| None),
    ("gaussian:sigma=1:mode=nearest", Grey(Dtype::Float32), 3, |_| None),
    ("gaussian:sigma=1:mode=constant:cval=7:truncate=2", Grey(Dtype::Int16), 3, |_| None),
    ("greater:value=0.5", Grey(Dtype::Float32), 4, |p| Some(p.map(|v| truth(v > 0.5)))),
    ("greater_equal:value=4", Grey(Dtype::Int64), 4, |p| Some(p.map(|v| truth(v >= 4.0)))),
    ("index:items=../-2", Grey(Dtype::Int16), 4, |p| Some(plain::picked_by(p, |a, n| if a == 0 { (0..n).rev().step_by(2).collect() } else { (0..n).collect() }))),
    ("index:items=...,1..-1/3", Grey(Dtype::UInt8), 4, |p| Some(plain::picked_by(p, |a, n| (0..n).filter(|x| a + 1 < p.shape.len() || (*x >= 1 && x + 1 < n && (x - 1) % 3 == 0)).collect()))),
    ("index:items=new,20../-3,...", Grey(Dtype::Float32), 4, |p| Some(with_axis(&plain::picked_by(p, |a, n| if a == 0 { (0..n.min(21)).rev().step_by(3).collect() } else { (0..n).collect() }), 0))),
    ("index:items=0,...,-1", Grey(Dtype::UInt16), 4, |_| None),
    ("label:connectivity=1", Mask, 4, |p| Some(plain::label(p, 1).0)),
    ("label:connectivity=2", Mask, 4, |p| Some(plain::label(p, 2).0)),
    ("less:value=-2", Grey(Dtype::Int16), 4, |p| Some(p.map(|v| truth(v < -2.0)))),
    ("less_equal:value=5", Grey(Dtype::UInt8), 4, |p| Some(p.map(|v| truth(v <= 5.0)))),
    ("not_equal:value=0", Grey(Dtype::Float64), 4, |p| Some(p.map(|v| truth(v != 0.0)))),
    ("pad:pad_width=3:mode=constant:constant_values=7,-2", Grey(Dtype::Int16), 4, |p| Some(framed(p, 3, 7.0, -2.0))),
    ("pad:pad_width=0,2:constant_values=1", Mask, 4, |_| None),
    ("pad:pad_width=2,4:mode=edge", Grey(Dtype::UInt8), 4, |p| Some(plain::picked_by(p, |_, n| around(n, 2, 4, |x| x.clamp(0, n as i64 - 1))))),
    ("pad:pad_width=9,0:mode=symmetric", Grey(Dtype::Float32), 3, |p| Some(plain::picked_by(p, |_, n| around(n, 9, 0, |x| { let x = x.rem_euclid(2 * n as i64); x.min(2 * n as i64 - 1 - x) })))),
    ("pad:pad_width=5:mode=reflect", Grey(Dtype::Int64), 3, |p| Some(plain::picked_by(p, |_, n| around(n, 5, 5, |x| { let m = (2 * n as i64 - 2).max(1); let x = x.rem_euclid(m); x.min(m - x) })))),
    ("pad:pad_width=1,13:mode=wrap", Grey(Dtype::Float64), 3, |p| Some(plain::picked_by(p, |_, n| around(n, 1, 13, |x| x.rem_euclid(n as i64))))),
    ("remove_small_holes:area_threshold=4:connectivity=1", Mask, 4, |p| Some(plain::without_small(&p.map(|v| 1.0 - v), 4, 1).map(|v| 1.0 - v))),
    ("remove_small_objects:min_size=5:connectivity=2", Mask, 4, |p| Some(plain::without_small(p, 5, 2))),
    ("repeat:repeats=3:axis=-1", Grey(Dtype::UInt16), 4, |p| Some(plain::picked_by(p, |a, n| (0..n).flat_map(|x| vec![x; if a + 1 == p.shape.len() { 3 } else { 1 }]).collect()))),
    ("reshape:shape=-1", Grey(Dtype::Int16), 4, |p| Some(plain::reshaped(p.clone(), vec![p.samples.len()]))),
    ("reshape:shape=70,10,9", Grey(Dtype::UInt8), 2, |p| (p.shape == [70, 90]).then(|| plain::reshaped(p.clone(), vec![70, 10, 9]))),
    ("reshape:shape=20,5,7", Grey(Dtype::Float32), 1, |p| (p.shape == [700]).then(|| plain::reshaped(p.clone(), vec![20, 5, 7]))),
    ("reshape:shape=42,15,10", Grey(Dtype::Int32), 2, |p| (p.shape == [70, 90]).then(|| plain::reshaped(p.clone(), vec![42, 15, 10]))),
    ("roll:shift=-30:axis=0", Grey(Dtype::UInt8), 4, |p| Some(plain::picked_by(p, |a, n| around(n, 0, 0, |x| if a == 0 { (x + 30).rem_euclid(n as i64) } else { x })))),
    ("roll:shift=5,400:axis=0,-1", Grey(Dtype::Int16), 4, |p| Some(plain::picked_by(p, |a, n| around(n, 0, 0, |x| { let first = if a == 0 { 5 } else { 0 }; let last = if a + 1 == p.shape.len() { 400 } else { 0 }; (x - first - last).rem_euclid(n as i64) })))),
    ("select:axis=0:index=0", Grey(Dtype::Int16), 4, |p| Some(first_plane(p))),
    ("skeletonize:method=parity", Mask, 3, |p| thinned(p, ThinMethod::Parity)),
    ("skeletonize:method=lee", Mask, 3, |p| thinned(p, ThinMethod::Lee)),
    ("skeletonize:method=zhang", Mask, 2, |p| thinned(p, ThinMethod::Zhang)),
    ("squeeze", Grey(Dtype::Int64), 4, |p| Some(squeezed(p))),
    ("stack:axis=-1", Grey(Dtype::Float64), 4, |p| Some(with_axis(p, p.shape.len()))),
    ("take:indices=0,-1,0,-1,-1:axis=0", Grey(Dtype::Int16), 4, |p| Some(plain::picked_by(p, |a, n| if a == 0 { vec![0, n - 1, 0, n - 1, n - 1] } else { (0..n).collect() }))),
    ("take:indices=-1,0,0,-1:axis=-1", Grey(Dtype::Float64), 4, |p| Some(plain::picked_by(p, |a, n| if a + 1 == p.shape.len() { vec![n - 1, 0, 0, n - 1] } else { (0..n).collect() }))),
    ("take:indices=66,2,33,60,1,40,0,66,3:axis=0", Grey(Dtype::UInt8), 3, |_| None),
    ("tile:reps=3,2", Grey(Dtype::UInt8), 3, |p| Some(tiled(p))),
    ("transpose", Grey(Dtype::Float32), 4, |p| Some(plain::moved_axes(p, &(0..p.shape.len()).rev().collect::<Vec<_>>()))),
    ("transpose:axes=1,2,0", Grey(Dtype::Int16), 3, |p| (p.shape.len() == 3).then(|| plain::moved_axes(p, &[1, 2, 0]))),
    ("threshold:value=2", Grey(Dtype::Int16), 4, |p| Some(p.map(|v| truth(v > 2.0)))),
    ("threshold:method=otsu", Grey(Dtype::Int16), 4, |p| thresholded(p, Dtype::Int16, Threshold::Otsu)),
    ("threshold:method=li", Grey(Dtype::UInt8), 3, |p| thresholded(p, Dtype::UInt8, Threshold::Li)),
    ("threshold:method=yen", Grey(Dtype::UInt16), 3, |p| thresholded(p, Dtype::UInt16, Threshold::Yen)),
    ("threshold:method=triangle", Grey(Dtype::UInt8), 3, |p| thresholded(p, Dtype::UInt8, Threshold::Triangle)),
    ("threshold:method=isodata", Grey(Dtype::UInt8), 3, |p| thresholded(p, Dtype::UInt8, Threshold::Isodata)),
    ("threshold:method=otsu:nbins=64", Grey(Dtype::Float32), 3, |_| None),
    ("threshold_value:method=otsu", Grey(Dtype::Int16), 3, |p| threshold_found(p, Dtype::Int16, Threshold::Otsu).map(single)),
    ("threshold_value:method=triangle", Grey(Dtype::UInt8), 3, |p| threshold_found(p, Dtype::UInt8, Threshold::Triangle).map(single)),
];

fn first_plane(p: &Plain) -> Plain {
    let shape = p.shape[1..].to_vec();
    let n = shape.iter().product();
    Plain { shape, samples: p.samples[..n].to_vec() }
}

fn with_axis(p: &Plain, at: usize) -> Plain {
    let mut shape = p.shape.clone();
    shape.insert(at, 1);
    plain::reshaped(p.clone(), shape)
}

fn squeezed(p: &Plain) -> Plain {
    plain::reshaped(p.clone(), p.shape.iter().copied().filter(|n| *n != 1).collect())
}

fn around(n: usize, before: usize, after: usize, place: impl Fn(i64) -> i64) -> Vec<usize> {
    (-(before as i64)..(n + after) as i64).map(|x| place(x) as usize).collect()
}

/// A margin of `width` of one value before, and another after; later axes win.
fn framed(p: &Plain, width: usize, low: f64, high: f64) -> Plain {
    let inside = plain::picked_by(p, |_, n| around(n, width, width, |x| x.clamp(0, n as i64 - 1)));
    let samples = inside.points().into_iter().zip(&inside.samples).map(|(q, v)| {
        q.iter().zip(&p.shape).fold(*v, |v, (x, n)| match x - width as i64 {
            ..0 => low,
            x if x >= *n as i64 => high,
            _ => v,
        })
    });
    Plain { samples: samples.collect(), shape: inside.shape.clone() }
}

fn tiled(p: &Plain) -> Plain {
    let mut shape = p.shape.clone();
    (shape.len()..2).for_each(|_| shape.insert(0, 1));
    let last = shape.len() - 1;
    plain::picked_by(&plain::reshaped(p.clone(), shape), |a, n| {
        let times = [2, 3].get(last - a).copied().unwrap_or(1);
        (0..n * times).map(|x| x % n).collect()
    })
}

fn truth(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn erode(p: &Plain, connectivity: usize, times: usize) -> Plain {
    plain::morphology(p, false, connectivity, times)
}

fn dilate(p: &Plain, connectivity: usize, times: usize) -> Plain {
    plain::morphology(p, true, connectivity, times)
}

/// Thinning on the whole image, without the engine.
fn thinned(p: &Plain, method: ThinMethod) -> Option<Plain> {
    let layout = BitLayout::new(&p.shape).ok()?;
    let mut words = vec![0; layout.n_words()];
    layout.pack(&mut words, &block(p, Dtype::Bool)).unwrap();
    let cancel = petavox_core::CancelToken::new();
    thin(&mut words, &layout, &ThinOptions::new(method), &Sequential, &cancel).unwrap();
    let mut out = block(p, Dtype::Bool);
    layout.unpack(&words, &mut out).unwrap();
    Some(plain_of(&out))
}

/// The threshold of the histogram of the whole image, without the engine.
fn thresholded(p: &Plain, dtype: Dtype, method: Threshold) -> Option<Plain> {
    let found = threshold_found(p, dtype, method)?;
    Some(p.map(|v| truth(v > found)))
}

fn single(value: f64) -> Plain {
    Plain { shape: vec![], samples: vec![value] }
}

fn threshold_found(p: &Plain, dtype: Dtype, method: Threshold) -> Option<f64> {
    let binning = Binning::of_dtype(dtype)?;
    let mut counts = vec![0; binning.n_bins()];
    accumulate_histogram(&block(p, dtype), &binning, &mut counts).unwrap();
    method.find(&Histogram::new(&binning, counts).unwrap()).ok()
}

fn block(p: &Plain, dtype: Dtype) -> Block {
    let mut block = Block::zeros(Region::whole(&p.shape), dtype).unwrap();
    dispatch!(dtype, T => {
        let to = block.typed_mut::<T>().unwrap();
        to.iter_mut().zip(&p.samples).for_each(|(t, v)| *t = petavox_core::Element::from_f64(*v));
    });
    block
}

fn plain_of(block: &Block) -> Plain {
    let samples = dispatch!(block.dtype(), T => {
        block.typed::<T>().unwrap().iter().map(|v| petavox_core::Element::to_f64(*v)).collect()
    });
    Plain { shape: block.shape().to_vec(), samples }
}

/// Small shapes with axes of one sample, and long thin ones that cross the cells in which components are found.
fn shapes(most: usize) -> impl Strategy<Value = Vec<usize>> {
    let small = (1..=most).prop_flat_map(|n| prop::collection::vec(1usize..12, n));
    let long = prop::sample::select(vec![
        vec![67, 3, 5],
        vec![2, 133, 4],
        vec![3, 2, 261],
        vec![2, 1031],
        vec![519, 3],
        vec![70, 90],
        vec![35, 31, 9],
        vec![700],
        vec![3, 34, 2, 5],
    ])
    .prop_filter("axes", move |s| s.len() <= most);
    prop_oneof![3 => small, 2 => long]
}

/// Values whose number of different ones, and whose clumps, vary.
fn image(shape: Vec<usize>, input: Input, seed: u64) -> Plain {
    let mut state = seed | 1;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64
    };
    let (range, run) = (2 + next() % 9, 1 + next() % 7);
    let density = 1 + next() % 7;
    let n: usize = shape.iter().product();
    let mut samples = Vec::with_capacity(n);
    while samples.len() < n {
        let v = match input {
            Mask => truth(next() % 8 < density),
            Grey(Dtype::Float32 | Dtype::Float64) => (next() % 2000 - 700) as f64 / 512.0,
            Grey(Dtype::UInt8 | Dtype::UInt16) => (next() % range * 3) as f64,
            Grey(_) => (next() % (range * 60) - range * 20) as f64 / (1 + next() % 3) as f64,
        };
        let v = if matches!(input, Grey(d) if !d.is_float()) { v.trunc() } else { v };
        for _ in 0..(1 + next() % run).min((n - samples.len()) as i64) {
            samples.push(v);
        }
    }
    Plain { shape, samples }
}

/// Runs every table row for some images, each whole and in `n_cuts` ways.
fn check(steps: &[&str], input: Input, p: &Plain, cuts: &[Cut], definition: Definition) {
    let dtype = if let Grey(d) = input { d } else { Dtype::Bool };
    let spec = ImageSpec::new(p.shape.clone(), dtype).unwrap();
    let whole = Arc::new(block(p, dtype));
    let compute = |cut: &Cut| {
        let node = steps.iter().try_fold(stored(&spec, &whole, cut), |n, step| apply(&n, step))?;
        samples(&node, cut)
    };
    let first = compute(&Cut::whole());
    for cut in cuts {
        let about = format!("{steps:?} of {dtype} {:?} under {cut:?}", p.shape);
        match (&first, compute(cut)) {
            (Ok(want), Ok(got)) => assert!(want.bytes() == got.bytes(), "{about}"),
            (Err(want), Err(got)) => assert_eq!(want.to_string(), got.to_string(), "{about}"),
            (_, got) => panic!("{about}: whole {:?}, cut {got:?}", first.as_ref().err()),
        }
    }
    let (Ok(got), Some(want)) = (&first, definition(p)) else { return };
    let got = plain_of(got);
    assert_eq!(got.shape, want.shape, "{steps:?}");
    let tolerance = match dtype {
        Dtype::Float32 => 1e-6,
        // Means and deviations of integers are floats too, and the definition rounds at every step.
        _ => 1e-12,
    };
    // Sums over the whole image are as exact as its samples are large.
    let global = steps.iter().any(|s| s.contains("fftn") || s.contains("fourier"));
    let large = p.samples.iter().map(|v| v.abs()).sum::<f64>() * if global { 1.0 } else { 0.0 };
    for (i, (g, w)) in got.samples.iter().zip(&want.samples).enumerate() {
        let near = (g - w).abs() <= tolerance * (1.0 + w.abs() + large);
        assert!(near, "{steps:?} of {dtype} {:?}: sample {i} is {g}, by definition {w}", p.shape);
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// This table and those of files of their own, a line each.
fn rows() -> impl Iterator<Item = &'static (&'static str, Input, usize, Definition)> {
    // One line each, so that they are added without being in each other's way.
    #[rustfmt::skip]
    let tables = [
        TABLE,
        exposure::ROWS,
        feature::ROWS,
        flooding::ROWS,
        fourier::ROWS,
        geometry::ROWS,
        labels::ROWS,
        linear::ROWS,
        pointwise::ROWS,
        ranks::ROWS,
        reductions::ROWS,
        segment::ROWS,
    ];
    tables.into_iter().flatten()
}

#[test]
fn every_operation_of_the_registry_is_in_the_table() {
    for operation in operations() {
        let tried = rows().any(|(step, ..)| step.split(':').next() == Some(operation.name));
        assert!(tried, "{} is not in the table of this test", operation.name);
    }
}

#[test]
fn every_operation_is_one_and_the_same_however_it_is_cut() {
    for &(step, input, most, definition) in rows() {
        let least =
            if ["connectivity=2", "skeletonize", "select", "items=0", "axis=0,-1", "axis=-2"]
                .iter()
                .any(|s| step.contains(s))
            {
                2
            } else {
                1
            };
        let name = step;
        proptest!(config(10), |(shape in shapes(most), seed: u64, cuts in prop::collection::vec(any_cut(), 3))| {
            if shape.len() >= least {
                check(&[name], input, &image(shape, input, seed), &cuts, definition);
            }
        });
    }
}

#[test]
fn operations_of_several_images_are_one_and_the_same_however_these_are_cut() {
    for &(name, params, most, definition) in several::ROWS {
        let params: serde_json::Map<_, _> = serde_json::from_str(params).unwrap();
        proptest!(config(20), |(
            shape in shapes(most), seed: u64, n in several::counts(name),
            dtype in prop::sample::select(Dtype::ALL), lengths in prop::collection::vec(0usize..7, 40),
            cuts in prop::collection::vec((any_cut(), any_cut()), 3),
        )| {
            let dtype = if name == "where" { Dtype::Bool } else { dtype };
            let kind = if dtype == Dtype::Bool { Mask } else { Grey(dtype) };
            let images: Vec<Plain> = (0..n)
                .map(|k| image(several::shape_of(name, &shape, lengths[k]), kind, seed ^ (k as u64 * 977)))
                .map(|p| if dtype == Dtype::Bool { p } else { plain_of(&block(&p, dtype)) })
                .collect();
            let specs: Vec<ImageSpec> =
                images.iter().map(|p| ImageSpec::new(p.shape.clone(), dtype).unwrap()).collect();
            let wholes: Vec<Arc<Block>> = images.iter().map(|p| Arc::new(block(p, dtype))).collect();
            let compute = |sources: &[&Cut], cut: &Cut| {
                let of = |k: usize| stored(&specs[k], &wholes[k], sources[k % sources.len()]);
                let nodes: Vec<Arc<Node>> = (0..n).map(of).collect();
                samples(&apply_to(&nodes, name, params.clone()).unwrap(), cut).unwrap()
            };
            let whole = Cut::whole();
            let want = compute(&[&whole], &whole);
            prop_assert_eq!(&plain_of(&want), &definition(&images), "{} of {}", name, dtype);
            for (cut, other) in &cuts {
                // Every image is stored in a way of its own.
                let got = compute(&[cut, other, &whole], cut);
                prop_assert!(got.bytes() == want.bytes(), "{} of {} {:?} under {:?}", name, n, shape, cut);
            }
        });
    }
}

#[test]
fn chains_are_one_and_the_same_however_they_are_cut() {
    let chains: [(&[&str], Input, usize); 5] = [
        (
            &[
                "gaussian:sigma=1",
                "threshold:method=otsu",
                "binary_closing",
                "remove_small_objects:min_size=3",
                "label",
            ],
            Grey(Dtype::UInt16),
            3,
        ),
        (
            &[
                "gaussian:sigma=0.7:mode=wrap",
                "gaussian:sigma=1.2:mode=mirror",
                "downscale:factors=2",
            ],
            Grey(Dtype::Float32),
            4,
        ),
        (
            &[
                "remove_small_holes:area_threshold=3",
                "binary_erosion",
                "distance_transform_edt",
                "greater:value=1",
            ],
            Mask,
            3,
        ),
        (
            &["threshold:method=otsu", "skeletonize", "binary_dilation", "label:connectivity=2"],
            Grey(Dtype::UInt8),
            3,
        ),
        (
            &[
                "distance_transform_edt",
                "gaussian:sigma=1",
                "threshold:method=otsu",
                "skeletonize:method=lee",
            ],
            Mask,
            3,
        ),
    ];
    for (steps, input, most) in chains {
        proptest!(config(12), |(shape in shapes(most), seed: u64, cuts in prop::collection::vec(any_cut(), 4))| {
            if shape.len() > 1 {
                check(steps, input, &image(shape, input, seed), &cuts, |_| None);
            }
        });
    }
}

proptest! {
    #![proptest_config(config(40))]

    #[test]
    fn every_reduction_is_one_and_the_same_however_it_is_cut(
        shape in shapes(4), seed: u64, cuts in prop::collection::vec(any_cut(), 2), kind in 0usize..4, axis in 0usize..4,
    ) {
        let dtype = [Dtype::Int16, Dtype::UInt8, Dtype::Float32, Dtype::Float64][kind];
        let p = image(shape, Grey(dtype), seed);
        let spec = ImageSpec::new(p.shape.clone(), dtype).unwrap();
        let whole = Arc::new(block(&p, dtype));
        for &(name, reduction) in Reduction::ALL {
            let found = |cut: &Cut| {
                let node = reduce(&stored(&spec, &whole, cut), reduction).unwrap();
                reduced(&value(&node, cut).unwrap(), reduction).unwrap().json()
            };
            let want = found(&Cut::whole());
            let v = &p.samples;
            let (n, sum) = (v.len() as f64, v.iter().sum::<f64>());
            let plainly = match reduction {
                Reduction::Sum => Some(sum),
                Reduction::Mean => Some(sum / n),
                Reduction::Min => v.iter().copied().reduce(f64::min),
                Reduction::Max => v.iter().copied().reduce(f64::max),
                Reduction::Var => Some(v.iter().map(|x| (x - sum / n).powi(2)).sum::<f64>() / n),
                Reduction::CountNonzero => Some(v.iter().filter(|x| **x != 0.0).count() as f64),
                _ => None,
            };
            if let Some(plainly) = plainly {
                let got = want.as_f64().unwrap();
                let scale = 1.0 + plainly.abs() + v.iter().map(|x| x * x).sum::<f64>() / n;
                let rounding = if dtype == Dtype::Float32 { 1e-6 } else { 1e-11 };
                prop_assert!((got - plainly).abs() <= rounding * scale, "{name} of {dtype}: {got}, {plainly}");
            }
            let axis = (axis % spec.ndim()) as i64;
            let along = |cut: &Cut| {
                let options = ReduceOptions { axes: Some(vec![axis]), ..ReduceOptions::default() };
                samples(&reduce_with(&stored(&spec, &whole, cut), reduction, &options).ok()?, cut).ok()
            };
            let want_along = along(&Cut::whole());
            for cut in &cuts {
                prop_assert_eq!(&found(cut), &want, "{} of {} {:?} under {:?}", name, dtype, &p.shape, cut);
                let got = along(cut);
                let same = got.as_ref().map(Block::bytes) == want_along.as_ref().map(Block::bytes);
                prop_assert!(same, "{name} along {axis} of {dtype} {:?} under {cut:?}", p.shape);
            }
        }
    }

    #[test]
    fn the_table_of_regions_is_one_and_the_same_however_it_is_cut(
        shape in shapes(4), seed: u64, cuts in prop::collection::vec(any_cut(), 3), with_image: bool,
    ) {
        let labels = image(shape.clone(), Grey(Dtype::UInt8), seed);
        let grey = image(shape, Grey(Dtype::Float64), seed ^ 0x5555);
        let spec = |dtype| ImageSpec::new(labels.shape.clone(), dtype).unwrap();
        let (label_block, grey_block) = (Arc::new(block(&labels, Dtype::UInt8)), Arc::new(block(&grey, Dtype::Float64)));
        let ndim = labels.shape.len();
        let options = TableOptions {
            ndim,
            n_images: usize::from(with_image),
            spacing: vec![0.5; ndim],
            edges: vec![-1.0, 0.0, 0.25, 2.0],
            ..TableOptions::default()
        };
        let properties: Vec<&str> = PROPERTIES
            .iter()
            .copied()
            .filter(|p| wants(&[p], &options).is_ok() && (with_image || !needs_image(p)))
            .collect();
        let found = |cut: &Cut| -> Table {
            let images: Vec<Arc<Node>> =
                with_image.then(|| stored(&spec(Dtype::Float64), &grey_block, cut)).into_iter().collect();
            let wanted = wants(&properties, &options).unwrap();
            let node = measure(&stored(&spec(Dtype::UInt8), &label_block, cut), &images, &wanted, 1 << 26).unwrap();
            let value = value(&node, cut).unwrap();
            table(value.get::<Vec<RegionRow>>().unwrap(), &properties, &options).unwrap()
        };
        let want = found(&Cut::whole());
        let numbers = want.column("label").and_then(Column::as_int).unwrap();
        let areas = want.column("area").and_then(Column::as_float).unwrap();
        for (l, a) in numbers.iter().zip(areas) {
            prop_assert_eq!(labels.samples.iter().filter(|v| **v == *l as f64).count() as f64 * 0.5f64.powi(ndim as i32), *a);
        }
        for cut in &cuts {
            prop_assert_eq!(&found(cut), &want, "{:?} under {:?}", &labels.shape, cut);
        }
    }
}
