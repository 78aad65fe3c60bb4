//! The driver of grey reconstruction: values that spread through a volume slab by slab, in memory or in a mapped file, until nothing
//! changes.

use petavox_core::{Result, Workers};
use petavox_engine::RunContext;
use petavox_kernels::bits::{load, store};
use petavox_kernels::morphology::reconstruct::{Grey, Slab};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// About how many bytes of values a slab has.
const SLAB_BYTES: usize = 1 << 21;

/// A volume of values of `size` bytes in 64-bit words: every row begins with a word.
#[derive(Clone)]
pub(super) struct Layout {
    /// Samples per axis, two axes at least.
    pub(super) shape: Vec<usize>,
    size: usize,
}

impl Layout {
    pub(super) fn new(shape: &[usize], size: usize) -> Layout {
        let mut shape = shape.to_vec();
        while shape.len() < 2 {
            shape.insert(0, 1);
        }
        Layout { shape, size }
    }

    pub(super) fn row_len(&self) -> usize {
        self.shape[self.shape.len() - 1]
    }

    pub(super) fn row_words(&self) -> usize {
        (self.row_len() * self.size).div_ceil(8)
    }

    fn rows_per_plane(&self) -> usize {
        self.shape[1..self.shape.len() - 1].iter().product()
    }

    pub(super) fn n_rows(&self) -> usize {
        self.shape[0] * self.rows_per_plane()
    }

    pub(super) fn n_words(&self) -> usize {
        self.n_rows() * self.row_words()
    }

    /// The row in which a point lies, of as many axes as the image has.
    pub(super) fn row_of(&self, point: &[i64]) -> usize {
        let outer = &self.shape[..self.shape.len() - 1];
        let point = &point[..point.len().saturating_sub(1)];
        let missing = outer.len() - point.len();
        point.iter().zip(&outer[missing..]).fold(0, |row, (x, n)| row * n + *x as usize)
    }

    fn slab_planes(&self) -> usize {
        let plane = (self.rows_per_plane() * self.row_words() * 8).max(1);
        (SLAB_BYTES / plane).clamp(1, self.shape[0].max(1))
    }

    /// Bytes that a thread takes for offsets that reach so far along the first axis.
    pub(super) fn scratch_bytes(&self, reach: usize) -> u64 {
        let planes = (self.slab_planes() + 2 * reach).min(self.shape[0]);
        (2 * planes * self.rows_per_plane() * (self.row_len() * self.size + 16)) as u64 + (1 << 16)
    }
}

/// Neighbours of an image's sample as neighbours in its layout.
pub(super) fn offsets_in(layout: &Layout, offsets: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let n = layout.shape.len();
    offsets.iter().map(|o| [vec![0; n - o.len()], o.clone()].concat()).collect()
}

/// How far offsets reach along the first axis.
pub(super) fn reach(offsets: &[Vec<i64>]) -> usize {
    offsets.iter().map(|o| o[0].unsigned_abs() as usize).max().unwrap_or(0)
}

/// Copies a row of values out of its words.
pub(super) fn get_row<T: bytemuck::Pod>(words: &[AtomicU64], to: &mut [T], line: &mut [u64]) {
    line.iter_mut().zip(words).for_each(|(l, w)| *l = load(w));
    let to: &mut [u8] = bytemuck::cast_slice_mut(to);
    let n = to.len();
    to.copy_from_slice(&bytemuck::cast_slice::<u64, u8>(line)[..n]);
}

fn set_row<T: bytemuck::Pod>(words: &[AtomicU64], from: &[T], line: &mut [u64]) {
    let from: &[u8] = bytemuck::cast_slice(from);
    bytemuck::cast_slice_mut::<u64, u8>(line)[..from.len()].copy_from_slice(from);
    line.iter().zip(words).for_each(|(l, w)| store(w, *l));
}

/// Spreads `values` under `ceiling` to neighbours at `offsets` (with each its opposite) until nothing changes. No value may be above its
/// ceiling at first. Threads go up and down through slabs of their own; the end does not depend on the order.
pub(super) fn spread<T: Grey + bytemuck::Pod>(
    layout: &Layout,
    values: &[AtomicU64],
    ceiling: &[AtomicU64],
    offsets: &[Vec<i64>],
    context: &RunContext,
) -> Result<()> {
    let (n_planes, planes) = (layout.shape[0], layout.slab_planes());
    if layout.n_words() == 0 {
        return Ok(());
    }
    let n_slabs = n_planes.div_ceil(planes);
    let reach = reach(offsets);
    let stale: Vec<AtomicBool> = (0..n_slabs).map(|_| AtomicBool::new(true)).collect();
    // As many threads as there is memory for; one was planned for.
    let per_band_bytes = layout.scratch_bytes(reach);
    let room = (context.budget.free() / per_band_bytes.max(1)) as usize;
    let rested: Vec<AtomicBool> = (0..n_slabs).map(|_| AtomicBool::new(false)).collect();
    let n_bands = context.n_threads.min(room).clamp(1, n_slabs);
    let _scratch = context.budget.reserve("flooding", per_band_bytes * n_bands as u64)?;
    let per_band = n_slabs.div_ceil(n_bands);
    let look = |slab: usize| {
        if context.cancel.is_cancelled() || !stale[slab].swap(false, Ordering::AcqRel) {
            return false;
        }
        let own = slab * planes..((slab + 1) * planes).min(n_planes);
        let again = rested[slab].swap(true, Ordering::AcqRel);
        let grew = relax::<T>(layout, values, ceiling, own, offsets, reach, again, context);
        if grew {
            let near = reach.div_ceil(planes);
            for other in slab.saturating_sub(near)..(slab + near + 1).min(n_slabs) {
                if other != slab {
                    stale[other].store(true, Ordering::Release);
                }
            }
        }
        grew
    };
    while stale.iter().any(|s| s.load(Ordering::Relaxed)) {
        context.cancel.check()?;
        context.workers.for_each(n_bands, &|band| {
            let own = band * per_band..((band + 1) * per_band).min(n_slabs);
            loop {
                let mut changed = false;
                own.clone().for_each(|slab| changed |= look(slab));
                own.clone().rev().for_each(|slab| changed |= look(slab));
                if !changed || context.cancel.is_cancelled() {
                    break;
                }
            }
        });
    }
    context.cancel.check()
}

/// One slab until it rests; true if it changed.
fn relax<T: Grey + bytemuck::Pod>(
    layout: &Layout,
    values: &[AtomicU64],
    ceiling: &[AtomicU64],
    own: Range<usize>,
    offsets: &[Vec<i64>],
    reach: usize,
    again: bool,
    context: &RunContext,
) -> bool {
    let (len, width, per_plane) = (layout.row_len(), layout.row_words(), layout.rows_per_plane());
    let first = own.start.saturating_sub(reach);
    let end = (own.end + reach).min(layout.shape[0]);
    let mut shape = layout.shape.clone();
    shape[0] = end - first;
    let n_rows = shape[0] * per_plane;
    let (mut v, mut c) = (vec![T::LEAST; n_rows * len], vec![T::LEAST; n_rows * len]);
    let mut line = vec![0; width];
    let row = |r: usize| (first * per_plane + r) * width..(first * per_plane + r + 1) * width;
    let rows = (own.start - first) * per_plane..(own.end - first) * per_plane;
    for r in 0..n_rows {
        get_row(&values[row(r)], &mut v[r * len..(r + 1) * len], &mut line);
        if rows.contains(&r) {
            get_row(&ceiling[row(r)], &mut c[r * len..(r + 1) * len], &mut line);
        }
    }
    let edges = again.then_some(reach * per_plane);
    let mut n = 0u32;
    let go_on = || {
        n += 1;
        !n.is_multiple_of(256) || !context.cancel.is_cancelled()
    };
    let grew = Slab::new(&shape, offsets).relax(&mut v, &c, rows.clone(), edges, go_on);
    if grew {
        for r in rows {
            set_row(&values[row(r)], &v[r * len..(r + 1) * len], &mut line);
        }
    }
    grew
}
