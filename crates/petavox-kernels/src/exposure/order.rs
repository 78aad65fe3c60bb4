//! The samples at given ranks of the sorted image, exactly, by counting digits of their order from the highest down: no sample is
//! moved, and each pass keeps 65,536 counts for every prefix that is still asked for (radix selection).

use crate::pointwise::order::Ordered;
use petavox_core::{Block, Dtype, Error, Result, dispatch};
use serde::{Deserialize, Serialize};

/// Bits that one pass settles.
const DIGIT_BITS: u32 = 16;

/// One rank that is looked for.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rank {
    /// What is known of the sample: the highest digits of its key, as a number.
    pub prefix: u64,
    /// Its rank among the samples that begin so.
    pub left: u64,
}

/// The ranks that are looked for, and how many digits of each are known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ranks {
    /// As they were asked for.
    pub ranks: Vec<Rank>,
    /// Passes done.
    pub n_passes: u32,
}

/// Passes that a dtype takes.
pub fn n_digits(dtype: Dtype) -> u32 {
    (8 * dtype.size() as u32).div_ceil(DIGIT_BITS)
}

impl Ranks {
    /// Nothing known yet.
    pub fn new(ranks: &[u64]) -> Ranks {
        Ranks { ranks: ranks.iter().map(|&left| Rank { prefix: 0, left }).collect(), n_passes: 0 }
    }

    /// The prefixes that samples are counted for, rising.
    pub fn prefixes(&self) -> Vec<u64> {
        let mut all: Vec<u64> = self.ranks.iter().map(|r| r.prefix).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Counts that a pass keeps.
    pub fn n_counts(&self, dtype: Dtype) -> usize {
        self.prefixes().len() << digit_bits(dtype, self.n_passes)
    }

    /// The samples, once all digits are known, as samples of `dtype` in the order that they were asked for.
    ///
    /// # Errors
    /// [`Error::Internal`] if the block is of another length.
    pub fn write(&self, output: &mut Block, first: usize) -> Result<()> {
        let n = output.region().len();
        let ranks = self.ranks.get(first..first + n);
        let ranks = ranks.ok_or_else(|| Error::internal("order statistics", "another length"))?;
        dispatch!(output.dtype(), T => {
            let out = output.typed_mut::<T>()?;
            out.iter_mut().zip(ranks).for_each(|(o, r)| *o = T::from_place(r.prefix));
        });
        Ok(())
    }
}

fn digit_bits(dtype: Dtype, n_passes: u32) -> u32 {
    (8 * dtype.size() as u32 - DIGIT_BITS * n_passes).min(DIGIT_BITS)
}

/// Adds the samples of a block to the counts of the next digit, one table for each of [`Ranks::prefixes`].
/// NaN comes after all numbers, as numpy sorts it.
///
/// # Errors
/// [`Error::Internal`] for counts of another number.
pub fn count_digits(input: &Block, ranks: &Ranks, counts: &mut [u64]) -> Result<()> {
    let dtype = input.dtype();
    if counts.len() != ranks.n_counts(dtype) {
        return Err(Error::internal("count_digits", "another number of counts"));
    }
    let counter = Counter::new(dtype, ranks);
    dispatch!(dtype, T => {
        counter.count(input.typed::<T>()?.iter().map(|x| x.wide_place()), counts);
    });
    Ok(())
}

struct Counter {
    prefixes: Vec<u64>,
    /// Bits below the digit.
    below: u32,
    bits: u32,
    first_pass: bool,
}

impl Counter {
    fn new(dtype: Dtype, ranks: &Ranks) -> Counter {
        let bits = digit_bits(dtype, ranks.n_passes);
        let below = 8 * dtype.size() as u32 - DIGIT_BITS * ranks.n_passes - bits;
        Counter { prefixes: ranks.prefixes(), below, bits, first_pass: ranks.n_passes == 0 }
    }

    fn count(&self, keys: impl Iterator<Item = u64>, counts: &mut [u64]) {
        let mask = (1u64 << self.bits) - 1;
        if self.first_pass {
            for key in keys {
                counts[((key >> self.below) & mask) as usize] += 1;
            }
            return;
        }
        let n = 1usize << self.bits;
        for key in keys {
            let upper = key >> self.below;
            // Few prefixes are asked for; most samples have none of them.
            if let Ok(i) = self.prefixes.binary_search(&(upper >> self.bits)) {
                counts[i * n + (upper & mask) as usize] += 1;
            }
        }
    }
}

/// What the merged counts of one digit tell: each rank with a digit more.
///
/// # Errors
/// [`Error::InvalidArgument`] if a rank is beyond the number of samples.
pub fn narrow(ranks: &Ranks, dtype: Dtype, counts: &[u64]) -> Result<Ranks> {
    let bits = digit_bits(dtype, ranks.n_passes);
    let prefixes = ranks.prefixes();
    let n = 1usize << bits;
    let next = ranks.ranks.iter().map(|rank| {
        let i = prefixes.partition_point(|p| *p < rank.prefix);
        let mut left = rank.left;
        for (digit, count) in counts[i * n..(i + 1) * n].iter().enumerate() {
            if left < *count {
                return Ok(Rank { prefix: (rank.prefix << bits) | digit as u64, left });
            }
            left -= count;
        }
        Err(Error::argument("rank", rank.left, "less than the number of samples"))
    });
    Ok(Ranks { ranks: next.collect::<Result<_>>()?, n_passes: ranks.n_passes + 1 })
}
