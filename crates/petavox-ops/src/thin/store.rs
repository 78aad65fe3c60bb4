//! Where the words of a working volume live.

use petavox_core::Result;
use std::ops::Range;

/// The words of a mask that is thinned: heap memory, or a mapped scratch file.
pub trait WordStore: Send {
    /// All the words, as laid out by [`petavox_kernels::bits::BitLayout`].
    fn words_mut(&mut self) -> &mut [u64];

    /// Says that these words will not be used for a while. A mapped file hands their pages back to the system, which
    /// keeps what was written; the next use brings them in again. Memory does nothing.
    ///
    /// # Errors
    /// Whatever the system says.
    fn release(&mut self, words: Range<usize>) -> Result<()>;
}

impl WordStore for Vec<u64> {
    fn words_mut(&mut self) -> &mut [u64] {
        self
    }

    fn release(&mut self, _words: Range<usize>) -> Result<()> {
        Ok(())
    }
}
