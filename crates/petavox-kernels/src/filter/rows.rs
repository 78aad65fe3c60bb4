//! Rows of samples as doubles, and back.

use crate::sample::Sample;
use petavox_core::{Dtype, Element, dispatch};

/// The samples of `bytes` as doubles; there are as many as `row` holds.
#[inline(always)]
pub(crate) fn load(dtype: Dtype, bytes: &[u8], row: &mut [f64]) {
    dispatch!(dtype, T => load_as::<T>(bytes, row));
}

#[inline(always)]
fn load_as<T: Element>(bytes: &[u8], row: &mut [f64]) {
    let samples: &[T] = bytemuck::cast_slice(bytes);
    for (d, s) in row.iter_mut().zip(samples) {
        *d = s.to_f64();
    }
}

/// Doubles as samples, the way C converts them; as many as `row` holds.
#[inline(always)]
pub(crate) fn store(dtype: Dtype, row: &[f64], bytes: &mut [u8]) {
    if dtype == Dtype::Bool {
        // C keeps the lowest byte, of which whatever is not 0 is true.
        for (d, s) in bytes.iter_mut().zip(row) {
            *d = u8::from(u8::cut_from(*s) != 0);
        }
        return;
    }
    dispatch!(dtype, T => store_as::<T>(row, bytes));
}

#[inline(always)]
fn store_as<T: Sample>(row: &[f64], bytes: &mut [u8]) {
    let samples: &mut [T] = bytemuck::cast_slice_mut(bytes);
    for (d, s) in samples.iter_mut().zip(row) {
        *d = T::cut_from(*s);
    }
}
