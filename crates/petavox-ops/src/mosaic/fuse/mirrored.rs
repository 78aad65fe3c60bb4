//! What a cubic spline needs of a tile, which is mirrored at its borders.

use super::operation::Fuse;
use super::parts::Memory;
use crate::mosaic::tiles::Placed;
use petavox_core::{Block, Buffer, CancelToken, Dtype, Region, Result};
use petavox_kernels::interpolate::{SplineFilter, spline_filter};

impl Fuse {
    /// The spline's coefficients of a part of a tile, which is mirrored at its borders.
    pub(super) fn coefficients(
        &self,
        number: usize,
        tile: &Placed,
        needs: &Region,
        filter: &SplineFilter,
        memory: &mut Memory,
        cancel: &CancelToken,
    ) -> Result<Block> {
        let wide = filter.input(needs, &tile.shape);
        let inside = mirrored_reach(&wide, &tile.shape);
        let block = self.read(number, inside, None, memory)?;
        let padded = mirror(&block, &wide, &tile.shape)?;
        memory.take_back(block);
        let mut out = Block::zeros(needs.clone(), Dtype::Float64)?;
        let mut scratch = Buffer::zeroed(filter.scratch_bytes(needs, &tile.shape) as usize)?;
        spline_filter(&padded, &mut out, filter, &tile.shape, scratch.bytes_mut(), cancel)?;
        Ok(out)
    }
}

/// The sample that stands at `i` of a line that is mirrored at the centres of its ends.
fn mirrored(i: i64, len: usize) -> i64 {
    let last = len as i64 - 1;
    if last <= 0 {
        return 0;
    }
    let i = i.rem_euclid(2 * last);
    i.min(2 * last - i)
}

fn mirrored_reach(wide: &Region, shape: &[usize]) -> Region {
    let (mut start, mut extent) = (Vec::new(), Vec::new());
    for a in 0..shape.len() {
        let places = (wide.start()[a]..wide.end(a)).map(|i| mirrored(i, shape[a]));
        let (lo, hi) = places.fold((i64::MAX, i64::MIN), |(l, h), i| (l.min(i), h.max(i)));
        start.push(lo.min(hi));
        extent.push((hi - lo + 1).max(0) as usize);
    }
    Region::new(start, extent)
}

fn mirror(block: &Block, wide: &Region, shape: &[usize]) -> Result<Block> {
    let mut out = Block::zeros(wide.clone(), Dtype::Float64)?;
    let from = block.region().clone();
    let last = wide.ndim() - 1;
    let columns: Vec<usize> = (wide.start()[last]..wide.end(last))
        .map(|i| (mirrored(i, shape[last]) - from.start()[last]) as usize)
        .collect();
    petavox_core::dispatch!(block.dtype(), T => {
        let samples = block.typed::<T>()?;
        let to = out.typed_mut::<f64>()?;
        let mut at = 0;
        wide.for_each_row(|p| {
            let mut point: Vec<i64> = (0..=last).map(|a| mirrored(p[a], shape[a])).collect();
            point[last] = from.start()[last];
            let row = from.offset_of(&point);
            for &c in &columns {
                to[at] = petavox_core::Element::to_f64(samples[row + c]);
                at += 1;
            }
        });
    });
    Ok(out)
}
