//! Parts and values as bytes, for computations that several machines share.

use super::{Part, Value, part};
use petavox_core::{Error, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A fold's part or value, or anything else that goes from one process of a run to another, as bytes. Both have the same version of
/// Petavox: the bytes are not for keeping.
///
/// # Errors
/// [`Error::Internal`] if the type cannot be written, which is a defect.
pub fn to_bytes<T: Serialize>(what: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(what).map_err(|e| Error::internal(std::any::type_name::<T>(), e))
}

/// What [`to_bytes`] wrote.
///
/// # Errors
/// [`Error::InvalidArgument`] if these are not the bytes of a `T`.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|e| {
        let expected = "what another process of the same version sent";
        Error::argument(std::any::type_name::<T>(), e, expected)
    })
}

/// The bytes of a part that is a `T`.
///
/// # Errors
/// [`Error::Internal`] if it is of another type.
pub fn part_to_bytes<T: Serialize + 'static>(merged: Part) -> Result<Vec<u8>> {
    to_bytes(&part::<T>(merged)?)
}

/// The part that [`part_to_bytes`] wrote.
///
/// # Errors
/// As [`from_bytes`].
pub fn part_from_bytes<T: DeserializeOwned + Send + 'static>(bytes: &[u8]) -> Result<Part> {
    Ok(Box::new(from_bytes::<T>(bytes)?))
}

/// The bytes of a value that holds a `T`.
///
/// # Errors
/// [`Error::Internal`] if it holds something else.
pub fn value_to_bytes<T: Serialize + Send + Sync + 'static>(value: &Value) -> Result<Vec<u8>> {
    // JSON goes as text: its form is its own description, which the binary one lacks.
    to_bytes(&(value.json().to_string(), value.get::<T>()?))
}

/// The value that [`value_to_bytes`] wrote.
///
/// # Errors
/// As [`from_bytes`].
pub fn value_from_bytes<T: DeserializeOwned + Send + Sync + 'static>(
    bytes: &[u8],
) -> Result<Value> {
    let (json, typed) = from_bytes::<(String, T)>(bytes)?;
    let json = serde_json::from_str(&json).map_err(|e| Error::internal("value", e))?;
    Ok(Value::new(typed, json))
}

/// Inside `impl FoldOp`: how the fold's parts and values go to other machines, by their serde forms. Names the type that
/// [`map`](crate::FoldOp::map) and [`merge`](crate::FoldOp::merge) make, and the one that [`finish`](crate::FoldOp::finish) puts
/// into the [`Value`].
///
/// ```ignore
/// impl FoldOp for Sum {
///     petavox_engine::travels!(part: i64, value: i64);
///     // ...
/// }
/// ```
#[macro_export]
macro_rules! travels {
    (part: $part:ty, value: $value:ty) => {
        fn part_to_bytes(
            &self,
            part: $crate::Part,
        ) -> ::std::result::Result<::std::vec::Vec<u8>, $crate::petavox_core::Error> {
            $crate::part_to_bytes::<$part>(part)
        }

        fn part_from_bytes(
            &self,
            bytes: &[u8],
        ) -> ::std::result::Result<$crate::Part, $crate::petavox_core::Error> {
            $crate::part_from_bytes::<$part>(bytes)
        }

        fn value_to_bytes(
            &self,
            value: &$crate::Value,
        ) -> ::std::result::Result<::std::vec::Vec<u8>, $crate::petavox_core::Error> {
            $crate::value_to_bytes::<$value>(value)
        }

        fn value_from_bytes(
            &self,
            bytes: &[u8],
        ) -> ::std::result::Result<$crate::Value, $crate::petavox_core::Error> {
            $crate::value_from_bytes::<$value>(bytes)
        }
    };
}
