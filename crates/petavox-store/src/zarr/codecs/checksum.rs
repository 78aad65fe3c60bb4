//! Checksums that stand before or after the bytes they are made of.

use super::{Problem, too_long};

/// Which checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// CRC-32C, little-endian, after the bytes.
    Crc32c,
    /// CRC-32 of zlib, little-endian, before the bytes (numcodecs).
    Crc32First,
    /// CRC-32 of zlib, little-endian, after the bytes.
    Crc32Last,
    /// Adler-32, little-endian, before the bytes (numcodecs).
    Adler32First,
    /// Adler-32, little-endian, after the bytes.
    Adler32Last,
    /// Fletcher-32 of 16-bit words as in HDF5, little-endian, after the bytes.
    Fletcher32,
}

impl Checksum {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Checksum::Crc32c => "crc32c",
            Checksum::Crc32First | Checksum::Crc32Last => "crc32",
            Checksum::Adler32First | Checksum::Adler32Last => "adler32",
            Checksum::Fletcher32 => "fletcher32",
        }
    }

    fn is_first(self) -> bool {
        matches!(self, Checksum::Crc32First | Checksum::Adler32First)
    }

    fn of(self, bytes: &[u8]) -> u32 {
        match self {
            Checksum::Crc32c => crc32c::crc32c(bytes),
            Checksum::Crc32First | Checksum::Crc32Last => {
                let mut crc = flate2::Crc::new();
                crc.update(bytes);
                crc.sum()
            }
            Checksum::Adler32First | Checksum::Adler32Last => adler32(bytes),
            Checksum::Fletcher32 => fletcher32(bytes),
        }
    }

    pub(super) fn decode(self, input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
        let Some(len) = input.len().checked_sub(4) else {
            return Err(format!(
                "{} bytes are too few for a {} checksum",
                input.len(),
                self.name()
            ));
        };
        let (bytes, sum) = if self.is_first() {
            (&input[4..], &input[..4])
        } else {
            (&input[..len], &input[len..])
        };
        if self.of(bytes).to_le_bytes() != sum {
            return Err(format!(
                "the {} checksum does not match: the bytes were changed",
                self.name()
            ));
        }
        let room = out.len();
        out.get_mut(..len).ok_or_else(|| too_long(len, room))?.copy_from_slice(bytes);
        Ok(len)
    }

    pub(super) fn encode(self, input: &[u8]) -> Vec<u8> {
        let sum = self.of(input).to_le_bytes();
        if self.is_first() { [&sum[..], input].concat() } else { [input, &sum[..]].concat() }
    }
}

fn adler32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (1u32, 0u32);
    // 5552 bytes are the most whose sums stay below 2^32.
    for part in bytes.chunks(5552) {
        for &byte in part {
            a += u32::from(byte);
            b += a;
        }
        (a, b) = (a % 65_521, b % 65_521);
    }
    b << 16 | a
}

/// HDF5's: big-endian 16-bit words, an odd last byte being the high half of a word.
fn fletcher32(bytes: &[u8]) -> u32 {
    let (mut a, mut b) = (0u32, 0u32);
    for part in bytes.chunks(720) {
        for pair in part.chunks(2) {
            let low = pair.get(1).copied().unwrap_or(0);
            a += u32::from(u16::from_be_bytes([pair[0], low]));
            b += a;
        }
        (a, b) = ((a & 0xffff) + (a >> 16), (b & 0xffff) + (b >> 16));
    }
    (a, b) = ((a & 0xffff) + (a >> 16), (b & 0xffff) + (b >> 16));
    b << 16 | a
}
