//! The sweeps of `lee`.

use super::sweep::Sweeper;
use super::{WordStore, directions};
use petavox_core::Result;
use petavox_kernels::bits::shared;
use petavox_kernels::skeleton::rows::{Band, delete_lee};

/// Sweeps once in every direction; true if something changed.
///
/// Candidates of a slab are deleted one after the other in raster order, which only needs the planes before to be done and
/// the plane after to be as it was; on other threads candidates are found meanwhile two slabs further, which sees nothing
/// of what is being deleted.
pub(super) fn round(sweeper: &mut Sweeper<'_>, store: &mut dyn WordStore) -> Result<bool> {
    const LAG: usize = 2;
    sweeper.begin_round();
    let n_slabs = sweeper.n_slabs();
    for &direction in directions(&sweeper.layout) {
        let pass = direction as usize;
        for slab in 0..n_slabs + LAG {
            let planes = if slab < n_slabs { sweeper.stale_planes(slab) } else { vec![] };
            let behind = slab.checked_sub(LAG);
            let words = shared(store.words_mut());
            let delete = || {
                let Some(behind) = behind else { return };
                for z in sweeper.planes(behind) {
                    if sweeper.is_cancelled() {
                        return;
                    }
                    let band = Band::new(&sweeper.layout, words, z, 0);
                    let ys = 0..sweeper.layout.shape()[1];
                    sweeper.for_marked(behind, pass, z, ys, |rows, masks, changed| {
                        delete_lee(&band, rows, masks, changed)
                    });
                }
            };
            let any = behind.is_some_and(|b| sweeper.has_candidates(b));
            if let (false, Some(behind)) = (any, behind) {
                sweeper.unchanged(pass, sweeper.planes(behind));
            }
            let first: Option<&(dyn Fn() + Sync)> = if any { Some(&delete) } else { None };
            sweeper.run(first, &planes, false, &|z, ys| {
                sweeper.find(words, slab, direction, z, ys);
            })?;
            if let Some(behind) = behind {
                sweeper.leave(store, behind)?;
            }
        }
    }
    Ok(sweeper.changed())
}
