//! Linear rescaling.

use super::same_region;
use crate::sample::Sample;
use petavox_core::{Block, Dtype, Element, Error, Result, dispatch};

/// `x * scale + offset`: in `float32` from `float32` to `float32`, as numpy does with Python numbers, else in double, cut to the output's
/// dtype. Takes every dtype; the output may have any but `bool`.
///
/// # Errors
/// [`Error::UnsupportedDtype`] for an output of `bool`; [`Error::Internal`] if the regions differ.
pub fn scale_offset(input: &Block, scale: f64, offset: f64, output: &mut Block) -> Result<()> {
    same_region("scale_offset", input, output)?;
    let given = output.dtype();
    if given == Dtype::Bool {
        return Err(Error::dtype("scale_offset (output)", given, "integers and floats"));
    }
    if (input.dtype(), output.dtype()) == (Dtype::Float32, Dtype::Float32) {
        let (scale, offset) = (scale as f32, offset as f32);
        for (to, x) in output.typed_mut::<f32>()?.iter_mut().zip(input.typed::<f32>()?) {
            *to = x * scale + offset;
        }
        return Ok(());
    }
    dispatch!(input.dtype(), T => dispatch!(output.dtype(), U => {
        for (to, x) in output.typed_mut::<U>()?.iter_mut().zip(input.typed::<T>()?) {
            *to = <U as Sample>::cut_from(x.to_f64() * scale + offset);
        }
    }));
    Ok(())
}
