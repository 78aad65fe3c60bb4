//! The graph's large arrays from the engine's budget: in memory while it lasts, then in mapped scratch files.

use super::arrays::{Arrays, Memory};
use petavox_core::Result;
use petavox_engine::{RunContext, Words};

/// Arrays that draw on a run's budget.
pub struct RunArrays<'a>(pub &'a RunContext);

struct RunMemory {
    words: Words,
    n_bytes: usize,
}

impl Memory for RunMemory {
    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(self.words.words())[..self.n_bytes]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(self.words.words_mut())[..self.n_bytes]
    }
}

impl Arrays for RunArrays<'_> {
    fn zeroed(&self, n_bytes: usize) -> Result<Box<dyn Memory>> {
        let words = words(self.0, n_bytes.div_ceil(8), "skeleton graph")?;
        Ok(Box::new(RunMemory { words, n_bytes }))
    }
}

/// Words in memory if they take at most an eighth of what is free, else in a scratch file, so that what comes later finds
/// memory too.
///
/// # Errors
/// If neither memory nor disk is left.
pub(crate) fn words(context: &RunContext, n_words: usize, what: &str) -> Result<Words> {
    words_within(context, n_words, context.budget.free() / 8, what)
}

/// Words in memory if they take at most `memory_bytes`, else in a scratch file.
///
/// # Errors
/// If neither memory nor disk is left.
pub(crate) fn words_within(
    context: &RunContext,
    n_words: usize,
    memory_bytes: u64,
    what: &str,
) -> Result<Words> {
    let window = context.budget.free() / 8;
    Words::where_it_fits(n_words, memory_bytes, window, &context.scratch, &context.budget, what)
}
