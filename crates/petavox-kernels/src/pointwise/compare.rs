//! Comparisons with a number that stays exact.

use super::same_region;
use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Dtype, Element, Error, Result};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// A number that an image is compared with: kept as it was written, so that nothing is lost before the image's dtype is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// An integer; wide enough for every integer dtype.
    Int(i128),
    /// A double.
    Float(f64),
}

impl Scalar {
    /// The number as a double; integers beyond 2^53 are rounded.
    pub fn to_f64(self) -> f64 {
        match self {
            Scalar::Int(i) => i as f64,
            Scalar::Float(f) => f,
        }
    }
}

impl From<f64> for Scalar {
    fn from(value: f64) -> Scalar {
        Scalar::Float(value)
    }
}

/// The six comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Comparison {
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    Equal,
    NotEqual,
}

/// Where every sample of an integer image stands relative to a number: by an integer of the image's own type, or outside
/// its range.
enum Bound {
    /// The number is this integer.
    At(i128),
    /// The number lies between this integer and the next.
    After(i128),
    /// The number is below (`Less`) or above (`Greater`) every sample.
    Beyond(Ordering),
    NaN,
}

fn bound(value: Scalar) -> Bound {
    match value {
        Scalar::Int(i) => Bound::At(i),
        Scalar::Float(f) if f.is_nan() => Bound::NaN,
        Scalar::Float(f) if f >= 1e30 => Bound::Beyond(Ordering::Greater),
        Scalar::Float(f) if f <= -1e30 => Bound::Beyond(Ordering::Less),
        Scalar::Float(f) if f.fract() == 0.0 => Bound::At(f as i128),
        Scalar::Float(f) => Bound::After(f.floor() as i128),
    }
}

/// Compares every sample with a number and writes a `bool` mask.
///
/// Results are those of numpy with a Python number on the right: for `float32` images a float is rounded to `float32` first, NaN
/// compares unequal to everything. Integer samples are compared exactly with any number (numpy rounds 64-bit integers beyond 2^53
/// to doubles first; this does not). Takes every dtype.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::pointwise::{Comparison, Scalar, compare};
/// let input = Block::from_vec(Region::new([0], [3]), vec![2u8, 3, 4])?;
/// let mut mask = Block::zeros(Region::new([0], [3]), Dtype::Bool)?;
/// compare(&input, Comparison::Greater, Scalar::Float(2.5), &mut mask)?;
/// assert_eq!(mask.typed::<u8>()?, [0, 1, 1]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedDtype`] if the output is not `bool`; [`Error::Internal`] if the regions differ.
pub fn compare(input: &Block, op: Comparison, value: Scalar, output: &mut Block) -> Result<()> {
    same_region("compare", input, output)?;
    let given = output.dtype();
    if given != Dtype::Bool {
        return Err(Error::dtype("compare (output)", given, "bool"));
    }
    let out = output.typed_mut::<u8>()?;
    if input.dtype() == Dtype::Float32 {
        let v = match value {
            Scalar::Int(i) => i as f32,
            Scalar::Float(f) => f as f32,
        };
        write(input.typed::<f32>()?, op, v, out);
        return Ok(());
    }
    dispatch_integers!(input.dtype(), T => integers::<T>(input.typed()?, op, value, out), else {
        let v = match value {
            Scalar::Int(i) => i as f64,
            Scalar::Float(f) => f,
        };
        write(input.typed::<f64>()?, op, v, out);
    });
    Ok(())
}

/// Turns the comparison into one with a number of the samples' own type, or into a constant.
fn integers<T: Integer>(input: &[T], op: Comparison, value: Scalar, out: &mut [u8]) {
    use Comparison::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    let (op, integer) = match (bound(value), op) {
        (Bound::NaN, NotEqual) => return out.fill(1),
        (Bound::NaN, _) => return out.fill(0),
        (Bound::Beyond(Ordering::Less), _) => (op, i128::MIN),
        (Bound::Beyond(_), _) => (op, i128::MAX),
        (Bound::At(i), _) => (op, i),
        (Bound::After(_), Equal) => return out.fill(0),
        (Bound::After(_), NotEqual) => return out.fill(1),
        (Bound::After(i), Greater | GreaterEqual) => (Greater, i),
        (Bound::After(i), Less | LessEqual) => (LessEqual, i),
    };
    if let Ok(v) = T::try_from(integer) {
        return write(input, op, v, out);
    }
    let value_is_above = integer > 0;
    out.fill(u8::from(match op {
        Greater | GreaterEqual => !value_is_above,
        Less | LessEqual => value_is_above,
        Equal => false,
        NotEqual => true,
    }));
}

fn write<T: Element>(input: &[T], op: Comparison, v: T, out: &mut [u8]) {
    fn each<T: Copy>(input: &[T], out: &mut [u8], f: impl Fn(T) -> bool) {
        for (to, from) in out.iter_mut().zip(input) {
            *to = u8::from(f(*from));
        }
    }
    match op {
        Comparison::Greater => each(input, out, |x| x > v),
        Comparison::GreaterEqual => each(input, out, |x| x >= v),
        Comparison::Less => each(input, out, |x| x < v),
        Comparison::LessEqual => each(input, out, |x| x <= v),
        Comparison::Equal => each(input, out, |x| x == v),
        Comparison::NotEqual => each(input, out, |x| x != v),
    }
}
