//! Sums of doubles without any rounding.

use serde::{Deserialize, Serialize};

/// Bits per limb; the rest of a limb's 64 bits take up carries.
const LIMB_BITS: usize = 32;
/// Additions before carries must be moved on.
const MOST_ADDS: u32 = 1 << 29;

/// The exact sum of any number of doubles, rounded once when it is read: the same in every order and for every cut.
///
/// A fixed-point number over the whole range of doubles, of which only the limbs in use are kept (a few for most images).
/// After U. Kulisch's long accumulator.
///
/// ```
/// use petavox_kernels::measure::ExactSum;
/// let mut sum = ExactSum::default();
/// [1e300, 1.0, -1e300].iter().for_each(|x| sum.add(*x));
/// assert_eq!(sum.value(), 1.0);
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ExactSum {
    /// `limbs[i]` counts units of `2^(32 (first + i) - 1074)`.
    limbs: Vec<i64>,
    first: usize,
    adds: u32,
    infinities: [u64; 2],
    nans: u64,
}

impl ExactSum {
    /// Adds a double. Infinities and NaN have their usual effect on the sum.
    #[inline]
    pub fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as usize;
        let fraction = bits & ((1 << 52) - 1);
        if exponent == 0x7ff {
            if fraction != 0 {
                self.nans += 1;
            } else {
                self.infinities[usize::from(x < 0.0)] += 1;
            }
            return;
        }
        let mantissa = if exponent == 0 { fraction } else { fraction | 1 << 52 };
        let signed = if x < 0.0 { -(mantissa as i64) } else { mantissa as i64 };
        self.add_scaled(signed.into(), exponent.max(1) - 1);
    }

    /// Adds `integer * 2^(power - 1074)`; `integer` is below 2^94.
    pub(crate) fn add_scaled(&mut self, integer: i128, power: usize) {
        if integer == 0 {
            return;
        }
        let (limb, shift) = (power / LIMB_BITS, power % LIMB_BITS);
        self.reserve(limb, limb + 4);
        let wide = integer.unsigned_abs() << shift;
        let sign = if integer < 0 { -1 } else { 1 };
        let at = limb - self.first;
        for k in 0..4 {
            self.limbs[at + k] += sign * (wide >> (LIMB_BITS * k) & 0xffff_ffff) as i64;
        }
        self.adds += 1;
        if self.adds >= MOST_ADDS {
            self.carry();
        }
    }

    /// Adds what another sum holds.
    pub fn merge(&mut self, other: &ExactSum) {
        let mut other = other.clone();
        other.carry();
        self.carry();
        if !other.limbs.is_empty() {
            self.reserve(other.first, other.first + other.limbs.len());
            let at = other.first - self.first;
            self.limbs[at..].iter_mut().zip(&other.limbs).for_each(|(a, b)| *a += b);
        }
        self.adds += 1;
        self.nans += other.nans;
        (0..2).for_each(|k| self.infinities[k] += other.infinities[k]);
    }

    /// The sum, rounded to the nearest double.
    pub fn value(&self) -> f64 {
        if self.nans > 0 || (self.infinities[0] > 0 && self.infinities[1] > 0) {
            return f64::NAN;
        }
        if self.infinities[0] > 0 {
            return f64::INFINITY;
        }
        if self.infinities[1] > 0 {
            return f64::NEG_INFINITY;
        }
        let mut sum = self.clone();
        sum.carry();
        let negative = sum.limbs.last().is_some_and(|l| *l < 0);
        if negative {
            sum.limbs.iter_mut().for_each(|l| *l = -*l);
            sum.carry();
        }
        let rounded = sum.round();
        if negative { -rounded } else { rounded }
    }

    /// The sum as a double and what is left over, rounded to a double.
    pub fn value_and_rest(&self) -> (f64, f64) {
        let value = self.value();
        if !value.is_finite() {
            return (value, 0.0);
        }
        let mut rest = self.clone();
        rest.add(-value);
        (value, rest.value())
    }

    fn reserve(&mut self, from: usize, to: usize) {
        if self.limbs.is_empty() {
            self.first = from;
        }
        if from < self.first {
            let more = self.first - from;
            self.limbs.splice(0..0, std::iter::repeat_n(0, more));
            self.first = from;
        }
        if self.limbs.len() < to - self.first {
            self.limbs.resize(to - self.first, 0);
        }
    }

    /// Moves carries up: all limbs but the last are then in `0 .. 2^32`, the last has the sign.
    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs {
            let sum = *limb + carry;
            *limb = sum & 0xffff_ffff;
            carry = sum >> LIMB_BITS;
        }
        if carry != 0 {
            self.limbs.push(carry);
        }
        // -1 above a limb is that limb's own sign.
        while let [.., below, top] = self.limbs[..] {
            if top == -1 && below >= 1 << 31 {
                self.limbs.pop();
                if let Some(last) = self.limbs.last_mut() {
                    *last -= 1 << LIMB_BITS;
                }
            } else if top == 0 {
                self.limbs.pop();
            } else {
                break;
            }
        }
        self.adds = 0;
    }

    /// The nearest double of a carried sum that is not negative, ties to even.
    fn round(&self) -> f64 {
        let Some(top) = self.limbs.iter().rposition(|l| *l != 0) else { return 0.0 };
        let high_bit =
            LIMB_BITS * (self.first + top) + 63 - self.limbs[top].leading_zeros() as usize;
        let bit = |p: usize| -> u64 {
            let limb = p / LIMB_BITS;
            if limb < self.first {
                0
            } else {
                (self.limbs[limb - self.first] >> (p % LIMB_BITS) & 1) as u64
            }
        };
        let low = high_bit.saturating_sub(52);
        let mut mantissa = (low..=high_bit).rev().fold(0u64, |m, p| m << 1 | bit(p));
        if low > 0 && bit(low - 1) == 1 {
            let sticky = (LIMB_BITS * self.first..low - 1).any(|p| bit(p) == 1);
            mantissa += u64::from(sticky || mantissa & 1 == 1);
        }
        // With the hidden bit in the mantissa, adding counts one into the exponent, as does a carry out of it.
        let bits = ((low as u64) << 52) + mantissa;
        if bits >= 0x7ff << 52 { f64::INFINITY } else { f64::from_bits(bits) }
    }
}
