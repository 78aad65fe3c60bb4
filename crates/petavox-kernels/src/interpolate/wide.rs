//! One loop compiled for several instruction sets, picked when it runs.

/// Defines a function whose body is compiled for AVX-512, for AVX2 and for any processor. Nothing is fused or reordered, so that all give
/// the same bits.
macro_rules! widest {
    ($(#[$meta:meta])* $vis:vis fn $name:ident $(<$T:ident: $bound:path>)? ($($arg:ident: $ty:ty),* $(,)?) $body:block) => {
        $(#[$meta])*
        #[allow(clippy::too_many_arguments)]
        $vis fn $name $(<$T: $bound>)? ($($arg: $ty),*) {
            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn any $(<$T: $bound>)? ($($arg: $ty),*) $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                #[allow(clippy::too_many_arguments)]
                fn avx512 $(<$T: $bound>)? ($($arg: $ty),*) {
                    any $(::<$T>)? ($($arg),*);
                }
                #[target_feature(enable = "avx2")]
                #[allow(clippy::too_many_arguments)]
                fn avx2 $(<$T: $bound>)? ($($arg: $ty),*) {
                    any $(::<$T>)? ($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has these instructions.
                    return unsafe { avx512 $(::<$T>)? ($($arg),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2") {
                    // SAFETY: the processor has AVX2.
                    return unsafe { avx2 $(::<$T>)? ($($arg),*) };
                }
            }
            any $(::<$T>)? ($($arg),*);
        }
    };
}
pub(crate) use widest;
