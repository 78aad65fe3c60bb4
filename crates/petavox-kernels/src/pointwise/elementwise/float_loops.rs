//! The loops of floats.

use super::function::Function;
use super::loops::{Raw, each};
use super::maths::Real;
use Function as F;
use petavox_core::Dtype;

/// A loop whose time goes into a function of the C library, or into divisions: compiled once.
macro_rules! slow {
    (|$x:ident: $T:ty| $body:expr) => {{
        fn plain(from: &[&[u8]], out: &mut [u8]) {
            let a = bytemuck::cast_slice::<u8, $T>(from[0]);
            for (to, &$x) in bytemuck::cast_slice_mut::<u8, $T>(out).iter_mut().zip(a) {
                *to = $body;
            }
        }
        plain as Raw
    }};
    (|$x:ident, $y:ident: $T:ty| $body:expr) => {{
        fn plain(from: &[&[u8]], out: &mut [u8]) {
            let a = bytemuck::cast_slice::<u8, $T>(from[0]);
            let b = bytemuck::cast_slice::<u8, $T>(from[1]);
            for ((to, &$x), &$y) in bytemuck::cast_slice_mut::<u8, $T>(out).iter_mut().zip(a).zip(b)
            {
                *to = $body;
            }
        }
        plain as Raw
    }};
}

macro_rules! floats {
    ($T:ident, $f:expr, $acosh:path, $asinh:path, $atanh:path) => {
        Some(match $f {
            F::Absolute | F::Fabs => each!(|x: $T| -> $T x.abs()),
            F::Add => each!(|x, y: $T| -> $T x + y),
            F::Subtract => each!(|x, y: $T| -> $T x - y),
            F::Multiply => each!(|x, y: $T| -> $T x * y),
            F::Divide => each!(|x, y: $T| -> $T x / y),
            F::Copysign => each!(|x, y: $T| -> $T x.copysign(y)),
            F::Maximum => each!(|x, y: $T| -> $T if x >= y || x.is_nan() { x } else { y }),
            F::Minimum => each!(|x, y: $T| -> $T if x <= y || x.is_nan() { x } else { y }),
            F::Fmax => each!(|x, y: $T| -> $T if x >= y || y.is_nan() { x } else { y }),
            F::Fmin => each!(|x, y: $T| -> $T if x <= y || y.is_nan() { x } else { y }),
            F::Clip => each!(|x: $T, low: $T, high: $T| -> $T {
                let x = if x >= low || x.is_nan() { x } else { low };
                if x <= high || x.is_nan() { x } else { high }
            }),
            F::Negative => each!(|x: $T| -> $T -x),
            F::Positive => each!(|x: $T| -> $T x),
            F::Sign => each!(|x: $T| -> $T x.sign()),
            F::Square => each!(|x: $T| -> $T x * x),
            F::Sqrt => each!(|x: $T| -> $T x.sqrt()),
            F::Reciprocal => each!(|x: $T| -> $T 1.0 / x),
            F::Floor => each!(|x: $T| -> $T x.floor()),
            F::Ceil => each!(|x: $T| -> $T x.ceil()),
            F::Trunc => each!(|x: $T| -> $T x.trunc()),
            F::Rint => each!(|x: $T| -> $T x.round_ties_even()),
            F::Degrees => each!(|x: $T| -> $T x * (180.0 / std::$T::consts::PI)),
            F::Radians => each!(|x: $T| -> $T x * (std::$T::consts::PI / 180.0)),
            F::FloorDivide => slow!(|x, y: $T| Real::floor_divide(x, y)),
            F::Remainder => slow!(|x, y: $T| Real::remainder(x, y)),
            F::Fmod => slow!(|x, y: $T| x % y),
            F::Power => slow!(|x, y: $T| if y == 2.0 { x * x } else { x.powf(y) }),
            F::Arctan2 => slow!(|x, y: $T| x.atan2(y)),
            F::Hypot => slow!(|x, y: $T| x.hypot(y)),
            F::Logaddexp => slow!(|x, y: $T| Real::logaddexp(x, y)),
            F::Cbrt => slow!(|x: $T| x.cbrt()),
            F::Exp => slow!(|x: $T| x.exp()),
            F::Exp2 => slow!(|x: $T| x.exp2()),
            F::Expm1 => slow!(|x: $T| x.exp_m1()),
            F::Log => slow!(|x: $T| x.ln()),
            F::Log2 => slow!(|x: $T| x.log2()),
            F::Log10 => slow!(|x: $T| x.log10()),
            F::Log1p => slow!(|x: $T| x.ln_1p()),
            F::Sin => slow!(|x: $T| x.sin()),
            F::Cos => slow!(|x: $T| x.cos()),
            F::Tan => slow!(|x: $T| x.tan()),
            F::Arcsin => slow!(|x: $T| x.asin()),
            F::Arccos => slow!(|x: $T| x.acos()),
            F::Arctan => slow!(|x: $T| x.atan()),
            F::Sinh => slow!(|x: $T| x.sinh()),
            F::Cosh => slow!(|x: $T| x.cosh()),
            F::Tanh => slow!(|x: $T| x.tanh()),
            // The standard library's own formulas lose digits.
            F::Arcsinh => slow!(|x: $T| $asinh(x)),
            F::Arccosh => slow!(|x: $T| if x < 1.0 { $T::NAN } else { $acosh(x) }),
            F::Arctanh => slow!(|x: $T| $atanh(x)),
            _ => return None,
        })
    };
}

/// `float32` and `float64`.
pub(super) fn float(f: Function, dtype: Dtype) -> Option<Raw> {
    match dtype {
        Dtype::Float32 => floats!(f32, f, libm::acoshf, libm::asinhf, libm::atanhf),
        Dtype::Float64 => floats!(f64, f, libm::acosh, libm::asinh, libm::atanh),
        _ => None,
    }
}
