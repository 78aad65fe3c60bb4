//! Where the graph's large arrays live: on the heap, or wherever the caller says.

use bytemuck::Pod;
use petavox_core::{Buffer, Error, Result};
use std::marker::PhantomData;

/// Memory that somebody else owns: a buffer, a mapped scratch file.
pub trait Memory: Send + Sync {
    /// The bytes, at an address that is a multiple of 8.
    fn bytes(&self) -> &[u8];
    /// The bytes, to write.
    fn bytes_mut(&mut self) -> &mut [u8];
}

impl Memory for Buffer {
    fn bytes(&self) -> &[u8] {
        Buffer::bytes(self)
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        Buffer::bytes_mut(self)
    }
}

/// Gives out memory for the arrays that grow with the skeleton. An engine hands in one that draws on its budget and
/// maps scratch files when that is spent.
pub trait Arrays: Sync {
    /// `n_bytes` zeroed bytes, aligned to 8.
    ///
    /// # Errors
    /// If there is no room.
    fn zeroed(&self, n_bytes: usize) -> Result<Box<dyn Memory>>;
}

/// Arrays in the process' own memory.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heap;

impl Arrays for Heap {
    fn zeroed(&self, n_bytes: usize) -> Result<Box<dyn Memory>> {
        Ok(Box::new(Buffer::zeroed(n_bytes)?))
    }
}

/// A slice of `T` in somebody's memory.
pub(crate) struct Array<T> {
    memory: Box<dyn Memory>,
    item: PhantomData<T>,
}

impl<T: Pod> Array<T> {
    /// `len` zeros.
    pub(crate) fn zeroed(arrays: &dyn Arrays, len: usize) -> Result<Array<T>> {
        let n_bytes = len.checked_mul(size_of::<T>()).ok_or_else(|| {
            Error::argument("skeleton", format!("{len} entries"), "fewer than 2^63 bytes in all")
        })?;
        let memory = arrays.zeroed(n_bytes)?;
        let slice = bytemuck::try_cast_slice::<u8, T>(memory.bytes());
        if slice.map_or(0, <[T]>::len) != len {
            return Err(Error::internal(
                "skeleton arrays",
                "scratch memory of wrong size or place",
            ));
        }
        Ok(Array { memory, item: PhantomData })
    }

    /// The items. Takes a call to the memory's owner: fetch once per loop.
    pub(crate) fn get(&self) -> &[T] {
        bytemuck::cast_slice(self.memory.bytes())
    }

    /// The items, to write.
    pub(crate) fn get_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(self.memory.bytes_mut())
    }
}

impl<T> std::fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Array({} bytes)", self.memory.bytes().len())
    }
}
