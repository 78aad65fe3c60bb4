//! Compressors and checksums: bytes to bytes, every decoder bounded by the room it is given.

mod blosc;
mod checksum;
mod deflate;
mod lz4;
mod shuffle;

use crate::BloscInner;
pub(crate) use checksum::Checksum;

/// What is wrong with encoded bytes, in words; the caller adds file and chunk.
pub(crate) type Problem = String;

/// One step from bytes to bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum BytesCodec {
    Zstd { level: i32, checksum: bool },
    Gzip { level: u32 },
    Zlib { level: u32 },
    Lz4,
    Blosc { inner: BloscInner, level: u32, typesize: usize },
    Shuffle { size: usize },
    Checksum(Checksum),
}

impl BytesCodec {
    /// Its name, for people.
    pub(crate) fn name(&self) -> String {
        match self {
            BytesCodec::Zstd { level, .. } => format!("zstd:{level}"),
            BytesCodec::Gzip { level } => format!("gzip:{level}"),
            BytesCodec::Zlib { level } => format!("zlib:{level}"),
            BytesCodec::Lz4 => "lz4".into(),
            BytesCodec::Blosc { inner, level, .. } => {
                format!("blosc:{}:{level}", inner_name(*inner))
            }
            BytesCodec::Shuffle { .. } => "shuffle".into(),
            BytesCodec::Checksum(sum) => sum.name().into(),
        }
    }

    /// The length that `len` bytes have once encoded, if it is always the same.
    pub(crate) fn exact_len(&self, len: usize) -> Option<usize> {
        match self {
            BytesCodec::Shuffle { .. } => Some(len),
            BytesCodec::Checksum(_) => len.checked_add(4),
            _ => None,
        }
    }

    /// The most bytes that a sane encoder makes of `len`.
    pub(crate) fn max_len(&self, len: usize) -> usize {
        self.exact_len(len).unwrap_or(len.saturating_add(len / 4).saturating_add(4096))
    }

    /// Memory the decoder takes for itself, beyond its input and output.
    pub(crate) fn decoder_bytes(&self, len: usize) -> u64 {
        match self {
            // Blosc undoes its shuffle from a buffer of one block.
            BytesCodec::Blosc { .. } => len as u64 + (512 << 10),
            _ => 512 << 10,
        }
    }

    /// Memory the encoder takes for itself, beyond its input and output.
    pub(crate) fn encoder_bytes(&self, len: usize) -> u64 {
        let level = match self {
            BytesCodec::Zstd { level, .. } => *level,
            BytesCodec::Blosc { inner: BloscInner::Zstd, level, .. } => 2 * *level as i32,
            BytesCodec::Blosc { .. } => return len as u64 + (1 << 20),
            _ => return 1 << 20,
        };
        // zstd's tables grow with the level, but never far beyond what it is given.
        let tables = match level {
            ..=3 => 2 << 20,
            4..=9 => 24 << 20,
            10..=15 => 64 << 20,
            16..=19 => 160 << 20,
            _ => 1 << 30,
        };
        len as u64 + tables.min(32 * len as u64 + (2 << 20))
    }

    /// Decodes into `out`, as much as there is; more than fits is a problem. Returns how much it was.
    pub(crate) fn decode(&self, input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
        match self {
            BytesCodec::Zstd { .. } => decode_zstd(input, out),
            BytesCodec::Gzip { .. } => deflate::gunzip(input, out),
            BytesCodec::Zlib { .. } => deflate::inflate(input, out),
            BytesCodec::Lz4 => lz4::decode(input, out),
            BytesCodec::Blosc { .. } => blosc::decode(input, out),
            BytesCodec::Shuffle { size } => {
                let Some(out) = out.get_mut(..input.len()) else {
                    return Err(too_long(input.len(), out.len()));
                };
                shuffle::unshuffle(*size, input, out);
                Ok(input.len())
            }
            BytesCodec::Checksum(sum) => sum.decode(input, out),
        }
    }

    /// Encodes.
    pub(crate) fn encode(&self, input: &[u8]) -> Result<Vec<u8>, Problem> {
        match self {
            BytesCodec::Zstd { level, checksum } => encode_zstd(input, *level, *checksum),
            BytesCodec::Gzip { level } => deflate::gzip(input, *level),
            BytesCodec::Zlib { level } => deflate::deflate(input, *level),
            BytesCodec::Lz4 => Ok(lz4::encode(input)),
            BytesCodec::Blosc { inner, level, typesize } => {
                blosc::encode(input, *inner, *level, *typesize)
            }
            BytesCodec::Shuffle { size } => {
                let mut out = vec![0; input.len()];
                shuffle::shuffle(*size, input, &mut out);
                Ok(out)
            }
            BytesCodec::Checksum(sum) => Ok(sum.encode(input)),
        }
    }
}

/// Blosc's name of the compressor inside.
pub(crate) fn inner_name(inner: BloscInner) -> &'static str {
    match inner {
        BloscInner::Lz4 => "lz4",
        BloscInner::Zstd => "zstd",
        BloscInner::Zlib => "zlib",
    }
}

pub(crate) fn too_long(len: usize, room: usize) -> Problem {
    format!("{len} bytes where at most {room} belong")
}

/// One shot into the room given: no window is allocated, and frames that hold more than fits are refused.
fn decode_zstd(input: &[u8], out: &mut [u8]) -> Result<usize, Problem> {
    zstd::bulk::decompress_to_buffer(input, out).map_err(|e| format!("zstd: {e}"))
}

fn encode_zstd(input: &[u8], level: i32, checksum: bool) -> Result<Vec<u8>, Problem> {
    let mut compressor = zstd::bulk::Compressor::new(level).map_err(|e| format!("zstd: {e}"))?;
    compressor.include_checksum(checksum).map_err(|e| format!("zstd: {e}"))?;
    compressor.compress(input).map_err(|e| format!("zstd: {e}"))
}

#[cfg(test)]
mod tests;
