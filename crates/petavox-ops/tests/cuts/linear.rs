//! Linear filters, and what they mean.

use super::plain::Plain;
use super::{Definition, Input};
use Input::{Grey, Mask};
use petavox_core::Boundary;
use petavox_core::Dtype::{Float32, Float64, Int16, UInt8, UInt16};

/// More rows of the table of operations.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("correlate1d:weights=1,-2,4,8,3", Grey(Int16), 4, |p| Some(along(p, p.shape.len() - 1, &[1.0, -2.0, 4.0, 8.0, 3.0], 0, Boundary::Reflect))),
    ("correlate1d:weights=0.5,0.25,3,1:axis=0:origin=1:mode=mirror", Grey(Float64), 4, |p| Some(along(p, 0, &[0.5, 0.25, 3.0, 1.0], 1, Boundary::Mirror))),
    ("correlate1d:weights=0.5,-0.25:origin=-1:mode=constant:cval=2.5:dtype=float64", Grey(UInt8), 3, |p| Some(along(p, p.shape.len() - 1, &[0.5, -0.25], -1, Boundary::Constant(2.5)))),
    ("correlate1d:weights=1,1:mode=constant:cval=nan", Grey(Float32), 3, |_| None),
    ("correlate1d:weights=1,1:axis=0", Mask, 4, |p| Some(along(p, 0, &[1.0, 1.0], 0, Boundary::Reflect).map(|v| v.min(1.0)))),
    ("correlate:weights=1,2,-3,0,4,2:shape=2,3:mode=wrap", Grey(Int16), 2, |p| (p.shape.len() == 2).then(|| window(p, &[2, 3], &[1.0, 2.0, -3.0, 0.0, 4.0, 2.0], &[0, 0], Boundary::Wrap))),
    ("correlate:weights=1,2,3,4,5,6,7,8,9,10,11,12:shape=3,1,4:origin=-1,0,1:dtype=float64", Grey(UInt16), 3, |p| (p.shape.len() == 3).then(|| window(p, &[3, 1, 4], &(1..13).map(f64::from).collect::<Vec<_>>(), &[-1, 0, 1], Boundary::Reflect))),
    ("correlate:weights=1,2,4:mode=constant:cval=1.5", Grey(Float64), 1, |p| Some(window(p, &[3], &[1.0, 2.0, 4.0], &[0], Boundary::Constant(1.5)))),
    ("eigenvalues:sigma=0.3:which=1", Grey(Float64), 3, |_| None),
    ("eigenvalues:sigma=1.1:measure=frangi", Grey(Float32), 3, |_| None),
    ("eigenvalues:sigma=1.1:measure=sato:mode=mirror", Grey(UInt8), 2, |_| None),
    ("eigenvalues:sigma=1.1:measure=meijering:alpha=0.25", Grey(Float32), 3, |_| None),
    ("gaussian:sigma=1:order=1:axes=-1", Grey(Float64), 3, |_| None),
    ("gaussian:sigma=1:dtype=float32", Grey(UInt16), 3, |_| None),
    ("prewitt:axis=0:mode=nearest", Grey(Int16), 4, |p| Some(edges(p, 0, &[1.0, 1.0, 1.0], Boundary::Nearest))),
    ("sobel", Grey(Float64), 4, |p| Some(edges(p, p.shape.len() - 1, &[1.0, 2.0, 1.0], Boundary::Reflect))),
    ("sobel:axis=0:dtype=float32:mode=constant:cval=3", Grey(UInt8), 3, |p| Some(edges(p, 0, &[1.0, 2.0, 1.0], Boundary::Constant(3.0)))),
    ("uniform:size=4:origin=1:mode=wrap", Grey(Float64), 4, |p| Some(means(p, 4, 1, Boundary::Wrap))),
    ("uniform:size=5:dtype=float64", Grey(UInt8), 3, |p| Some(means(p, 5, 0, Boundary::Reflect))),
    ("uniform:size=31", Grey(Float32), 3, |_| None),
    ("uniform:size=3:axes=-1", Grey(Int16), 4, |p| Some(along(p, p.shape.len() - 1, &[1.0; 3], 0, Boundary::Reflect).map(|v| (v / 3.0).trunc()))),
];

/// Sums along an axis.
fn along(p: &Plain, axis: usize, weights: &[f64], origin: i64, boundary: Boundary) -> Plain {
    let mut shape = vec![1; p.shape.len()];
    let mut origins = vec![0; p.shape.len()];
    (shape[axis], origins[axis]) = (weights.len(), origin);
    window(p, &shape, weights, &origins, boundary)
}

fn edges(p: &Plain, axis: usize, smooth: &[f64], boundary: Boundary) -> Plain {
    let first = along(p, axis, &[-1.0, 0.0, 1.0], 0, boundary);
    (0..p.shape.len()).filter(|a| *a != axis).fold(first, |p, a| along(&p, a, smooth, 0, boundary))
}

fn means(p: &Plain, size: usize, origin: i64, boundary: Boundary) -> Plain {
    (0..p.shape.len()).fold(p.clone(), |p, a| {
        along(&p, a, &vec![1.0; size], origin, boundary).map(|v| v / size as f64)
    })
}

/// Sums over a window.
fn window(
    p: &Plain,
    shape: &[usize],
    weights: &[f64],
    origin: &[i64],
    boundary: Boundary,
) -> Plain {
    let places = Plain { shape: shape.to_vec(), samples: weights.to_vec() }.points();
    let sum = |x: &Vec<i64>| -> f64 {
        let tap = |(q, w): (&Vec<i64>, &f64)| {
            let at: Option<Vec<i64>> = (0..x.len())
                .map(|a| {
                    let x = x[a] + q[a] - (shape[a] / 2) as i64 - origin[a];
                    boundary.map(x, p.shape[a]).map(|x| x as i64)
                })
                .collect();
            w * at.map_or(boundary.cval(), |at| p.at(&at, f64::NAN))
        };
        places.iter().zip(weights).map(tap).sum()
    };
    Plain { shape: p.shape.clone(), samples: p.points().iter().map(sum).collect() }
}
