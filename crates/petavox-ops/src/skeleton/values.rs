//! A number for every voxel of a skeleton.

use petavox_core::{Error, Result};

/// One number per skeleton voxel, parallel to its ranks: samples of the source image, heights, radii.
#[derive(Clone, Copy, Debug)]
pub enum VoxelValues<'a> {
    /// Single precision, as most images and distance transforms are stored.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl VoxelValues<'_> {
    /// Number of voxels.
    pub fn len(&self) -> usize {
        match self {
            VoxelValues::F32(v) => v.len(),
            VoxelValues::F64(v) => v.len(),
        }
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of voxel `i`.
    pub(crate) fn at(&self, i: u32) -> f64 {
        match self {
            VoxelValues::F32(v) => f64::from(v[i as usize]),
            VoxelValues::F64(v) => v[i as usize],
        }
    }

    /// The difference of two voxels' values, taken in the precision they are stored in (as numpy does).
    pub(crate) fn difference(&self, i: u32, j: u32) -> f64 {
        match self {
            VoxelValues::F32(v) => f64::from(v[i as usize] - v[j as usize]),
            VoxelValues::F64(v) => v[i as usize] - v[j as usize],
        }
    }

    /// Checks that there is one value per voxel.
    pub(crate) fn check(&self, name: &str, n_voxels: usize) -> Result<()> {
        if self.len() == n_voxels {
            return Ok(());
        }
        let expected = format!("{n_voxels}, one per skeleton voxel");
        Err(Error::argument(name, format!("{} values", self.len()), expected))
    }

    /// True if every value is finite.
    pub(crate) fn all_finite(&self) -> bool {
        match self {
            VoxelValues::F32(v) => v.iter().all(|x| x.is_finite()),
            VoxelValues::F64(v) => v.iter().all(|x| x.is_finite()),
        }
    }
}
