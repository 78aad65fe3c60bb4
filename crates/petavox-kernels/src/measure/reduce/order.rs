//! Samples as integers that have the samples' order, so that extremes are found alike for every dtype.

use petavox_core::Element;

/// A sample with an order in which NaN is the extreme that is looked for, and -0 lies below 0.
pub(super) trait Ordered: Element {
    /// An integer of the sample's size.
    type Key: Copy + Ord;
    /// The sample's place.
    fn key(self, nan_is_largest: bool) -> Self::Key;
    /// The place among all 64-bit unsigned integers.
    fn widen(key: Self::Key) -> u64;
    /// Back from [`Ordered::widen`].
    fn narrow(wide: u64) -> Self;
    /// -0 as 0, for those who take them as equal.
    fn plain(self) -> Self;
}

const SIGN: u64 = 1 << 63;

macro_rules! ordered_integers {
    ($($ty:ident: $x:ident => $widen:expr, $w:ident => $narrow:expr;)*) => {
        $(impl Ordered for $ty {
            type Key = $ty;
            #[inline(always)]
            fn key(self, _nan_is_largest: bool) -> $ty { self }
            #[inline(always)]
            fn widen($x: $ty) -> u64 { $widen }
            #[inline(always)]
            fn narrow($w: u64) -> $ty { $narrow as $ty }
            #[inline(always)]
            fn plain(self) -> $ty { self }
        })*
    };
}

ordered_integers! {
    u8: x => x.into(), w => w;
    u16: x => x.into(), w => w;
    u32: x => x.into(), w => w;
    u64: x => x, w => w;
    i8: x => i64::from(x) as u64 ^ SIGN, w => (w ^ SIGN) as i64;
    i16: x => i64::from(x) as u64 ^ SIGN, w => (w ^ SIGN) as i64;
    i32: x => i64::from(x) as u64 ^ SIGN, w => (w ^ SIGN) as i64;
    i64: x => x as u64 ^ SIGN, w => (w ^ SIGN) as i64;
}

macro_rules! ordered_floats {
    ($($ty:ident $key:ident $bits:ident;)*) => {
        $(impl Ordered for $ty {
            type Key = $key;
            #[inline(always)]
            fn key(self, nan_is_largest: bool) -> $key {
                let bits = self.to_bits() as $key;
                // Negative numbers count down: all their bits but the sign are turned over.
                let key = bits ^ (((bits >> ($key::BITS - 1)) as $bits) >> 1) as $key;
                let nan = if nan_is_largest { $key::MAX } else { $key::MIN };
                if self.is_nan() { nan } else { key }
            }
            #[inline(always)]
            fn widen(key: $key) -> u64 { i64::from(key) as u64 ^ SIGN }
            #[inline(always)]
            fn narrow(wide: u64) -> $ty {
                let key = (wide ^ SIGN) as i64 as $key;
                let x = $ty::from_bits((key ^ (((key >> ($key::BITS - 1)) as $bits) >> 1) as $key) as $bits);
                if x.is_nan() { $ty::NAN } else { x }
            }
            #[inline(always)]
            fn plain(self) -> $ty { self + 0.0 }
        })*
    };
}

ordered_floats! {
    f32 i32 u32;
    f64 i64 u64;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Ordered>(rising: &[T]) {
        for nan_is_largest in [false, true] {
            let wide: Vec<u64> = rising.iter().map(|x| T::widen(x.key(nan_is_largest))).collect();
            assert!(wide.is_sorted_by(|a, b| a < b), "{rising:?}");
            for (x, w) in rising.iter().zip(&wide) {
                assert_eq!(format!("{:?}", T::narrow(*w)), format!("{x:?}"));
            }
        }
    }

    #[test]
    fn keys_rise_with_samples_and_give_them_back() {
        check(&[0u8, 1, 255]);
        check(&[0u64, 1, u64::MAX]);
        check(&[i8::MIN, -1, 0, 127]);
        check(&[i64::MIN, -1, 0, i64::MAX]);
        check(&[f32::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-40, f32::INFINITY]);
        check(&[f64::NEG_INFINITY, -1e300, -5e-324, -0.0, 0.0, 7.0, f64::INFINITY]);
        for nan in [f32::NAN, -f32::NAN] {
            assert_eq!((nan.key(true), nan.key(false)), (i32::MAX, i32::MIN));
            assert!(f32::narrow(f32::widen(nan.key(true))).is_nan());
            assert!(f32::narrow(f32::widen(nan.key(false))).is_nan());
        }
    }
}
