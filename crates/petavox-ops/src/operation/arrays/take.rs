//! `take` and `repeat`: samples picked along one axis, in any order and any number of times.

use super::index::{Item, index};
use super::view::{Along, Named, OutAxis, View, axis_of, derived};
use crate::Params;
use petavox_core::{Error, Result};
use petavox_engine::Node;
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// The samples at `indices` along `axis` (0 by default), in that order; repeats are allowed, negative ones count from the end
/// (numpy.take, `image[[4, 0, 4]]`). Only what is needed is read: positions that lie far apart are read apart. Indices in
/// equal steps are an `index`.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis, or an index is none of its positions.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let axis = params.parsed::<Json>("axis")?.unwrap_or_else(|| 0.into());
    let axis = axis_of("take", spec, &axis)?;
    let given = match params.parsed::<Json>("indices")? {
        Some(Json::Array(all)) => all,
        Some(one) => vec![one],
        None => return Err(Error::argument("take: indices", "nothing", "a list of positions")),
    };
    let n = spec.shape[axis] as i64;
    let position = |v: &Json| {
        let at = v.as_i64().map(|i| if i < 0 { i + n } else { i });
        at.filter(|i| (0..n).contains(i)).map(|i| i as usize).ok_or_else(|| {
            let expected = format!("whole numbers, -{n} to {}: the axis has {n} samples", n - 1);
            Error::argument("take: indices", v, expected)
        })
    };
    let at: Vec<usize> = given.iter().map(position).collect::<Result<_>>()?;
    take(input, axis, at)
}

/// [`build`] for callers that have the positions.
///
/// # Errors
/// [`Error::InvalidArgument`] if a position is outside.
pub fn take(input: &Arc<Node>, axis: usize, at: Vec<usize>) -> Result<Arc<Node>> {
    let spec = input.spec();
    if let Some(outside) = at.iter().find(|p| **p >= spec.shape[axis]) {
        let expected = format!("below {}", spec.shape[axis]);
        return Err(Error::argument("take: indices", outside, expected));
    }
    let step = match at[..] {
        [a, b, ..] => b as i64 - a as i64,
        _ => 1,
    };
    if step != 0 && at.windows(2).all(|w| w[1] as i64 - w[0] as i64 == step) {
        let start = at.first().copied().unwrap_or(0);
        let mut items: Vec<Item> = spec.shape.iter().map(|&n| Item::whole(n)).collect();
        items[axis] = Item::Slice { start, step, count: at.len() };
        return index(input, &items);
    }
    let origin = at.first().map_or(0.0, |&a| a as f64);
    let params = json!({ "indices": at, "axis": axis });
    let (n, named) = (at.len(), Named::Axis { from: axis, origin, times: 1.0 });
    along(input, "take", params, axis, (named, n), Along::List(Arc::new(at)))
}

/// Every sample `repeats` times along `axis` (0 by default), or each as often as the list `repeats` says (numpy.repeat). Samples that are
/// repeated equally often become so much smaller: spacing and origin follow.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis, or not one number or one for each of its positions.
pub fn build_repeat(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let axis = params.parsed::<Json>("axis")?.unwrap_or_else(|| 0.into());
    let axis = axis_of("repeat", spec, &axis)?;
    let n = spec.shape[axis];
    let given = params.parsed::<Json>("repeats")?.unwrap_or(Json::Null);
    let wrong = || {
        let expected = format!("a whole number, or {n} of them");
        Error::argument("repeat: repeats", &given, expected)
    };
    let counts: Option<Vec<usize>> = match &given {
        Json::Array(all) => all.iter().map(|v| v.as_u64().map(|v| v as usize)).collect(),
        one => one.as_u64().map(|v| vec![v as usize]),
    };
    match &counts.ok_or_else(wrong)?[..] {
        [1] => Ok(input.clone()),
        [times] if n != 1 || *times == 0 || !given.is_array() => {
            let total = n.checked_mul(*times).ok_or_else(wrong)?;
            let t = (*times).max(1) as f64;
            let named = Named::Axis { from: axis, origin: (1.0 / t - 1.0) / 2.0, times: 1.0 / t };
            let params = json!({ "repeats": times, "axis": axis });
            let each = Along::Each { times: (*times).max(1) };
            along(input, "repeat", params, axis, (named, total), each)
        }
        counts if counts.len() == n => {
            let total = counts.iter().try_fold(0usize, |s, c| s.checked_add(*c));
            if total.is_none_or(|t| t > (1 << 32)) {
                return Err(wrong());
            }
            let at = (0..n).flat_map(|p| std::iter::repeat_n(p, counts[p])).collect();
            take(input, axis, at)
        }
        _ => Err(wrong()),
    }
}

/// A view of `input` that differs along one axis.
fn along(
    input: &Arc<Node>,
    name: &'static str,
    params: Json,
    axis: usize,
    new: (Named, usize),
    along: Along,
) -> Result<Arc<Node>> {
    let spec = input.spec();
    let mut named: Vec<(Named, usize)> =
        spec.shape.iter().enumerate().map(|(a, &n)| (Named::same(a), n)).collect();
    named[axis] = new;
    let mut axes: Vec<OutAxis> =
        (0..spec.ndim()).map(|a| OutAxis { from: Some(a), along: Along::whole() }).collect();
    axes[axis].along = along;
    View {
        name,
        params,
        input: spec.shape.clone(),
        axes,
        held: vec![0; spec.ndim()],
        spec: derived(name, spec, &named)?,
    }
    .of(input)
}
