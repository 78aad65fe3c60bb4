//! Morphological neighbourhoods.

use crate::filter::for_each_index;
use petavox_core::{Error, MAX_NDIM, Result};

/// Which neighbours of a sample take part: scipy.ndimage's `structure`, its centre at `shape / 2` (rounded down).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    shape: Vec<usize>,
    offsets: Vec<Vec<i64>>,
}

impl Footprint {
    /// A footprint from a mask in C order.
    ///
    /// ```
    /// use petavox_kernels::morphology::Footprint;
    /// let line = Footprint::new(&[1, 3], &[true, true, false])?;
    /// assert_eq!(line.offsets(), [[0, -1], [0, 0]]);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the mask has another size than `shape`, is empty, or has more than eight axes.
    pub fn new(shape: &[usize], mask: &[bool]) -> Result<Footprint> {
        let len = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
        if shape.is_empty() || shape.len() > MAX_NDIM || len != Some(mask.len()) {
            let expected = format!("a mask of shape {shape:?}, 1 to 8 axes");
            return Err(Error::argument("footprint", format!("{} values", mask.len()), expected));
        }
        let mut offsets = vec![];
        let mut i = 0;
        for_each_index(shape, &mut |index| {
            if mask[i] {
                let from_centre = index.iter().zip(shape).map(|(&x, &n)| x as i64 - (n / 2) as i64);
                offsets.push(from_centre.collect());
            }
            i += 1;
        });
        if offsets.is_empty() {
            return Err(Error::argument("footprint", "no neighbours", "at least one"));
        }
        Ok(Footprint { shape: shape.to_vec(), offsets })
    }

    /// All samples at most `connectivity` hops away in a neighbourhood of three per axis: scipy's `generate_binary_structure`.
    /// 1 is the cross, `ndim` the full box.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for no or more than eight axes. A connectivity of 0 is taken as the sample alone.
    pub fn connectivity(ndim: usize, connectivity: usize) -> Result<Footprint> {
        let shape = vec![3; ndim.min(MAX_NDIM + 1)];
        let mut mask = vec![];
        for_each_index(&shape, &mut |index| {
            mask.push(index.iter().filter(|&&x| x != 1).count() <= connectivity);
        });
        Footprint::new(&shape, &mask)
    }

    /// Every sample of a box.
    ///
    /// # Errors
    /// As [`Footprint::new`].
    pub fn cuboid(shape: &[usize]) -> Result<Footprint> {
        let len = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
        match len {
            Some(len @ 1..=0x100_0000) => Footprint::new(shape, &vec![true; len]),
            _ => Err(Error::argument("footprint", format!("{shape:?}"), "1 to 2^24 neighbours")),
        }
    }

    /// Extent per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// The neighbours relative to the centre, in raster order.
    pub fn offsets(&self) -> &[Vec<i64>] {
        &self.offsets
    }

    /// True if no sample of the box is missing.
    pub fn is_cuboid(&self) -> bool {
        self.offsets.len() == self.shape.iter().product::<usize>()
    }
}
