//! Loops compiled for several instruction sets, the best of which is taken when the program runs.

/// Samples that are handled at once: whole vectors of every instruction set and every key.
pub(crate) const LANES: usize = 64;

/// A function over slices that is compiled plainly, for AVX2 and for AVX-512; the processor decides which one runs.
macro_rules! lanes {
    ($(#[$doc:meta])* $vis:vis fn $name:ident<$K:ident: $bound:ident $(, const $N:ident: $of:ty)*>($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$doc])*
        $vis fn $name<$K: $bound $(, const $N: $of)*>($($arg: $ty),*) {
            #[inline(always)]
            fn plainly<$K: $bound $(, const $N: $of)*>($($arg: $ty),*) $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2")]
            fn with_avx2<$K: $bound $(, const $N: $of)*>($($arg: $ty),*) {
                plainly::<$K $(, $N)*>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
            fn with_avx512<$K: $bound $(, const $N: $of)*>($($arg: $ty),*) {
                plainly::<$K $(, $N)*>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            {
                if std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                {
                    // SAFETY: the processor has just been found to have these instructions.
                    return unsafe { with_avx512::<$K $(, $N)*>($($arg),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has just been found to have these instructions.
                    return unsafe { with_avx2::<$K $(, $N)*>($($arg),*) };
                }
            }
            plainly::<$K $(, $N)*>($($arg),*)
        }
    };
}
pub(crate) use lanes;
