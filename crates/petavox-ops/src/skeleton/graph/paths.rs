//! The branches of a skeleton: voxels one after the other, with what is known of each branch.

use super::super::arrays::{Array, Arrays};
use petavox_core::Result;

/// What lies at the two ends of a branch; the numbers are skan's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BranchKind {
    TipToTip = 0,
    TipToJunction = 1,
    JunctionToJunction = 2,
    /// Both ends are one voxel.
    Cycle = 3,
}

impl BranchKind {
    pub(crate) fn between(src: u32, src_is_tip: bool, dst: u32, dst_is_tip: bool) -> BranchKind {
        match (src_is_tip, dst_is_tip) {
            _ if src == dst => BranchKind::Cycle,
            (true, true) => BranchKind::TipToTip,
            (true, false) | (false, true) => BranchKind::TipToJunction,
            (false, false) => BranchKind::JunctionToJunction,
        }
    }
}

/// All branches, in the order of the table's rows.
#[derive(Debug)]
pub(crate) struct Paths {
    /// Where each path's voxels start in `voxels`; one more entry than paths.
    starts: Array<u64>,
    voxels: Array<u32>,
    lengths: Array<f64>,
    skeletons: Array<u32>,
    kinds: Array<u8>,
}

/// Fills [`Paths`] from the front.
pub(crate) struct PathWriter<'a> {
    starts: &'a mut [u64],
    voxels: &'a mut [u32],
    lengths: &'a mut [f64],
    skeletons: &'a mut [u32],
    kinds: &'a mut [u8],
    n_paths: usize,
    n_voxels: usize,
}

impl PathWriter<'_> {
    /// Adds a voxel to the path being written.
    pub(crate) fn voxel(&mut self, voxel: u32) {
        self.voxels[self.n_voxels] = voxel;
        self.n_voxels += 1;
    }

    /// Ends the path being written.
    pub(crate) fn end_of_path(&mut self, length: f64, skeleton: u32, kind: BranchKind) {
        self.lengths[self.n_paths] = length;
        self.skeletons[self.n_paths] = skeleton;
        self.kinds[self.n_paths] = kind as u8;
        self.n_paths += 1;
        self.starts[self.n_paths] = self.n_voxels as u64;
    }
}

impl Paths {
    /// Room for so many paths with so many voxels in all.
    pub(crate) fn zeroed(n_paths: usize, n_voxels: usize, arrays: &dyn Arrays) -> Result<Paths> {
        Ok(Paths {
            starts: Array::zeroed(arrays, n_paths + 1)?,
            voxels: Array::zeroed(arrays, n_voxels)?,
            lengths: Array::zeroed(arrays, n_paths)?,
            skeletons: Array::zeroed(arrays, n_paths)?,
            kinds: Array::zeroed(arrays, n_paths)?,
        })
    }

    /// Starts to write at the front.
    pub(crate) fn writer(&mut self) -> PathWriter<'_> {
        PathWriter {
            starts: self.starts.get_mut(),
            voxels: self.voxels.get_mut(),
            lengths: self.lengths.get_mut(),
            skeletons: self.skeletons.get_mut(),
            kinds: self.kinds.get_mut(),
            n_paths: 0,
            n_voxels: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.lengths.get().len()
    }

    /// The voxels of a path, both ends included.
    pub(crate) fn voxels(&self, path: usize) -> &[u32] {
        let starts = self.starts.get();
        &self.voxels.get()[starts[path] as usize..starts[path + 1] as usize]
    }

    pub(crate) fn lengths(&self) -> &[f64] {
        self.lengths.get()
    }

    pub(crate) fn skeletons(&self) -> &[u32] {
        self.skeletons.get()
    }

    pub(crate) fn kinds(&self) -> &[u8] {
        self.kinds.get()
    }
}
