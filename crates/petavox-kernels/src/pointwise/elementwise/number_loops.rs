//! The loops of integers and `bool`, of comparisons, and of choices.

use super::function::Function;
use super::loops::{Raw, each};
use super::maths::{Whole, power};
use crate::sample::{Sample, dispatch_integers};
use Function as F;
use petavox_core::{Dtype, Element};

/// Runs the body with `$T` bound to an unsigned type of the dtype's size: for what is the same bits with a sign and without.
macro_rules! by_size {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype.size() {
            1 => {
                type $T = u8;
                $body
            }
            2 => {
                type $T = u16;
                $body
            }
            4 => {
                type $T = u32;
                $body
            }
            _ => {
                type $T = u64;
                $body
            }
        }
    };
}

/// Masks: samples are 0 or 1.
pub(super) fn truth(f: Function) -> Option<Raw> {
    Some(match f {
        F::Add | F::Maximum | F::Fmax | F::BitwiseOr | F::LogicalOr => {
            each!(|x, y: u8| -> u8 x | y)
        }
        F::Multiply | F::Minimum | F::Fmin | F::BitwiseAnd | F::LogicalAnd => {
            each!(|x, y: u8| -> u8 x & y)
        }
        F::BitwiseXor | F::LogicalXor => each!(|x, y: u8| -> u8 x ^ y),
        F::Invert | F::LogicalNot => each!(|x: u8| -> u8 x ^ 1),
        F::Absolute | F::Floor | F::Ceil | F::Trunc => each!(|x: u8| -> u8 x),
        F::Clip => each!(|x: u8, low: u8, high: u8| -> u8 (x | low) & high),
        _ => return None,
    })
}

/// Integers.
pub(super) fn integer(f: Function, dtype: Dtype) -> Option<Raw> {
    Some(match f {
        F::Positive | F::Floor | F::Ceil | F::Trunc => by_size!(dtype, T => each!(|x: T| -> T x)),
        F::Negative => by_size!(dtype, T => each!(|x: T| -> T x.wrapping_neg())),
        F::Square => by_size!(dtype, T => each!(|x: T| -> T x.wrapping_mul(x))),
        F::Invert => by_size!(dtype, T => each!(|x: T| -> T !x)),
        F::Absolute if !dtype.is_signed() => by_size!(dtype, T => each!(|x: T| -> T x)),
        F::Absolute => match dtype {
            Dtype::Int8 => each!(|x: i8| -> i8 x.wrapping_abs()),
            Dtype::Int16 => each!(|x: i16| -> i16 x.wrapping_abs()),
            Dtype::Int32 => each!(|x: i32| -> i32 x.wrapping_abs()),
            _ => each!(|x: i64| -> i64 x.wrapping_abs()),
        },
        F::Add => by_size!(dtype, T => each!(|x, y: T| -> T x.wrapping_add(y))),
        F::Subtract => by_size!(dtype, T => each!(|x, y: T| -> T x.wrapping_sub(y))),
        F::Multiply => by_size!(dtype, T => each!(|x, y: T| -> T x.wrapping_mul(y))),
        F::BitwiseAnd => by_size!(dtype, T => each!(|x, y: T| -> T x & y)),
        F::BitwiseOr => by_size!(dtype, T => each!(|x, y: T| -> T x | y)),
        F::BitwiseXor => by_size!(dtype, T => each!(|x, y: T| -> T x ^ y)),
        F::LeftShift => by_size!(dtype, T => each!(|x, y: T| -> T x.shift_left(y))),
        F::Power => {
            by_size!(dtype, T => each!(|x, y: T| -> T power(x as u64, y as u64) as T))
        }
        _ => return dispatch_integers!(dtype, T => signed::<T>(f), else None),
    })
}

/// Integers, where the sign matters.
fn signed<T: Integral>(f: Function) -> Option<Raw> {
    T::raw(f)
}

/// Integer types and their loops.
trait Integral {
    fn raw(f: Function) -> Option<Raw>;
}

macro_rules! integral {
    ($($T:ident)*) => { $(impl Integral for $T {
        fn raw(f: Function) -> Option<Raw> {
            Some(match f {
                F::FloorDivide => each!(|x, y: $T| -> $T x.floor_divide(y)),
                F::Remainder => each!(|x, y: $T| -> $T x.remainder(y)),
                F::Fmod => each!(|x, y: $T| -> $T x.fmod(y)),
                F::RightShift => each!(|x, y: $T| -> $T x.shift_right(y)),
                F::Maximum | F::Fmax => each!(|x, y: $T| -> $T if x >= y { x } else { y }),
                F::Minimum | F::Fmin => each!(|x, y: $T| -> $T if x <= y { x } else { y }),
                F::Sign => each!(|x: $T| -> $T x.sign()),
                F::Reciprocal => each!(|x: $T| -> $T <$T as Sample>::cut_from(1.0 / x.to_f64())),
                F::Clip => each!(|x: $T, low: $T, high: $T| -> $T {
                    let x = if x >= low { x } else { low };
                    if x <= high { x } else { high }
                }),
                _ => return None,
            })
        }
    })* };
}

integral! { u8 i8 u16 i16 u32 i32 u64 i64 }

/// Comparisons of two of one dtype, or of `int64` with `uint64`.
pub(super) fn compare(f: Function, first: Dtype, second: Dtype) -> Option<Raw> {
    if first != second {
        return match (first, second) {
            (Dtype::Int64, Dtype::UInt64) => mixed(f),
            _ => None,
        };
    }
    macro_rules! each_of {
        ($T:ty) => {
            Some(match f {
                F::Equal => each!(|x, y: $T| -> u8 u8::from(x == y)),
                F::NotEqual => each!(|x, y: $T| -> u8 u8::from(x != y)),
                F::Less => each!(|x, y: $T| -> u8 u8::from(x < y)),
                F::LessEqual => each!(|x, y: $T| -> u8 u8::from(x <= y)),
                _ => return None,
            })
        };
    }
    dispatch_integers!(first, T => each_of!(T), else match first {
        Dtype::Float32 => each_of!(f32),
        _ => each_of!(f64),
    })
}

fn mixed(f: Function) -> Option<Raw> {
    #[inline(always)]
    fn order(x: i64, y: u64) -> std::cmp::Ordering {
        i128::from(x).cmp(&i128::from(y))
    }
    Some(match f {
        F::Equal => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_eq())),
        F::NotEqual => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_ne())),
        F::Less => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_lt())),
        F::LessEqual => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_le())),
        F::Greater => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_gt())),
        F::GreaterEqual => each!(|x: i64, y: u64| -> u8 u8::from(order(x, y).is_ge())),
        _ => return None,
    })
}

/// What is asked of a sample of any dtype.
pub(super) fn ask(f: Function, dtype: Dtype) -> Option<Raw> {
    macro_rules! each_of {
        ($T:ty) => {
            match f {
                F::Isnan => each!(|x: $T| -> u8 u8::from(x.is_nan())),
                F::Isinf => each!(|x: $T| -> u8 u8::from(x.is_infinite())),
                F::Isfinite => each!(|x: $T| -> u8 u8::from(x.is_finite())),
                _ => each!(|x: $T| -> u8 u8::from(x.is_sign_negative())),
            }
        };
    }
    Some(match (dtype, f) {
        (Dtype::Float32, _) => each_of!(f32),
        (Dtype::Float64, _) => each_of!(f64),
        (Dtype::Int8, F::Signbit) => each!(|x: i8| -> u8 u8::from(x < 0)),
        (Dtype::Int16, F::Signbit) => each!(|x: i16| -> u8 u8::from(x < 0)),
        (Dtype::Int32, F::Signbit) => each!(|x: i32| -> u8 u8::from(x < 0)),
        (Dtype::Int64, F::Signbit) => each!(|x: i64| -> u8 u8::from(x < 0)),
        (_, F::Isfinite) => {
            fn plain(_: &[&[u8]], out: &mut [u8]) {
                out.fill(1);
            }
            plain
        }
        _ => {
            fn plain(_: &[&[u8]], out: &mut [u8]) {
                out.fill(0);
            }
            plain
        }
    })
}

/// The second where the first is true, else the third.
pub(super) fn choose(dtype: Dtype) -> Option<Raw> {
    Some(by_size!(dtype, T => each!(|x: u8, y: T, z: T| -> T if x != 0 { y } else { z })))
}
