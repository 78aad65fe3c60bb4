//! `broadcast_to` and `tile`: the same samples over and over.

use super::view::{Along, Named, OutAxis, View, derived};
use crate::Params;
use petavox_core::{Boundary, Error, Result};
use petavox_engine::Node;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The image stretched to `shape` by numpy's rules: axes of one sample repeat it, and missing axes are put in front
/// (numpy.broadcast_to). Nothing is stored: repeated samples are copied where they are used.
///
/// # Errors
/// [`Error::InvalidArgument`] if the image does not broadcast to this shape.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let shape = numbers(params, "shape")?;
    broadcast_to(input, &shape)
}

/// [`build`] for callers that have the shape.
///
/// # Errors
/// As [`build`].
pub fn broadcast_to(input: &Arc<Node>, shape: &[usize]) -> Result<Arc<Node>> {
    let spec = input.spec();
    let new = shape.len().checked_sub(spec.ndim());
    let fits = |new: usize| {
        spec.shape.iter().zip(&shape[new..]).all(|(has, wants)| has == wants || *has == 1)
    };
    let Some(new) = new.filter(|n| fits(*n)) else {
        let expected = format!("extents that {:?} broadcasts to", spec.shape);
        return Err(Error::argument("broadcast_to: shape", format!("{shape:?}"), expected));
    };
    if shape == spec.shape {
        return Ok(input.clone());
    }
    let named = |(a, &n): (usize, &usize)| match a.checked_sub(new) {
        Some(from) => (Named::same(from), n),
        None => (Named::New(None), n),
    };
    let named: Vec<(Named, usize)> = shape.iter().enumerate().map(named).collect();
    let axis = |(a, &n): (usize, &usize)| {
        let from = a.checked_sub(new);
        let same = from.is_some_and(|k| spec.shape[k] == n);
        let along = if same { Along::whole() } else { Along::Line { start: 0, step: 0 } };
        OutAxis { from, along }
    };
    View {
        name: "broadcast_to",
        params: json!({ "shape": shape }),
        input: spec.shape.clone(),
        axes: shape.iter().enumerate().map(axis).collect(),
        held: vec![0; spec.ndim()],
        spec: derived("broadcast_to", spec, &named)?,
    }
    .of(input)
}

/// The image `reps` times side by side, a number per axis; those missing are 1, those too many make new axes in front (numpy.tile).
///
/// # Errors
/// [`Error::InvalidArgument`] if they are not whole numbers, or the result would have too many axes or samples.
pub fn build_tile(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let mut reps = numbers(params, "reps")?;
    while reps.len() < spec.ndim() {
        reps.insert(0, 1);
    }
    if reps.iter().all(|r| *r == 1) && reps.len() == spec.ndim() {
        return Ok(input.clone());
    }
    let new = reps.len() - spec.ndim();
    let wrong = || Error::argument("tile: reps", format!("{reps:?}"), "fewer samples");
    let named = |(a, &r): (usize, &usize)| match a.checked_sub(new) {
        Some(k) => Ok((Named::same(k), spec.shape[k].checked_mul(r).ok_or_else(wrong)?)),
        None => Ok((Named::New(None), r)),
    };
    let named = reps.iter().enumerate().map(named).collect::<Result<Vec<_>>>()?;
    let axis = |(a, &r): (usize, &usize)| {
        let from = a.checked_sub(new);
        let along = match from {
            None => Along::Line { start: 0, step: 0 },
            Some(_) if r == 1 => Along::whole(),
            Some(k) => Along::Outside { before: 0, len: spec.shape[k], rule: Boundary::Wrap },
        };
        OutAxis { from, along }
    };
    View {
        name: "tile",
        params: json!({ "reps": reps }),
        input: spec.shape.clone(),
        axes: reps.iter().enumerate().map(axis).collect(),
        held: vec![0; spec.ndim()],
        spec: derived("tile", spec, &named)?,
    }
    .of(input)
}

/// A list of whole numbers.
pub(super) fn numbers(params: &mut Params, name: &str) -> Result<Vec<usize>> {
    let given = params.parsed::<Json>(name)?.unwrap_or(Json::Null);
    let count = |v: &Json| v.as_u64().and_then(|v| usize::try_from(v).ok());
    let list = match &given {
        Json::Array(all) => all.iter().map(count).collect::<Option<Vec<_>>>(),
        one => count(one).map(|n| vec![n]),
    };
    list.ok_or_else(|| {
        let expected = "whole numbers, 0 or more, one per axis";
        Error::argument(format!("{}: {name}", params.op()), given, expected)
    })
}
