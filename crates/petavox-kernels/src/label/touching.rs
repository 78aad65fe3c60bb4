//! Which components of two blocks belong together.

use super::Neighbours;
use petavox_core::{Block, Dtype, Error, Region, Result};

/// Calls `found(a, b)` for every pair of labels (not 0) of two blocks that have neighbouring samples; a pair may be found often.
///
/// The blocks are `uint32` labels anywhere in one image, usually the outermost planes of two blocks that share a face, an edge or a
/// corner; both of any neighbours must be looked at for neighbours that are not along one axis, not only those that share a face.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for other dtypes.
pub fn touching(
    a: &Block,
    b: &Block,
    neighbours: &Neighbours,
    found: &mut dyn FnMut(u32, u32),
) -> Result<()> {
    for block in [a, b] {
        if block.dtype() != Dtype::UInt32 {
            return Err(Error::dtype("touching labels", block.dtype(), "uint32"));
        }
    }
    let ndim = a.region().ndim();
    let (labels_a, labels_b) = (a.typed::<u32>()?, b.typed::<u32>()?);
    let near = a.region().grow(&vec![1; ndim], &vec![1; ndim]);
    if near.intersect(b.region()).is_none() {
        return Ok(());
    }
    for offset in neighbours.offsets() {
        let back: Vec<i64> = offset.iter().map(|o| -o).collect();
        let Some(common) = a.region().intersect(&b.region().translate(&back)) else { continue };
        let row = common.shape()[ndim - 1];
        let moved =
            |point: &[i64]| -> Vec<i64> { point.iter().zip(&offset).map(|(p, o)| p + o).collect() };
        each_row(&common, &mut |point| {
            let i = a.region().offset_of(point);
            let j = b.region().offset_of(&moved(point));
            let mut last = (0, 0);
            for pair in labels_a[i..i + row].iter().zip(&labels_b[j..j + row]) {
                let pair = (*pair.0, *pair.1);
                if pair.0 != 0 && pair.1 != 0 && pair != last {
                    found(pair.0, pair.1);
                    last = pair;
                }
            }
        });
    }
    Ok(())
}

fn each_row(region: &Region, f: &mut dyn FnMut(&[i64])) {
    region.for_each_row(f);
}
