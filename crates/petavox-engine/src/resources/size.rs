//! Sizes as people write them.

use petavox_core::{Error, Result};

/// Parses a number of bytes: `512MiB`, `1.5GiB`, `2GB`, `64k`, or plain bytes. Units with `i` count by 1024, others by 1000;
/// capitals and spaces do not matter.
///
/// ```
/// assert_eq!(petavox_engine::parse_size("1.5GiB")?, 3 << 29);
/// assert_eq!(petavox_engine::parse_size("2GB")?, 2_000_000_000);
/// assert_eq!(petavox_engine::parse_size("4096")?, 4096);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for anything else, and for sizes of 2^63 bytes or more.
pub fn parse_size(text: &str) -> Result<u64> {
    let wrong =
        || Error::argument("size", format!("'{text}'"), "a size such as 512MiB, 2GB or 1.5GiB");
    let lower = text.trim().to_lowercase();
    let split = lower.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(lower.len());
    let (number, unit) = lower.split_at(split);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim();
    let (base, prefix) = match unit.strip_suffix('b').unwrap_or(unit) {
        u if u.ends_with('i') => (1024f64, &u[..u.len() - 1]),
        u => (1000f64, u),
    };
    let power = match prefix {
        "" if base == 1000.0 => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return Err(wrong()),
    };
    let bytes = (number * base.powi(power)).round();
    if !(bytes.is_finite() && bytes < (1u64 << 63) as f64) {
        return Err(wrong());
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        for (text, bytes) in [
            ("0", 0),
            ("512MiB", 512 << 20),
            ("512 mib", 512 << 20),
            ("1k", 1000),
            ("1KiB", 1024),
            ("2TB", 2_000_000_000_000),
            ("100B", 100),
            ("0.5GiB", 1 << 29),
        ] {
            assert_eq!(parse_size(text).unwrap(), bytes, "{text}");
        }
        for bad in ["", "MiB", "-1", "1.2.3", "12XB", "1iB", "9e9GB", "99999999PiB", "nan"] {
            assert!(parse_size(bad).is_err(), "{bad}");
        }
    }
}
