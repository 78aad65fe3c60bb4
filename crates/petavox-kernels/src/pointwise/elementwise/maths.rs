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

/// Rules of integers. Anything divided by 0 is 0.
pub(super) trait Whole: Copy {
    fn floor_divide(self, by: Self) -> Self;
    fn remainder(self, by: Self) -> Self;
    fn fmod(self, by: Self) -> Self;
    fn shift_left(self, by: Self) -> Self;
    fn shift_right(self, by: Self) -> Self;
    fn sign(self) -> Self;
}

macro_rules! wholes {
    ($($ty:ident $name:ident $via:ident $between:ident;)*) => { $(impl Whole for $ty {
        #[inline(always)]
        fn floor_divide(self, by: Self) -> Self {
            let quotient = wholes!(@divide $via $between $name floor self by $ty);
            if by == 0 { 0 } else { quotient }
        }

        #[inline(always)]
        fn remainder(self, by: Self) -> Self {
            let quotient = Whole::floor_divide(self, by);
            if by == 0 { 0 } else { self.wrapping_sub(quotient.wrapping_mul(by)) }
        }

        #[inline(always)]
        fn fmod(self, by: Self) -> Self {
            let quotient = wholes!(@divide $via $between $name trunc self by $ty);
            if by == 0 { 0 } else { self.wrapping_sub(quotient.wrapping_mul(by)) }
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
    (@divide none none $name:ident floor $x:ident $by:ident $ty:ident) => {{
        let safe = if $by == 0 { 1 } else { $by };
        let down = $x.wrapping_div(safe);
        wholes!(@$name $x.wrapping_rem(safe) != 0 && ($x < 0) != (safe < 0), down.wrapping_sub(1), down)
    }};
    (@divide none none $name:ident trunc $x:ident $by:ident $ty:ident) => {
        $x.wrapping_div(if $by == 0 { 1 } else { $by })
    };
    // Processors divide many floats at once, but integers one by one. A float with digits enough for the product of the operands'
    // quotient and divisor is never rounded to or past a whole number that the quotient does not reach.
    (@divide $via:ident $between:ident $name:ident $round:ident $x:ident $by:ident $ty:ident) => {{
        // The smallest integer by -1 is the one quotient that does not fit; it wraps, as its negative does.
        let turns = wholes!(@$name $by.wrapping_add(1) == 0, true, false);
        let safe = if $by == 0 || turns { 1 } else { $by };
        let quotient = ($x as $via / safe as $via).$round();
        // SAFETY: neither NaN nor infinite, as the divisor is not 0, and no larger than the dividend.
        let quotient = unsafe { quotient.to_int_unchecked::<$between>() };
        if turns { $x.wrapping_neg() } else { quotient as $ty }
    }};
    (@signed $if:expr, $then:expr, $else:expr) => { if $if { $then } else { $else } };
    (@unsigned $if:expr, $then:expr, $else:expr) => { $else };
    (@minus signed) => { -1 };
    (@minus unsigned) => { 0 };
}

wholes! {
    u8 unsigned f32 i32;
    i8 signed f32 i32;
    u16 unsigned f32 i32;
    i16 signed f32 i32;
    u32 unsigned f64 u32;
    i32 signed f64 i32;
    u64 unsigned none none;
    i64 signed none none;
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
