//! Samples as unsigned integers of the same order, so that whatever compares samples is compiled for four types instead of ten.
//!
//! NaN is above every number, whichever way the keys run, and every zero of a float keeps its sign: `-0.0` lies below `0.0`.

use super::lanes::lanes;
use crate::pointwise::order::Ordered;
use petavox_core::Dtype;

/// Rows of samples from bytes to keys, and back.
pub(crate) type Load<K> = fn(&[u8], &mut [K]);
pub(crate) type Store<K> = fn(&[K], &mut [u8]);

/// An unsigned integer that stands for a sample of its size.
pub(crate) trait Key: bytemuck::Pod + Ord + Send + Sync + 'static {
    /// All bits set.
    const TOP: Self;
    /// The key as an index.
    fn index(self) -> usize;
    /// From samples of `dtype`, which has the key's size; `flipped` keys run downwards.
    fn loader(dtype: Dtype, flipped: bool) -> Load<Self>;
    /// The way back.
    fn storer(dtype: Dtype, flipped: bool) -> Store<Self>;
}

/// Runs the body with `$K` bound to the key of a dtype.
macro_rules! by_key {
    ($dtype:expr, $K:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $K = u8;
                $body
            }
            2 => {
                type $K = u16;
                $body
            }
            4 => {
                type $K = u32;
                $body
            }
            _ => {
                type $K = u64;
                $body
            }
        }
    };
}
pub(crate) use by_key;

lanes! {
    /// Integers: `MASK` with all bits set turns the order round, with the top bit alone it makes signed ones unsigned.
    fn load_bits<K: Bits, const SIGNED: bool, const FLIPPED: bool>(from: &[u8], to: &mut [K]) {
        let mask = K::mask(SIGNED, FLIPPED);
        for (t, s) in to.iter_mut().zip(bytemuck::cast_slice::<u8, K>(from)) {
            *t = s.xor(mask);
        }
    }
}

lanes! {
    fn store_bits<K: Bits, const SIGNED: bool, const FLIPPED: bool>(from: &[K], to: &mut [u8]) {
        let mask = K::mask(SIGNED, FLIPPED);
        for (t, s) in bytemuck::cast_slice_mut::<u8, K>(to).iter_mut().zip(from) {
            *t = s.xor(mask);
        }
    }
}

lanes! {
    fn load_floats<K: FloatBits, const FLIPPED: bool>(from: &[u8], to: &mut [K]) {
        for (t, s) in to.iter_mut().zip(bytemuck::cast_slice::<u8, K>(from)) {
            *t = s.float_to_key(FLIPPED);
        }
    }
}

lanes! {
    fn store_floats<K: FloatBits, const FLIPPED: bool>(from: &[K], to: &mut [u8]) {
        for (t, s) in bytemuck::cast_slice_mut::<u8, K>(to).iter_mut().zip(from) {
            *t = s.key_to_float(FLIPPED);
        }
    }
}

pub(crate) trait Bits: bytemuck::Pod {
    fn mask(signed: bool, flipped: bool) -> Self;
    fn xor(self, mask: Self) -> Self;
}

pub(crate) trait FloatBits: bytemuck::Pod {
    fn float_to_key(self, flipped: bool) -> Self;
    fn key_to_float(self, flipped: bool) -> Self;
}

fn bits_loader<K: Bits>(signed: bool, flipped: bool) -> Load<K> {
    match (signed, flipped) {
        (false, false) => load_bits::<K, false, false>,
        (false, true) => load_bits::<K, false, true>,
        (true, false) => load_bits::<K, true, false>,
        (true, true) => load_bits::<K, true, true>,
    }
}

fn bits_storer<K: Bits>(signed: bool, flipped: bool) -> Store<K> {
    match (signed, flipped) {
        (false, false) => store_bits::<K, false, false>,
        (false, true) => store_bits::<K, false, true>,
        (true, false) => store_bits::<K, true, false>,
        (true, true) => store_bits::<K, true, true>,
    }
}

fn float_loader<K: FloatBits>(flipped: bool) -> Load<K> {
    if flipped { load_floats::<K, true> } else { load_floats::<K, false> }
}

fn float_storer<K: FloatBits>(flipped: bool) -> Store<K> {
    if flipped { store_floats::<K, true> } else { store_floats::<K, false> }
}

macro_rules! keys {
    ($($K:ident: $signed:ident $($float:ident)?;)*) => {
        $(
        impl Bits for $K {
            #[inline(always)]
            fn mask(signed: bool, flipped: bool) -> $K {
                let sign = if signed { 1 << ($K::BITS - 1) } else { 0 };
                if flipped { !sign } else { sign }
            }
            #[inline(always)]
            fn xor(self, mask: $K) -> $K {
                self ^ mask
            }
        }

        impl Key for $K {
            const TOP: $K = $K::MAX;
            #[inline(always)]
            fn index(self) -> usize {
                self as usize
            }
            fn loader(dtype: Dtype, flipped: bool) -> Load<$K> {
                match dtype {
                    $(Dtype::$float => float_loader::<$K>(flipped),)?
                    Dtype::$signed => bits_loader::<$K>(true, flipped),
                    _ => bits_loader::<$K>(false, flipped),
                }
            }
            fn storer(dtype: Dtype, flipped: bool) -> Store<$K> {
                match dtype {
                    $(Dtype::$float => float_storer::<$K>(flipped),)?
                    Dtype::$signed => bits_storer::<$K>(true, flipped),
                    _ => bits_storer::<$K>(false, flipped),
                }
            }
        }
        )*
    };
}

keys! {
    u8: Int8;
    u16: Int16;
    u32: Int32 Float32;
    u64: Int64 Float64;
}

macro_rules! float_bits {
    ($($K:ident $float:ident;)*) => {
        $(impl FloatBits for $K {
            #[inline(always)]
            fn float_to_key(self, flipped: bool) -> $K {
                let sample = $float::from_bits(self);
                let place = sample.place();
                if flipped & !sample.is_nan() { !place } else { place }
            }
            #[inline(always)]
            fn key_to_float(self, flipped: bool) -> $K {
                let is_nan = self == $float::NAN.place();
                $float::at(if flipped & !is_nan { !self } else { self }).to_bits()
            }
        })*
    };
}

float_bits! {
    u32 f32;
    u64 f64;
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::{Element, dispatch};

    fn keys_of<K: Key, T: Element>(values: &[T], flipped: bool) -> Vec<K> {
        let mut keys = vec![K::TOP; values.len()];
        K::loader(T::DTYPE, flipped)(bytemuck::cast_slice(values), &mut keys);
        let mut back = vec![T::from_f64(1.0); values.len()];
        K::storer(T::DTYPE, flipped)(&keys, bytemuck::cast_slice_mut(&mut back));
        let same =
            |a: &T, b: &T| a.to_f64().to_bits() == b.to_f64().to_bits() || a.to_f64().is_nan();
        assert!(values.iter().zip(&back).all(|(a, b)| same(a, b)), "{values:?} {back:?}");
        keys
    }

    #[test]
    fn keys_have_the_order_of_samples_and_lead_back() {
        for &dtype in Dtype::ALL {
            dispatch!(dtype, T => by_key!(dtype, K => {
                let ends = [-1e30, -300.0, -1.5, -1.0, 0.0, 0.25, 1.0, 120.0, 255.0, 4e9, 1e30];
                let mut values: Vec<T> = ends.iter().map(|&v| T::from_f64(v)).collect();
                values.dedup();
                let up = keys_of::<K, T>(&values, false);
                assert!(up.windows(2).all(|w| w[0] < w[1]), "{dtype}: {up:?}");
                let down = keys_of::<K, T>(&values, true);
                assert!(down.windows(2).all(|w| w[0] > w[1]), "{dtype}: {down:?}");
            }));
        }
    }

    #[test]
    fn nan_is_above_all_both_ways() {
        for flipped in [false, true] {
            let keys =
                keys_of::<u32, f32>(&[f32::NAN, f32::INFINITY, -f32::INFINITY, -f32::NAN], flipped);
            assert!(keys[0] == keys[3] && keys[0] > keys[1] && keys[0] > keys[2]);
            let keys =
                keys_of::<u64, f64>(&[f64::NAN, f64::INFINITY, -f64::INFINITY, -f64::NAN], flipped);
            assert!(keys[0] == keys[3] && keys[0] > keys[1] && keys[0] > keys[2]);
        }
    }
}
