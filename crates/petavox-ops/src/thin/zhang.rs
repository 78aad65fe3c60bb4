//! The half-passes of `zhang`.

use super::WordStore;
use super::sweep::{ALL_ROWS, Sweeper};
use petavox_core::Result;
use petavox_kernels::bits::shared;
use petavox_kernels::skeleton::zhang::{delete, deletions};

/// Does both half-passes; true if something changed.
pub(super) fn round(sweeper: &mut Sweeper<'_>, store: &mut dyn WordStore) -> Result<bool> {
    sweeper.begin_round();
    let layout = sweeper.layout;
    let ny = layout.shape()[1];
    for pass in 0..2 {
        let planes = sweeper.stale_planes(0);
        let words = shared(store.words_mut());
        let row = |y: Option<usize>| match y {
            Some(y) if y < ny => &words[layout.row(0, y)],
            _ => &[],
        };
        sweeper.run(None, &planes, false, &|_, ys| {
            sweeper.for_stale(0, 0, ys, |y, mask| {
                let rows = [row(y.checked_sub(1)), row(Some(y)), row(Some(y + 1))];
                deletions(rows, pass, mask)
            });
        })?;
        if sweeper.has_candidates(0, pass, 0..1) {
            sweeper.run(None, &[0], false, &|_, ys| {
                sweeper.for_marked(0, pass, 0, ys, ALL_ROWS, |y, mask| {
                    delete(row(Some(y)), mask);
                    true
                });
            })?;
        }
    }
    sweeper.leave(store, 0)?;
    Ok(sweeper.changed())
}
