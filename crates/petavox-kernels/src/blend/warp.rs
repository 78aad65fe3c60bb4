//! A tile under an affine map.

use super::strip::Strip;
use super::{Ramp, Weights};
use crate::interpolate::{
    EdgeMode, Interpolant, PointMap, Points, Sampling, map_reach, resample_points,
};
use petavox_core::{Block, CancelToken, Dtype, Error, Region, Result};

/// Where a tile lies: the sample of the output at `p` is that of the tile at `matrix · p + offset`. The map moves some axes; those before
/// and after are carried along, by whole samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Warp {
    /// Of the axes that are moved.
    pub map: PointMap,
    /// Axes before and after these.
    pub carried: (usize, usize),
    /// How values between samples are made.
    pub interpolant: Interpolant,
}

impl Warp {
    fn sampling(&self) -> Sampling {
        Sampling {
            interpolant: self.interpolant,
            mode: match self.interpolant {
                Interpolant::Spline(3) => EdgeMode::Mirror,
                _ => EdgeMode::Nearest,
            },
            pad: 0.0,
            lead: self.carried.0,
            trail: self.carried.1,
        }
    }

    /// The part of a tile of `shape` that is read for `target`, given in the tile's place along the axes that are carried.
    pub fn needs(&self, target: &Region, shape: &[usize]) -> Region {
        map_reach(target, shape, &self.map, &self.sampling())
    }
}

/// Adds the part `target` of the output, made from `tile` (the block of [`Warp::needs`]), to a strip. `target` is given in the tile's place
/// along the axes that are carried, which lie `by` further on in the strip.
///
/// # Errors
/// [`Error::Internal`] for blocks that do not hold what is needed.
pub fn add_warped(
    tile: &Block,
    weighed: Weights<'_>,
    warp: &Warp,
    ramps: &[Ramp],
    shape: &[usize],
    target: &Region,
    by: &[i64],
    strip: &mut Strip<'_>,
    cancel: &CancelToken,
) -> Result<()> {
    let PointMap::Affine { matrix, offset } = &warp.map else {
        return Err(Error::internal("add_warped", "a map that is not affine"));
    };
    let moved = target.translate(by);
    if target.is_empty() || !strip.region.contains(&moved) {
        return Err(Error::internal("add_warped", format!("{moved} is elsewhere")));
    }
    let mut values = Block::zeros(target.clone(), Dtype::Float64)?;
    let how = warp.sampling();
    resample_points(tile, &mut values, Points::Map(&warp.map), &how, shape, cancel)?;
    let linear = Sampling { interpolant: Interpolant::Spline(1), ..how };
    let linear = if warp.interpolant.is_nearest() { how } else { linear };
    let between = |block: Option<&Block>| -> Result<Option<Block>> {
        let Some(block) = block else { return Ok(None) };
        let mut out = Block::zeros(target.clone(), Dtype::Float64)?;
        resample_points(block, &mut out, Points::Map(&warp.map), &linear, shape, cancel)?;
        Ok(Some(out))
    };
    let (masked, content) = (between(weighed.mask)?, between(weighed.content)?);
    let (lead, n) = (warp.carried.0, matrix.len());
    let last = lead + n - 1;
    let inner: usize = target.shape()[last + 1..].iter().product();
    let mut shape_of_rows = target.shape()[..=last].to_vec();
    shape_of_rows[last] = 1;
    let outer = Region::new(&target.start()[..=last], shape_of_rows);
    let row = target.shape()[last];
    let mut weights = vec![0.0; row * inner];
    let values = values.typed::<f64>()?;
    let masked = masked.as_ref().map(|m| m.typed::<f64>()).transpose()?;
    let content = content.as_ref().map(|m| m.typed::<f64>()).transpose()?;
    let mut point = target.start().to_vec();
    let mut from = 0;
    outer.for_each_row(|p| {
        point[..=last].copy_from_slice(p);
        for i in 0..row {
            let mut w = 1.0;
            for (a, (line, start)) in matrix.iter().zip(offset).enumerate() {
                let base = (0..n - 1).fold(*start, |s, k| s + point[lead + k] as f64 * line[k]);
                let c = base + (point[last] + i as i64) as f64 * line[n - 1];
                w *= ramps[lead + a].at(c);
            }
            weights[i * inner..(i + 1) * inner].fill(w);
        }
        if let Some(masked) = masked {
            // A value counts if every sample that it is made of does.
            weights.iter_mut().zip(&masked[from..]).for_each(|(w, m)| {
                *w *= if *m > 1.0 - 1e-9 { 1.0 } else { 0.0 };
            });
        }
        if let Some(content) = content {
            weights.iter_mut().zip(&content[from..]).for_each(|(w, c)| *w *= c.max(0.0));
        }
        let place: Vec<i64> = point.iter().zip(by).map(|(p, b)| p + b).collect();
        let at = strip.region.offset_of(&place);
        strip.add(at, &values[from..from + row * inner], &weights, 1.0);
        from += row * inner;
    });
    Ok(())
}
