//! Operations of several images, and what they mean.

use super::plain::Plain;
use std::ops::Range;

type Definition = fn(&[Plain]) -> Plain;

/// Name, parameters, how many axes at most, and the definition.
pub(crate) const ROWS: &[(&str, &str, usize, Definition)] = &[
    ("concatenate", r#"{"axis": 0}"#, 4, |p| joined(p, 0)),
    ("concatenate", r#"{"axis": -1}"#, 3, |p| joined(p, p[0].shape.len() - 1)),
    ("stack", "{}", 4, |p| joined(&p.iter().map(|p| with_axis(p, 0)).collect::<Vec<_>>(), 0)),
    ("stack", r#"{"axis": 1}"#, 4, |p| {
        joined(&p.iter().map(|p| with_axis(p, 1)).collect::<Vec<_>>(), 1)
    }),
    ("maximum", "{}", 4, |p| merged(p, |v| v[0].max(v[1]))),
    ("where", "{}", 4, |p| merged(p, |v| if v[0] != 0.0 { v[1] } else { v[2] })),
];

/// How many images an operation takes.
pub(crate) fn counts(name: &str) -> Range<usize> {
    match name {
        "maximum" => 2..3,
        "where" => 3..4,
        _ => 1..40,
    }
}

/// Images that are joined along their first axis (or last) may differ there; one may have no samples at all.
pub(crate) fn shape_of(name: &str, shape: &[usize], length: usize) -> Vec<usize> {
    match shape {
        [_] if name == "concatenate" => vec![length],
        _ => shape.to_vec(),
    }
}

fn with_axis(p: &Plain, at: usize) -> Plain {
    let mut shape = p.shape.clone();
    shape.insert(at, 1);
    Plain { shape, ..p.clone() }
}

fn joined(images: &[Plain], axis: usize) -> Plain {
    let mut shape = images[0].shape.clone();
    shape[axis] = images.iter().map(|p| p.shape[axis]).sum();
    let outer: usize = shape[..axis].iter().product();
    let mut samples = Vec::new();
    for k in 0..outer {
        for p in images {
            let n = p.samples.len() / outer;
            samples.extend(&p.samples[k * n..(k + 1) * n]);
        }
    }
    Plain { shape, samples }
}

fn merged(images: &[Plain], f: impl Fn(&[f64]) -> f64) -> Plain {
    let at = |i: usize| images.iter().map(|p| p.samples[i]).collect::<Vec<_>>();
    let samples = (0..images[0].samples.len()).map(|i| f(&at(i))).collect();
    Plain { shape: images[0].shape.clone(), samples }
}
