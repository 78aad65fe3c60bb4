//! A shard's index: where its inner chunks lie, checked against the file before anything is believed.

use super::codecs::Problem;
use super::dtype::Endian;
use super::meta::ShardLayer;
use crate::limits::try_zeroed;
use petavox_core::{Error, Result};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Offset and length of a run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// A shard's index as it was read: pairs of offset and length, inner chunks in raster order.
pub(crate) struct Index {
    bytes: Vec<u8>,
    endian: Endian,
    /// The bytes the inner chunks may lie in.
    within: Span,
}

/// What stands in the index where a chunk is missing.
const MISSING: u64 = u64::MAX;

impl ShardLayer {
    /// Number of inner chunks.
    pub(crate) fn n_inner(&self) -> usize {
        self.shape.iter().zip(&self.inner).map(|(s, i)| s / i).product()
    }

    /// Bytes of the stored index.
    pub(crate) fn index_len(&self) -> usize {
        16 * self.n_inner() + if self.index_has_crc { 4 } else { 0 }
    }

    /// The number of the inner chunk at this index within the shard, counted per axis.
    pub(crate) fn number(&self, index: &[usize]) -> usize {
        let counts = self.shape.iter().zip(&self.inner).map(|(s, i)| s / i);
        counts.zip(index).fold(0, |n, (c, i)| n * c + i)
    }

    /// Reads the index of the shard that lies in `within`.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if the shard is too short for its index or the checksum does not match.
    pub(crate) fn read_index(&self, file: &mut File, path: &Path, within: Span) -> Result<Index> {
        let part = || Some("shard index".to_owned());
        let len = self.index_len();
        if (len as u64) > within.len {
            let problem = format!("the shard has {} bytes, its index alone {len}", within.len);
            return Err(Error::corrupt(path, part(), problem));
        }
        let at =
            if self.index_at_end { within.offset + within.len - len as u64 } else { within.offset };
        let mut bytes = try_zeroed(path, len)?;
        read_exact_at(file, path, at, &mut bytes)?;
        if self.index_has_crc {
            let sum = bytes.split_off(len - 4);
            if crc32c::crc32c(&bytes).to_le_bytes() != sum[..] {
                return Err(Error::corrupt(path, part(), "the crc32c checksum does not match"));
            }
        }
        Ok(Index { bytes, endian: self.index_endian, within })
    }
}

impl Index {
    /// Where inner chunk `number` lies in the file; `None` if it is missing.
    pub(crate) fn span(&self, number: usize) -> std::result::Result<Option<Span>, Problem> {
        let word = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&self.bytes[at..at + 8]);
            match self.endian {
                Endian::Little => u64::from_le_bytes(eight),
                Endian::Big => u64::from_be_bytes(eight),
            }
        };
        let (offset, len) = (word(16 * number), word(16 * number + 8));
        if (offset, len) == (MISSING, MISSING) {
            return Ok(None);
        }
        match offset.checked_add(len) {
            Some(end) if end <= self.within.len => {
                Ok(Some(Span { offset: self.within.offset + offset, len }))
            }
            _ => Err(format!(
                "the shard's index places it at {offset} with {len} bytes, beyond the shard's {}",
                self.within.len
            )),
        }
    }
}

/// Reads bytes at a place.
///
/// # Errors
/// [`Error::Io`], also where the file ends early.
pub(crate) fn read_exact_at(file: &mut File, path: &Path, at: u64, out: &mut [u8]) -> Result<()> {
    file.seek(SeekFrom::Start(at)).map_err(|e| Error::io(path, "seek", e))?;
    file.read_exact(out).map_err(|e| Error::io(path, "read", e))
}
