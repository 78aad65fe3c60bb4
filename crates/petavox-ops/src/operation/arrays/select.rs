//! `select`: one channel, time point or plane, the axis taken out.

use super::index::{Item, index};
use super::view::axis_of;
use crate::Params;
use petavox_core::{Error, Result};
use petavox_engine::Node;
use serde_json::Value as Json;
use std::sync::Arc;

/// The image at `index` (0 by default; from the end if negative) of `axis`, a letter of the image's axes or a number; numpy's
/// `image[index]` along that axis. Only what is selected is read. In plans it is an `index`.
///
/// # Errors
/// If there is no such axis or index.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    let axis = params.parsed::<Json>("axis")?.unwrap_or_else(|| 0.into());
    let axis = axis_of("select", spec, &axis)?;
    let index = params.number("index")?.unwrap_or(0.0);
    let n = spec.shape[axis] as f64;
    let from_start = if index < 0.0 { index + n } else { index };
    if from_start.fract() != 0.0 || !(0.0..n).contains(&from_start) {
        return Err(Error::argument(
            "select: index",
            index,
            format!("a whole number, -{n} to {}", n - 1.0),
        ));
    }
    select(input, axis, from_start as usize)
}

/// [`build`] for callers that have the values.
///
/// # Errors
/// If the axis has no such index.
pub fn select(input: &Arc<Node>, axis: usize, at: usize) -> Result<Arc<Node>> {
    let item = |(a, &n): (usize, &usize)| if a == axis { Item::At(at) } else { Item::whole(n) };
    index(input, &input.spec().shape.iter().enumerate().map(item).collect::<Vec<_>>())
}
