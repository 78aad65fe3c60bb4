//! The driver of floods: slabs of a working volume are looked at until nothing changes.

use super::volume::{Slabs, Volume};
use petavox_core::{Buffer, Error, Result, Workers};
use petavox_engine::RunContext;
use petavox_kernels::morphology::reconstruct::{Grey, Slab};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// About how many bytes of values a slab has.
const SLAB_BYTES: usize = 1 << 21;

/// How a flood goes through its volume.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Planes of a slab.
    pub(super) planes: usize,
    /// How many planes away neighbours lie at most.
    pub(super) reach: usize,
    /// Bytes that a thread takes.
    pub(super) band_bytes: u64,
}

impl Pace {
    /// For floods that take `held` bytes for each sample of a slab with its neighbours, and `own` for each of a plane beside.
    pub(super) fn new(volume: &Volume, reach: usize, held: usize, own: usize) -> Pace {
        let plane = volume.plane_len();
        let planes = (SLAB_BYTES / (plane * held).max(1)).clamp(1, volume.n_planes().max(1));
        let with_halo = (planes + 2 * reach).min(volume.n_planes().max(1));
        let rows = with_halo * plane / volume.row_len().max(1);
        let bytes = with_halo * plane * held + plane * own + 64 * rows + (1 << 16);
        Pace { planes, reach, band_bytes: bytes as u64 }
    }
}

/// Neighbours of an image's sample as neighbours in its volume.
pub(super) fn offsets_in(volume: &Volume, offsets: &[Vec<i64>]) -> Vec<Vec<i64>> {
    let n = volume.shape.len();
    offsets.iter().map(|o| [vec![0; n - o.len()], o.clone()].concat()).collect()
}

/// How far offsets reach along the first axis.
pub(super) fn reach(offsets: &[Vec<i64>]) -> usize {
    offsets.iter().map(|o| o[0].unsigned_abs() as usize).max().unwrap_or(0)
}

/// Samples of a type in a buffer's memory.
pub(super) struct Samples<T> {
    buffer: Buffer,
    n: usize,
    of: std::marker::PhantomData<T>,
}

impl<T: bytemuck::Pod> Samples<T> {
    pub(super) fn new(n: usize) -> Result<Samples<T>> {
        let buffer = Buffer::zeroed((n + 1) * size_of::<T>())?;
        Ok(Samples { buffer, n, of: std::marker::PhantomData })
    }

    pub(super) fn get(&mut self) -> &mut [T] {
        &mut bytemuck::pod_align_to_mut::<u8, T>(self.buffer.bytes_mut()).1[..self.n]
    }
}

/// What a thread does with the planes of a slab; it is told whether the slab rested before. True if the slab changed.
pub(super) type Work<'a> = Box<dyn FnMut(Range<usize>, bool) -> Result<bool> + 'a>;

/// Looks at all slabs, and again at those near one that changed, until all rest. Threads go up and down through slabs of their own, each
/// with work that `begin` makes; the end must not depend on the order.
pub(super) fn settle<'a>(
    slabs: &Slabs<'_>,
    pace: Pace,
    context: &RunContext,
    begin: &(dyn Fn() -> Result<Work<'a>> + Sync),
) -> Result<()> {
    let n_slabs = slabs.n_slabs();
    if n_slabs == 0 || slabs.plane_len() == 0 {
        return Ok(());
    }
    let flags = |is: bool| (0..n_slabs).map(|_| AtomicBool::new(is)).collect::<Vec<_>>();
    let (stale, rested) = (flags(true), flags(false));
    // As many threads as there is memory for; one was planned for.
    let room = (context.budget.free() / pace.band_bytes.max(1)) as usize;
    let n_bands = context.n_threads.min(room).clamp(1, n_slabs);
    let _scratch = context.budget.reserve("flooding", pace.band_bytes * n_bands as u64)?;
    let per_band = n_slabs.div_ceil(n_bands);
    let failure: Mutex<Option<Error>> = Mutex::new(None);
    let look = |slab: usize, work: &mut Work<'a>| -> Result<bool> {
        if !stale[slab].swap(false, Ordering::AcqRel) {
            return Ok(false);
        }
        context.cancel.check()?;
        let again = rested[slab].swap(true, Ordering::AcqRel);
        let changed = work(slabs.slab(slab), again)?;
        if changed {
            let near = pace.reach.div_ceil(pace.planes);
            for other in slab.saturating_sub(near)..(slab + near + 1).min(n_slabs) {
                if other != slab {
                    stale[other].store(true, Ordering::Release);
                }
            }
        }
        Ok(changed)
    };
    let band = |band: usize| -> Result<()> {
        let own = band * per_band..((band + 1) * per_band).min(n_slabs);
        if !own.clone().any(|s| stale[s].load(Ordering::Acquire)) {
            return Ok(());
        }
        let mut work = begin()?;
        loop {
            let mut changed = false;
            for slab in own.clone().chain(own.clone().rev()) {
                changed |= look(slab, &mut work)?;
            }
            if !changed {
                return Ok(());
            }
        }
    };
    while stale.iter().any(|s| s.load(Ordering::Relaxed)) {
        context.workers.for_each(n_bands, &|k| {
            if let Err(e) = band(k)
                && let Ok(mut slot) = failure.lock()
            {
                slot.get_or_insert(e);
            }
        });
        if let Some(e) = failure.lock().ok().and_then(|mut slot| slot.take()) {
            return Err(e);
        }
        context.cancel.check()?;
    }
    Ok(())
}

/// How values that spread come out of a volume and go back: planes, and their samples.
pub(super) struct Spread<'a, T> {
    pub(super) offsets: &'a [Vec<i64>],
    pub(super) values: &'a (dyn Fn(Range<usize>, &mut [T]) -> Result<()> + Sync),
    pub(super) ceiling: &'a (dyn Fn(Range<usize>, &mut [T]) -> Result<()> + Sync),
    pub(super) store: &'a (dyn Fn(Range<usize>, &[T]) -> Result<()> + Sync),
}

impl<T: Grey + bytemuck::Pod> Spread<'_, T> {
    /// Spreads values under their ceiling until nothing changes: each sample takes those at its offsets. No value may be above its
    /// ceiling at first.
    pub(super) fn run(
        &self,
        volume: &Volume,
        slabs: &Slabs<'_>,
        pace: Pace,
        context: &RunContext,
    ) -> Result<()> {
        let (plane, n_planes) = (volume.plane_len(), volume.n_planes());
        let rows = volume.shape[1..volume.shape.len() - 1].iter().product::<usize>();
        let n = (pace.planes + 2 * pace.reach).min(n_planes) * plane;
        settle(slabs, pace, context, &|| {
            let (mut values, mut ceiling) = (Samples::<T>::new(n)?, Samples::<T>::new(n)?);
            let work = move |own: Range<usize>, again: bool| {
                let (values, ceiling) = (values.get(), ceiling.get());
                let first = own.start.saturating_sub(pace.reach);
                let end = (own.end + pace.reach).min(n_planes);
                let values = &mut values[..(end - first) * plane];
                let ceiling = &mut ceiling[..(end - first) * plane];
                let inner = (own.start - first) * plane..(own.end - first) * plane;
                (self.values)(first..end, values)?;
                (self.ceiling)(own.clone(), &mut ceiling[inner.clone()])?;
                let mut shape = volume.shape.clone();
                shape[0] = end - first;
                let edges = again.then_some(pace.reach * rows);
                let mut n = 0u32;
                let go_on = || {
                    n += 1;
                    !n.is_multiple_of(256) || !context.cancel.is_cancelled()
                };
                let own_rows = (own.start - first) * rows..(own.end - first) * rows;
                let slab = Slab::new(&shape, self.offsets);
                let grew = slab.relax(values, ceiling, own_rows, edges, go_on);
                if grew {
                    (self.store)(own, &values[inner])?;
                }
                Ok(grew)
            };
            Ok(Box::new(work))
        })
    }
}
