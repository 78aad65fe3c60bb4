//! Samples as integers in the samples' own order, so that one kernel per width compares all dtypes.

/// A sample that has a key.
pub trait Ordered: Copy {
    /// An integer below `2^(8 * size)`: keys compare as the samples do. 0 and -0 have one key; what is not a number is above all others.
    fn key(self) -> u64;
    /// The sample of a key.
    fn from_key(key: u64) -> Self;
    /// The sample as an integer, cut towards zero.
    fn whole(self) -> i64;
}

macro_rules! unsigned {
    ($($ty:ident)*) => { $(impl Ordered for $ty {
        #[inline(always)]
        fn key(self) -> u64 { u64::from(self) }
        #[inline(always)]
        fn from_key(key: u64) -> Self { key as $ty }
        #[inline(always)]
        fn whole(self) -> i64 { self as i64 }
    })* };
}

macro_rules! signed {
    ($($ty:ident $un:ident)*) => { $(impl Ordered for $ty {
        #[inline(always)]
        fn key(self) -> u64 { u64::from(self as $un ^ (1 << ($un::BITS - 1))) }
        #[inline(always)]
        fn from_key(key: u64) -> Self { (key as $un ^ (1 << ($un::BITS - 1))) as $ty }
        #[inline(always)]
        fn whole(self) -> i64 { self as i64 }
    })* };
}

macro_rules! floats {
    ($($ty:ident $un:ident)*) => { $(impl Ordered for $ty {
        #[inline(always)]
        fn key(self) -> u64 {
            let sign = 1 << ($un::BITS - 1);
            // -0 becomes 0; every NaN becomes one with the sign of a positive number.
            let bits = if self.is_nan() { $ty::NAN.to_bits() & !sign } else { (self + 0.0).to_bits() };
            u64::from(if bits & sign != 0 { !bits } else { bits | sign })
        }
        #[inline(always)]
        fn from_key(key: u64) -> Self {
            let (key, sign) = (key as $un, 1 << ($un::BITS - 1));
            $ty::from_bits(if key & sign != 0 { key & !sign } else { !key })
        }
        #[inline(always)]
        fn whole(self) -> i64 { self as i64 }
    })* };
}

unsigned!(u8 u16 u32 u64);
signed!(i8 u8 i16 u16 i32 u32 i64 u64);
floats!(f32 u32 f64 u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_samples_order_and_lead_back() {
        let floats = [f64::NEG_INFINITY, -1e300, -1.0, -1e-320, 0.0, 1e-320, 1.0, f64::INFINITY];
        assert!(floats.windows(2).all(|w| w[0].key() < w[1].key()));
        assert!(floats.iter().all(|v| f64::from_key(v.key()) == *v));
        assert_eq!((-0.0f32).key(), 0f32.key());
        assert!(f32::NAN.key() > f32::INFINITY.key() && (-f32::NAN).key() == f32::NAN.key());
        let ints = [i16::MIN, -5, -1, 0, 1, i16::MAX];
        assert!(ints.windows(2).all(|w| w[0].key() < w[1].key()));
        assert!(ints.iter().all(|v| i16::from_key(v.key()) == *v && v.key() < 1 << 16));
    }
}
