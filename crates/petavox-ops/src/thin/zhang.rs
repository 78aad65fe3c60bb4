//! The half-passes of `zhang`.

use super::WordStore;
use super::sweep::Sweeper;
use petavox_core::Result;
use petavox_kernels::bits::{bits, load, shared, store};
use petavox_kernels::skeleton::zhang::{delete, deletions};
use std::sync::atomic::AtomicU64;

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
            let first = ys.start;
            sweeper.for_stale(0, 0, ys, |rows, masks| {
                each(layout.words_per_row(), rows, masks, rows, |i, own| {
                    let y = first + i;
                    let around = [row(y.checked_sub(1)), row(Some(y)), row(Some(y + 1))];
                    deletions(around, pass, own)
                })
            });
        })?;
        if sweeper.has_candidates(0) {
            sweeper.run(None, &[0], false, &|_, ys| {
                let first = ys.start;
                sweeper.for_marked(0, pass, 0, ys, |rows, masks, changed| {
                    each(layout.words_per_row(), rows, masks, changed, |i, own| {
                        delete(row(Some(first + i)), own);
                        true
                    })
                });
            })?;
        } else {
            sweeper.unchanged(pass, 0..1);
        }
    }
    sweeper.leave(store, 0)?;
    Ok(sweeper.changed())
}

/// Calls `row` for every row of the set of `rows` of a band with its candidate mask; `answers` becomes the set of rows for
/// which it says true. True if there are any.
fn each(
    row_words: usize,
    rows: &[AtomicU64],
    masks: &[AtomicU64],
    answers: &[AtomicU64],
    row: impl Fn(usize, &[AtomicU64]) -> bool,
) -> bool {
    let mut any = false;
    for (w, set) in rows.iter().enumerate() {
        let mut found = 0;
        for b in bits(load(set)) {
            let i = 64 * w + b;
            found |= u64::from(row(i, &masks[i * row_words..][..row_words])) << b;
        }
        store(&answers[w], found);
        any |= found != 0;
    }
    any
}
