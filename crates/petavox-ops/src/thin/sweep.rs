//! What all rules share: which rows are worth a look, slabs, and the candidates of the slabs in work.

use super::{ThinMethod, ThinOptions, WordStore, directions};
use petavox_core::{CancelToken, Error, Result, Workers};
use petavox_kernels::bits::{BitLayout, load, store};
use petavox_kernels::skeleton::rows::{Band, Direction, candidates};
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

/// Rows that one task does when there are too few planes to give each thread some; those of one word of a set of rows.
const BAND_ROWS: usize = 64;

/// The state of a thinning beside the mask. All of it is shared by the threads of a sweep; tasks of one
/// [`Workers::for_each`] never write what another one reads, but for flags that are only ever set.
pub(super) struct Sweeper<'a> {
    pub(super) layout: BitLayout,
    slab_planes: usize,
    workers: &'a dyn Workers,
    cancel: &'a CancelToken,
    n_passes: usize,
    /// Words of a set of the rows of one plane: row `y` is bit `y % 64` of word `y / 64`.
    set_words: usize,
    /// Per plane and pass, the set of rows that changed when the pass was last there.
    changed: Vec<AtomicU64>,
    slots: Vec<Slot>,
    any_changed: AtomicBool,
}

/// The candidates of one slab.
struct Slot {
    masks: Vec<AtomicU64>,
    /// Per plane of the slab, the set of rows that have candidates; only then a row's mask means something.
    marked: Vec<AtomicU64>,
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
        let n_planes = slab_planes.min(layout.shape()[0]);
        let set_words = Self::set_words(&layout);
        let n_passes = Self::n_passes(options.method, &layout);
        let slots = (0..Self::n_slots(options.method))
            .map(|_| {
                Ok(Slot {
                    masks: filled(n_planes * layout.words_per_plane(), || AtomicU64::new(0))?,
                    marked: filled(n_planes * set_words, || AtomicU64::new(0))?,
                    any: AtomicBool::new(false),
                })
            })
            .collect::<Result<_>>()?;
        // No pass has been anywhere: every row is worth a look.
        let changed = filled(layout.shape()[0] * n_passes * set_words, || AtomicU64::new(!0))?;
        let any_changed = AtomicBool::new(false);
        Ok(Sweeper {
            layout,
            slab_planes,
            workers,
            cancel,
            n_passes,
            set_words,
            changed,
            slots,
            any_changed,
        })
    }

    /// Passes of a round.
    fn n_passes(method: ThinMethod, layout: &BitLayout) -> usize {
        if method == ThinMethod::Zhang { 2 } else { directions(layout).len() }
    }

    fn set_words(layout: &BitLayout) -> usize {
        layout.shape()[1].div_ceil(64)
    }

    /// Bytes of all vectors.
    pub(super) fn n_bytes(layout: &BitLayout, options: &ThinOptions) -> u64 {
        let n_planes = layout.shape()[0];
        let set_words = Self::set_words(layout);
        let slot_planes = Self::n_slots(options.method) * options.slab_planes(layout).min(n_planes);
        let changed = n_planes * Self::n_passes(options.method, layout) * set_words;
        8 * (changed + slot_planes * (layout.words_per_plane() + set_words)) as u64
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
        self.any_changed.store(false, Relaxed);
    }

    /// True if a row changed in this round.
    pub(super) fn changed(&self) -> bool {
        self.any_changed.load(Relaxed)
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

    /// The planes of a slab in which a row must be looked at. Forgets the slab's former candidates.
    pub(super) fn stale_planes(&self, slab: usize) -> Vec<usize> {
        let slot = &self.slots[slab % self.slots.len()];
        if slot.any.swap(false, Relaxed) {
            slot.marked.iter().for_each(|m| store(m, 0));
        }
        let per_plane = self.n_passes * self.set_words;
        let is_stale = |&z: &usize| {
            let near =
                z.saturating_sub(1) * per_plane..((z + 2) * per_plane).min(self.changed.len());
            self.changed[near].iter().any(|c| load(c) != 0)
        };
        self.planes(slab).filter(is_stale).collect()
    }

    /// Word `w` of the set of rows of plane `z` that have changed, or a row above or below them has, since the pass that
    /// comes next was last here: every pass has been here just once since.
    fn changed_around(&self, z: usize, w: usize) -> u64 {
        let near = z.saturating_sub(1) * self.n_passes..((z + 2) * self.n_passes);
        let sets = self.changed.chunks_exact(self.set_words);
        sets.skip(near.start).take(near.len()).fold(0, |all, set| all | load(&set[w]))
    }

    /// Calls `look` with the set of rows of a band that must be looked at and the rows' candidate masks. It takes those
    /// without candidates out of the set and answers whether there are any left.
    pub(super) fn for_stale(
        &self,
        slab: usize,
        z: usize,
        ys: Range<usize>,
        look: impl FnOnce(&[AtomicU64], &[AtomicU64]) -> bool,
    ) {
        let slot = &self.slots[slab % self.slots.len()];
        let rows = self.marked(slot, slab, z, &ys);
        let around = |w: usize| if w < self.set_words { self.changed_around(z, w) } else { 0 };
        let first = ys.start / 64;
        let (mut before, mut at) = (around(first.wrapping_sub(1)), around(first));
        for (w, set) in (first..).zip(rows) {
            let after = around(w + 1);
            let inside = !0 >> (64 * (w + 1)).saturating_sub(self.layout.shape()[1]);
            store(set, (at | at << 1 | at >> 1 | before >> 63 | after << 63) & inside);
            (before, at) = (at, after);
        }
        if look(rows, self.masks(slot, slab, z, &ys)) {
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
        let band = Band::new(&self.layout, words, z, ys.start);
        self.for_stale(slab, z, ys, |rows, masks| candidates(&band, direction, rows, masks));
    }

    /// True if candidates were found in this slab.
    pub(super) fn has_candidates(&self, slab: usize) -> bool {
        self.slots[slab % self.slots.len()].any.load(Relaxed)
    }

    /// Remembers that `pass` changed nothing in these planes: they have no candidates.
    pub(super) fn unchanged(&self, pass: usize, planes: impl Iterator<Item = usize>) {
        planes.flat_map(|z| self.changed_by(z, pass)).for_each(|set| store(set, 0));
    }

    /// The set of rows of plane `z` that `pass` changed when it was last there.
    fn changed_by(&self, z: usize, pass: usize) -> &[AtomicU64] {
        &self.changed[(z * self.n_passes + pass) * self.set_words..][..self.set_words]
    }

    /// Calls `delete` with the set of the band's rows that have candidates, their candidate masks, and the set of rows that
    /// this pass changed, which it writes; it answers whether any row has changed.
    pub(super) fn for_marked(
        &self,
        slab: usize,
        pass: usize,
        z: usize,
        ys: Range<usize>,
        delete: impl FnOnce(&[AtomicU64], &[AtomicU64], &[AtomicU64]) -> bool,
    ) {
        let slot = &self.slots[slab % self.slots.len()];
        let changed = &self.changed_by(z, pass)[Self::set_of(&ys)];
        let any = delete(self.marked(slot, slab, z, &ys), self.masks(slot, slab, z, &ys), changed);
        // Written once a round, not to take what lies beside it from the other threads' caches.
        if any && !self.changed() {
            self.any_changed.store(true, Relaxed);
        }
    }

    /// The words of a set of a plane's rows that stand for these; they begin at a multiple of 64.
    fn set_of(ys: &Range<usize>) -> Range<usize> {
        ys.start / 64..ys.end.div_ceil(64)
    }

    /// The set of rows of a band that have candidates.
    fn marked<'s>(
        &self,
        slot: &'s Slot,
        slab: usize,
        z: usize,
        ys: &Range<usize>,
    ) -> &'s [AtomicU64] {
        &slot.marked[(z - slab * self.slab_planes) * self.set_words..][Self::set_of(ys)]
    }

    /// The candidates of the rows of a band.
    fn masks<'s>(
        &self,
        slot: &'s Slot,
        slab: usize,
        z: usize,
        ys: &Range<usize>,
    ) -> &'s [AtomicU64] {
        let z = z - slab * self.slab_planes;
        let n = self.layout.words_per_row();
        &slot.masks[self.layout.planes(z..z + 1)][ys.start * n..ys.end * n]
    }

    /// Lets go of a slab that the sweep has left, but for its last plane, which the next slab's voxels still see.
    pub(super) fn leave(&self, store: &mut dyn WordStore, slab: usize) -> Result<()> {
        let planes = self.planes(slab);
        let end = if slab + 1 == self.n_slabs() { planes.end } else { planes.end - 1 };
        store.release(self.layout.planes(planes.start.saturating_sub(1)..end))
    }
}
