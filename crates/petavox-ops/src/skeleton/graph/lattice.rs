//! The voxel lattice: coordinates, the 26 steps to a voxel's neighbours and their lengths.

use super::super::values::VoxelValues;
use petavox_core::{Error, Result};

/// Steps are numbered 0..27 in raster order of (dz, dy, dx) from (-1, -1, -1); 13 is no step, `26 - s` is `s` reversed.
pub(crate) const N_STEPS: usize = 27;

/// The bits of a voxel's word that say which neighbours it has.
pub(crate) const STEP_BITS: u32 = (1 << N_STEPS) - 1;

/// An image's shape as planes, rows and samples, and the length of each step. 2-D images have one plane.
#[derive(Clone, Debug)]
pub(crate) struct Lattice {
    /// 2 or 3, as given.
    pub(crate) ndim: usize,
    /// Planes, rows, samples per row.
    pub(crate) shape: [u64; 3],
    /// Sample size along each of the three axes.
    pub(crate) spacing: [f64; 3],
    /// Length of each step.
    pub(crate) lengths: [f64; N_STEPS],
}

impl Lattice {
    pub(crate) fn new(shape: &[usize], spacing: &[f64]) -> Result<Lattice> {
        let ndim = shape.len();
        if !(2..=3).contains(&ndim) {
            return Err(Error::argument("shape", format!("{shape:?}"), "2 or 3 axes"));
        }
        if spacing.len() != ndim || spacing.iter().any(|s| !(s.is_finite() && *s > 0.0)) {
            let expected = format!("{ndim} positive finite numbers, one per axis");
            return Err(Error::argument("spacing", format!("{spacing:?}"), expected));
        }
        let mut full_shape = [1; 3];
        let mut full_spacing = [1.0; 3];
        for axis in 0..ndim {
            full_shape[axis + 3 - ndim] = shape[axis] as u64;
            full_spacing[axis + 3 - ndim] = spacing[axis];
        }
        let n_samples = full_shape.iter().try_fold(1u64, |n, &s| n.checked_mul(s));
        if n_samples.is_none_or(|n| n > i64::MAX as u64) {
            return Err(Error::argument("shape", format!("{shape:?}"), "fewer than 2^63 samples"));
        }
        let mut lengths = [0.0; N_STEPS];
        for (step, length) in lengths.iter_mut().enumerate() {
            let d = [(step / 9) as f64 - 1.0, (step / 3 % 3) as f64 - 1.0, (step % 3) as f64 - 1.0];
            let square = |a: usize| (d[a] * full_spacing[a]).powi(2);
            // The order of numpy's sum over three terms: it decides the last bit, and with it which steps tie.
            *length = (square(0) + (square(1) + square(2))).sqrt();
        }
        Ok(Lattice { ndim, shape: full_shape, spacing: full_spacing, lengths })
    }

    /// Number of samples of the image.
    pub(crate) fn n_samples(&self) -> u64 {
        self.shape.iter().product()
    }

    /// Plane, row and column of a rank.
    pub(crate) fn coordinates(&self, rank: u64) -> [u64; 3] {
        let [_, n_rows, n_columns] = self.shape;
        let row = rank / n_columns;
        [row / n_rows, row % n_rows, rank % n_columns]
    }

    /// The step from one voxel to a neighbour of it.
    pub(crate) fn step_between(&self, from: u64, to: u64) -> usize {
        let (a, b) = (self.coordinates(from), self.coordinates(to));
        (0..3).fold(0, |step, axis| 3 * step + (b[axis] + 1 - a[axis]) as usize)
    }

    /// Length of the edge from voxel `i` to `j`, which lies one `step` away.
    pub(crate) fn edge_length(
        &self,
        heights: Option<&VoxelValues<'_>>,
        i: u32,
        j: u32,
        step: usize,
    ) -> f64 {
        match heights {
            None => self.lengths[step],
            Some(h) => h.difference(i, j).hypot(self.lengths[step]),
        }
    }

    /// The distinct step lengths in rising order, and for every step the position of its length among them.
    pub(crate) fn length_classes(&self) -> (usize, [u8; N_STEPS]) {
        let mut distinct: Vec<f64> =
            (0..N_STEPS).filter(|&s| s != 13).map(|s| self.lengths[s]).collect();
        distinct.sort_by(f64::total_cmp);
        distinct.dedup();
        let mut classes = [0; N_STEPS];
        for (class, step) in classes.iter_mut().zip(self.lengths) {
            *class = distinct.iter().position(|&d| d == step).unwrap_or(0) as u8;
        }
        (distinct.len(), classes)
    }
}
