//! One function for every instruction set: the body is compiled for each, and the processor's best is taken at run time.
//!
//! Vectors are left to the compiler: a body is made of plain loops of a fixed length. Products and sums are fused only where
//! a body says so for an exact result: every instruction set gives the same bits.

/// Defines a function whose body is compiled for AVX-512, for AVX2 and for any processor. What it calls has to be `#[inline(always)]`, and no
/// large closure: else it is compiled for any processor only.
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
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments)]
                fn avx2 $(<$T: $bound>)? ($($arg: $ty),*) {
                    any $(::<$T>)? ($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx512f")
                    && std::arch::is_x86_feature_detected!("avx512bw")
                    && std::arch::is_x86_feature_detected!("avx512dq")
                    && std::arch::is_x86_feature_detected!("avx512vl")
                {
                    // SAFETY: the processor has the four parts of AVX-512 that it is compiled for.
                    return unsafe { avx512 $(::<$T>)? ($($arg),*) };
                }
                if std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("fma")
                {
                    // SAFETY: the processor has AVX2 and FMA.
                    return unsafe { avx2 $(::<$T>)? ($($arg),*) };
                }
            }
            any $(::<$T>)? ($($arg),*);
        }
    };
}
pub(crate) use widest;

/// The same for bodies that count and find bits.
macro_rules! counting {
    ($(#[$doc:meta])* $name:ident $([$T:ident: $bound:path])? ($($arg:ident: $ty:ty),* $(,)?) = $body:path) => {
        $(#[$doc])*
        pub(crate) fn $name $(<$T: $bound>)? ($($arg: $ty),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
                fn with_counts $(<$T: $bound>)? ($($arg: $ty),*) {
                    $body($($arg),*);
                }
                if std::arch::is_x86_feature_detected!("avx2")
                    && std::arch::is_x86_feature_detected!("bmi1")
                    && std::arch::is_x86_feature_detected!("bmi2")
                    && std::arch::is_x86_feature_detected!("lzcnt")
                    && std::arch::is_x86_feature_detected!("popcnt")
                {
                    // SAFETY: the processor has all that it is compiled for.
                    return unsafe { with_counts($($arg),*) };
                }
            }
            $body($($arg),*);
        }
    };
}
pub(crate) use counting;
