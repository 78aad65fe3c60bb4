//! Regular grids of boxes.

use crate::Region;
use serde::{Deserialize, Serialize};

/// A regular grid that cuts an image of `shape` into chunks of `chunk`; the last of each axis may be smaller.
///
/// ```
/// use petavox_core::{ChunkGrid, Region};
/// let grid = ChunkGrid::new(&[5, 4], &[2, 4]);
/// assert_eq!(grid.counts(), [3, 1]);
/// assert_eq!(grid.region(2), Region::new([4, 0], [1, 4]));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChunkGrid {
    shape: Vec<usize>,
    chunk: Vec<usize>,
}

impl ChunkGrid {
    /// A grid over `shape`; chunk extents are clamped to between 1 and the image.
    pub fn new(shape: &[usize], chunk: &[usize]) -> Self {
        assert_eq!(
            shape.len(),
            chunk.len(),
            "a grid's shape and chunk have the same number of axes"
        );
        let chunk = chunk.iter().zip(shape).map(|(&c, &s)| c.clamp(1, s.max(1))).collect();
        ChunkGrid { shape: shape.to_vec(), chunk }
    }

    /// The image's shape.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The chunk's shape.
    pub fn chunk(&self) -> &[usize] {
        &self.chunk
    }

    /// Number of chunks per axis.
    pub fn counts(&self) -> Vec<usize> {
        self.shape.iter().zip(&self.chunk).map(|(s, c)| s.div_ceil(*c)).collect()
    }

    /// Number of chunks.
    pub fn len(&self) -> usize {
        self.counts().iter().product()
    }

    /// True if the image has no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index per axis of the chunk with this raster number.
    pub fn index(&self, mut number: usize) -> Vec<usize> {
        let counts = self.counts();
        let mut index = vec![0; counts.len()];
        for a in (0..counts.len()).rev() {
            index[a] = number % counts[a];
            number /= counts[a];
        }
        index
    }

    /// The raster number of the chunk at this index.
    pub fn number(&self, index: &[usize]) -> usize {
        self.counts().iter().zip(index).fold(0, |n, (c, i)| n * c + i)
    }

    /// The region of the chunk with this raster number.
    pub fn region(&self, number: usize) -> Region {
        self.region_at(&self.index(number))
    }

    /// The region of the chunk at this index.
    pub fn region_at(&self, index: &[usize]) -> Region {
        Region::per_axis(index.len(), |a| {
            let start = index[a] * self.chunk[a];
            (start as i64, self.chunk[a].min(self.shape[a] - start))
        })
    }

    /// The raster numbers of the chunks that meet `region`, in raster order.
    pub fn meeting(&self, region: &Region) -> Vec<usize> {
        let Some(inside) = region.intersect(&Region::whole(&self.shape)) else { return Vec::new() };
        let lo: Vec<usize> =
            (0..self.shape.len()).map(|a| inside.start()[a] as usize / self.chunk[a]).collect();
        let n: Vec<usize> = (0..self.shape.len())
            .map(|a| (inside.end(a) as usize - 1) / self.chunk[a] - lo[a] + 1)
            .collect();
        let inner = ChunkGrid { shape: n.clone(), chunk: vec![1; n.len()] };
        (0..inner.len())
            .map(|k| {
                let index: Vec<usize> =
                    inner.index(k).iter().zip(&lo).map(|(i, l)| i + l).collect();
                self.number(&index)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_tile_the_image() {
        let grid = ChunkGrid::new(&[5, 7, 3], &[2, 3, 8]);
        assert_eq!(grid.chunk(), [2, 3, 3]);
        let total: usize = (0..grid.len()).map(|n| grid.region(n).len()).sum();
        assert_eq!(total, 5 * 7 * 3);
        for n in 0..grid.len() {
            assert_eq!(grid.number(&grid.index(n)), n);
        }
    }

    #[test]
    fn meeting_names_exactly_the_chunks_that_touch() {
        let grid = ChunkGrid::new(&[10, 10], &[4, 3]);
        let region = Region::new([3, 5], [2, 2]);
        let brute: Vec<usize> =
            (0..grid.len()).filter(|&n| grid.region(n).intersect(&region).is_some()).collect();
        assert_eq!(grid.meeting(&region), brute);
        assert_eq!(grid.meeting(&Region::new([-9, -9], [2, 2])), Vec::<usize>::new());
    }
}
