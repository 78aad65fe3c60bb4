//! Masks of one bit per voxel.
//!
//! [`BitLayout`] says where the bit of a voxel lies in a run of 64-bit words; the words themselves come from the caller
//! (heap, or a mapped scratch file). A row along x is a whole number of words: voxel `x` is bit `x % 64` of the row's word
//! `x / 64`, bits past the end of a row are always zero, rows follow each other in (z, y) order. A 2-D mask is one plane.

mod pack;
pub mod row;
#[cfg(test)]
mod tests;

pub use pack::{pack_rows, unpack_rows};

use petavox_core::{Block, Dtype, Error, Region, Result, dispatch};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the bits of a mask lie: shape (z, y, x) and words per row.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::bits::BitLayout;
/// let layout = BitLayout::new(&[2, 3])?;
/// let mut words = vec![0; layout.n_words()];
/// let mask = Block::from_vec(Region::whole(&[2, 3]), vec![0u8, 1, 0, 1, 0, 1])?;
/// layout.pack(&mut words, &mask)?;
/// assert_eq!(words, [0b010, 0b101]);
/// let mut found = vec![];
/// layout.for_each_set(&words, 0..1, |_z, y, x| found.push((y, x)));
/// assert_eq!(found, [(0, 1), (1, 0), (1, 2)]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitLayout {
    shape: [usize; 3],
    ndim: usize,
    words_per_row: usize,
}

impl BitLayout {
    /// The layout of a 2-D (y, x) or 3-D (z, y, x) mask.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the mask has another number of axes or more words than can be addressed.
    pub fn new(shape: &[usize]) -> Result<BitLayout> {
        let full = match *shape {
            [y, x] => [1, y, x],
            [z, y, x] => [z, y, x],
            _ => {
                return Err(Error::argument("shape", format!("{shape:?}"), "2 or 3 axes"));
            }
        };
        let words_per_row = full[2].div_ceil(64);
        let bytes = full[0]
            .checked_mul(full[1])
            .and_then(|n| n.checked_mul(words_per_row))
            .and_then(|n| n.checked_mul(8));
        if bytes.is_none_or(|b| b > isize::MAX as usize) {
            return Err(Error::argument("shape", format!("{shape:?}"), "fewer than 2^66 voxels"));
        }
        Ok(BitLayout { shape: full, ndim: shape.len(), words_per_row })
    }

    /// Voxels per axis (z, y, x); z is 1 for a 2-D mask.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Number of axes of the mask, 2 or 3.
    pub fn ndim(&self) -> usize {
        self.ndim
    }

    /// Words of a row.
    pub fn words_per_row(&self) -> usize {
        self.words_per_row
    }

    /// Words of a plane.
    pub fn words_per_plane(&self) -> usize {
        self.words_per_row * self.shape[1]
    }

    /// Words of the mask.
    pub fn n_words(&self) -> usize {
        self.words_per_plane() * self.shape[0]
    }

    /// Bytes of the mask.
    pub fn n_bytes(&self) -> u64 {
        self.n_words() as u64 * 8
    }

    /// Rows of the mask, all planes together.
    pub fn n_rows(&self) -> usize {
        self.shape[0] * self.shape[1]
    }

    /// The words of row `(z, y)`.
    pub fn row(&self, z: usize, y: usize) -> Range<usize> {
        let start = (z * self.shape[1] + y) * self.words_per_row;
        start..start + self.words_per_row
    }

    /// The words of planes `z`.
    pub fn planes(&self, z: Range<usize>) -> Range<usize> {
        z.start * self.words_per_plane()..z.end * self.words_per_plane()
    }

    /// The voxel's value; false outside the mask.
    pub fn get(&self, words: &[u64], voxel: [i64; 3]) -> bool {
        if (0..3).any(|a| voxel[a] < 0 || voxel[a] >= self.shape[a] as i64) {
            return false;
        }
        let [z, y, x] = voxel.map(|v| v as usize);
        words[self.row(z, y).start + x / 64] >> (x % 64) & 1 != 0
    }

    /// Number of set voxels in planes `z`.
    pub fn count(&self, words: &[u64], z: Range<usize>) -> u64 {
        words[self.planes(z)].iter().map(|w| u64::from(w.count_ones())).sum()
    }

    /// Calls `f(z, y, x)` for every set voxel of planes `z` in raster order, that is, in the order of global rank.
    pub fn for_each_set(
        &self,
        words: &[u64],
        z: Range<usize>,
        mut f: impl FnMut(usize, usize, usize),
    ) {
        if self.words_per_row == 0 {
            return;
        }
        for z in z {
            let plane = &words[self.planes(z..z + 1)];
            for (y, row) in plane.chunks_exact(self.words_per_row).enumerate() {
                for (w, &word) in row.iter().enumerate() {
                    let mut rest = word;
                    while rest != 0 {
                        f(z, y, w * 64 + rest.trailing_zeros() as usize);
                        rest &= rest - 1;
                    }
                }
            }
        }
    }

    /// Writes a block's samples, non-zero being set, over the bits of its region.
    ///
    /// Bits outside the region keep their values, but the words they share with it are read and written: two blocks
    /// may be packed at the same time only if their regions share no word, which holds when their x ranges meet at a
    /// multiple of 64, or when they differ in z or y.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the block reaches outside the mask or has another number of axes;
    /// [`Error::Internal`] if there are too few words.
    pub fn pack(&self, words: &mut [u64], block: &Block) -> Result<()> {
        self.check(words.len(), block)?;
        let part = self.part(block.region());
        dispatch!(block.dtype(), T => {
            pack_rows(self, words, &part, block.typed::<T>()?, |v| v != T::default());
        });
        Ok(())
    }

    /// Fills a block of `bool` or `uint8` with the bits of its region as 0 and 1.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the block reaches outside the mask or has another number of axes;
    /// [`Error::UnsupportedDtype`] for other dtypes; [`Error::Internal`] if there are too few words.
    pub fn unpack(&self, words: &[u64], block: &mut Block) -> Result<()> {
        self.check(words.len(), block)?;
        if !matches!(block.dtype(), Dtype::Bool | Dtype::UInt8) {
            return Err(Error::dtype("unpacking a mask", block.dtype(), "bool, uint8"));
        }
        let part = self.part(block.region());
        unpack_rows(self, words, &part, block.typed_mut::<u8>()?);
        Ok(())
    }

    fn check(&self, n_words: usize, block: &Block) -> Result<()> {
        let whole = Region::whole(&self.shape[3 - self.ndim..]);
        let region = block.region();
        if region.ndim() != self.ndim || !whole.contains(region) {
            return Err(Error::argument("region", region, format!("a region inside {whole}")));
        }
        if n_words < self.n_words() {
            let problem = format!("{n_words} words for a mask of {}", self.n_words());
            return Err(Error::internal("BitLayout", problem));
        }
        Ok(())
    }

    /// A region of the mask as ranges of z, y and x.
    fn part(&self, region: &Region) -> [Range<usize>; 3] {
        let mut part = [0..1, 0..1, 0..1];
        for a in 0..self.ndim {
            part[3 - self.ndim + a] = region.start()[a] as usize..region.end(a) as usize;
        }
        part
    }
}

/// The same words, to be read and written by several threads at once with [`load`] and [`store`].
pub fn shared(words: &mut [u64]) -> &[AtomicU64] {
    let (data, len) = (words.as_mut_ptr().cast::<AtomicU64>(), words.len());
    // SAFETY: AtomicU64 has the size, alignment (8 on the 64-bit targets that core insists on) and bit validity of u64,
    // and the exclusive borrow of `words` lasts as long as the shared view of it.
    unsafe { std::slice::from_raw_parts(data, len) }
}

/// Reads a shared word; what other threads wrote before a barrier is seen after it.
#[inline(always)]
pub fn load(word: &AtomicU64) -> u64 {
    word.load(Ordering::Relaxed)
}

/// Writes a shared word.
#[inline(always)]
pub fn store(word: &AtomicU64, value: u64) {
    word.store(value, Ordering::Relaxed);
}

/// The places of the set bits, from low to high.
#[inline(always)]
pub fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = word.trailing_zeros() as usize;
        word &= word.wrapping_sub(1);
        (place < 64).then_some(place)
    })
}
