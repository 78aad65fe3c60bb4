//! `zoom`, `shift`, `resize`: grids of samples along the image's own axes.

use super::sampled::{How, accept, output_shape};
use crate::Params;
use petavox_core::{Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::interpolate::{AxisMap, grid_reach, grid_scratch_bytes, resample_grid};
use serde_json::json;
use std::sync::Arc;

struct ZoomShift {
    axes: Vec<AxisMap>,
    shape: Vec<usize>,
    how: How,
}

/// The samples at `(o + shift) * zoom` per axis, or with `grid_mode` at `(o + shift + 1/2) * zoom - 1/2`, for the samples `o` of an image of
/// `output_shape`; what scipy.ndimage's `zoom`, `shift` and diagonal `affine_transform` come down to.
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let zoom = params.per_axis("zoom", spec, 1.0)?;
    let shift = params.per_axis("shift", spec, 0.0)?;
    let grid = params.flag("grid_mode")?.unwrap_or(false);
    let shape = output_shape(params, spec)?;
    let carried = params.parsed::<Vec<bool>>("carried")?;
    let how = How::take(params, spec, "constant")?;
    grid_of(input, &zoom, &shift, grid, shape, carried, how)
}

/// `zoom` times as many samples per axis; with `grid_mode` the edges of the first and the last sample stay where they are, else their
/// centres do (scipy.ndimage.zoom).
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn zoom(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let factors = params.per_axis("zoom", spec, 1.0)?;
    let grid = params.flag("grid_mode")?.unwrap_or(false);
    let how = How::take(params, spec, "constant")?;
    let shape = spec.shape.iter().zip(&factors).map(|(n, f)| (*n as f64 * f).round_ties_even());
    if let Some(wrong) = shape.clone().find(|n| !(0.0..1e15).contains(n)) {
        return Err(Error::argument("zoom: zoom", wrong, "an extent of 0 or more"));
    }
    let shape: Vec<usize> = shape.map(|n| n as usize).collect();
    let steps: Vec<f64> = (0..spec.ndim()).map(|a| step(spec.shape[a], shape[a], grid)).collect();
    grid_of(input, &steps, &vec![0.0; spec.ndim()], grid, shape, None, how)
}

/// Input samples per output sample, so that the ends meet.
fn step(from: usize, to: usize, grid: bool) -> f64 {
    let (from, to) = if grid { (from, to) } else { (from - 1, to.wrapping_sub(1)) };
    if to == 0 { 1.0 } else { from as f64 / to as f64 }
}

/// The image moved by `shift` samples (scipy.ndimage.shift).
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn shift(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let shift: Vec<f64> = params.per_axis("shift", spec, 0.0)?.iter().map(|s| -s).collect();
    let how = How::take(params, spec, "constant")?;
    grid_of(input, &vec![1.0; spec.ndim()], &shift, false, spec.shape.clone(), None, how)
}

/// The image on `output_shape` samples, the edges of the first and the last staying where they are; without `anti_aliasing`, which is
/// a `gaussian` before it (skimage.transform.resize).
///
/// # Errors
/// If the numbers do not fit the axes.
pub fn resize(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let spec = input.spec();
    accept(params.op(), spec)?;
    let shape = output_shape(params, spec)?;
    if shape.len() != spec.ndim() || shape.contains(&0) {
        let expected = format!("{} extents of 1 or more", spec.ndim());
        return Err(Error::argument("resize: output_shape", format!("{shape:?}"), expected));
    }
    let how = How::take(params, spec, "mirror")?;
    let steps: Vec<f64> = (0..spec.ndim()).map(|a| step(spec.shape[a], shape[a], true)).collect();
    grid_of(input, &steps, &vec![0.0; spec.ndim()], true, shape, None, how)
}

/// [`build`] for callers that have the values.
pub(super) fn grid_of(
    input: &Arc<Node>,
    zoom: &[f64],
    shift: &[f64],
    grid: bool,
    shape: Vec<usize>,
    carried: Option<Vec<bool>>,
    mut how: How,
) -> Result<Arc<Node>> {
    let spec = input.spec();
    if shape.len() != spec.ndim() || carried.as_ref().is_some_and(|c| c.len() != spec.ndim()) {
        let expected = format!("{} extents", spec.ndim());
        return Err(Error::argument("output_shape", format!("{shape:?}"), expected));
    }
    let still = |a: usize| zoom[a] == 1.0 && shift[a] == 0.0 && shape[a] == spec.shape[a];
    let carried: Vec<bool> = carried
        .unwrap_or_else(|| (0..shape.len()).map(|a| how.may_carry(shape[a]) && still(a)).collect());
    let between: Vec<usize> = (0..shape.len()).filter(|&a| !carried[a]).collect();
    let image = how.prepared(input, &between)?;
    let pad = how.npad as f64;
    let axis = |a: usize| match carried[a] {
        true => AxisMap::carried(),
        false => AxisMap { zoom: zoom[a], shift: shift[a], grid, pad, carried: false },
    };
    let axes = (0..shape.len()).map(axis).collect();
    Node::block(Arc::new(ZoomShift { axes, shape, how }), vec![image], vec![])
}

impl BlockOp for ZoomShift {
    fn name(&self) -> &'static str {
        "zoom_shift"
    }

    fn params(&self) -> serde_json::Value {
        let mut params = self.how.params();
        let of = |f: fn(&AxisMap) -> f64| self.axes.iter().map(f).collect::<Vec<_>>();
        params.insert("zoom".into(), json!(of(|a| a.zoom)));
        params.insert("shift".into(), json!(of(|a| a.shift)));
        params.insert("grid_mode".into(), self.axes.iter().any(|a| a.grid).into());
        params.insert("output_shape".into(), json!(self.shape));
        let carried: Vec<bool> = self.axes.iter().map(|a| a.carried).collect();
        params.insert("carried".into(), json!(carried));
        params.into()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let mut spec = self.how.spec(inputs[0], &self.shape)?;
        for (a, map) in self.axes.iter().enumerate() {
            if map.zoom > 0.0 && map.zoom.is_finite() {
                spec.origin[a] += map.at(0) * spec.spacing.values[a];
                spec.spacing.values[a] *= map.zoom;
            }
        }
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (how, shape) = (&self.how, &inputs[0].shape);
        vec![Need::inside(grid_reach(target, shape, &self.axes, how.interpolant, how.mode))]
    }

    fn scratch_bytes(&self, inputs: &[&ImageSpec], target: &Region) -> u64 {
        let (how, shape) = (&self.how, &inputs[0].shape);
        let reach = grid_reach(target, shape, &self.axes, how.interpolant, how.mode);
        grid_scratch_bytes(reach.shape(), target.shape())
    }

    fn cost_ns(&self) -> f64 {
        let n = self.axes.iter().filter(|a| !a.carried).count();
        1.0 + (n * self.how.interpolant.n_taps()) as f64
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let how = &self.how;
        resample_grid(
            call.inputs[0],
            call.output,
            &self.axes,
            how.interpolant,
            how.mode,
            &call.specs[0].shape,
            call.scratch.bytes_mut(),
            call.cancel,
        )
    }
}
