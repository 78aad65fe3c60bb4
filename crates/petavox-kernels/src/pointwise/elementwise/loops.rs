//! Loops over slices of one dtype, erased of it, and the table that finds them.

use super::function::Function;
use super::{float_loops, number_loops};
use Function as F;
use petavox_core::Dtype;

/// A loop: slices of the same number of samples in, one out.
#[derive(Clone, Copy)]
pub(super) struct Body(pub(super) Raw);

/// Slices of the operands, and of the output.
///
/// It may be compiled for instructions that not every processor has, and is called only where they are.
pub(super) type Raw = unsafe fn(&[&[u8]], &mut [u8]);

impl Body {
    pub(super) fn run(self, operands: &[&[u8]], out: &mut [u8]) {
        // SAFETY: `body!` gives loops only with the instructions that this processor has.
        unsafe { (self.0)(operands, out) }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Body")
    }
}

/// Wide vectors that the loops are compiled for a second time.
pub(super) fn has_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}

/// The loop of an expression of one, two or three samples.
macro_rules! each {
    (|$x:ident: $T:ty| -> $O:ident $body:expr) => {{
        #[inline(always)]
        fn plain(from: &[&[u8]], out: &mut [u8]) {
            let a = bytemuck::cast_slice::<u8, $T>(from[0]);
            for (to, &$x) in bytemuck::cast_slice_mut::<u8, $O>(out).iter_mut().zip(a) {
                *to = $body;
            }
        }
        each!(@pick plain)
    }};
    (|$x:ident, $y:ident: $T:ty| -> $O:ident $body:expr) => { each!(|$x: $T, $y: $T| -> $O $body) };
    (|$x:ident: $T:ty, $y:ident: $U:ty| -> $O:ident $body:expr) => {{
        #[inline(always)]
        fn plain(from: &[&[u8]], out: &mut [u8]) {
            let a = bytemuck::cast_slice::<u8, $T>(from[0]);
            let b = bytemuck::cast_slice::<u8, $U>(from[1]);
            for ((to, &$x), &$y) in bytemuck::cast_slice_mut::<u8, $O>(out).iter_mut().zip(a).zip(b) {
                *to = $body;
            }
        }
        each!(@pick plain)
    }};
    (|$x:ident: $T:ty, $y:ident: $U:ty, $z:ident: $V:ty| -> $O:ident $body:expr) => {{
        #[inline(always)]
        fn plain(from: &[&[u8]], out: &mut [u8]) {
            let a = bytemuck::cast_slice::<u8, $T>(from[0]);
            let b = bytemuck::cast_slice::<u8, $U>(from[1]);
            let c = bytemuck::cast_slice::<u8, $V>(from[2]);
            let out = bytemuck::cast_slice_mut::<u8, $O>(out);
            for (((to, &$x), &$y), &$z) in out.iter_mut().zip(a).zip(b).zip(c) {
                *to = $body;
            }
        }
        each!(@pick plain)
    }};
    (@pick $plain:ident) => {{
        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2")]
        fn wide(from: &[&[u8]], out: &mut [u8]) {
            $plain(from, out);
        }
        #[cfg(not(target_arch = "x86_64"))]
        use $plain as wide;
        if $crate::pointwise::elementwise::loops::has_wide() { wide as Raw } else { $plain as Raw }
    }};
}
pub(super) use each;

/// The loop of a function whose first two operands have been cast to these dtypes; `None` if it has none.
pub(super) fn body(f: Function, first: Dtype, second: Dtype) -> Option<Body> {
    let raw = match f {
        F::Where => number_loops::choose(second),
        _ if f.is_comparison() => number_loops::compare(f, first, second),
        F::Isnan | F::Isinf | F::Isfinite | F::Signbit => number_loops::ask(f, first),
        _ if first == Dtype::Bool => number_loops::truth(f),
        _ if first.is_float() => float_loops::float(f, first),
        _ => number_loops::integer(f, first),
    };
    raw.map(Body)
}
