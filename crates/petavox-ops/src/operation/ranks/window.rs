//! The parameters that name a neighbourhood.

use crate::Params;
use petavox_core::{Boundary, Error, ImageSpec, Result};
use petavox_kernels::window::Window;
use serde_json::{Value as Json, json};

/// Longest side of a window.
const MAX_SIDE: f64 = 1e6;

/// The neighbourhood that `size` (samples per axis) names, in which `cells` may mark the samples that belong to it with `x` and
/// others with `.`, or `ball`, the radius of a ball of samples; `origin` moves it, as scipy's does. Without them it is 3 samples along each axis.
///
/// # Errors
/// If they do not fit the image, or leave no sample.
pub(super) fn window(params: &mut Params, spec: &ImageSpec) -> Result<Window> {
    let op = params.op().to_owned();
    let ball = params.number("ball")?;
    let size = params.per_axis("size", spec, 3.0)?;
    let origin = params.per_axis("origin", spec, 0.0)?;
    let cells = params.text("cells")?;
    let whole = |name: &str, v: f64, least: f64| {
        if v.fract() == 0.0 && v >= least && v <= MAX_SIDE {
            return Ok(v);
        }
        Err(Error::argument(
            format!("{op}: {name}"),
            v,
            format!("a whole number from {least} to 1e6"),
        ))
    };
    let origin: Vec<i64> =
        origin.iter().map(|&v| Ok(whole("origin", v, -MAX_SIDE)? as i64)).collect::<Result<_>>()?;
    if let Some(radius) = ball {
        return ball_of(&op, radius, &origin);
    }
    let shape: Vec<usize> =
        size.iter().map(|&v| Ok(whole("size", v, 1.0)? as usize)).collect::<Result<_>>()?;
    let mask = cells.map(|cells| {
        let cell = |c: char| match c {
            'x' => Ok(true),
            '.' => Ok(false),
            other => Err(Error::argument(format!("{op}: cells"), other, "'x' and '.' only")),
        };
        cells.chars().map(cell).collect::<Result<Vec<bool>>>()
    });
    Window::new(&shape, &origin, mask.transpose()?)
}

fn ball_of(op: &str, radius: f64, origin: &[i64]) -> Result<Window> {
    if !(0.0..=500.0).contains(&radius) {
        return Err(Error::argument(format!("{op}: ball"), radius, "a radius from 0 to 500"));
    }
    let (r, ndim) = (radius as i64, origin.len());
    let side = 2 * r as usize + 1;
    let n = (0..ndim).try_fold(1usize, |n, _| n.checked_mul(side).filter(|n| *n <= 1 << 24));
    let Some(n) = n else {
        return Err(Error::argument(
            format!("{op}: ball"),
            radius,
            "a window of at most 2^24 samples",
        ));
    };
    let mask = (0..n).map(|mut i| {
        let mut square = 0;
        for _ in 0..ndim {
            square += ((i % side) as i64 - r).pow(2);
            i /= side;
        }
        square as f64 <= radius * radius
    });
    Window::new(&vec![side; ndim], origin, Some(mask.collect()))
}

/// scipy's `mode` and `cval`; `cval` may be text where JSON has no number.
///
/// # Errors
/// For an unknown mode, or a `cval` that is no number.
pub(super) fn boundary(params: &mut Params) -> Result<Boundary> {
    let op = params.op().to_owned();
    let cval = match params.parsed::<Json>("cval")? {
        None => 0.0,
        Some(Json::String(text)) => text
            .parse()
            .map_err(|_| Error::argument(format!("{op}: cval"), text, "a number, nan or inf"))?,
        Some(other) => other
            .as_f64()
            .ok_or_else(|| Error::argument(format!("{op}: cval"), &other, "a number"))?,
    };
    let mode = params.text("mode")?.unwrap_or_else(|| "reflect".to_owned());
    Boundary::parse(&mode, cval)
}

/// The parameters again.
pub(super) fn written(window: &Window, boundary: Boundary) -> Json {
    let cval = boundary.cval();
    let mut params =
        json!({ "size": window.shape(), "origin": window.origin(), "mode": boundary.mode() });
    if cval != 0.0 {
        params["cval"] = if cval.is_finite() { json!(cval) } else { json!(cval.to_string()) };
    }
    if let Some(mask) = window.mask() {
        let cells: String = mask.iter().map(|m| if *m { 'x' } else { '.' }).collect();
        params["cells"] = json!(cells);
    }
    params
}
