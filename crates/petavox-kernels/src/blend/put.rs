//! Tiles at whole samples, in their own dtype.

use super::strip::Blend;
use petavox_core::{Block, Element, Error, Region, Result, dispatch};

/// Puts the part of `tile` (whose region is said in the output's coordinates) that lies in `output` there: over what there is, or where it
/// is larger. For [`Blend::First`] tiles are put last one first.
///
/// # Errors
/// [`Error::Internal`] for blocks of different dtypes.
pub fn put(tile: &Block, blend: Blend, output: &mut Block) -> Result<()> {
    if blend != Blend::Max {
        return output.copy_from(tile);
    }
    if tile.dtype() != output.dtype() {
        return Err(Error::internal("put", format!("{} on {}", tile.dtype(), output.dtype())));
    }
    let Some(common) = tile.region().intersect(output.region()) else { return Ok(()) };
    dispatch!(tile.dtype(), T => largest::<T>(tile, &common, output))
}

fn largest<T: Element>(tile: &Block, common: &Region, output: &mut Block) -> Result<()> {
    let (from, to) = (tile.region().clone(), output.region().clone());
    let samples = tile.typed::<T>()?;
    let out = output.typed_mut::<T>()?;
    let row = common.row_len();
    common.for_each_row(|point| {
        let from = &samples[from.offset_of(point)..][..row];
        let to = &mut out[to.offset_of(point)..][..row];
        for (t, f) in to.iter_mut().zip(from) {
            *t = if *f > *t { *f } else { *t };
        }
    });
    Ok(())
}
