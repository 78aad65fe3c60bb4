//! What is wrong with the camera, undone: (raw - dark) / flat, and the gain and offset of each tile.

use super::orient::{View, viewed};
use super::pieces::Pieces;
use super::tiles::Tiles;
use petavox_core::{Block, Dtype, Element, Error, Region, Result, dispatch};
use petavox_store::OpenOptions;

/// Tiles from which a flat field is estimated, at most.
const ESTIMATED_FROM: usize = 48;
/// The part of a tile's edge over which an estimate is smoothed.
const SMOOTH: f64 = 0.06;

/// Per sample of a tile's plane: what is subtracted, and what the rest is multiplied by.
#[derive(Default)]
pub(super) struct Correction {
    /// Height and width.
    pub(super) shape: [usize; 2],
    pub(super) dark: Option<Vec<f32>>,
    pub(super) by: Option<Vec<f32>>,
    /// Per tile.
    pub(super) gains: Option<Vec<(f32, f32)>>,
}

impl Correction {
    /// True if nothing is corrected.
    pub(super) fn is_nothing(&self) -> bool {
        self.dark.is_none() && self.by.is_none() && self.gains.is_none()
    }

    /// The corrected samples of a part of a tile; `plane` are the axes along which images of the camera lie.
    pub(super) fn apply(&self, number: usize, raw: &Block, plane: [usize; 2]) -> Result<Block> {
        let mut out = Block::zeros(raw.region().clone(), Dtype::Float32)?;
        let (gain, offset) = self.gains.as_ref().map_or((1.0, 0.0), |g| g[number]);
        let region = raw.region().clone();
        let last = region.ndim() - 1;
        let width = self.shape[1];
        dispatch!(raw.dtype(), T => {
            let samples = raw.typed::<T>()?;
            let to = out.typed_mut::<f32>()?;
            let mut at = 0;
            region.for_each_row(|p| {
                for i in 0..region.row_len() {
                    let place = |axis: usize| (p[axis] + if axis == last { i as i64 } else { 0 }) as usize;
                    let k = place(plane[0]) * width + place(plane[1]);
                    let mut v = samples[at].to_f64() as f32;
                    if let Some(dark) = &self.dark {
                        v -= dark.get(k).copied().unwrap_or(0.0);
                    }
                    if let Some(by) = &self.by {
                        v *= by.get(k).copied().unwrap_or(1.0);
                    }
                    to[at] = v * gain + offset;
                    at += 1;
                }
            });
        });
        Ok(out)
    }
}

/// Reads an image of the camera: one plane of the tiles' height and width.
pub(super) fn read_plane(
    what: &str,
    path: &str,
    shape: [usize; 2],
    view: View,
    open: &OpenOptions,
) -> Result<Vec<f32>> {
    // Images of the camera lie as its tiles do.
    let source = viewed(petavox_store::open(path, open)?, view)?;
    let spec = source.spec();
    let own: Vec<usize> = spec.shape.iter().copied().filter(|n| *n > 1).collect();
    if own != shape.iter().copied().filter(|n| *n > 1).collect::<Vec<_>>() {
        let expected = format!("{} x {}, as the tiles", shape[0], shape[1]);
        return Err(Error::argument(what, format!("{path} of shape {:?}", spec.shape), expected));
    }
    let mut block = Block::zeros(spec.region(), spec.dtype)?;
    source.read(&mut block)?;
    Ok(
        dispatch!(block.dtype(), T => block.typed::<T>()?.iter().map(|v| v.to_f64() as f32).collect()),
    )
}

/// What samples are multiplied by for a flat field, the mean of which stands for 1.
pub(super) fn reciprocal(flat: &[f32], what: &str) -> Result<Vec<f32>> {
    let mean = flat.iter().map(|v| f64::from(*v)).sum::<f64>() / flat.len().max(1) as f64;
    if mean.is_nan() || mean <= 0.0 {
        return Err(Error::argument(what, format!("a mean of {mean}"), "an image of light"));
    }
    let least = (mean * 1e-3) as f32;
    Ok(flat.iter().map(|v| mean as f32 / v.max(least)).collect())
}

/// The flat field that the tiles themselves tell: the mean of all, each against its own mean, smoothed.
pub(super) fn estimated(
    tiles: &Tiles,
    pieces: &Pieces,
    shape: [usize; 2],
    plane: [usize; 2],
    dark: Option<&[f32]>,
) -> Result<Vec<f32>> {
    let n = tiles.placed.len();
    let count = n.min(ESTIMATED_FROM);
    let mut sum = vec![0.0f64; shape[0] * shape[1]];
    let mut taken = 0;
    for k in 0..count {
        let number = (2 * k + 1) * n / (2 * count);
        let tile = &tiles.placed[number];
        if [tile.shape[plane[0]], tile.shape[plane[1]]] != shape {
            continue;
        }
        // One plane of it, from the middle.
        let start: Vec<i64> = (0..tile.shape.len())
            .map(|a| if plane.contains(&a) { 0 } else { (tile.shape[a] / 2) as i64 })
            .collect();
        let extent: Vec<usize> = (0..tile.shape.len())
            .map(|a| if plane.contains(&a) { tile.shape[a] } else { 1 })
            .collect();
        let block = pieces.raw(number, Region::new(start, extent))?;
        let mut values: Vec<f64> =
            dispatch!(block.dtype(), T => block.typed::<T>()?.iter().map(|v| v.to_f64()).collect());
        if let Some(dark) = dark {
            values.iter_mut().zip(dark).for_each(|(v, d)| *v -= f64::from(*d));
        }
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        if mean > 0.0 && mean.is_finite() {
            sum.iter_mut().zip(&values).for_each(|(s, v)| *s += v / mean);
            taken += 1;
        }
    }
    if taken < 3 {
        let expected = "at least three tiles of one shape that show light; or give the image with --flatfield PATH";
        return Err(Error::argument("flatfield", format!("auto from {taken} tiles"), expected));
    }
    // Three boxes are nearly a Gaussian.
    for _ in 0..3 {
        for (axis, &len) in shape.iter().enumerate() {
            let radius = ((len as f64 * SMOOTH) as usize).max(1);
            boxed(&mut sum, shape, axis, radius);
        }
    }
    Ok(sum.iter().map(|v| *v as f32).collect())
}

/// Means over `2 radius + 1` samples along an axis; the samples at the ends are continued.
fn boxed(values: &mut [f64], shape: [usize; 2], axis: usize, radius: usize) {
    let (len, step) = (shape[axis], if axis == 0 { shape[1] } else { 1 });
    let others = values.len() / len.max(1);
    let mut line = vec![0.0; len];
    for k in 0..others {
        let first = if axis == 0 { k } else { k * shape[1] };
        (0..len).for_each(|i| line[i] = values[first + i * step]);
        let at = |i: i64| line[i.clamp(0, len as i64 - 1) as usize];
        let r = radius as i64;
        let mut sum: f64 = (-r..=r).map(at).sum();
        for i in 0..len as i64 {
            values[first + i as usize * step] = sum / (2 * r + 1) as f64;
            sum += at(i + r + 1) - at(i - r);
        }
    }
}
