//! Which components of two blocks belong together.

use super::Neighbours;
use crate::filter::for_each_index;
use petavox_core::{Block, Dtype, Error, Region, Result, strides};

/// Pairs that are looked at together.
const AT_ONCE: usize = 32;

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
    let (steps_a, steps_b) = (strides(a.shape()), strides(b.shape()));
    for offset in neighbours.offsets() {
        let back: Vec<i64> = offset.iter().map(|o| -o).collect();
        let Some(common) = a.region().intersect(&b.region().translate(&back)) else { continue };
        let (first_a, first_b) = (
            a.region().offset_of(common.start()),
            b.region().offset_of(common.translate(&offset).start()),
        );
        // Rows are along the longest axis: planes across the last axis have none along it.
        let axis = (0..ndim).rev().max_by_key(|&axis| common.shape()[axis]).unwrap_or(0);
        let n = common.shape()[axis];
        let (step_a, step_b) = (steps_a[axis], steps_b[axis]);
        for_each_index(&without(&common, axis), &mut |index| {
            let at = |steps: &[usize]| index.iter().zip(steps).map(|(i, s)| i * s).sum::<usize>();
            let (a, b) = (&labels_a[first_a + at(&steps_a)..], &labels_b[first_b + at(&steps_b)..]);
            if (step_a, step_b) == (1, 1) {
                return side_by_side(&a[..n], &b[..n], found);
            }
            let mut last = (0, 0);
            for i in 0..n {
                let pair = (a[i * step_a], b[i * step_b]);
                if pair.0 != 0 && pair.1 != 0 && pair != last {
                    found(pair.0, pair.1);
                    last = pair;
                }
            }
        });
    }
    Ok(())
}

/// The shape, with one sample along an axis.
fn without(region: &Region, axis: usize) -> Vec<usize> {
    let mut shape = region.shape().to_vec();
    shape[axis] = 1;
    shape
}

/// The pairs of two rows, but for those that were found for the sample before.
fn side_by_side(a: &[u32], b: &[u32], found: &mut dyn FnMut(u32, u32)) {
    let (Some(&a0), Some(&b0)) = (a.first(), b.first()) else { return };
    if a0 != 0 && b0 != 0 {
        found(a0, b0);
    }
    let pairs = a[1..].chunks(AT_ONCE).zip(b[1..].chunks(AT_ONCE));
    let before = a.chunks(AT_ONCE).zip(b.chunks(AT_ONCE));
    for ((a, b), (a_before, b_before)) in pairs.zip(before) {
        let mut new = [false; AT_ONCE];
        for (i, new) in new[..a.len()].iter_mut().enumerate() {
            let differs = (a[i] != a_before[i]) | (b[i] != b_before[i]);
            *new = (a[i] != 0) & (b[i] != 0) & differs;
        }
        if new != [false; AT_ONCE] {
            let new = new.iter().zip(a.iter().zip(b)).filter(|(new, _)| **new);
            new.for_each(|(_, (a, b))| found(*a, *b));
        }
    }
}
