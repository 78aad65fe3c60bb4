//! How doubles become samples, the way numpy and scipy do it in C on common machines.

use petavox_core::Element;

/// A sample type, with C's conversion from a double.
pub(crate) trait Sample: Element {
    /// Cut towards zero; what does not fit wraps or becomes the smallest integer, as in numpy's `astype` on x86-64
    /// (Rust's own `as` saturates instead).
    fn cut_from(value: f64) -> Self;
}

// Both choose first and convert then, so that rows of them are converted side by side; comparisons are written so that NaN fails them.

#[inline(always)]
fn to_i32(value: f64) -> i32 {
    let value = if value > -2147483649.0 && value < 2147483648.0 { value } else { -2147483648.0 };
    // SAFETY: cut towards zero it is an i32.
    unsafe { value.to_int_unchecked() }
}

#[inline(always)]
fn to_i64(value: f64) -> i64 {
    let fits = (-9223372036854775808.0..9223372036854775808.0).contains(&value);
    let value = if fits { value } else { -9223372036854775808.0 };
    // SAFETY: cut towards zero it is an i64.
    unsafe { value.to_int_unchecked() }
}

macro_rules! samples {
    ($($ty:ident: $value:ident => $cut:expr;)*) => {
        $(impl Sample for $ty {
            #[inline(always)]
            fn cut_from($value: f64) -> Self { $cut }
        })*
    };
}

samples! {
    u8: v => to_i32(v) as u8;
    i8: v => to_i32(v) as i8;
    u16: v => to_i32(v) as u16;
    i16: v => to_i32(v) as i16;
    u32: v => to_i64(v) as u32;
    i32: v => to_i32(v);
    u64: v => if v >= 9223372036854775808.0 {
        (to_i64(v - 9223372036854775808.0) as u64) ^ (1 << 63)
    } else {
        to_i64(v) as u64
    };
    i64: v => to_i64(v);
    f32: v => v as f32;
    f64: v => v;
}

/// An integer sample type.
pub(crate) trait Integer: Sample + Ord + TryFrom<i128> + Into<i128> {}
impl<T: Sample + Ord + TryFrom<i128> + Into<i128>> Integer for T {}

/// Runs the body with `$T` bound to the type of an integer (or `bool`) dtype, and `$other` for floats.
macro_rules! dispatch_integers {
    ($dtype:expr, $T:ident => $body:expr, else $other:expr) => {
        match $dtype {
            petavox_core::Dtype::Bool | petavox_core::Dtype::UInt8 => {
                type $T = u8;
                $body
            }
            petavox_core::Dtype::Int8 => {
                type $T = i8;
                $body
            }
            petavox_core::Dtype::UInt16 => {
                type $T = u16;
                $body
            }
            petavox_core::Dtype::Int16 => {
                type $T = i16;
                $body
            }
            petavox_core::Dtype::UInt32 => {
                type $T = u32;
                $body
            }
            petavox_core::Dtype::Int32 => {
                type $T = i32;
                $body
            }
            petavox_core::Dtype::UInt64 => {
                type $T = u64;
                $body
            }
            petavox_core::Dtype::Int64 => {
                type $T = i64;
                $body
            }
            petavox_core::Dtype::Float32 | petavox_core::Dtype::Float64 => $other,
        }
    };
}
pub(crate) use dispatch_integers;

/// Conversion of every sample type to every other as numpy's `astype` does it: integers wrap, floats are cut.
pub(crate) trait CastTo<U> {
    fn cast_to(self) -> U;
}

macro_rules! casts {
    ($($from:ident)*) => { $(casts!(@row $from);)* };
    (@row f32) => { casts!(@cut f32: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64); };
    (@row f64) => { casts!(@cut f64: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64); };
    (@row $from:ident) => {
        casts!(@wrap $from: u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);
    };
    (@cut $from:ident: $($to:ident)*) => {
        $(impl CastTo<$to> for $from {
            #[inline(always)]
            fn cast_to(self) -> $to { <$to as Sample>::cut_from(self as f64) }
        })*
    };
    (@wrap $from:ident: $($to:ident)*) => {
        $(impl CastTo<$to> for $from {
            #[inline(always)]
            fn cast_to(self) -> $to { self as $to }
        })*
    };
}

casts!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

/// The sum of a slice in numpy's order of additions (`numpy.sum` of a contiguous array), so that what is computed from it has
/// the same last bit; `round` is applied after every addition.
pub(crate) fn numpy_sum(values: &[f64], round: fn(f64) -> f64) -> f64 {
    let n = values.len();
    if n < 8 {
        return values.iter().fold(0.0, |s, v| round(s + v));
    }
    if n > 128 {
        let half = n / 2;
        let half = half - half % 8;
        return round(numpy_sum(&values[..half], round) + numpy_sum(&values[half..], round));
    }
    let mut lane = [0.0; 8];
    lane.copy_from_slice(&values[..8]);
    let whole = n - n % 8;
    for eight in values[8..whole].chunks_exact(8) {
        for k in 0..8 {
            lane[k] = round(lane[k] + eight[k]);
        }
    }
    let pair = |k: usize| round(lane[k] + lane[k + 1]);
    let sum = round(round(pair(0) + pair(2)) + round(pair(4) + pair(6)));
    values[whole..].iter().fold(sum, |s, v| round(s + v))
}
