//! `roll`: samples moved along axes; what leaves at one end comes in at the other.

use super::view::{Along, Named, OutAxis, View, axis_of, derived};
use crate::Params;
use petavox_core::{Boundary, Error, Result};
use petavox_engine::Node;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The samples moved by `shift` along `axis`, one whole number for each axis that is named, or one for all of them (numpy.roll).
///
/// # Errors
/// [`Error::InvalidArgument`] if `axis` is missing, names an axis that is not there, or the numbers do not go with the axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let list = |given: Json| match given {
        Json::Array(all) => all,
        one => vec![one],
    };
    let expected = "an axis; flatten the image with reshape to roll all its samples as one row";
    let axes = params
        .parsed::<Json>("axis")?
        .ok_or_else(|| Error::argument("roll: axis", "nothing", expected))?;
    let axes: Vec<usize> =
        list(axes).iter().map(|a| axis_of("roll", spec, a)).collect::<Result<_>>()?;
    let given = params.parsed::<Json>("shift")?.unwrap_or_else(|| 0.into());
    let shifts: Option<Vec<i64>> = list(given.clone()).iter().map(Json::as_i64).collect();
    let n = shifts.as_ref().map_or(0, Vec::len);
    let Some(shifts) = shifts.filter(|s| s.len() == 1 || axes.len() == 1 || s.len() == axes.len())
    else {
        let expected = format!("whole numbers, one or {}", axes.len());
        return Err(Error::argument("roll: shift", given, expected));
    };
    let mut by = vec![0usize; spec.ndim()];
    for k in 0..n.max(axes.len()) {
        let axis = axes[if axes.len() == 1 { 0 } else { k }];
        let len = spec.shape[axis].max(1) as i64;
        let shift = shifts[if n == 1 { 0 } else { k }].rem_euclid(len);
        by[axis] = (by[axis] + shift as usize) % len as usize;
    }
    roll(input, &by)
}

/// [`build`] for callers that have one shift per axis, below the axis' extent.
///
/// # Errors
/// Never for images.
fn roll(input: &Arc<Node>, by: &[usize]) -> Result<Arc<Node>> {
    let spec = input.spec();
    if by.iter().all(|s| *s == 0) {
        return Ok(input.clone());
    }
    let moved: Vec<usize> = (0..by.len()).filter(|&a| by[a] != 0).collect();
    let named: Vec<(Named, usize)> =
        spec.shape.iter().enumerate().map(|(a, &n)| (Named::same(a), n)).collect();
    let out = |a: usize| {
        let rule = Boundary::Wrap;
        let along = match by[a] {
            0 => Along::whole(),
            before => Along::Outside { before, len: spec.shape[a], rule },
        };
        OutAxis { from: Some(a), along }
    };
    View {
        name: "roll",
        params: json!({
            "shift": moved.iter().map(|&a| by[a]).collect::<Vec<_>>(),
            "axis": moved,
        }),
        input: spec.shape.clone(),
        axes: (0..by.len()).map(out).collect(),
        held: vec![0; by.len()],
        spec: derived("roll", spec, &named)?,
    }
    .of(input)
}
