//! Numbers beside images: Python's, which take the image's dtype, and numpy's, which have their own.

use super::rows::cast_samples;
use petavox_core::{Dtype, Element, Error, Result, dispatch};

/// A Python number, as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `True` or `False`; has the dtype `bool` wherever it stands.
    Bool(bool),
    /// An integer.
    Int(i128),
    /// An integer beyond 127 bits, rounded to a double.
    Huge(f64),
    /// A float.
    Float(f64),
}

/// One sample of a dtype.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    dtype: Dtype,
    word: u64,
}

impl Constant {
    /// A sample of this dtype.
    pub fn of<T: Element>(dtype: Dtype, value: T) -> Constant {
        let mut word = 0;
        bytemuck::bytes_of_mut(&mut word)[..size_of::<T>()]
            .copy_from_slice(bytemuck::bytes_of(&value));
        Constant { dtype, word }
    }

    /// Its dtype.
    pub fn dtype(&self) -> Dtype {
        self.dtype
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::bytes_of(&self.word)[..self.dtype.size()]
    }

    /// The same number in another dtype, by numpy's `astype`.
    pub fn cast(&self, dtype: Dtype) -> Constant {
        let mut to = Constant { dtype, word: 0 };
        cast_samples(
            self.dtype,
            self.bytes(),
            dtype,
            &mut bytemuck::bytes_of_mut(&mut to.word)[..dtype.size()],
        );
        to
    }

    /// The number, exactly.
    pub fn number(&self) -> Number {
        match self.dtype {
            Dtype::Bool => Number::Bool(self.word != 0),
            Dtype::Float32 => Number::Float(f64::from(f32::from_bits(self.word as u32))),
            Dtype::Float64 => Number::Float(f64::from_bits(self.word)),
            Dtype::UInt64 => Number::Int(i128::from(self.word)),
            _ => Number::Int(i128::from(bytemuck::cast::<u64, i64>(self.cast(Dtype::Int64).word))),
        }
    }
}

/// The least and the largest sample of an integer dtype.
fn ends(dtype: Dtype) -> (i128, i128) {
    let bits = 8 * dtype.size() as u32;
    if dtype == Dtype::Bool {
        (0, 1)
    } else if dtype.is_signed() {
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)
    } else {
        (0, (1 << bits) - 1)
    }
}

impl Number {
    /// The number as a double.
    pub fn to_f64(self) -> f64 {
        match self {
            Number::Bool(b) => f64::from(u8::from(b)),
            Number::Int(i) => i as f64,
            Number::Huge(f) | Number::Float(f) => f,
        }
    }

    /// Where an integer stands that the dtype, an integer one, cannot hold; `None` if it can, or for other numbers and dtypes.
    pub fn beyond(self, dtype: Dtype) -> Option<std::cmp::Ordering> {
        use std::cmp::Ordering::{Greater, Less};
        if !dtype.is_integer() {
            return None;
        }
        let (low, high) = ends(dtype);
        match self {
            Number::Int(i) if i < low => Some(Less),
            Number::Int(i) if i > high => Some(Greater),
            Number::Huge(f) => Some(if f < 0.0 { Less } else { Greater }),
            _ => None,
        }
    }

    /// The number as a sample; `op` is named in errors.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an integer that the dtype cannot hold, and for a float where an integer must be.
    pub fn to_constant(self, op: &str, dtype: Dtype) -> Result<Constant> {
        let refused = |given: String, expected: String| Err(Error::argument(op, given, expected));
        match self {
            Number::Huge(f) if dtype.is_float() && f.is_infinite() => {
                refused("int too large to convert to float".into(), "less than 1.8e308".into())
            }
            Number::Int(_) | Number::Huge(_) if self.beyond(dtype).is_some() => {
                let (low, high) = ends(dtype);
                let text = match self {
                    Number::Int(i) => i.to_string(),
                    other => format!("{:e}", other.to_f64()),
                };
                refused(
                    format!("Python integer {text} out of bounds for {dtype}"),
                    format!("{low} to {high}"),
                )
            }
            _ if dtype == Dtype::Bool => Ok(Constant::of(dtype, u8::from(self.to_f64() != 0.0))),
            Number::Float(f) if !dtype.is_float() => {
                refused(format!("a float ({f})"), format!("an integer, for {dtype}"))
            }
            Number::Int(i) if !dtype.is_float() => {
                let samples = Constant { dtype: Dtype::UInt64, word: i as u64 };
                Ok(samples.cast(dtype))
            }
            _ => Ok(dispatch!(dtype, T => Constant::of(dtype, T::from_f64(self.to_f64())))),
        }
    }
}
