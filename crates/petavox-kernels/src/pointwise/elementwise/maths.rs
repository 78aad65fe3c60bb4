//! The arithmetic of one sample, where it is more than an instruction. Rules of signs, zeros and NaN are numpy's.

/// What floats can do, so that each rule is written once.
pub(super) trait Real: Copy + PartialOrd {
    fn floor_divide(self, by: Self) -> Self;
    fn remainder(self, by: Self) -> Self;
    fn logaddexp(self, other: Self) -> Self;
    fn sign(self) -> Self;
}

macro_rules! reals {
    ($($ty:ident)*) => { $(impl Real for $ty {

        /// Python's `//`: the quotient rounded down, from the exact remainder.
        fn floor_divide(self, by: Self) -> Self {
            if by == 0.0 {
                return self / by;
            }
            let rest = self % by;
            let mut quotient = (self - rest) / by;
            if rest != 0.0 && (by < 0.0) != (rest < 0.0) {
                quotient -= 1.0;
            }
            if quotient == 0.0 {
                return (0.0 as $ty).copysign(self / by);
            }
            let down = quotient.floor();
            if quotient - down > 0.5 { down + 1.0 } else { down }
        }

        /// Python's `%`: the remainder with the sign of the divisor.
        fn remainder(self, by: Self) -> Self {
            let rest = self % by;
            if by == 0.0 {
                rest
            } else if rest == 0.0 {
                (0.0 as $ty).copysign(by)
            } else if (by < 0.0) != (rest < 0.0) {
                rest + by
            } else {
                rest
            }
        }

        fn logaddexp(self, other: Self) -> Self {
            if self == other {
                // Infinities of one sign too, whose difference is not a number.
                return self + std::f64::consts::LN_2 as $ty;
            }
            let difference = self - other;
            if difference > 0.0 {
                self + (-difference).exp().ln_1p()
            } else if difference <= 0.0 {
                other + difference.exp().ln_1p()
            } else {
                difference
            }
        }

        fn sign(self) -> Self {
            if self > 0.0 {
                1.0
            } else if self < 0.0 {
                -1.0
            } else if self == 0.0 {
                0.0
            } else {
                self
            }
        }
    })* };
}

reals! { f32 f64 }

/// Rules of integers.
pub(super) trait Whole: Copy {
    fn floor_divide(self, by: Self) -> Self;
    fn remainder(self, by: Self) -> Self;
    fn fmod(self, by: Self) -> Self;
    fn shift_left(self, by: Self) -> Self;
    fn shift_right(self, by: Self) -> Self;
    fn sign(self) -> Self;
}

macro_rules! wholes {
    ($($ty:ident $name:ident;)*) => { $(impl Whole for $ty {
        #[inline(always)]
        fn floor_divide(self, by: Self) -> Self {
            if by == 0 {
                return 0;
            }
            let quotient = self.wrapping_div(by);
            wholes!(@$name self.wrapping_rem(by) != 0 && (self < 0) != (by < 0), quotient.wrapping_sub(1), quotient)
        }

        #[inline(always)]
        fn remainder(self, by: Self) -> Self {
            if by == 0 {
                return 0;
            }
            let rest = self.wrapping_rem(by);
            wholes!(@$name rest != 0 && (rest < 0) != (by < 0), rest.wrapping_add(by), rest)
        }

        #[inline(always)]
        fn fmod(self, by: Self) -> Self {
            if by == 0 { 0 } else { self.wrapping_rem(by) }
        }

        #[inline(always)]
        fn shift_left(self, by: Self) -> Self {
            // A negative count is a large one.
            if (by as u64) < u64::from(Self::BITS) { self << by } else { 0 }
        }

        #[inline(always)]
        fn shift_right(self, by: Self) -> Self {
            if (by as u64) < u64::from(Self::BITS) {
                self >> by
            } else {
                wholes!(@$name self < 0, wholes!(@minus $name), 0)
            }
        }

        #[inline(always)]
        fn sign(self) -> Self {
            wholes!(@$name self < 0, wholes!(@minus $name), Self::from(self > 0))
        }
    })* };
    (@signed $if:expr, $then:expr, $else:expr) => { if $if { $then } else { $else } };
    (@unsigned $if:expr, $then:expr, $else:expr) => { $else };
    (@minus signed) => { -1 };
    (@minus unsigned) => { 0 };
}

wholes! {
    u8 unsigned; i8 signed; u16 unsigned; i16 signed; u32 unsigned; i32 signed; u64 unsigned; i64 signed;
}

/// Wrapping power by squaring; the same bits for signed and unsigned.
pub(super) fn power(base: u64, exponent: u64) -> u64 {
    let (mut square, mut rest, mut product) = (base, exponent, 1u64);
    while rest != 0 {
        if rest & 1 == 1 {
            product = product.wrapping_mul(square);
        }
        square = square.wrapping_mul(square);
        rest >>= 1;
    }
    product
}
