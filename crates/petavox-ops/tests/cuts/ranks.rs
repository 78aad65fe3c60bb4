//! Least, greatest and ranked neighbours, and grey morphology, and what they mean.

use super::plain::Plain;
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Boundary;
use petavox_core::Dtype::{Float32, Float64, Int16, Int64, UInt8, UInt16};

/// Rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("black_tophat:size=3", Grey(Int16), 3, |p| Some(minus(&close(p, 3), p))),
    ("black_tophat:size=3", Mask, 3, |p| Some(differ(&close(p, 3), p))),
    ("grey_closing:size=4", Grey(UInt8), 3, |p| Some(close(p, 4))),
    ("grey_closing:ball=2:mode=wrap", Grey(Float32), 3, |_| None),
    ("grey_dilation:size=2:mode=reflect", Grey(Int64), 3, |p| Some(greatest(p, &boxed(p, 0, 1), Boundary::Reflect))),
    ("grey_erosion:ball=2.5", Grey(Float64), 3, |p| Some(least(p, &ball(p, 2.5), Boundary::Reflect))),
    ("grey_erosion:size=1", Grey(UInt16), 4, |p| Some(p.clone())),
    ("grey_opening:size=3", Grey(Float64), 3, |p| Some(open(p, 3))),
    ("local_statistic:statistic=median:size=5", Grey(UInt8), 3, |_| None),
    ("local_statistic:statistic=entropy:ball=2", Grey(UInt8), 2, |_| None),
    ("local_statistic:statistic=pop:size=3", Grey(UInt8), 3, |p| Some(population(p))),
    ("maximum_filter:size=3", Grey(UInt16), 4, |p| Some(greatest(p, &boxed(p, -1, 1), Boundary::Reflect))),
    ("maximum_filter:size=11:mode=constant:cval=-7", Grey(Int16), 3, |p| Some(greatest(p, &boxed(p, -5, 5), Boundary::Constant(-7.0)))),
    ("maximum_filter:ball=3:mode=mirror", Grey(Float32), 3, |p| Some(greatest(p, &ball(p, 3.0), Boundary::Mirror))),
    ("median_filter:size=3", Grey(UInt16), 3, |p| Some(ranked(p, &boxed(p, -1, 1), Boundary::Reflect, |n| n / 2))),
    ("median_filter:size=4:mode=nearest", Grey(Float64), 3, |p| Some(ranked(p, &boxed(p, -2, 1), Boundary::Nearest, |n| n / 2))),
    ("median_filter:ball=4", Grey(UInt8), 3, |p| Some(ranked(p, &ball(p, 4.0), Boundary::Reflect, |n| n / 2))),
    ("median_filter:size=21:mode=wrap", Grey(UInt8), 2, |p| Some(ranked(p, &boxed(p, -10, 10), Boundary::Wrap, |n| n / 2))),
    ("maximum_filter:size=3:structure=1,-0.5,2", Grey(Float64), 1, |p| Some(raised(p, &[1.0, -0.5, 2.0]))),
    ("minimum_filter:size=5:origin=-2", Grey(Int64), 3, |p| Some(least(p, &boxed(p, 0, 4), Boundary::Reflect))),
    ("minimum_filter:size=2", Mask, 3, |p| Some(least(p, &boxed(p, -1, 0), Boundary::Reflect))),
    ("morphological_gradient:size=3", Grey(Int16), 3, |p| Some(minus(&greatest(p, &boxed(p, -1, 1), Boundary::Reflect), &least(p, &boxed(p, -1, 1), Boundary::Reflect)))),
    ("morphological_laplace:size=3:mode=nearest", Grey(Float64), 3, |_| None),
    ("percentile_filter:percentile=90:size=5", Grey(Int16), 3, |p| Some(ranked(p, &boxed(p, -2, 2), Boundary::Reflect, |n| n * 90 / 100))),
    ("percentile_filter:percentile=-25:ball=1", Grey(Float32), 3, |p| Some(ranked(p, &ball(p, 1.0), Boundary::Reflect, |n| n * 75 / 100))),
    ("rank_filter:rank=-2:size=3", Grey(Int64), 3, |p| Some(ranked(p, &boxed(p, -1, 1), Boundary::Reflect, |n| n - 2))),
    ("threshold_niblack:window_size=5:k=0.3", Grey(Int16), 3, |p| Some(deviating(p, 2, |m, s| m - 0.3 * s))),
    ("threshold_sauvola:window_size=7:r=9", Grey(UInt8), 2, |p| Some(deviating(p, 3, |m, s| m * (1.0 + 0.2 * (s / 9.0 - 1.0))))),
    ("threshold_sauvola:window_size=3", Grey(Float32), 3, |_| None),
    ("white_tophat:size=3", Grey(UInt16), 3, |p| Some(minus(p, &open(p, 3)))),
    ("white_tophat:size=2", Mask, 3, |p| Some(differ(p, &open(p, 2)))),
];

type Steps = Vec<Vec<i64>>;

fn boxed(p: &Plain, from: i64, to: i64) -> Steps {
    let mut all = vec![vec![]];
    for _ in 0..p.shape.len() {
        let longer = |s: Vec<i64>| (from..=to).map(move |d| [&s[..], &[d]].concat());
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

fn ball(p: &Plain, radius: f64) -> Steps {
    let mut steps = boxed(p, -(radius as i64), radius as i64);
    steps.retain(|s| s.iter().map(|d| (d * d) as f64).sum::<f64>() <= radius * radius);
    steps
}

/// The samples of every window in order, and of those the one that `pick` names.
fn ranked(p: &Plain, steps: &Steps, boundary: Boundary, pick: impl Fn(usize) -> usize) -> Plain {
    let value = |at: &[i64]| {
        let mut near: Vec<f64> = steps
            .iter()
            .map(|step| {
                let mapped: Option<Vec<i64>> = (0..at.len())
                    .map(|a| boundary.map(at[a] + step[a], p.shape[a]).map(|x| x as i64))
                    .collect();
                mapped.map_or(boundary.cval(), |q| p.at(&q, f64::NAN))
            })
            .collect();
        let k = pick(near.len());
        *near.select_nth_unstable_by(k, f64::total_cmp).1
    };
    let samples = p.points().iter().map(|at| value(at)).collect();
    Plain { shape: p.shape.clone(), samples }
}

fn least(p: &Plain, steps: &Steps, boundary: Boundary) -> Plain {
    ranked(p, steps, boundary, |_| 0)
}

fn greatest(p: &Plain, steps: &Steps, boundary: Boundary) -> Plain {
    ranked(p, steps, boundary, |n| n - 1)
}

/// Erosion by a box of `n`, then dilation by its mirror image.
fn open(p: &Plain, n: i64) -> Plain {
    let (low, high) = (-(n / 2), n - 1 - n / 2);
    let eroded = least(p, &boxed(p, low, high), Boundary::Reflect);
    greatest(&eroded, &boxed(p, -high, -low), Boundary::Reflect)
}

fn close(p: &Plain, n: i64) -> Plain {
    let (low, high) = (-(n / 2), n - 1 - n / 2);
    let dilated = greatest(p, &boxed(p, -high, -low), Boundary::Reflect);
    least(&dilated, &boxed(p, low, high), Boundary::Reflect)
}

fn minus(a: &Plain, b: &Plain) -> Plain {
    let samples = a.samples.iter().zip(&b.samples).map(|(a, b)| a - b).collect();
    Plain { shape: a.shape.clone(), samples }
}

fn differ(a: &Plain, b: &Plain) -> Plain {
    minus(a, b).map(f64::abs)
}

/// The greatest of neighbours along a line that are raised first.
fn raised(p: &Plain, heights: &[f64; 3]) -> Plain {
    let value = |at: i64| {
        let near = heights.iter().zip(-1..).map(|(h, d)| {
            let x = Boundary::Reflect.map(at + d, p.samples.len()).unwrap_or(0);
            p.samples[x] + h
        });
        near.fold(f64::MIN, f64::max)
    };
    let samples = (0..p.samples.len() as i64).map(value).collect();
    Plain { shape: p.shape.clone(), samples }
}

/// How many samples of a box of three lie inside.
fn population(p: &Plain) -> Plain {
    let steps = boxed(p, -1, 1);
    let inside = |at: &[i64], step: &Vec<i64>| {
        (0..at.len()).all(|a| (0..p.shape[a] as i64).contains(&(at[a] + step[a])))
    };
    let samples =
        p.points().into_iter().map(|at| steps.iter().filter(|s| inside(&at, s)).count() as f64);
    Plain { shape: p.shape.clone(), samples: samples.collect() }
}

/// Of the mean and the deviation of a box of this radius.
fn deviating(p: &Plain, radius: i64, f: impl Fn(f64, f64) -> f64) -> Plain {
    let steps = boxed(p, -radius, radius);
    let value = |at: &Vec<i64>| {
        let near: Vec<f64> = steps
            .iter()
            .map(|step| {
                let map = |a: usize| Boundary::Mirror.map(at[a] + step[a], p.shape[a]).unwrap_or(0);
                p.at(&(0..at.len()).map(|a| map(a) as i64).collect::<Vec<_>>(), f64::NAN)
            })
            .collect();
        let n = near.len() as f64;
        let mean = near.iter().sum::<f64>() / n;
        let square = near.iter().map(|v| v * v).sum::<f64>() / n;
        f(mean, (square - mean * mean).max(0.0).sqrt())
    };
    Plain { shape: p.shape.clone(), samples: p.points().iter().map(value).collect() }
}
