//! Half-open n-d boxes.

use crate::few::Few;
use serde::{Deserialize, Serialize};

/// A half-open n-d box of samples: `start[a] <= x[a] < start[a] + shape[a]`.
///
/// Coordinates are signed because a region with its halo may reach outside the image.
///
/// ```
/// use petavox_core::Region;
/// let a = Region::new([0, 0], [4, 6]);
/// let b = Region::new([2, 3], [4, 6]);
/// assert_eq!(a.intersect(&b), Some(Region::new([2, 3], [2, 3])));
/// assert_eq!(a.len(), 24);
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, PartialOrd, Ord)]
pub struct Region {
    start: Few<i64>,
    shape: Few<usize>,
}

impl Region {
    /// The box of `shape` samples that begins at `start`.
    ///
    /// # Panics
    /// If the two have different lengths (a programming error, never caused by data).
    pub fn new(start: impl AsRef<[i64]>, shape: impl AsRef<[usize]>) -> Self {
        let (start, shape) = (start.as_ref(), shape.as_ref());
        assert_eq!(
            start.len(),
            shape.len(),
            "a region's start and shape have the same number of axes"
        );
        Region { start: Few::of(start), shape: Few::of(shape) }
    }

    /// The box that spans `span(axis)`, first coordinate and number of samples, along each of `ndim` axes.
    pub fn per_axis(ndim: usize, mut span: impl FnMut(usize) -> (i64, usize)) -> Self {
        let mut shape = Few::of(&[]);
        let start = Few::per_axis(ndim, |a| {
            let (start, n) = span(a);
            if a == 0 {
                shape = Few::per_axis(ndim, |_| 0);
            }
            shape[a] = n;
            start
        });
        Region { start, shape }
    }

    /// The whole of an image of this shape.
    pub fn whole(shape: &[usize]) -> Self {
        Region { start: Few::per_axis(shape.len(), |_| 0), shape: Few::of(shape) }
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// First coordinate per axis.
    pub fn start(&self) -> &[i64] {
        &self.start
    }

    /// Samples per axis.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// One past the last coordinate of `axis`.
    pub fn end(&self, axis: usize) -> i64 {
        self.start[axis] + self.shape[axis] as i64
    }

    /// Samples of a row, a run along the last axis; 1 if there are no axes.
    pub fn row_len(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True if there is no sample in it.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// True if `other` lies inside.
    pub fn contains(&self, other: &Region) -> bool {
        other.is_empty()
            || (0..self.ndim())
                .all(|a| other.start[a] >= self.start[a] && other.end(a) <= self.end(a))
    }

    /// The common part, or `None` if there is none.
    pub fn intersect(&self, other: &Region) -> Option<Region> {
        let common = Region::per_axis(self.ndim(), |a| {
            let lo = self.start[a].max(other.start[a]);
            (lo, (self.end(a).min(other.end(a)) - lo).max(0) as usize)
        });
        if common.is_empty() { None } else { Some(common) }
    }

    /// The smallest box that holds both.
    pub fn hull(&self, other: &Region) -> Region {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Region::per_axis(self.ndim(), |a| {
            let lo = self.start[a].min(other.start[a]);
            (lo, (self.end(a).max(other.end(a)) - lo) as usize)
        })
    }

    /// Grown by `low` before and `high` after, per axis.
    pub fn grow(&self, low: &[usize], high: &[usize]) -> Region {
        Region::per_axis(self.ndim(), |a| {
            (self.start[a] - low[a] as i64, self.shape[a] + low[a] + high[a])
        })
    }

    /// Moved by `offset`.
    pub fn translate(&self, offset: &[i64]) -> Region {
        Region {
            start: Few::per_axis(self.ndim(), |a| self.start[a] + offset[a]),
            shape: self.shape.clone(),
        }
    }

    /// The offset of the sample at `point` in a contiguous C-order block of this region.
    pub fn offset_of(&self, point: &[i64]) -> usize {
        let mut offset = 0;
        for a in 0..self.ndim() {
            offset = offset * self.shape[a] + (point[a] - self.start[a]) as usize;
        }
        offset
    }

    /// Calls `f` with the first coordinate of every row (a run along the last axis), in raster order.
    pub fn for_each_row(&self, mut f: impl FnMut(&[i64])) {
        if self.is_empty() {
            return;
        }
        let n = self.ndim();
        let mut point = self.start.clone();
        loop {
            f(&point);
            let mut a = n.saturating_sub(1);
            loop {
                if a == 0 {
                    return;
                }
                a -= 1;
                point[a] += 1;
                if point[a] < self.end(a) {
                    break;
                }
                point[a] = self.start[a];
            }
        }
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[")?;
        for a in 0..self.ndim() {
            if a > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{}:{}", self.start[a], self.end(a))?;
        }
        f.write_str("]")
    }
}

impl std::fmt::Debug for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// C-order strides, in samples, of a contiguous array of this shape.
pub fn strides(shape: &[usize]) -> Vec<usize> {
    let mut out = vec![1; shape.len()];
    for a in (0..shape.len().saturating_sub(1)).rev() {
        out[a] = out[a + 1] * shape[a + 1];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_in_raster_order() {
        let mut seen = vec![];
        Region::new([1, 2, 3], [2, 2, 5]).for_each_row(|p| seen.push(p.to_vec()));
        assert_eq!(seen, [[1, 2, 3], [1, 3, 3], [2, 2, 3], [2, 3, 3]]);
        let mut n = 0;
        Region::new([7], [5]).for_each_row(|p| {
            assert_eq!(p, [7]);
            n += 1;
        });
        assert_eq!(n, 1);
        Region::new([0, 0], [0, 5]).for_each_row(|_| panic!("empty"));
    }

    #[test]
    fn hull_and_intersection() {
        let a = Region::new([-2, 0], [4, 4]);
        let b = Region::new([5, 1], [1, 1]);
        assert_eq!(a.intersect(&b), None);
        assert_eq!(a.hull(&b), Region::new([-2, 0], [8, 4]));
        assert!(a.hull(&b).contains(&b));
        assert_eq!(format!("{a}"), "[-2:2, 0:4]");
        assert_eq!(a.offset_of(&[0, 3]), 11);
    }
}
