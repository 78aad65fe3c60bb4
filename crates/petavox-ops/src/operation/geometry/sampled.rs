//! What the operations that take values between samples share: their parameters, and the splines they are made from.

use super::spline_filter::coefficients;
use crate::Params;
use crate::operation::arrays::{astype, pad};
use petavox_core::{Axes, Dtype, Error, ImageSpec, Result, Spacing};
use petavox_engine::Node;
use petavox_kernels::interpolate::{EdgeMode, Interpolant};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Samples by which scipy pads an image whose mode has no spline of its own.
const MARGIN: usize = 12;

/// How values are made.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub(super) interpolant: Interpolant,
    pub(super) mode: EdgeMode,
    pub(super) dtype: Dtype,
    /// Samples by which the input was padded along the axes that are not carried.
    pub(super) npad: usize,
    /// The input are samples, of which a spline is to be made first.
    pub(super) prefilter: bool,
}

impl How {
    /// Takes `order` (3 by default, or `cubic`), `mode`, `cval`, `prefilter`, `dtype` (the input's by default) and `npad`.
    pub(super) fn take(params: &mut Params, spec: &ImageSpec, mode: &str) -> Result<How> {
        let word = params.text("order")?;
        let interpolant = match word.as_deref() {
            None => Interpolant::Spline(3),
            Some("cubic") => Interpolant::Cubic,
            Some(order) => match order.parse::<u8>() {
                Ok(order) if order <= 5 => Interpolant::Spline(order),
                _ => {
                    let name = format!("{}: order", params.op());
                    return Err(Error::argument(name, order, "0 to 5, or cubic"));
                }
            },
        };
        let cval = number(params, "cval")?.unwrap_or(0.0);
        let mode = params.text("mode")?.unwrap_or_else(|| mode.to_owned());
        let dtype = params.text("dtype")?.map(|d| Dtype::parse(&d)).transpose()?;
        Ok(How {
            interpolant,
            mode: EdgeMode::parse(&mode, cval)?,
            dtype: dtype.unwrap_or(spec.dtype),
            npad: params.count("npad")?.unwrap_or(0) as usize,
            prefilter: params.flag("prefilter")?.unwrap_or(true),
        })
    }

    /// True if an axis of `len` samples along which nothing moves may be carried along: a spline of coefficients would smooth it, and
    /// scipy's splines of short reflected lines do not quite run through the samples.
    pub(super) fn may_carry(&self, len: usize) -> bool {
        let is_exact = self.mode != EdgeMode::Reflect || len > 24;
        matches!(self.interpolant, Interpolant::Spline(0 | 1)) || (self.prefilter && is_exact)
    }

    /// What the kernel is given: the image, or the coefficients of its spline along `axes`.
    pub(super) fn prepared(&mut self, input: &Arc<Node>, axes: &[usize]) -> Result<Arc<Node>> {
        let Interpolant::Spline(order @ 2..) = self.interpolant else { return Ok(input.clone()) };
        if !std::mem::take(&mut self.prefilter) {
            return astype::cast(input, Dtype::Float64);
        }
        let mut image = input.clone();
        if matches!(self.mode, EdgeMode::Nearest | EdgeMode::GridConstant(_)) && !axes.is_empty() {
            self.npad = MARGIN;
            let width = |a| if axes.contains(&a) { MARGIN } else { 0 };
            let widths: Vec<[usize; 2]> = (0..image.spec().ndim()).map(|a| [width(a); 2]).collect();
            let mut given = Map::new();
            given.insert("pad_width".into(), json!(widths));
            if let EdgeMode::GridConstant(cval) = self.mode {
                given.insert("constant_values".into(), written(cval));
            } else {
                given.insert("mode".into(), "edge".into());
            }
            image = pad::build(&image, &mut Params::new("pad", given))?;
        }
        coefficients(&image, order, axes.to_vec(), self.mode)
    }

    /// These parameters, as they are taken.
    pub(super) fn params(&self) -> Map<String, Json> {
        let order = match self.interpolant {
            Interpolant::Spline(order) => json!(order),
            Interpolant::Cubic => json!("cubic"),
        };
        let mut all = Map::new();
        all.insert("order".into(), order);
        all.insert("mode".into(), self.mode.name().into());
        all.insert("cval".into(), written(self.mode.cval()));
        all.insert("dtype".into(), json!(self.dtype));
        all.insert("npad".into(), self.npad.into());
        all.insert("prefilter".into(), false.into());
        all
    }

    /// The spec of the result, on axes of other extents.
    pub(super) fn spec(&self, input: &ImageSpec, shape: &[usize]) -> Result<ImageSpec> {
        let mut spec = ImageSpec::new(shape, self.dtype)?;
        if spec.ndim() == input.ndim() {
            spec.axes = input.axes.clone();
            spec.spacing = input.spacing.clone();
            spec.origin = input.origin.clone();
        } else {
            spec.axes = Axes::default_for(shape.len());
            spec.spacing = Spacing::ones(shape.len());
        }
        Ok(spec)
    }

    /// Nanoseconds per sample.
    pub(super) fn cost_ns(&self, n_axes: usize) -> f64 {
        2.0 + (self.interpolant.n_taps() as f64).powi(n_axes.min(3) as i32)
    }
}

/// A number as JSON, where JSON has none as a word.
pub(super) fn written(value: f64) -> Json {
    if value.is_finite() { value.into() } else { value.to_string().into() }
}

/// A number that may be written as a word: `nan`, `inf`, `-inf`.
pub(super) fn number(params: &mut Params, name: &str) -> Result<Option<f64>> {
    let Some(given) = params.parsed::<Json>(name)? else { return Ok(None) };
    let value = given.as_f64().or_else(|| given.as_str().and_then(|s| s.parse().ok()));
    let wrong = || Error::argument(format!("{}: {name}", params.op()), &given, "a number");
    value.map(Some).ok_or_else(wrong)
}

/// The extents of the result: those given, or the input's.
pub(super) fn output_shape(params: &mut Params, input: &ImageSpec) -> Result<Vec<usize>> {
    let Some(given) = params.numbers("output_shape")? else { return Ok(input.shape.clone()) };
    if given.is_empty() || given.iter().any(|n| *n < 0.0 || n.fract() != 0.0 || *n > 1e15) {
        let name = format!("{}: output_shape", params.op());
        return Err(Error::argument(name, format!("{given:?}"), "whole numbers, one per axis"));
    }
    Ok(given.iter().map(|n| *n as usize).collect())
}

/// Refuses images that interpolation has nothing to go between in.
pub(super) fn accept(op: &str, spec: &ImageSpec) -> Result<()> {
    if spec.ndim() == 0 {
        return Err(Error::argument(op, "an image without axes", "at least one axis"));
    }
    if spec.is_empty() {
        return Err(Error::argument(op, format!("{:?}", spec.shape), "an image with samples"));
    }
    Ok(())
}
