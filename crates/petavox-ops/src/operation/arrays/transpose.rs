//! `transpose`: the axes in another order.

use super::view::{Along, Named, OutAxis, View, axis_of, derived};
use crate::Params;
use petavox_core::{Error, Result};
use petavox_engine::Node;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The image with its axes in the order `axes`: numbers or letters of the image's axes, as a list or as a word (`xyz`); backwards by
/// default (numpy.transpose). Letters, spacing and origin go with their axes.
///
/// # Errors
/// [`Error::InvalidArgument`] unless every axis is named once.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let given = match params.parsed::<Json>("axes")? {
        None => return transpose(input, &(0..spec.ndim()).rev().collect::<Vec<_>>()),
        Some(Json::Array(all)) => all,
        Some(Json::String(word)) => {
            word.chars().map(|c| c.to_string().into()).collect::<Vec<Json>>()
        }
        Some(one) => vec![one],
    };
    let axes = given.iter().map(|a| axis_of("transpose", spec, a)).collect::<Result<Vec<_>>>()?;
    transpose(input, &axes)
}

/// [`build`] for callers that have the numbers: output axis `i` is the input's axis `axes[i]`.
///
/// # Errors
/// [`Error::InvalidArgument`] unless every axis is named once.
pub fn transpose(input: &Arc<Node>, axes: &[usize]) -> Result<Arc<Node>> {
    let spec = input.spec();
    if axes.len() != spec.ndim() || (0..spec.ndim()).any(|a| !axes.contains(&a)) {
        let expected = format!("each of the axes 0 to {} once", spec.ndim() as i64 - 1);
        return Err(Error::argument("transpose: axes", format!("{axes:?}"), expected));
    }
    if axes.is_sorted() {
        return Ok(input.clone());
    }
    let named: Vec<(Named, usize)> =
        axes.iter().map(|&a| (Named::same(a), spec.shape[a])).collect();
    let out = |&a: &usize| OutAxis { from: Some(a), along: Along::whole() };
    View {
        name: "transpose",
        params: json!({ "axes": axes }),
        input: spec.shape.clone(),
        axes: axes.iter().map(out).collect(),
        held: vec![0; spec.ndim()],
        spec: derived("transpose", spec, &named)?,
    }
    .of(input)
}
