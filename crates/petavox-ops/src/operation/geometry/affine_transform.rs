//! `affine_transform`, `rotate`, `warp`: samples anywhere that a matrix says.

use super::sampled::{How, accept, output_shape};
use super::zoom_shift::grid_of;
use crate::Params;
use petavox_core::{Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::interpolate::{PointMap, Points, Sampling, map_reach, resample_points};
use serde_json::{Value as Json, json};
use std::sync::Arc;

struct Transform {
    map: PointMap,
    shape: Vec<usize>,
    how: How,
    /// Axes before and after those of the matrix that are carried along.
    carried: (usize, usize),
}

/// The sample of the input at `matrix · o + offset` for every sample `o` of an image of `output_shape` (scipy.ndimage.affine_transform).
/// `matrix` is a number per axis, a row per input axis, or homogeneous; as a list of rows, or row by row.
///
/// A block of the result reads the box that the map takes its corners to. Axes along which nothing happens are carried along, so that a
/// rotation in a plane of a stack costs what it costs in the plane.
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let shape = output_shape(params, spec)?;
    let rows = params.parsed::<Json>("matrix")?.unwrap_or(Json::Null);
    let carried = params.parsed::<(usize, usize)>("carried")?;
    let offset = match params.numbers("offset")? {
        Some(one) if one.len() == 1 => vec![one[0]; spec.ndim()],
        Some(all) => all,
        None => vec![0.0; spec.ndim()],
    };
    let how = How::take(params, spec, "constant")?;
    if let Some(carried) = carried {
        let n = spec.ndim().saturating_sub(carried.0 + carried.1);
        let Some(matrix) = nested(&rows).filter(|m| m.len() == n && offset.len() == n) else {
            return Err(wrong(&rows, n));
        };
        return bind(input, PointMap::Affine { matrix, offset }, shape, how, Some(carried), false);
    }
    let n = spec.ndim();
    let (matrix, offset) = match given(&rows, n, shape.len()) {
        Some(Given::Diagonal(steps)) => {
            let offset = fitting(offset, n)?;
            let shift: Vec<f64> = offset.iter().zip(&steps).map(|(o, s)| o / s).collect();
            if shift.iter().all(|s| s.is_finite()) && shape.len() == n {
                return grid_of(input, &steps, &shift, false, shape, None, how);
            }
            let row = |a: usize| (0..n).map(|b| if a == b { steps[a] } else { 0.0 }).collect();
            ((0..n).map(row).collect(), offset)
        }
        Some(Given::Rows(matrix)) => (matrix, fitting(offset, n)?),
        Some(Given::Homogeneous(matrix, offset)) => (matrix, offset),
        None => return Err(wrong(&rows, n)),
    };
    bind(input, PointMap::Affine { matrix, offset }, shape, how, None, false)
}

fn wrong(given: &Json, n: usize) -> Error {
    let expected = format!(
        "{n} numbers, {n} rows with one per output axis, or {n} or {} homogeneous rows",
        n + 1
    );
    Error::argument("affine_transform: matrix", given, expected)
}

fn fitting(offset: Vec<f64>, n: usize) -> Result<Vec<f64>> {
    match offset.len() == n {
        true => Ok(offset),
        false => Err(Error::argument(
            "affine_transform: offset",
            format!("{offset:?}"),
            format!("{n} numbers"),
        )),
    }
}

enum Given {
    Diagonal(Vec<f64>),
    Rows(Vec<Vec<f64>>),
    Homogeneous(Vec<Vec<f64>>, Vec<f64>),
}

fn numbers(row: &Json) -> Option<Vec<f64>> {
    row.as_array()?.iter().map(Json::as_f64).collect()
}

fn nested(rows: &Json) -> Option<Vec<Vec<f64>>> {
    rows.as_array()?.iter().map(numbers).collect()
}

/// The matrix in any of its forms, for `n` input axes and `m` output axes.
fn given(rows: &Json, n: usize, m: usize) -> Option<Given> {
    let flat = rows.as_f64().map(|one| vec![one]).or_else(|| numbers(rows));
    if let Some(flat) = &flat {
        if flat.len() == 1 {
            return Some(Given::Diagonal(vec![flat[0]; n]));
        }
        if flat.len() == n {
            return Some(Given::Diagonal(flat.clone()));
        }
    }
    let matrix = match flat {
        Some(flat) => {
            let widths = [(n, m), (n, n + 1), (n + 1, n + 1)];
            let (_, width) = widths.into_iter().find(|(h, w)| h * w == flat.len())?;
            flat.chunks(width).map(<[f64]>::to_vec).collect()
        }
        None => nested(rows)?,
    };
    let width = matrix.first()?.len();
    if matrix.iter().any(|row| row.len() != width) {
        return None;
    }
    if width == n + 1 && (matrix.len() == n || matrix.len() == n + 1) && m == n {
        let last: Vec<f64> = (0..=n).map(|a| f64::from(u8::from(a == n))).collect();
        if matrix.len() == n + 1 && matrix[n] != last {
            return None;
        }
        let offset = matrix[..n].iter().map(|row| row[n]).collect();
        return Some(Given::Homogeneous(
            matrix[..n].iter().map(|row| row[..n].to_vec()).collect(),
            offset,
        ));
    }
    (matrix.len() == n && width == m).then_some(Given::Rows(matrix))
}

/// Turns by `angle` degrees in the plane of `axes`; with `reshape` (the default) the result holds the whole image (scipy.ndimage.rotate).
///
/// # Errors
/// If there are fewer than two axes, or the numbers do not fit.
pub fn rotate(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let n = spec.ndim();
    let angle = params.number("angle")?.unwrap_or(0.0);
    let axes = params.numbers("axes")?.unwrap_or_else(|| vec![1.0, 0.0]);
    let reshape = params.flag("reshape")?.unwrap_or(true);
    let how = How::take(params, spec, "constant")?;
    let mut plane: Vec<usize> = axes
        .iter()
        .map(|&a| if a < 0.0 { a + n as f64 } else { a })
        .filter(|a| a.fract() == 0.0 && *a >= 0.0 && *a < n as f64)
        .map(|a| a as usize)
        .collect();
    plane.sort_unstable();
    let [p, q] = plane[..] else {
        return Err(Error::argument(
            "rotate: axes",
            format!("{axes:?}"),
            format!("two axes of {n}"),
        ));
    };
    if p == q {
        return Err(Error::argument("rotate: axes", format!("{axes:?}"), "two different axes"));
    }
    let (s, c) = turn(angle);
    let (h, w) = (spec.shape[p] as f64, spec.shape[q] as f64);
    let mut shape = spec.shape.clone();
    if reshape {
        let extent = |a: f64, b: f64| {
            let corners = [0.0, a * w, b * h, b * h + a * w];
            let (low, high) =
                corners.iter().fold((f64::MAX, f64::MIN), |(l, g), v| (l.min(*v), g.max(*v)));
            (high - low + 0.5) as usize
        };
        (shape[p], shape[q]) = (extent(s, c), extent(c, -s));
    }
    let (y, x) = ((shape[p] as f64 - 1.0) / 2.0, (shape[q] as f64 - 1.0) / 2.0);
    let mut matrix: Vec<Vec<f64>> =
        (0..n).map(|a| (0..n).map(|b| f64::from(u8::from(a == b))).collect()).collect();
    (matrix[p][p], matrix[p][q], matrix[q][p], matrix[q][q]) = (c, s, -s, c);
    let mut offset = vec![0.0; n];
    offset[p] = (h - 1.0) / 2.0 - (c * y + s * x);
    offset[q] = (w - 1.0) / 2.0 - (-s * y + c * x);
    bind(input, PointMap::Affine { matrix, offset }, shape, how, None, true)
}

/// Sine and cosine of degrees, exact at multiples of 90.
fn turn(degrees: f64) -> (f64, f64) {
    let around = degrees.rem_euclid(360.0);
    let quarter = (around / 90.0).round();
    let (s, c) = (around - 90.0 * quarter).to_radians().sin_cos();
    match quarter as i64 % 4 {
        0 => (s, c),
        1 => (c, -s),
        2 => (-s, -c),
        _ => (-c, s),
    }
}

/// The sample of the input at the point that the homogeneous `matrix` takes `o` to, for every sample `o` of an image of `output_shape`; the
/// matrix counts axes as the image does, rows first. Axes behind those of the matrix (channels) are carried along. `order` is a spline's, or
/// `cubic` for the convolution that skimage.transform.warp uses.
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn warp(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let shape = output_shape(params, spec)?;
    let rows = params.parsed::<Json>("matrix")?.unwrap_or(Json::Null);
    let how = How::take(params, spec, "constant")?;
    let n = spec.ndim();
    let matrix = match (nested(&rows), numbers(&rows)) {
        (Some(matrix), _) if !matrix.is_empty() => Some(matrix),
        (_, Some(flat)) => {
            let side = (flat.len() as f64).sqrt() as usize;
            (side > 1).then(|| flat.chunks(side).map(<[f64]>::to_vec).collect())
        }
        _ => None,
    };
    let square = |m: &Vec<Vec<f64>>| {
        (2..=n + 1).contains(&m.len()) && m.iter().all(|row| row.len() == m.len())
    };
    let Some(matrix) = matrix.filter(square) else {
        return Err(Error::argument("warp: matrix", &rows, "a homogeneous matrix, row by row"));
    };
    let trail = n + 1 - matrix.len();
    let last = matrix.len() - 1;
    let is_affine =
        matrix[last].iter().enumerate().all(|(k, v)| *v == f64::from(u8::from(k == last)));
    if is_affine {
        let offset = matrix[..last].iter().map(|row| row[last]).collect();
        let matrix = matrix[..last].iter().map(|row| row[..last].to_vec()).collect();
        return bind(
            input,
            PointMap::Affine { matrix, offset },
            shape,
            how,
            Some((0, trail)),
            false,
        );
    }
    bind(input, PointMap::Projective { matrix }, shape, how, Some((0, trail)), false)
}

fn bind(
    input: &Arc<Node>,
    map: PointMap,
    shape: Vec<usize>,
    mut how: How,
    carried: Option<(usize, usize)>,
    planes: bool,
) -> Result<Arc<Node>> {
    let spec = input.spec();
    let n = spec.ndim();
    let carries = carried.unwrap_or_default();
    let (map, carried) = match (carried, map) {
        (None, PointMap::Affine { matrix, offset }) if shape.len() == n => {
            carry(matrix, offset, &spec.shape, &shape, &|len| planes || how.may_carry(len))
        }
        (_, map) => (map, carries),
    };
    let moved = carried.0..n - carried.1;
    let kept = |a: usize| moved.contains(&a) || spec.shape[a] == shape[a];
    if moved.is_empty() || map.n_inputs() != moved.len() || (shape.len() == n && !(0..n).all(kept))
    {
        let expected =
            format!("an extent per axis of {:?}, the same where nothing moves", spec.shape);
        return Err(Error::argument("output_shape", format!("{shape:?}"), expected));
    }
    if shape.is_empty()
        || shape.len() > petavox_core::MAX_NDIM
        || (shape.len() != n && carried != (0, 0))
    {
        return Err(Error::argument("output_shape", format!("{shape:?}"), "1 to 8 extents"));
    }
    let image = how.prepared(input, &moved.collect::<Vec<_>>())?;
    Node::block(Arc::new(Transform { map, shape, how, carried }), vec![image], vec![])
}

/// The map on the axes that it moves, and how many are before and after these.
fn carry(
    matrix: Vec<Vec<f64>>,
    offset: Vec<f64>,
    from: &[usize],
    to: &[usize],
    may: &dyn Fn(usize) -> bool,
) -> (PointMap, (usize, usize)) {
    let n = matrix.len();
    let still = |a: usize| {
        let one = |b: usize| f64::from(u8::from(a == b));
        offset[a] == 0.0
            && may(from[a])
            && from[a] == to[a]
            && (0..n).all(|b| matrix[a][b] == one(b) && matrix[b][a] == one(b))
    };
    let lead = (0..n).take_while(|&a| still(a)).count().min(n - 1);
    let trail = (lead + 1..n).rev().take_while(|&a| still(a)).count();
    let moved = lead..n - trail;
    let matrix = matrix[moved.clone()].iter().map(|row| row[moved.clone()].to_vec()).collect();
    (PointMap::Affine { matrix, offset: offset[moved].to_vec() }, (lead, trail))
}

impl Transform {
    fn sampling(&self) -> Sampling {
        Sampling {
            interpolant: self.how.interpolant,
            mode: self.how.mode,
            pad: self.how.npad as f64,
            lead: self.carried.0,
            trail: self.carried.1,
        }
    }
}

impl BlockOp for Transform {
    fn name(&self) -> &'static str {
        match self.map {
            PointMap::Affine { .. } => "affine_transform",
            PointMap::Projective { .. } => "warp",
        }
    }

    fn params(&self) -> serde_json::Value {
        let mut params = self.how.params();
        match &self.map {
            PointMap::Affine { matrix, offset } => {
                params.insert("matrix".into(), json!(matrix));
                params.insert("offset".into(), json!(offset));
                params.insert("carried".into(), json!(self.carried));
            }
            PointMap::Projective { matrix } => {
                params.insert("matrix".into(), json!(matrix));
            }
        }
        params.insert("output_shape".into(), json!(self.shape));
        params.into()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        self.how.spec(inputs[0], &self.shape)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(map_reach(target, &inputs[0].shape, &self.map, &self.sampling()))]
    }

    fn cost_ns(&self) -> f64 {
        self.how.cost_ns(self.map.n_inputs())
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let shape = &call.specs[0].shape;
        resample_points(
            call.inputs[0],
            call.output,
            Points::Map(&self.map),
            &self.sampling(),
            shape,
            call.cancel,
        )
    }
}
