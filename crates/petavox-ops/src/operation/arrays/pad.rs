//! `pad`: an image with a margin, made by numpy's rules.

use super::view::{Along, Named, OutAxis, View, derived, sample_bytes};
use crate::Params;
use petavox_core::{Boundary, Error, ImageSpec, Result};
use petavox_engine::Node;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// numpy's modes that are made from samples, and their rules.
const RULES: [(&str, Boundary); 4] = [
    ("edge", Boundary::Nearest),
    ("reflect", Boundary::Mirror),
    ("symmetric", Boundary::Reflect),
    ("wrap", Boundary::Wrap),
];

/// The image with `pad_width` samples before and after each axis: a number for all, `[before, after]` for all, or such a pair per axis.
/// `mode` is numpy's: `constant` (the default; `constant_values`, 0 by default, in the same forms), `edge`, `reflect`, `symmetric` or
/// `wrap`. The origin moves so that the image's samples stay where they are (numpy.pad).
///
/// # Errors
/// [`Error::InvalidArgument`] for numpy's other modes, widths or values of another form, and values that the dtype does not have; if an
/// axis without samples is to be padded by samples.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let given = params.parsed::<Json>("pad_width")?.unwrap_or(Json::Null);
    let form = "a whole number, [before, after], or a pair for every axis";
    let wrong = || Error::argument("pad: pad_width", &given, form);
    let width = |v: &Json| v.as_u64().map(|w| w as usize).ok_or_else(wrong);
    let widths: Vec<(usize, usize)> = pairs(&given, spec.ndim())
        .ok_or_else(wrong)?
        .iter()
        .map(|(low, high)| Ok((width(low)?, width(high)?)))
        .collect::<Result<_>>()?;
    let mode = params.text("mode")?.unwrap_or_else(|| "constant".to_owned());
    let values = params.parsed::<Json>("constant_values")?;
    if mode == "constant" {
        let values = values.unwrap_or_else(|| 0.into());
        let wrong = || {
            Error::argument("pad: constant_values", &values, "a number, a pair, or a pair per axis")
        };
        let values = pairs(&values, spec.ndim()).ok_or_else(wrong)?;
        return constant(input, &widths, &values);
    }
    let Some((name, rule)) = RULES.iter().find(|(name, _)| *name == mode) else {
        let expected = "constant, edge, reflect, symmetric or wrap; numpy's other modes need whole \
                        lines of samples and are not done block by block";
        return Err(Error::argument("pad: mode", mode, expected));
    };
    if values.is_some() {
        let expected = format!("nothing with mode {name}");
        return Err(Error::argument("pad: constant_values", "values", expected));
    }
    let along = |a: usize| Along::Outside { before: widths[a].0, len: spec.shape[a], rule: *rule };
    if let Some(a) = (0..spec.ndim()).find(|&a| spec.shape[a] == 0 && widths[a] != (0, 0)) {
        let expected = "mode constant: there are no samples to repeat";
        return Err(Error::argument("pad", format!("axis {a} without samples"), expected));
    }
    padded(input, &widths, json!({ "pad_width": widths, "mode": name }), along)
}

fn constant(
    input: &Arc<Node>,
    widths: &[(usize, usize)],
    values: &[(Json, Json)],
) -> Result<Arc<Node>> {
    let spec = input.spec();
    let bytes = |v: &Json| sample_bytes("pad: constant_values", spec.dtype, v);
    let frames: Vec<([u8; 8], [u8; 8])> =
        values.iter().map(|(low, high)| Ok((bytes(low)?, bytes(high)?))).collect::<Result<_>>()?;
    let along = |a: usize| {
        let (low, high) = frames[a];
        Along::Framed { before: widths[a].0, len: spec.shape[a], low, high }
    };
    let params = json!({ "pad_width": widths, "mode": "constant", "constant_values": values });
    padded(input, widths, params, along)
}

fn padded(
    input: &Arc<Node>,
    widths: &[(usize, usize)],
    params: Json,
    along: impl Fn(usize) -> Along,
) -> Result<Arc<Node>> {
    let spec = input.spec();
    if widths.iter().all(|w| *w == (0, 0)) {
        return Ok(input.clone());
    }
    let extent = |a: usize| {
        let sum = spec.shape[a].checked_add(widths[a].0).and_then(|n| n.checked_add(widths[a].1));
        sum.filter(|n| i64::try_from(*n).is_ok()).ok_or_else(|| {
            Error::argument("pad: pad_width", format!("{widths:?}"), "fewer samples")
        })
    };
    let named: Vec<(Named, usize)> = (0..spec.ndim())
        .map(|a| {
            let origin = -(widths[a].0 as f64);
            Ok((Named::Axis { from: a, origin, times: 1.0 }, extent(a)?))
        })
        .collect::<Result<_>>()?;
    let out = |a: usize| match widths[a] {
        (0, 0) => OutAxis { from: Some(a), along: Along::whole() },
        _ => OutAxis { from: Some(a), along: along(a) },
    };
    let derived: ImageSpec = derived("pad", spec, &named)?;
    View {
        name: "pad",
        params,
        input: spec.shape.clone(),
        axes: (0..spec.ndim()).map(out).collect(),
        held: vec![0; spec.ndim()],
        spec: derived,
    }
    .of(input)
}

/// numpy's forms of a pair per axis: one value, one pair, one pair per axis, or one pair in a list.
fn pairs(given: &Json, ndim: usize) -> Option<Vec<(Json, Json)>> {
    let pair = |v: &Json| match v {
        Json::Array(two) => match &two[..] {
            [one] => Some((one.clone(), one.clone())),
            [low, high] => Some((low.clone(), high.clone())),
            _ => None,
        },
        _ => None,
    };
    match given {
        Json::Array(all) if all.iter().all(Json::is_array) && all.len() == ndim => {
            all.iter().map(pair).collect()
        }
        Json::Array(all) => match &all[..] {
            [one @ Json::Array(_)] => Some(vec![pair(one)?; ndim]),
            [Json::Array(_), ..] => None,
            _ => Some(vec![pair(given)?; ndim]),
        },
        Json::Null => None,
        one => Some(vec![(one.clone(), one.clone()); ndim]),
    }
}
