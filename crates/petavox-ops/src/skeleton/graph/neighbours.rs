//! Which voxels touch which: found by walking along the sorted ranks, with one pointer per neighbouring row.

use super::super::arrays::{Array, Arrays};
use super::lattice::{Lattice, STEP_BITS};
use petavox_core::{Error, Result, Workers};
use std::ops::Range;
use std::sync::Mutex;

/// Voxels per piece of parallel work, a multiple of [`VOXELS_PER_OFFSET`]. Few in tests, so that small masks have seams.
const VOXELS_PER_TASK: usize = if cfg!(test) { 16 } else { 1 << 15 };

/// Voxels that share one entry of the table of slot offsets.
const VOXELS_PER_OFFSET: usize = 8;

/// The bits of the steps that lead to voxels with higher numbers.
pub(crate) const FORWARD: u32 = STEP_BITS & !0 << 14;

/// Calls `found(i, step, j)` for every voxel `i` of `range` and every neighbour `j` of it that lies one of the steps
/// `wanted(i)` away, in rising order of `(i, j)`.
pub(crate) fn for_each_neighbour(
    lattice: &Lattice,
    ranks: &[u64],
    range: Range<usize>,
    wanted: impl Fn(usize) -> u32,
    mut found: impl FnMut(usize, usize, usize),
) {
    let Some(first) = ranks.get(range.start).filter(|_| !range.is_empty()) else { return };
    let [n_planes, n_rows, n_columns] = lattice.shape;
    let plane = (n_rows * n_columns) as i64;
    // One pointer per row of the neighbourhood: it only ever moves on, since the ranks rise.
    let shifts: [i64; 9] =
        std::array::from_fn(|r| (r as i64 / 3 - 1) * plane + (r as i64 % 3 - 1) * n_columns as i64);
    let mut pointers = shifts
        .map(|shift| ranks.partition_point(|&rank| (rank as i64) < *first as i64 + shift - 1));
    let (mut row_start, mut row_end) = (0, 0);
    // The steps that stay in the image, up to the ends of the row.
    let mut inside = 0;
    for i in range {
        let rank = ranks[i];
        if rank >= row_end {
            let row = rank / n_columns;
            (row_start, row_end) = (row * n_columns, (row + 1) * n_columns);
            let (z, y) = (row / n_rows, row % n_rows);
            inside = STEP_BITS;
            for (is_edge, steps) in [
                (z == 0, 0o000_000_777),
                (z + 1 == n_planes, 0o777_000_000),
                (y == 0, 0o007_007_007),
                (y + 1 == n_rows, 0o700_700_700),
            ] {
                inside &= if is_edge { !steps } else { STEP_BITS };
            }
        }
        let wanted = wanted(i) & inside;
        let left = i64::from(rank > row_start);
        let right = i64::from(rank + 1 < row_end);
        for r in 0..9 {
            let wanted = wanted >> (3 * r) & 7;
            if wanted == 0 {
                continue;
            }
            let middle = rank as i64 + shifts[r];
            let mut p = pointers[r];
            while p < ranks.len() && (ranks[p] as i64) < middle - left {
                p += 1;
            }
            pointers[r] = p;
            while p < ranks.len() && ranks[p] as i64 <= middle + right {
                let column = (ranks[p] as i64 - middle + 1) as usize;
                let step = 3 * r + column;
                if wanted >> column & 1 == 1 && step != 13 {
                    found(i, step, p);
                }
                p += 1;
            }
        }
    }
}

/// For every voxel a word with one bit per step that leads to another voxel.
pub(crate) fn neighbour_words(
    lattice: &Lattice,
    ranks: &[u64],
    arrays: &dyn Arrays,
    workers: &dyn Workers,
) -> Result<Array<u32>> {
    let mut words = Array::<u32>::zeroed(arrays, ranks.len())?;
    let reach = lattice.shape[1].saturating_add(1).saturating_mul(lattice.shape[2]) + 1;
    let tasks: Vec<Mutex<&mut [u32]>> =
        words.get_mut().chunks_mut(VOXELS_PER_TASK).map(Mutex::new).collect();
    workers.for_each(tasks.len(), &|t| {
        let Ok(mut part) = tasks[t].lock() else { return };
        let start = t * VOXELS_PER_TASK;
        let end = start + part.len();
        // A pair is found once, from its first voxel, and noted at both; only voxels that may touch those before this
        // part look back.
        let looks_back_until = match start.checked_sub(1) {
            Some(before) => ranks[before].saturating_add(reach),
            None => 0,
        };
        let wanted = |i: usize| if ranks[i] <= looks_back_until { STEP_BITS } else { FORWARD };
        for_each_neighbour(lattice, ranks, start..end, wanted, |i, step, j| {
            part[i - start] |= 1 << step;
            if step > 13 && j < end {
                part[j - start] |= 1 << (26 - step);
            }
        });
    });
    drop(tasks);
    Ok(words)
}

/// Voxels and the edges between them, both ways, neighbours in rising order.
#[derive(Debug)]
pub(crate) struct Adjacency {
    /// One bit per step that is an edge.
    words: Array<u32>,
    /// The slot of the first neighbour of every eighth voxel.
    offsets: Array<u64>,
    /// The neighbours of all voxels, one after the other.
    slots: Array<u32>,
}

/// [`Adjacency`] with its arrays fetched.
#[derive(Clone, Copy)]
pub(crate) struct Edges<'a> {
    words: &'a [u32],
    offsets: &'a [u64],
    slots: &'a [u32],
}

impl Adjacency {
    /// The edges that `words` keep.
    pub(crate) fn new(
        lattice: &Lattice,
        ranks: &[u64],
        words: Array<u32>,
        arrays: &dyn Arrays,
        workers: &dyn Workers,
    ) -> Result<Adjacency> {
        let kept = words.get();
        let mut offsets = Array::<u64>::zeroed(arrays, ranks.len().div_ceil(VOXELS_PER_OFFSET))?;
        let mut n_slots = 0;
        for (offset, some) in offsets.get_mut().iter_mut().zip(kept.chunks(VOXELS_PER_OFFSET)) {
            *offset = n_slots;
            n_slots += some.iter().map(|w| u64::from((w & STEP_BITS).count_ones())).sum::<u64>();
        }
        let mut slots = Array::<u32>::zeroed(arrays, n_slots as usize)?;
        let per_task = VOXELS_PER_TASK / VOXELS_PER_OFFSET;
        let starts: Vec<u64> = offsets.get().iter().step_by(per_task).copied().collect();
        let mut tasks = Vec::with_capacity(starts.len());
        let mut rest = slots.get_mut();
        for (t, start) in starts.iter().enumerate() {
            let end = starts.get(t + 1).copied().unwrap_or(n_slots);
            let (part, after) = rest.split_at_mut((end - start) as usize);
            tasks.push(Mutex::new(part));
            rest = after;
        }
        workers.for_each(tasks.len(), &|t| {
            let Ok(mut part) = tasks[t].lock() else { return };
            let start = t * VOXELS_PER_TASK;
            let range = start..(start + VOXELS_PER_TASK).min(ranks.len());
            let mut n = 0;
            for_each_neighbour(
                lattice,
                ranks,
                range,
                |i| kept[i],
                |_, _, j| {
                    part[n] = j as u32;
                    n += 1;
                },
            );
        });
        drop(tasks);
        Ok(Adjacency { words, offsets, slots })
    }

    /// The arrays.
    pub(crate) fn edges(&self) -> Edges<'_> {
        Edges { words: self.words.get(), offsets: self.offsets.get(), slots: self.slots.get() }
    }
}

impl<'a> Edges<'a> {
    /// Number of voxels.
    pub(crate) fn n_voxels(&self) -> usize {
        self.words.len()
    }

    /// Number of slots: each edge has two.
    pub(crate) fn n_slots(&self) -> usize {
        self.slots.len()
    }

    /// Number of edges at a voxel.
    pub(crate) fn degree(&self, voxel: u32) -> usize {
        (self.words[voxel as usize] & STEP_BITS).count_ones() as usize
    }

    /// The slot of a voxel's first neighbour.
    pub(crate) fn first_slot(&self, voxel: u32) -> usize {
        let voxel = voxel as usize;
        let group = voxel / VOXELS_PER_OFFSET;
        let before = &self.words[group * VOXELS_PER_OFFSET..voxel];
        before
            .iter()
            .fold(self.offsets[group] as usize, |n, w| n + (w & STEP_BITS).count_ones() as usize)
    }

    /// The voxel that a slot leads to.
    pub(crate) fn target(&self, slot: usize) -> u32 {
        self.slots[slot]
    }

    /// The neighbours of a voxel, in rising order.
    pub(crate) fn neighbours(&self, voxel: u32) -> &'a [u32] {
        let first = self.first_slot(voxel);
        &self.slots[first..first + self.degree(voxel)]
    }

    /// The step of a voxel's `k`-th edge.
    pub(crate) fn step(&self, voxel: u32, k: usize) -> usize {
        let word = (0..k).fold(self.words[voxel as usize] & STEP_BITS, |w, _| w & (w - 1));
        word.trailing_zeros() as usize
    }
}

/// Checks that ranks rise, lie in the image and can be numbered.
pub(crate) fn check_ranks(lattice: &Lattice, ranks: &[u64]) -> Result<()> {
    if ranks.len() >= u32::MAX as usize {
        let given = format!("{} voxels", ranks.len());
        return Err(Error::argument("skeleton", given, "fewer than 2^32 - 1 voxels"));
    }
    if let Some(at) = ranks.windows(2).position(|w| w[0] >= w[1]) {
        let given = format!("{} before {}", ranks[at], ranks[at + 1]);
        return Err(Error::argument("ranks", given, "raster ranks in rising order, each once"));
    }
    match ranks.last() {
        Some(&last) if last >= lattice.n_samples() => {
            let expected = format!("ranks below {}, the image's samples", lattice.n_samples());
            Err(Error::argument("ranks", last, expected))
        }
        _ => Ok(()),
    }
}
