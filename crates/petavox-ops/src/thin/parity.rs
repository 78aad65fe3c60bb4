//! The sweeps of `parity`.

use super::sweep::Sweeper;
use super::{WordStore, directions};
use petavox_core::Result;
use petavox_kernels::bits::shared;
use petavox_kernels::skeleton::rows::{Band, Direction, delete_parity};
use std::ops::Range;

/// Sweeps once in every direction; true if something changed.
///
/// Slabs begin at even z. Candidates of a slab are found while its own planes and the last, odd, plane of the slab before
/// are as they were; then its even planes are done, which see odd planes only; and then the odd planes of the slab before,
/// which see even planes of both. So every even plane is done before the odd planes beside it, as if the whole volume
/// were one slab.
pub(super) fn round(sweeper: &mut Sweeper<'_>, store: &mut dyn WordStore) -> Result<bool> {
    sweeper.begin_round();
    let n_slabs = sweeper.n_slabs();
    for &direction in directions(&sweeper.layout) {
        for slab in 0..=n_slabs {
            if slab < n_slabs {
                let planes = sweeper.stale_planes(slab);
                let words = shared(store.words_mut());
                sweeper.run(None, &planes, false, &|z, ys| {
                    sweeper.find(words, slab, direction, z, ys);
                })?;
                delete(sweeper, store, slab, direction, 0)?;
            }
            if slab > 0 {
                delete(sweeper, store, slab - 1, direction, 1)?;
                sweeper.leave(store, slab - 1)?;
            }
        }
    }
    Ok(sweeper.changed())
}

/// Deletes candidates in the planes of one parity, first in rows of even y, then of odd.
fn delete(
    sweeper: &Sweeper<'_>,
    store: &mut dyn WordStore,
    slab: usize,
    direction: Direction,
    parity: usize,
) -> Result<()> {
    const EVEN_ROWS: u64 = u64::MAX / 3;
    let pass = direction as usize;
    let planes = sweeper.planes(slab).filter(|z| z % 2 == parity);
    if !sweeper.has_candidates(slab) {
        sweeper.unchanged(pass, planes);
        return Ok(());
    }
    let planes: Vec<usize> = planes.collect();
    let words = shared(store.words_mut());
    let rows = |z: usize, ys: Range<usize>, among: u64| {
        let band = Band::new(&sweeper.layout, words, z, ys.start);
        sweeper.for_marked(slab, pass, z, ys, |rows, masks, changed| {
            delete_parity(&band, among, rows, masks, changed)
        });
    };
    if sweeper.are_many(planes.len()) {
        return sweeper.run(None, &planes, true, &|z, ys| {
            rows(z, ys.clone(), EVEN_ROWS);
            rows(z, ys, !EVEN_ROWS);
        });
    }
    sweeper.run(None, &planes, false, &|z, ys| rows(z, ys, EVEN_ROWS))?;
    sweeper.run(None, &planes, false, &|z, ys| rows(z, ys, !EVEN_ROWS))
}
