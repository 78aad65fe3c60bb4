//! How samples are compressed, as the user asks for it.

use petavox_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How samples are compressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Codec {
    /// What suits the format. For Zarr zstd at level 1, byte shuffled by Blosc where a sample has several bytes and the format
    /// has a checksum for that (v3).
    Default,
    /// Not at all.
    None,
    /// Zstandard, level -7 to 22.
    Zstd(i32),
    /// Deflate (gzip in Zarr, deflate in TIFF), level 0 to 9.
    Gzip(u32),
    /// Blosc with a compressor of its own, byte shuffled.
    Blosc(BloscInner, u32),
    /// LZW, TIFF only.
    Lzw,
}

/// The compressor inside Blosc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BloscInner {
    /// LZ4.
    Lz4,
    /// Zstandard.
    Zstd,
    /// Deflate.
    Zlib,
}

impl Codec {
    /// Parses `zstd:3`, `blosc:lz4`, `blosc:zstd:5`, `gzip:6`, `lzw` or `none`; levels may be left out.
    ///
    /// ```
    /// use petavox_store::Codec;
    /// assert_eq!(Codec::parse("zstd:5")?, Codec::Zstd(5));
    /// assert_eq!(Codec::parse("none")?, Codec::None);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists what is accepted.
    pub fn parse(text: &str) -> Result<Codec> {
        let expected = "zstd[:LEVEL], gzip[:LEVEL], blosc:lz4|zstd|zlib[:LEVEL], lzw or none";
        let wrong = || Error::argument("codec", text, expected);
        let parts: Vec<&str> = text.split(':').collect();
        let level = |i: usize, default: i32, low: i32, high: i32| match parts.get(i) {
            None => Ok(default),
            Some(s) => match s.parse::<i32>() {
                Ok(n) if (low..=high).contains(&n) => Ok(n),
                _ => Err(wrong()),
            },
        };
        let most = if parts[0] == "blosc" { 3 } else { 2 };
        if parts.len() > most {
            return Err(wrong());
        }
        match parts[0] {
            "none" | "raw" if parts.len() == 1 => Ok(Codec::None),
            "lzw" if parts.len() == 1 => Ok(Codec::Lzw),
            "default" if parts.len() == 1 => Ok(Codec::Default),
            "zstd" => Ok(Codec::Zstd(level(1, 3, -7, 22)?)),
            "gzip" | "deflate" | "zlib" => Ok(Codec::Gzip(level(1, 6, 0, 9)? as u32)),
            "blosc" => {
                let inner = match parts.get(1).copied().unwrap_or("lz4") {
                    "lz4" => BloscInner::Lz4,
                    "zstd" => BloscInner::Zstd,
                    "zlib" => BloscInner::Zlib,
                    _ => return Err(wrong()),
                };
                Ok(Codec::Blosc(inner, level(2, 5, 0, 9)? as u32))
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_parse_with_and_without_levels() {
        assert_eq!(Codec::parse("zstd").unwrap(), Codec::Zstd(3));
        assert_eq!(Codec::parse("gzip:9").unwrap(), Codec::Gzip(9));
        assert_eq!(Codec::parse("blosc:lz4").unwrap(), Codec::Blosc(BloscInner::Lz4, 5));
        assert_eq!(Codec::parse("blosc:zstd:1").unwrap(), Codec::Blosc(BloscInner::Zstd, 1));
        for bad in ["", "zstd:", "zstd:99", "gzip:6:1", "blosc:snappy", "none:1", "jpeg"] {
            assert!(Codec::parse(bad).is_err(), "{bad}");
        }
    }
}
