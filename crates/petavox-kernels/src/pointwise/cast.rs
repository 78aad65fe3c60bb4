//! From one dtype to another.

use super::same_region;
use crate::sample::CastTo;
use petavox_core::{Block, Dtype, Result, dispatch};

/// Writes the samples of `input` as `output`'s dtype, with the results of numpy's `astype` on x86-64: integers wrap, floats are cut
/// towards zero, and `bool` is true for all but 0. NaN and floats that do not fit an integer dtype, where numpy itself varies
/// between machines, wrap or give the smallest integer. Takes every dtype.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// let input = Block::from_vec(Region::new([0], [3]), vec![-1.7f32, 0.2, 300.0])?;
/// let mut output = Block::zeros(Region::new([0], [3]), Dtype::UInt8)?;
/// petavox_kernels::pointwise::cast(&input, &mut output)?;
/// assert_eq!(output.typed::<u8>()?, [255, 0, 44]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`petavox_core::Error::Internal`] if the regions differ.
pub fn cast(input: &Block, output: &mut Block) -> Result<()> {
    same_region("cast", input, output)?;
    if input.dtype().storage() == output.dtype() {
        output.bytes_mut().copy_from_slice(input.bytes());
    } else {
        cast_slice(input.dtype(), input.bytes(), output.dtype(), output.bytes_mut());
    }
    Ok(())
}

/// [`cast`] of samples that lie one after another; slices are aligned for their dtypes.
pub(super) fn cast_slice(from: Dtype, input: &[u8], to: Dtype, output: &mut [u8]) {
    if to == Dtype::Bool {
        dispatch!(from, T => {
            for (to, from) in output.iter_mut().zip(bytemuck::cast_slice::<u8, T>(input)) {
                *to = u8::from(*from != 0 as T);
            }
        });
        return;
    }
    dispatch!(from, T => dispatch!(to, U => {
        let input = bytemuck::cast_slice::<u8, T>(input);
        for (to, from) in bytemuck::cast_slice_mut::<u8, U>(output).iter_mut().zip(input) {
            *to = CastTo::<U>::cast_to(*from);
        }
    }));
}
