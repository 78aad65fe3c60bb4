//! A chunk's way from its bytes to its samples: checksums and compressors, byte order, order of axes.

use super::codecs::{BytesCodec, Problem};
use super::dtype::{Endian, is_foreign, swap_bytes};
use petavox_core::{Buffer, Dtype};

/// The codecs of one chunk (a chunk of an array, or an inner chunk of a shard).
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pipeline {
    /// The chunk's shape.
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: Dtype,
    /// Axis `i` of the stored order is axis `order[i]` of the image; `None` if they are the same.
    pub(crate) order: Option<Vec<usize>>,
    pub(crate) endian: Endian,
    /// In the order in which they encode.
    pub(crate) codecs: Vec<BytesCodec>,
}

impl Pipeline {
    /// Bytes of a decoded chunk.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product::<usize>() * self.dtype.size()
    }

    /// The most bytes an encoded chunk has; a longer object is not one.
    pub(crate) fn max_encoded(&self) -> usize {
        self.codecs.iter().fold(self.len(), |n, c| c.max_len(n))
    }

    /// An upper bound on the memory decoding takes besides the decoded chunk itself: encoded, and all between.
    pub(crate) fn scratch_bytes(&self) -> u64 {
        let mut n = self.len();
        let mut total = 0;
        for codec in &self.codecs {
            total += codec.decoder_bytes(n);
            n = codec.max_len(n);
            total += n as u64;
        }
        total.max(n as u64)
    }

    /// Strides, in samples, of the image's axes in the stored order.
    pub(crate) fn strides(&self) -> Vec<usize> {
        let Some(order) = &self.order else { return petavox_core::strides(&self.shape) };
        let stored: Vec<usize> = order.iter().map(|&a| self.shape[a]).collect();
        let stored = petavox_core::strides(&stored);
        let mut strides = vec![0; self.shape.len()];
        order.iter().zip(stored).for_each(|(&a, s)| strides[a] = s);
        strides
    }

    /// Decodes into exactly one chunk's bytes, in stored order of axes and this machine's byte order.
    pub(crate) fn decode(&self, encoded: &[u8], out: &mut [u8]) -> Result<(), Problem> {
        // The length before each codec, exact where it can be known.
        let mut lens = vec![(self.len(), true)];
        for codec in &self.codecs {
            let (n, exact) = lens[lens.len() - 1];
            lens.push((codec.max_len(n), exact && codec.exact_len(n).is_some()));
        }
        let mut held: Option<Buffer> = None;
        for (k, codec) in self.codecs.iter().enumerate().rev() {
            let input = held.as_ref().map_or(encoded, Buffer::bytes);
            let (n, exact) = lens[k];
            if k == 0 {
                check_len(codec.decode(input, out)?, n)?;
            } else {
                let mut buffer = Buffer::zeroed(n).map_err(|e| e.to_string())?;
                let len = codec.decode(input, buffer.bytes_mut())?;
                if exact {
                    check_len(len, n)?;
                }
                buffer.set_len(len);
                held = Some(buffer);
            }
        }
        if self.codecs.is_empty() {
            check_len(encoded.len(), out.len())?;
            out.copy_from_slice(encoded);
        }
        if is_foreign(self.endian) {
            swap_bytes(out, self.dtype.size());
        }
        if self.dtype == Dtype::Bool {
            // Only 0 and 1 are bools; any other byte means true.
            out.iter_mut().for_each(|b| *b = u8::from(*b != 0));
        }
        Ok(())
    }

    /// Encodes one chunk's samples, in stored order of axes.
    pub(crate) fn encode(&self, bytes: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut encoded = None;
        if is_foreign(self.endian) {
            let mut swapped = bytes.to_vec();
            swap_bytes(&mut swapped, self.dtype.size());
            encoded = Some(swapped);
        }
        for codec in &self.codecs {
            encoded = Some(codec.encode(encoded.as_deref().unwrap_or(bytes))?);
        }
        Ok(encoded.unwrap_or_else(|| bytes.to_vec()))
    }

    /// An upper bound on the memory encoding takes besides the decoded chunk itself.
    pub(crate) fn encode_scratch_bytes(&self) -> u64 {
        let mut n = self.len();
        let mut total = n as u64;
        for codec in &self.codecs {
            total += codec.encoder_bytes(n);
            n = codec.max_len(n);
            total += n as u64;
        }
        total
    }
}

fn check_len(len: usize, expected: usize) -> Result<(), Problem> {
    if len == expected {
        return Ok(());
    }
    Err(format!("{len} bytes instead of the {expected} of a chunk"))
}
