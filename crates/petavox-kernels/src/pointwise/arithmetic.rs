//! Clipping and linear rescaling.

use super::{Scalar, same_region};
use crate::sample::{Sample, dispatch_integers};
use petavox_core::{Block, Dtype, Element, Error, Result, dispatch};

/// Limits every sample to `low ..= high`; NaN stays. Input and output have the same dtype, any but `bool`; a limit that is no integer
/// is moved to the next integer inside for integer images, one beyond the dtype's range does not limit.
///
/// # Errors
/// [`Error::InvalidArgument`] if `low > high` or one is NaN; [`Error::UnsupportedDtype`] for `bool`; [`Error::Internal`] if the blocks
/// do not fit together.
pub fn clip(input: &Block, low: Scalar, high: Scalar, output: &mut Block) -> Result<()> {
    same_region("clip", input, output)?;
    if input.dtype() == Dtype::Bool {
        return Err(Error::dtype("clip", input.dtype(), "integers and floats"));
    }
    if input.dtype() != output.dtype() {
        return Err(Error::internal("clip", "two dtypes"));
    }
    let (lo, hi) = (low.to_f64(), high.to_f64());
    if lo.is_nan() || hi.is_nan() || lo > hi {
        return Err(Error::argument("low, high", format!("{lo}, {hi}"), "low at most high"));
    }
    dispatch_integers!(input.dtype(), T => {
        // Limits beyond the range of the dtype become its ends; casts of floats saturate.
        let end = |i: i128| T::try_from(i).unwrap_or(if i < 0 { T::MIN } else { T::MAX });
        let whole = |s: Scalar, rounded: f64| match s {
            Scalar::Int(i) => end(i),
            Scalar::Float(_) => end(rounded as i128),
        };
        limit::<T>(input.typed()?, whole(low, lo.ceil()), whole(high, hi.floor()), output.typed_mut()?);
    }, else dispatch!(input.dtype(), T => {
        limit::<T>(input.typed()?, T::from_f64(lo), T::from_f64(hi), output.typed_mut()?);
    }));
    Ok(())
}

fn limit<T: Element>(input: &[T], low: T, high: T, out: &mut [T]) {
    for (to, &x) in out.iter_mut().zip(input) {
        let x = if x < low { low } else { x };
        *to = if x > high { high } else { x };
    }
}

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
