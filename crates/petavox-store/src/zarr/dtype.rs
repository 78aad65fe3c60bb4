//! Data types and fill values, as Zarr v2 and v3 spell them.

use petavox_core::{Dtype, Element, dispatch};
use serde_json::Value;

/// The order of a sample's bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

/// What is accepted, for messages.
pub(crate) const DTYPES_READ: &str = "bool, int8-64, uint8-64, float32 and float64 are read";

/// Parses a v2 type string such as `<u2`.
pub(crate) fn parse_v2(text: &str) -> Option<(Dtype, Endian)> {
    let (order, rest) = (text.get(..1)?, text.get(1..)?);
    let dtype = match rest {
        "b1" => Dtype::Bool,
        "u1" => Dtype::UInt8,
        "i1" => Dtype::Int8,
        "u2" => Dtype::UInt16,
        "i2" => Dtype::Int16,
        "u4" => Dtype::UInt32,
        "i4" => Dtype::Int32,
        "u8" => Dtype::UInt64,
        "i8" => Dtype::Int64,
        "f4" => Dtype::Float32,
        "f8" => Dtype::Float64,
        _ => return None,
    };
    match order {
        "<" => Some((dtype, Endian::Little)),
        ">" => Some((dtype, Endian::Big)),
        "|" | "=" if dtype.size() == 1 => Some((dtype, Endian::Little)),
        _ => None,
    }
}

/// The v2 type string of a dtype, little-endian.
pub(crate) fn name_v2(dtype: Dtype) -> String {
    let order = if dtype.size() == 1 { '|' } else { '<' };
    let kind = match dtype {
        Dtype::Bool => 'b',
        d if d.is_float() => 'f',
        d if d.is_signed() => 'i',
        _ => 'u',
    };
    format!("{order}{kind}{}", dtype.size())
}

/// The bytes of a fill value in memory order; `None` if the value is not one of this dtype's.
/// `null` (v2: undefined) is zero.
pub(crate) fn parse_fill(value: &Value, dtype: Dtype) -> Option<Vec<u8>> {
    let zero = || Some(vec![0; dtype.size()]);
    match value {
        Value::Null => zero(),
        Value::Bool(b) => Some(from_f64(f64::from(u8::from(*b)), dtype)),
        Value::Number(_) if dtype.is_float() => Some(from_f64(value.as_f64()?, dtype)),
        Value::Number(n) => {
            // Integers go through 128 bits, not through a double, so that 2^64 - 1 stays what it is.
            let exact = n.as_i64().map(i128::from).or_else(|| n.as_u64().map(i128::from));
            let whole =
                n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 1e19).map(|f| f as i128);
            integer(exact.or(whole)?, dtype)
        }
        Value::String(s) if dtype.is_float() => match s.as_str() {
            "NaN" => Some(from_f64(f64::NAN, dtype)),
            "Infinity" => Some(from_f64(f64::INFINITY, dtype)),
            "-Infinity" => Some(from_f64(f64::NEG_INFINITY, dtype)),
            "" => zero(),
            other => match other.strip_prefix("0x") {
                Some(hex) => {
                    let bits = u64::from_str_radix(hex, 16).ok()?;
                    Some(low_bytes(bits.to_ne_bytes(), dtype.size()))
                }
                None => Some(from_f64(other.parse().ok()?, dtype)),
            },
        },
        Value::String(s) if s.is_empty() => zero(),
        // bioformats2raw quotes its numbers.
        Value::String(s) => integer(s.parse().ok()?, dtype),
        _ => None,
    }
}

/// The first or last bytes of a word, whichever hold its low end on this machine.
fn low_bytes(bytes: [u8; 8], size: usize) -> Vec<u8> {
    if cfg!(target_endian = "little") { bytes[..size].to_vec() } else { bytes[8 - size..].to_vec() }
}

fn integer(value: i128, dtype: Dtype) -> Option<Vec<u8>> {
    let bits = 8 * dtype.size() as u32;
    let (low, high) = match dtype {
        Dtype::Bool => (0, 1),
        d if d.is_signed() => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    };
    if !(low..=high).contains(&value) {
        return None;
    }
    Some(low_bytes((value as u64).to_ne_bytes(), dtype.size()))
}

fn from_f64(value: f64, dtype: Dtype) -> Vec<u8> {
    dispatch!(dtype, T => bytemuck::bytes_of(&<T as Element>::from_f64(value)).to_vec())
}

/// Turns samples of `size` bytes around, in place.
pub(crate) fn swap_bytes(bytes: &mut [u8], size: usize) {
    if size > 1 {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}

/// True if samples in the file must be turned around.
pub(crate) fn is_foreign(endian: Endian) -> bool {
    (endian == Endian::Big) != cfg!(target_endian = "big")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn v2_names_round_trip() {
        for &d in Dtype::ALL {
            assert_eq!(parse_v2(&name_v2(d)), Some((d, Endian::Little)));
        }
        assert_eq!(parse_v2(">u2"), Some((Dtype::UInt16, Endian::Big)));
        for bad in ["<f2", "<c8", "|O", "<U4", "<M8[ns]", "", "u2", "é1"] {
            assert_eq!(parse_v2(bad), None, "{bad}");
        }
    }

    #[test]
    fn fill_values_keep_every_bit() {
        let max = parse_fill(&json!(u64::MAX), Dtype::UInt64).unwrap();
        assert_eq!(max, u64::MAX.to_ne_bytes());
        assert_eq!(parse_fill(&json!(-3), Dtype::Int16).unwrap(), (-3i16).to_ne_bytes());
        assert_eq!(parse_fill(&json!(7.0), Dtype::UInt8).unwrap(), [7]);
        assert_eq!(
            parse_fill(&json!("0x7fc00001"), Dtype::Float32).unwrap(),
            0x7fc0_0001u32.to_ne_bytes()
        );
        assert_eq!(
            parse_fill(&json!("-Infinity"), Dtype::Float64).unwrap(),
            f64::NEG_INFINITY.to_ne_bytes()
        );
        assert_eq!(parse_fill(&json!(true), Dtype::Bool).unwrap(), [1]);
        assert_eq!(parse_fill(&json!(null), Dtype::Float64).unwrap(), [0; 8]);
        assert_eq!(parse_fill(&json!("-7"), Dtype::Int8).unwrap(), (-7i8).to_ne_bytes());
        assert_eq!(parse_fill(&json!("1.5"), Dtype::Float32).unwrap(), 1.5f32.to_ne_bytes());
        assert_eq!(parse_fill(&json!(256), Dtype::UInt8), None);
        assert_eq!(parse_fill(&json!("abc"), Dtype::UInt8), None);
    }
}
