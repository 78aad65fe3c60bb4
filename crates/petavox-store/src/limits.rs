//! How much a file may claim before it is refused.

use petavox_core::{Dtype, Error, MAX_NDIM, Result};
use std::path::Path;

/// Caps on what a file may declare, checked before anything is allocated.
///
/// ```
/// use petavox_store::Limits;
/// let limits = Limits { chunk_bytes: 1 << 20, ..Limits::default() };
/// assert!(limits.check_chunk("a.zarr".as_ref(), &[1024, 1025], petavox_core::Dtype::UInt8).is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one decoded chunk, strip or tile. Default 2 GiB.
    pub chunk_bytes: u64,
    /// Bytes of one metadata document or header. Default 64 MiB.
    pub metadata_bytes: u64,
    /// Chunks, strips, tiles or pages that an index may list. Default 2^40.
    pub n_chunks: u64,
    /// Bytes of one index that is held in memory (a shard's index, a TIFF's offsets). Default 1 GiB.
    pub index_bytes: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            chunk_bytes: 2 << 30,
            metadata_bytes: 64 << 20,
            n_chunks: 1 << 40,
            index_bytes: 1 << 30,
        }
    }
}

impl Limits {
    /// Bytes of a decoded chunk of this shape, if that many are allowed.
    ///
    /// # Errors
    /// [`Error::Corrupt`] that names the shape and the limit.
    pub fn check_chunk(&self, path: &Path, shape: &[usize], dtype: Dtype) -> Result<u64> {
        let bytes = shape.iter().try_fold(dtype.size() as u64, |n, &s| n.checked_mul(s as u64));
        match bytes {
            Some(b) if b <= self.chunk_bytes => Ok(b),
            _ => {
                let problem = format!(
                    "a chunk of shape {shape:?} and dtype {dtype} is larger than the limit of {} bytes",
                    self.chunk_bytes
                );
                Err(Error::corrupt(path, None, problem))
            }
        }
    }

    /// Checks the shape an image claims: number of axes, and that its samples can be counted.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for too many axes, [`Error::Corrupt`] for a size beyond 2^63 bytes.
    pub fn check_image(&self, path: &Path, shape: &[usize], dtype: Dtype) -> Result<()> {
        if shape.is_empty() {
            return Err(Error::unsupported(path, "an array of 0 axes", "1 to 8 axes are read"));
        }
        self.check_size(path, shape, dtype)
    }

    /// As [`Limits::check_image`], for formats that also read an array of one sample without axes.
    ///
    /// # Errors
    /// As [`Limits::check_image`].
    pub(crate) fn check_size(&self, path: &Path, shape: &[usize], dtype: Dtype) -> Result<()> {
        if shape.len() > MAX_NDIM {
            let feature = format!("an array of {} axes", shape.len());
            return Err(Error::unsupported(path, feature, "0 to 8 axes are read"));
        }
        let bytes = shape.iter().try_fold(dtype.size(), |n, &s| n.checked_mul(s));
        if bytes.is_none_or(|b| b > isize::MAX as usize) {
            let problem = format!("the shape {shape:?} of {dtype} holds more than 2^63 bytes");
            return Err(Error::corrupt(path, None, problem));
        }
        Ok(())
    }

    /// Checks the number of chunks, strips, tiles or pages.
    ///
    /// # Errors
    /// [`Error::Corrupt`] that names the number and the limit.
    pub fn check_count(&self, path: &Path, n: u64) -> Result<()> {
        if n <= self.n_chunks {
            return Ok(());
        }
        let problem = format!("{n} chunks are more than the limit of {}", self.n_chunks);
        Err(Error::corrupt(path, None, problem))
    }
}

/// A zeroed vector whose size came from a file; an error instead of an abort where memory is short.
///
/// # Errors
/// [`Error::Io`] if the system has no memory left.
pub(crate) fn try_zeroed(path: &Path, len: usize) -> Result<Vec<u8>> {
    let mut bytes = try_with_capacity(path, len)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// An empty vector with room for `len` bytes; an error instead of an abort where memory is short.
///
/// # Errors
/// [`Error::Io`] if the system has no memory left.
pub(crate) fn try_with_capacity(path: &Path, len: usize) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).map_err(|e| {
        let source = std::io::Error::new(std::io::ErrorKind::OutOfMemory, e);
        Error::io(path, format!("allocate {len} bytes"), source)
    })?;
    Ok(bytes)
}
