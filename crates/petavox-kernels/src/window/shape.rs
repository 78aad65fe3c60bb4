//! Which samples around a sample belong to its neighbourhood.

use crate::filter::for_each_index;
use petavox_core::{Error, Halo, MAX_NDIM, Result};

/// Most samples that the box of a window may have.
const MAX_CELLS: usize = 1 << 24;

/// A neighbourhood: a box that may stand anywhere beside its sample, whole or in parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    start: Vec<i64>,
    shape: Vec<usize>,
    mask: Option<Vec<bool>>,
}

impl Window {
    /// A window of `shape` samples, those that `mask` (in C order) names or all; its middle, `shape / 2`, stands `origin` samples
    /// before the sample itself, as scipy.ndimage has it.
    ///
    /// ```
    /// use petavox_kernels::window::Window;
    /// let pair = Window::new(&[2], &[0], None)?;
    /// assert_eq!(pair.offsets(), [[-1], [0]]);
    /// let next = Window::new(&[3], &[-1], Some(vec![true, false, true]))?;
    /// assert_eq!(next.offsets(), [[0], [2]]);
    /// # Ok::<(), petavox_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the shape, the origin and the mask do not fit together, no sample is left, the middle would leave the box,
    /// or the box is absurdly large.
    pub fn new(shape: &[usize], origin: &[i64], mask: Option<Vec<bool>>) -> Result<Window> {
        let len = shape.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
        let len = len.filter(|n| (1..=MAX_CELLS).contains(n) && shape.len() <= MAX_NDIM);
        let Some(len) = len else {
            let expected = "1 to 2^24 samples on at most 8 axes";
            return Err(Error::argument("footprint", format!("{shape:?}"), expected));
        };
        if origin.len() != shape.len() {
            let expected = format!("{}, one per axis", shape.len());
            return Err(Error::argument("origin", format!("{origin:?}"), expected));
        }
        let mut start = Vec::with_capacity(shape.len());
        for (&n, &o) in shape.iter().zip(origin) {
            let middle = (n / 2) as i64 + o;
            if !(0..n as i64).contains(&middle) {
                let expected = format!("one that leaves the middle in a window of {n} samples");
                return Err(Error::argument("origin", o, expected));
            }
            start.push(-middle);
        }
        if let Some(mask) = &mask {
            if mask.len() != len {
                let expected = format!("{len} for the shape {shape:?}");
                return Err(Error::argument(
                    "footprint",
                    format!("{} values", mask.len()),
                    expected,
                ));
            }
            if !mask.contains(&true) {
                return Err(Error::argument("footprint", "no neighbours", "at least one"));
            }
        }
        let mask = mask.filter(|m| m.contains(&false));
        Ok(Window { start, shape: shape.to_vec(), mask })
    }

    /// Extent per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Where the box begins, relative to the sample.
    pub fn start(&self) -> &[i64] {
        &self.start
    }

    /// scipy's `origin`.
    pub fn origin(&self) -> Vec<i64> {
        self.start.iter().zip(&self.shape).map(|(s, n)| -s - (n / 2) as i64).collect()
    }

    /// The samples of the box that belong to it, `None` if all do.
    pub fn mask(&self) -> Option<&[bool]> {
        self.mask.as_deref()
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// How many samples belong to it.
    pub fn len(&self) -> usize {
        match &self.mask {
            None => self.shape.iter().product(),
            Some(mask) => mask.iter().filter(|m| **m).count(),
        }
    }

    /// Never: a window has a sample at least.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is needed beside a target.
    pub fn halo(&self) -> Halo {
        let ends = self.start.iter().zip(&self.shape);
        Halo {
            low: self.start.iter().map(|s| s.unsigned_abs() as usize).collect(),
            high: ends.map(|(s, n)| (s + *n as i64 - 1) as usize).collect(),
        }
    }

    /// The samples relative to the sample itself, in raster order.
    pub fn offsets(&self) -> Vec<Vec<i64>> {
        let mut found = vec![];
        self.for_each_cell(&mut |cell| {
            found.push(cell.iter().zip(&self.start).map(|(&c, s)| c as i64 + s).collect())
        });
        found
    }

    /// The samples by their place in the box, in raster order.
    pub(crate) fn for_each_cell(&self, f: &mut dyn FnMut(&[usize])) {
        let mut i = 0;
        for_each_index(&self.shape, &mut |cell| {
            if self.mask.as_ref().is_none_or(|m| m[i]) {
                f(cell);
            }
            i += 1;
        });
    }

    /// Runs of samples along the last axis: where each begins in an array of these strides, and its length.
    pub(crate) fn runs(&self, strides: &[usize]) -> Vec<(usize, usize)> {
        let mut runs: Vec<(usize, usize)> = vec![];
        let mut before: Option<Vec<usize>> = None;
        let last = self.ndim().saturating_sub(1);
        self.for_each_cell(&mut |cell| {
            let follows = before.as_ref().is_some_and(|b| {
                b[..last] == cell[..last] && cell.get(last).is_some_and(|c| b[last] + 1 == *c)
            });
            match runs.last_mut() {
                Some((_, len)) if follows => *len += 1,
                _ => runs.push((cell.iter().zip(strides).map(|(c, s)| c * s).sum(), 1)),
            }
            before = Some(cell.to_vec());
        });
        runs
    }
}
