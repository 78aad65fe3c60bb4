//! Samples as unsigned integers in the samples' own order, so that one kernel per width compares all dtypes.

use petavox_core::Element;

/// A sample that has a place among all of its type.
pub trait Ordered: Element {
    /// An unsigned integer of the sample's size.
    type Place: Copy + Ord + Into<u64>;
    /// Places compare as the samples do; -0 lies below 0, and what is not a number has one place above all others.
    fn place(self) -> Self::Place;
    /// As [`Ordered::place`], with what is not a number below all others.
    fn place_nan_first(self) -> Self::Place;
    /// The sample of a place; of places that no sample has, one that is not a number.
    fn at(place: Self::Place) -> Self;
    /// The sample of a place as 64 bits.
    fn from_place(place: u64) -> Self;
    /// -0 as 0.
    fn plain(self) -> Self;
    /// The sample as an integer, cut towards zero.
    fn whole(self) -> i64;

    /// [`Ordered::place`] as 64 bits.
    #[inline(always)]
    fn wide_place(self) -> u64 {
        self.place().into()
    }

    /// An integer below `2^(8 * size)`: keys compare as the samples do. 0 and -0 have one key; what is not a number is above all others.
    #[inline(always)]
    fn key(self) -> u64 {
        self.plain().wide_place()
    }

    /// The sample of a key.
    #[inline(always)]
    fn from_key(key: u64) -> Self {
        Self::from_place(key)
    }
}

macro_rules! integers {
    ($($ty:ident $un:ident $sign:expr;)*) => { $(impl Ordered for $ty {
        type Place = $un;
        #[inline(always)]
        fn place(self) -> $un { self as $un ^ $sign }
        #[inline(always)]
        fn place_nan_first(self) -> $un { self.place() }
        #[inline(always)]
        fn at(place: $un) -> $ty { (place ^ $sign) as $ty }
        #[inline(always)]
        fn from_place(place: u64) -> $ty { <$ty>::at(place as $un) }
        #[inline(always)]
        fn plain(self) -> $ty { self }
        #[inline(always)]
        fn whole(self) -> i64 { self as i64 }
    })* };
}

macro_rules! floats {
    ($($ty:ident $un:ident $int:ident;)*) => { $(impl Ordered for $ty {
        type Place = $un;
        #[inline(always)]
        fn place(self) -> $un {
            const SIGN: $un = 1 << ($un::BITS - 1);
            let bits = self.to_bits();
            // Negative numbers run backwards: all their bits turn.
            let place = bits ^ (((bits as $int) >> ($un::BITS - 1)) as $un | SIGN);
            if self.is_nan() { $ty::NAN.to_bits() | SIGN } else { place }
        }
        #[inline(always)]
        fn place_nan_first(self) -> $un { if self.is_nan() { 0 } else { self.place() } }
        #[inline(always)]
        fn at(place: $un) -> $ty {
            const SIGN: $un = 1 << ($un::BITS - 1);
            let value = $ty::from_bits(place ^ (((!place as $int) >> ($un::BITS - 1)) as $un | SIGN));
            if value.is_nan() { $ty::NAN } else { value }
        }
        #[inline(always)]
        fn from_place(place: u64) -> $ty { <$ty>::at(place as $un) }
        #[inline(always)]
        fn plain(self) -> $ty { self + 0.0 }
        #[inline(always)]
        fn whole(self) -> i64 { self as i64 }
    })* };
}

integers! {
    u8 u8 0; u16 u16 0; u32 u32 0; u64 u64 0;
    i8 u8 1 << 7; i16 u16 1 << 15; i32 u32 1 << 31; i64 u64 1 << 63;
}

floats! {
    f32 u32 i32;
    f64 u64 i64;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Ordered>(rising: &[T]) {
        let place = |x: &T| -> u64 { x.place().into() };
        assert!(rising.is_sorted_by(|a, b| place(a) < place(b)), "{rising:?}");
        for x in rising {
            assert!(x.place() == x.place_nan_first(), "{x:?}");
            let back = T::from_place(place(x));
            assert_eq!(format!("{back:?}"), format!("{x:?}"));
            assert!(T::from_key(x.key()) == *x && x.key() < 1 << (8 * size_of::<T>() - 1) << 1);
        }
    }

    #[test]
    fn places_rise_with_samples_and_give_them_back() {
        check(&[0u8, 1, 255]);
        check(&[0u32, 1, u32::MAX]);
        check(&[i8::MIN, -1, 0, 127]);
        check(&[i16::MIN, -5, -1, 0, 1, i16::MAX]);
        check(&[f32::NEG_INFINITY, -1.5, -0.0, 0.0, 1e-40, f32::INFINITY]);
    }

    #[test]
    fn places_of_eight_bytes_too() {
        let floats = [f64::NEG_INFINITY, -1e300, -5e-324, -0.0, 0.0, 7.0, f64::INFINITY];
        assert!(floats.is_sorted_by(|a, b| a.place() < b.place()));
        assert!(floats.iter().all(|x| f64::at(x.place()).to_bits() == x.to_bits()));
        let ints = [i64::MIN, -1, 0, i64::MAX];
        assert!(ints.is_sorted_by(|a, b| a.place() < b.place()));
        assert!(ints.iter().all(|x| i64::at(x.place()) == *x));
    }

    #[test]
    fn both_zeros_have_one_key_and_what_is_no_number_lies_at_an_end() {
        assert_eq!((-0.0f32).key(), 0f32.key());
        for nan in [f32::NAN, -f32::NAN] {
            assert!(nan.place() > f32::INFINITY.place() && nan.key() == f32::NAN.key());
            assert!(nan.place_nan_first() < f32::NEG_INFINITY.place_nan_first());
            assert!(f32::at(nan.place()).is_nan() && f32::at(nan.place_nan_first()).is_nan());
        }
    }
}
