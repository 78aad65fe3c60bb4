//! How interpolated values become samples: integers are rounded half away from zero and held at the ends of their range.

use crate::wide::widest;
use petavox_core::{Block, Dtype, Element, Result};

/// A sample type as the result of interpolation.
trait Rounded: Element {
    fn rounded(value: f64) -> Self;
}

macro_rules! rounded {
    ($($ty:ident: $value:ident => $by:expr;)*) => {
        $(impl Rounded for $ty {
            #[inline(always)]
            fn rounded($value: f64) -> Self { $by }
        })*
    };
}

rounded! {
    u8: v => (v + 0.5) as u8;
    u16: v => (v + 0.5) as u16;
    u32: v => (v + 0.5) as u32;
    u64: v => (v + 0.5) as u64;
    i8: v => (v + 0.5f64.copysign(v)) as i8;
    i16: v => (v + 0.5f64.copysign(v)) as i16;
    i32: v => (v + 0.5f64.copysign(v)) as i32;
    i64: v => (v + 0.5f64.copysign(v)) as i64;
    f32: v => v as f32;
    f64: v => v;
}

widest! {
    fn round_row<T: Rounded>(row: &[f64], out: &mut [T]) {
        for (o, v) in out.iter_mut().zip(row) {
            *o = T::rounded(*v);
        }
    }
}

/// Writes a row of values to the samples of `out` from `at` on.
pub(crate) fn store(row: &[f64], out: &mut Block, at: usize) -> Result<()> {
    if out.dtype() == Dtype::Bool {
        // Cut towards zero, as scipy does.
        let to = &mut out.typed_mut::<u8>()?[at..at + row.len()];
        to.iter_mut().zip(row).for_each(|(o, v)| *o = u8::from(v.trunc() != 0.0));
        return Ok(());
    }
    petavox_core::dispatch!(out.dtype(), T => {
        round_row::<T>(row, &mut out.typed_mut::<T>()?[at..at + row.len()]);
    });
    Ok(())
}
