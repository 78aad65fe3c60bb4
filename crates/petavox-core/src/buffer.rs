//! The memory behind a block.

use crate::{Error, Result};

/// From here on a buffer is an anonymous mapping of its own: given back to the system the moment it is dropped, so that
/// resident memory follows what is in use and the budget can be kept.
const MAPPED_FROM_BYTES: usize = 256 << 10;

/// From here on the system is asked for huge pages: each of the small ones is a fault when it is first touched.
#[cfg(target_os = "linux")]
const HUGE_FROM_BYTES: usize = 2 << 20;

#[derive(Debug)]
enum Memory {
    Heap(Vec<u64>),
    Mapped(memmap2::MmapMut),
}

/// Bytes aligned for every dtype, zeroed when new.
#[derive(Debug)]
pub struct Buffer {
    memory: Memory,
    len: usize,
}

impl Buffer {
    /// A zeroed buffer of `len` bytes.
    ///
    /// # Errors
    /// [`Error::Io`] if the system has no memory left.
    pub fn zeroed(len: usize) -> Result<Buffer> {
        let memory = if len >= MAPPED_FROM_BYTES {
            let mapped = memmap2::MmapMut::map_anon(len)
                .map_err(|e| Error::io("memory", format!("allocate {len} bytes"), e))?;
            #[cfg(target_os = "linux")]
            if len >= HUGE_FROM_BYTES {
                // A wish: systems without such pages serve small ones.
                let _ = mapped.advise(memmap2::Advice::HugePage);
            }
            Memory::Mapped(mapped)
        } else {
            Memory::Heap(vec![0; len.div_ceil(8)])
        };
        Ok(Buffer { memory, len })
    }

    /// Bytes that can be used.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that were allocated.
    pub fn capacity(&self) -> usize {
        match &self.memory {
            Memory::Heap(v) => v.len() * 8,
            Memory::Mapped(m) => m.len(),
        }
    }

    /// Shows only the first `len` bytes; contents stay.
    ///
    /// # Panics
    /// If `len` exceeds the capacity (a programming error).
    pub fn set_len(&mut self, len: usize) {
        assert!(len <= self.capacity(), "a buffer cannot grow in place");
        self.len = len;
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match &self.memory {
            Memory::Heap(v) => &bytemuck::cast_slice::<u64, u8>(v)[..self.len],
            Memory::Mapped(m) => &m[..self.len],
        }
    }

    /// The bytes, to write.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        match &mut self.memory {
            Memory::Heap(v) => &mut bytemuck::cast_slice_mut::<u64, u8>(v)[..self.len],
            Memory::Mapped(m) => &mut m[..self.len],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_are_zeroed_and_aligned() {
        for len in [0, 1, 7, 8, 1000, MAPPED_FROM_BYTES + 3] {
            let mut b = Buffer::zeroed(len).unwrap();
            assert_eq!(b.len(), len);
            assert!(b.bytes().iter().all(|&x| x == 0));
            assert_eq!(b.bytes_mut().as_ptr() as usize % 8, 0);
        }
    }
}
