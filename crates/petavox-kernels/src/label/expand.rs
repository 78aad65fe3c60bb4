//! Labels that grow into the background around them.

use crate::distance::features::{Line, NOWHERE};
use petavox_core::{Block, Error, Region, Result, dispatch, strides};

/// Samples of the input that are needed on each side: those within `distance`, and one more, so that which of two equally near labels is
/// taken does not depend on where the block ends.
pub fn expand_reach(distance: f64, spacing: &[f64], shape: &[usize]) -> Vec<usize> {
    let reach = |(s, n): (&f64, &usize)| ((distance / s).ceil() + 1.0).min(*n as f64) as usize;
    spacing.iter().zip(shape).map(reach).collect()
}

/// Bytes of scratch that [`expand_labels`] needs for an input of this shape.
pub fn expand_labels_scratch_bytes(shape: &[usize]) -> usize {
    16 * shape.iter().product::<usize>()
}

/// Bytes that lines take while they are worked on.
pub fn expand_labels_line_bytes(shape: &[usize]) -> usize {
    64 * shape.iter().copied().max().unwrap_or(0)
}

/// Every sample that is 0 takes the label of the nearest sample that is not, if that is at most `distance` away. Of several that are equally
/// near, the one that `distance_transform_edt` finds.
///
/// `input` covers `output`'s region and what [`expand_reach`] says around it, as far as the image goes.
///
/// # Errors
/// [`Error::Internal`] if the blocks or the scratch do not fit together.
pub fn expand_labels(
    input: &Block,
    output: &mut Block,
    distance: f64,
    spacing: &[f64],
    scratch: &mut [u8],
) -> Result<()> {
    let place = "expand_labels";
    let (from, to) = (input.region().clone(), output.region().clone());
    if !from.contains(&to) || input.dtype() != output.dtype() || spacing.len() != from.ndim() {
        return Err(Error::internal(place, "the blocks do not fit together"));
    }
    let n = from.len();
    let Some(words) = scratch.get_mut(..16 * n).map(bytemuck::try_cast_slice_mut::<u8, u64>) else {
        return Err(Error::internal(place, "scratch too small"));
    };
    let Ok(words) = words else { return Err(Error::internal(place, "scratch not aligned")) };
    let (squares, features) = words.split_at_mut(n);
    let squares: &mut [f64] = bytemuck::cast_slice_mut(squares);
    dispatch!(input.dtype(), T => {
        let labels = input.typed::<T>()?;
        let none = T::default();
        for (i, label) in labels.iter().enumerate() {
            (squares[i], features[i]) =
                if *label == none { (f64::INFINITY, NOWHERE) } else { (0.0, i as u64) };
        }
        nearest(&from, squares, features, spacing);
        let samples = output.typed_mut::<T>()?;
        let width = to.row_len();
        let mut at = 0;
        to.for_each_row(|point| {
            let there = from.offset_of(point);
            let near = squares[there..there + width].iter().zip(&features[there..there + width]);
            for (out, (square, feature)) in samples[at..at + width].iter_mut().zip(near) {
                let label = labels.get(*feature as usize).copied();
                *out = label.filter(|_| square.sqrt() <= distance).unwrap_or(none);
            }
            at += width;
        });
    });
    Ok(())
}

/// The passes along all axes.
fn nearest(region: &Region, squares: &mut [f64], features: &mut [u64], spacing: &[f64]) {
    let shape = region.shape();
    let steps = strides(shape);
    let longest = shape.iter().copied().max().unwrap_or(0);
    let (mut line, mut v, mut f) = (Line::default(), vec![0.0; longest], vec![0; longest]);
    for (axis, &len) in shape.iter().enumerate() {
        let step = steps[axis];
        for outer in (0..squares.len()).step_by((step * len).max(1)) {
            for first in outer..outer + step {
                let mut any = false;
                for i in 0..len {
                    (v[i], f[i]) = (squares[first + i * step], features[first + i * step]);
                    any |= f[i] != NOWHERE;
                }
                if !any {
                    continue;
                }
                line.pass(&mut v[..len], &mut f[..len], spacing[axis]);
                for i in 0..len {
                    (squares[first + i * step], features[first + i * step]) = (v[i], f[i]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(shape: [usize; 2], labels: Vec<u16>, distance: f64, spacing: [f64; 2]) -> Vec<u16> {
        let input = Block::from_vec(Region::whole(&shape), labels).unwrap();
        let mut output = Block::zeros(Region::whole(&shape), input.dtype()).unwrap();
        let mut scratch = vec![0u64; expand_labels_scratch_bytes(&shape) / 8];
        let scratch = bytemuck::cast_slice_mut(&mut scratch);
        expand_labels(&input, &mut output, distance, &spacing, scratch).unwrap();
        output.typed::<u16>().unwrap().to_vec()
    }

    #[test]
    fn labels_grow_as_far_as_asked_and_stop_where_others_are_nearer() {
        let labels = vec![0, 1, 0, 0, 2, 0, 0, 0, 0, 3, 0, 0];
        assert_eq!(
            grown([3, 4], labels.clone(), 1.0, [1.0; 2]),
            [2, 1, 1, 0, 2, 2, 0, 0, 2, 3, 3, 0]
        );
        assert_eq!(grown([3, 4], labels, 1.0, [1.0, 0.5]), [1, 1, 1, 1, 2, 2, 2, 0, 3, 3, 3, 3]);
    }
}
