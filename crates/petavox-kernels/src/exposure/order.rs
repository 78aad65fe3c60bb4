//! The samples at given ranks of the sorted image, exactly, by counting digits of their order from the highest down: no sample is
//! moved, and each pass keeps 65,536 counts for every prefix that is still asked for (radix selection).

use crate::sample::{Integer, dispatch_integers};
use petavox_core::{Block, Dtype, Error, Result};
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
        match output.dtype() {
            Dtype::Float32 => {
                let out = output.typed_mut::<f32>()?;
                out.iter_mut().zip(ranks).for_each(|(o, r)| {
                    let key = r.prefix as u32;
                    let bits = if key >> 31 == 1 { key ^ (1 << 31) } else { !key };
                    *o = f32::from_bits(bits);
                });
            }
            Dtype::Float64 => {
                let out = output.typed_mut::<f64>()?;
                out.iter_mut().zip(ranks).for_each(|(o, r)| {
                    let key = r.prefix;
                    let bits = if key >> 63 == 1 { key ^ (1 << 63) } else { !key };
                    *o = f64::from_bits(bits);
                });
            }
            integer => {
                let flip = sign_bit(integer);
                dispatch_integers!(integer, T => {
                    let out = output.typed_mut::<T>()?;
                    out.iter_mut().zip(ranks).for_each(|(o, r)| *o = (r.prefix ^ flip) as T);
                }, else return Err(Error::internal("order statistics", "a float")));
            }
        }
        Ok(())
    }
}

fn digit_bits(dtype: Dtype, n_passes: u32) -> u32 {
    (8 * dtype.size() as u32 - DIGIT_BITS * n_passes).min(DIGIT_BITS)
}

fn sign_bit(dtype: Dtype) -> u64 {
    if dtype.is_signed() { 1 << (8 * dtype.size() - 1) } else { 0 }
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
    match dtype {
        Dtype::Float32 => {
            let keys = input.typed::<f32>()?.iter().map(|x| u64::from(key_32(*x)));
            counter.count(keys, counts);
        }
        Dtype::Float64 => counter.count(input.typed::<f64>()?.iter().map(|x| key_64(*x)), counts),
        integer => {
            let flip = sign_bit(integer);
            let mask = u64::MAX >> (64 - 8 * integer.size());
            dispatch_integers!(integer, T => {
                let keys = input.typed::<T>()?.iter().map(|x| (low_bits(*x) & mask) ^ flip);
                counter.count(keys, counts);
            }, else return Err(Error::internal("count_digits", "a float")));
        }
    }
    Ok(())
}

fn low_bits<T: Integer>(value: T) -> u64 {
    let wide: i128 = value.into();
    wide as u64
}

/// A number that sorts as the float does, with one place for all NaN, the last.
fn key_32(value: f32) -> u32 {
    let bits = value.to_bits();
    match (value.is_nan(), bits >> 31) {
        (true, _) => f32::NAN.to_bits() | (1 << 31),
        (false, 0) => bits | (1 << 31),
        _ => !bits,
    }
}

fn key_64(value: f64) -> u64 {
    let bits = value.to_bits();
    match (value.is_nan(), bits >> 63) {
        (true, _) => f64::NAN.to_bits() | (1 << 63),
        (false, 0) => bits | (1 << 63),
        _ => !bits,
    }
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
