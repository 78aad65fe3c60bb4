//! The one table of sample types: the enum, the trait and the dispatcher come from it.

use crate::{Error, Result};

/// A type that samples can have in memory. `bool` images are stored as `u8` of 0 and 1.
pub trait Element: bytemuck::Pod + PartialOrd + Send + Sync + std::fmt::Debug + 'static {
    /// The dtype this type stands for.
    const DTYPE: Dtype;
    /// The value as a double; 64-bit integers beyond 2^53 are rounded.
    fn to_f64(self) -> f64;
    /// The nearest representable value towards zero: truncated, saturated at the ends, NaN becomes 0 for integers.
    fn from_f64(value: f64) -> Self;
}

macro_rules! dtypes {
    ($($variant:ident $ty:ident $name:literal;)*) => {
        /// The type of a sample, under numpy's names.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs)]
        pub enum Dtype { Bool, $($variant,)* }

        impl Dtype {
            /// Every dtype, in the table's order.
            pub const ALL: &'static [Dtype] = &[Dtype::Bool, $(Dtype::$variant,)*];

            /// numpy's name, such as `uint16`.
            pub const fn name(self) -> &'static str {
                match self { Dtype::Bool => "bool", $(Dtype::$variant => $name,)* }
            }

            /// Bytes of one sample.
            pub const fn size(self) -> usize {
                match self { Dtype::Bool => 1, $(Dtype::$variant => size_of::<$ty>(),)* }
            }
        }

        $(impl Element for $ty {
            const DTYPE: Dtype = Dtype::$variant;
            #[inline(always)]
            fn to_f64(self) -> f64 { self as f64 }
            #[inline(always)]
            fn from_f64(value: f64) -> Self { value as $ty }
        })*

        /// Runs the body with `$T` bound to the Rust type that stores samples of a [`Dtype`] (`u8` for `bool`).
        ///
        /// ```
        /// use petavox_core::{dispatch, Dtype};
        /// let bytes = dispatch!(Dtype::UInt16, T => size_of::<T>());
        /// assert_eq!(bytes, 2);
        /// ```
        #[macro_export]
        macro_rules! dispatch {
            ($dtype:expr, $T:ident => $body:expr) => {
                match $dtype {
                    $crate::Dtype::Bool => { type $T = u8; $body }
                    $($crate::Dtype::$variant => { type $T = $ty; $body })*
                }
            };
        }
    };
}

dtypes! {
    UInt8 u8 "uint8";
    Int8 i8 "int8";
    UInt16 u16 "uint16";
    Int16 i16 "int16";
    UInt32 u32 "uint32";
    Int32 i32 "int32";
    UInt64 u64 "uint64";
    Int64 i64 "int64";
    Float32 f32 "float32";
    Float64 f64 "float64";
}

impl Dtype {
    /// True for `float32` and `float64`.
    pub const fn is_float(self) -> bool {
        matches!(self, Dtype::Float32 | Dtype::Float64)
    }

    /// True for signed and unsigned integers, not for `bool`.
    pub const fn is_integer(self) -> bool {
        !self.is_float() && !matches!(self, Dtype::Bool)
    }

    /// True for signed integers and floats.
    pub const fn is_signed(self) -> bool {
        matches!(self, Dtype::Int8 | Dtype::Int16 | Dtype::Int32 | Dtype::Int64) || self.is_float()
    }

    /// The dtype that stores samples: `uint8` for `bool`, else itself.
    pub const fn storage(self) -> Dtype {
        match self {
            Dtype::Bool => Dtype::UInt8,
            other => other,
        }
    }

    /// Parses numpy's name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists the names.
    pub fn parse(name: &str) -> Result<Dtype> {
        Dtype::ALL.iter().copied().find(|d| d.name() == name).ok_or_else(|| {
            let names: Vec<_> = Dtype::ALL.iter().map(|d| d.name()).collect();
            Error::argument("dtype", name, format!("one of {}", names.join(", ")))
        })
    }
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Dtype {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Dtype {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        let name = String::deserialize(d)?;
        Dtype::parse(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_sizes_agree_with_dispatch() {
        for &d in Dtype::ALL {
            assert_eq!(Dtype::parse(d.name()).unwrap(), d);
            assert_eq!(dispatch!(d, T => size_of::<T>()), d.size());
            assert_eq!(dispatch!(d, T => T::DTYPE), d.storage());
        }
        assert!(Dtype::parse("float16").is_err());
    }
}
