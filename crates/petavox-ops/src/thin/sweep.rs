//! What all rules share: which rows are worth a look, slabs, and the candidates of the slabs in work.

use super::{ThinMethod, ThinOptions, WordStore};
use petavox_core::{CancelToken, Error, Result, Workers};
use petavox_kernels::bits::BitLayout;
use petavox_kernels::skeleton::rows::{Direction, Rows, candidates};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

/// Rows that one task does when there are too few planes to give each thread some.
const BAND_ROWS: usize = 64;

/// The state of a thinning beside the mask. All of it is shared by the threads of a sweep; tasks of one
/// [`Workers::for_each`] never write what another one reads, but for flags that are only ever set.
pub(super) struct Sweeper<'a> {
    pub(super) layout: BitLayout,
    slab_planes: usize,
    workers: &'a dyn Workers,
    cancel: &'a CancelToken,
    /// Per row, a bit for every direction for which it must be looked at.
    stale: Vec<AtomicU8>,
    slots: Vec<Slot>,
    changed: AtomicBool,
}

/// The candidates of one slab.
struct Slot {
    masks: Vec<AtomicU64>,
    /// Per row of the slab, whether it has candidates; only then its mask means something.
    marked: Vec<AtomicBool>,
    any: AtomicBool,
}

fn filled<T>(n: usize, make: impl Fn() -> T) -> Result<Vec<T>> {
    let mut v = Vec::new();
    v.try_reserve_exact(n).map_err(|_| {
        let what = format!("allocate {} bytes", n * size_of::<T>());
        Error::io("memory", what, std::io::ErrorKind::OutOfMemory.into())
    })?;
    v.resize_with(n, make);
    Ok(v)
}

impl<'a> Sweeper<'a> {
    /// How many slabs have candidates in work at one time.
    pub(super) fn n_slots(method: ThinMethod) -> usize {
        match method {
            ThinMethod::Zhang => 1,
            ThinMethod::Parity => 2,
            ThinMethod::Lee => 3,
        }
    }

    pub(super) fn new(
        layout: BitLayout,
        options: &ThinOptions,
        workers: &'a dyn Workers,
        cancel: &'a CancelToken,
    ) -> Result<Sweeper<'a>> {
        let slab_planes = options.slab_planes(&layout);
        let rows = slab_planes.min(layout.shape()[0]) * layout.shape()[1];
        let slots = (0..Self::n_slots(options.method))
            .map(|_| {
                Ok(Slot {
                    masks: filled(rows * layout.words_per_row(), || AtomicU64::new(0))?,
                    marked: filled(rows, || AtomicBool::new(false))?,
                    any: AtomicBool::new(false),
                })
            })
            .collect::<Result<_>>()?;
        let stale = filled(layout.n_rows(), || AtomicU8::new(!0))?;
        let changed = AtomicBool::new(false);
        Ok(Sweeper { layout, slab_planes, workers, cancel, stale, slots, changed })
    }

    /// Number of slabs.
    pub(super) fn n_slabs(&self) -> usize {
        self.layout.shape()[0].div_ceil(self.slab_planes)
    }

    /// The planes of a slab.
    pub(super) fn planes(&self, slab: usize) -> Range<usize> {
        let start = slab * self.slab_planes;
        start..(start + self.slab_planes).min(self.layout.shape()[0])
    }

    /// Begins a round; true afterwards in [`Sweeper::changed`] only if a row changed since.
    pub(super) fn begin_round(&self) {
        self.changed.store(false, Relaxed);
    }

    /// True if a row changed in this round.
    pub(super) fn changed(&self) -> bool {
        self.changed.load(Relaxed)
    }

    /// Runs `first` and, for bands of rows of `planes`, `task`. A band is a whole plane if `whole`, or if there are planes
    /// enough for all threads.
    pub(super) fn run(
        &self,
        first: Option<&(dyn Fn() + Sync)>,
        planes: &[usize],
        whole: bool,
        task: &(dyn Fn(usize, Range<usize>) + Sync),
    ) -> Result<()> {
        let ny = self.layout.shape()[1];
        let band = if whole || self.are_many(planes.len()) { ny } else { BAND_ROWS };
        let bands = ny.div_ceil(band);
        let n_first = usize::from(first.is_some());
        let n_items = n_first + planes.len() * bands;
        if n_items > 0 {
            self.workers.for_each(n_items, &|i| {
                if self.cancel.is_cancelled() {
                    return;
                }
                match (i.checked_sub(n_first), first) {
                    (Some(i), _) => {
                        let y = i % bands * band;
                        task(planes[i / bands], y..(y + band).min(ny));
                    }
                    (None, Some(first)) => first(),
                    (None, None) => {}
                }
            });
        }
        self.cancel.check()
    }

    /// True if so many planes keep all threads busy.
    pub(super) fn are_many(&self, n_planes: usize) -> bool {
        n_planes >= 2 * self.workers.n_threads() || self.workers.n_threads() == 1
    }

    /// True once the run was cancelled.
    pub(super) fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// The planes of a slab in which a row must be looked at for `direction`. Forgets the slab's former candidates.
    pub(super) fn stale_planes(&self, slab: usize, direction: u8) -> Vec<usize> {
        let slot = &self.slots[slab % self.slots.len()];
        if slot.any.swap(false, Relaxed) {
            slot.marked.iter().for_each(|m| m.store(false, Relaxed));
        }
        let ny = self.layout.shape()[1];
        let is_stale = |z: usize| {
            let rows = &self.stale[z * ny..(z + 1) * ny];
            rows.iter().any(|s| s.load(Relaxed) >> direction & 1 != 0)
        };
        self.planes(slab).filter(|&z| is_stale(z)).collect()
    }

    /// Calls `look` for the rows of a band that must be looked at for `direction`, with the row's candidate mask; a row for
    /// which it answers true has candidates.
    pub(super) fn for_stale(
        &self,
        slab: usize,
        direction: u8,
        z: usize,
        ys: Range<usize>,
        look: impl Fn(usize, &[AtomicU64]) -> bool,
    ) {
        let bit = 1u8 << direction;
        let slot = &self.slots[slab % self.slots.len()];
        let mut any = false;
        for y in ys {
            let stale = &self.stale[z * self.layout.shape()[1] + y];
            let bits = stale.load(Relaxed);
            if bits & bit == 0 {
                continue;
            }
            // Nothing else changes this row's byte until all rows of the slab have been looked at.
            stale.store(bits & !bit, Relaxed);
            let local = self.local(slab, z, y);
            if look(y, self.mask(slot, local)) {
                slot.marked[local].store(true, Relaxed);
                any = true;
            }
        }
        if any {
            slot.any.store(true, Relaxed);
        }
    }

    /// Finds the candidates of a band on the mask as it is.
    pub(super) fn find(
        &self,
        words: &[AtomicU64],
        slab: usize,
        direction: Direction,
        z: usize,
        ys: Range<usize>,
    ) {
        self.for_stale(slab, direction as u8, z, ys, |y, mask| {
            candidates(&Rows::around(&self.layout, words, z, y), direction, mask)
        });
    }

    /// True if candidates were found in this slab.
    pub(super) fn has_candidates(&self, slab: usize) -> bool {
        self.slots[slab % self.slots.len()].any.load(Relaxed)
    }

    /// Calls `delete` for those of the rows that have candidates; where it answers true the row has changed.
    pub(super) fn for_marked(
        &self,
        slab: usize,
        z: usize,
        ys: impl Iterator<Item = usize>,
        delete: impl Fn(usize, &[AtomicU64]) -> bool,
    ) {
        let slot = &self.slots[slab % self.slots.len()];
        for y in ys {
            let local = self.local(slab, z, y);
            if slot.marked[local].load(Relaxed) && delete(y, self.mask(slot, local)) {
                self.row_changed(z, y);
            }
        }
    }

    fn local(&self, slab: usize, z: usize, y: usize) -> usize {
        (z - slab * self.slab_planes) * self.layout.shape()[1] + y
    }

    fn mask<'s>(&self, slot: &'s Slot, local: usize) -> &'s [AtomicU64] {
        let n = self.layout.words_per_row();
        &slot.masks[local * n..(local + 1) * n]
    }

    /// Makes the row and the eight around it worth a look for all directions.
    fn row_changed(&self, z: usize, y: usize) {
        let [nz, ny, _] = self.layout.shape();
        for z in z.saturating_sub(1)..(z + 2).min(nz) {
            for y in y.saturating_sub(1)..(y + 2).min(ny) {
                let stale = &self.stale[z * ny + y];
                if stale.load(Relaxed) != !0 {
                    stale.store(!0, Relaxed);
                }
            }
        }
        self.changed.store(true, Relaxed);
    }

    /// Lets go of a slab that the sweep has left, but for its last plane, which the next slab's voxels still see.
    pub(super) fn leave(&self, store: &mut dyn WordStore, slab: usize) -> Result<()> {
        let planes = self.planes(slab);
        let end = if slab + 1 == self.n_slabs() { planes.end } else { planes.end - 1 };
        store.release(self.layout.planes(planes.start.saturating_sub(1)..end))
    }
}
