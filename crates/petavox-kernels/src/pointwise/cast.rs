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
        return Ok(());
    }
    if output.dtype() == Dtype::Bool {
        dispatch!(input.dtype(), T => {
            for (to, from) in output.typed_mut::<u8>()?.iter_mut().zip(input.typed::<T>()?) {
                *to = u8::from(*from != 0 as T);
            }
        });
        return Ok(());
    }
    dispatch!(input.dtype(), T => dispatch!(output.dtype(), U => {
        for (to, from) in output.typed_mut::<U>()?.iter_mut().zip(input.typed::<T>()?) {
            *to = CastTo::<U>::cast_to(*from);
        }
    }));
    Ok(())
}
