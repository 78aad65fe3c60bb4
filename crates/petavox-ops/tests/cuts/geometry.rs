//! Images on other grids: rows of the table of operations, and what they mean.

use super::plain::Plain;
use super::{Definition, Grey, Input, Mask};
use petavox_core::Dtype;

/// As the table of `invariance.rs`.
#[rustfmt::skip]
pub(crate) const ROWS: &[(&str, Input, usize, Definition)] = &[
    ("affine_transform:matrix=0.75:offset=1.5:order=1", Grey(Dtype::Float64), 4, |p| Some(linear(p, &p.shape, Outside::Never(0.0), |x| 0.75 * x + 1.5))),
    ("affine_transform:matrix=0.8,-0.6,0.6,0.8:offset=2,-1:order=1:mode=nearest", Grey(Dtype::Float32), 3, |p| turned(p)),
    ("affine_transform:matrix=0.8,-0.6,0.6,0.8:order=3:mode=grid-constant:cval=2.5:output_shape=40,9", Grey(Dtype::Int16), 3, |_| None),
    ("affine_transform:matrix=0,0,-1,0,1.25,0,0.5,0,0.75:offset=6,-2,1:order=2:mode=mirror", Grey(Dtype::Float32), 3, |_| None),
    ("affine_transform:matrix=0.1,0,-1,0,1.25,0,0.5,0,0.75:order=1:mode=wrap", Grey(Dtype::UInt16), 3, |_| None),
    ("affine_transform:matrix=2,1:output_shape=30:order=1:mode=reflect", Grey(Dtype::Float64), 1, |_| None),
    ("map_coordinates:coordinates=1,4,-2,9.5,3,3:order=1:mode=nearest", Grey(Dtype::Float64), 3, |p| listed(p)),
    ("map_coordinates:coordinates=1,4,-2,9.5,3,3,0,0.25,1,1,7,2:order=4:mode=reflect", Grey(Dtype::Int16), 4, |_| None),
    ("resize:output_shape=7:order=1:mode=nearest", Grey(Dtype::Float64), 1, |p| Some(linear(p, &[7], Outside::Clamped, |x| (x + 0.5) * (p.shape[0] as f64 / 7.0) - 0.5))),
    ("resize:output_shape=50,8:order=5", Grey(Dtype::Float32), 2, |_| None),
    ("rotate:angle=30:axes=0,1:order=1", Grey(Dtype::Float32), 3, |_| None),
    ("rotate:angle=45:axes=0,-1:order=3:mode=nearest", Grey(Dtype::UInt8), 3, |_| None),
    ("rotate:angle=-7:axes=-2,-1:order=0:reshape=false:cval=nan", Grey(Dtype::Float64), 4, |_| None),
    ("rotate:angle=90:axes=0,1:order=0", Mask, 3, |p| quarter(p)),
    ("shift:shift=1.25:order=1:mode=nearest", Grey(Dtype::Float64), 4, |p| Some(linear(p, &p.shape, Outside::Clamped, |x| x - 1.25))),
    ("shift:shift=-0.5:order=3:mode=grid-wrap", Grey(Dtype::Float32), 3, |_| None),
    ("shift:shift=3:order=5:mode=wrap", Grey(Dtype::Int32), 2, |_| None),
    ("shift:shift=2:order=0:cval=9", Grey(Dtype::UInt16), 4, |p| Some(linear(p, &p.shape, Outside::Never(9.0), |x| x - 2.0))),
    ("spline_filter:order=3", Grey(Dtype::Float64), 3, |p| Some(cubic(p))),
    ("spline_filter:order=5:mode=grid-wrap:axes=-1", Grey(Dtype::UInt8), 4, |_| None),
    ("spline_filter:order=4:mode=reflect", Grey(Dtype::Float32), 2, |_| None),
    ("warp:matrix=1,0.1,-2,0.05,0.9,1,0.001,0.002,1:order=1:mode=grid-constant", Grey(Dtype::Float32), 3, |_| None),
    ("warp:matrix=0.9,0.2,1,-0.1,1.1,1,0.003,0.001,1:order=cubic:mode=mirror", Grey(Dtype::Float64), 2, |_| None),
    ("warp:matrix=0.5,3,0,1:order=2:mode=nearest", Grey(Dtype::UInt8), 3, |_| None),
    ("zoom:zoom=2:order=1", Grey(Dtype::Float64), 3, |p| Some(zoomed(p))),
    ("zoom:zoom=1.7:order=3:mode=nearest", Grey(Dtype::Float32), 2, |_| None),
    ("zoom:zoom=0.4:order=2:mode=grid-mirror:grid_mode=true", Grey(Dtype::UInt16), 3, |_| None),
    ("zoom_shift:zoom=0.5:shift=1:order=1:mode=reflect", Grey(Dtype::Float64), 4, |_| None),
    ("zoom_shift:zoom=-1:shift=-5:order=0:mode=mirror", Grey(Dtype::Int8), 4, |_| None),
];

#[derive(Clone, Copy)]
enum Outside {
    /// This value wherever a point lies outside.
    Never(f64),
    /// The nearest sample.
    Clamped,
}

/// Linear interpolation between the samples around a point.
fn at(p: &Plain, point: &[f64], outside: Outside) -> f64 {
    if let Outside::Never(value) = outside
        && point.iter().zip(&p.shape).any(|(c, n)| *c < 0.0 || *c > *n as f64 - 1.0)
    {
        return value;
    }
    let clamped = |x: i64, n: usize| x.clamp(0, n as i64 - 1);
    (0..1usize << point.len())
        .map(|corner| {
            let mut weight = 1.0;
            let q: Vec<i64> = (0..point.len())
                .map(|a| {
                    let below = point[a].floor();
                    let upper = corner >> a & 1;
                    let part = point[a] - below;
                    weight *= if upper == 1 { part } else { 1.0 - part };
                    clamped(below as i64 + upper as i64, p.shape[a])
                })
                .collect();
            weight * p.at(&q, f64::NAN)
        })
        .sum()
}

fn filled(shape: &[usize], f: impl Fn(&[i64]) -> f64) -> Plain {
    let mut out = Plain { shape: shape.to_vec(), samples: vec![] };
    out.samples = out.points().iter().map(|o| f(o)).collect();
    out
}

/// Linear interpolation at `f` of every coordinate.
fn linear(p: &Plain, shape: &[usize], outside: Outside, f: impl Fn(f64) -> f64) -> Plain {
    filled(shape, |o| at(p, &o.iter().map(|x| f(*x as f64)).collect::<Vec<_>>(), outside))
}

fn turned(p: &Plain) -> Option<Plain> {
    (p.shape.len() == 2).then(|| {
        filled(&p.shape, |o| {
            let (y, x) = (o[0] as f64, o[1] as f64);
            at(p, &[0.8 * y - 0.6 * x + 2.0, 0.6 * y + 0.8 * x - 1.0], Outside::Clamped)
        })
    })
}

fn quarter(p: &Plain) -> Option<Plain> {
    if p.shape.len() < 2 {
        return None;
    }
    let mut shape = p.shape.clone();
    shape.swap(0, 1);
    Some(filled(&shape, |o| {
        let mut q = o.to_vec();
        (q[0], q[1]) = (o[1], p.shape[1] as i64 - 1 - o[0]);
        p.at(&q, f64::NAN)
    }))
}

fn listed(p: &Plain) -> Option<Plain> {
    const ALL: [f64; 6] = [1.0, 4.0, -2.0, 9.5, 3.0, 3.0];
    let n = 6 / p.shape.len();
    Some(filled(&[n], |o| {
        let point: Vec<f64> = (0..p.shape.len()).map(|a| ALL[a * n + o[0] as usize]).collect();
        at(p, &point, Outside::Clamped)
    }))
}

fn zoomed(p: &Plain) -> Plain {
    let shape: Vec<usize> = p.shape.iter().map(|n| 2 * n).collect();
    filled(&shape, |o| {
        let step = |a: usize| (p.shape[a] as f64 - 1.0) / (shape[a] as f64 - 1.0);
        let point: Vec<f64> = (0..o.len()).map(|a| o[a] as f64 * step(a)).collect();
        at(p, &point, Outside::Clamped)
    })
}

/// The cubic spline's coefficients as the sum that the recursion stands for.
fn cubic(p: &Plain) -> Plain {
    let z = 3f64.sqrt() - 2.0;
    let mut image = p.clone();
    for a in 0..p.shape.len() {
        let n = p.shape[a] as i64;
        if n == 1 {
            continue;
        }
        image = filled(&p.shape, |o| {
            let mut q = o.to_vec();
            let mut sample = |k: i64| {
                let x = (o[a] + k).rem_euclid(2 * n - 2);
                q[a] = x.min(2 * n - 2 - x);
                image.at(&q, f64::NAN) * z.powi(k.abs() as i32)
            };
            (-60..=60).map(&mut sample).sum::<f64>() * (-6.0 * z / (1.0 - z * z))
        });
    }
    image
}
