//! How often labels of two images meet, and where the samples of a mask are: short lists of what two images have in common.

use super::cell::{CellView, Plane, Rows, Word, words};
use super::intensity::Row;
use petavox_core::Result;
use std::collections::HashMap;

/// How many samples have each pair of labels.
pub type Pairs = HashMap<(u64, u64), u64>;

/// Raster numbers of samples in the whole image, with the samples of another image there.
pub type Points = Vec<(u64, f64)>;

/// Counts the pairs of labels of a cell and of its first image, by their bits.
///
/// # Errors
/// [`Error::Internal`](petavox_core::Error::Internal) if the samples are not aligned.
pub fn add_pairs(view: &CellView<'_>, into: &mut Pairs) -> Result<()> {
    let Some(other) = view.images.first() else { return Ok(()) };
    match view.labels.word {
        1 => count::<u8>(view, other, into),
        2 => count::<u16>(view, other, into),
        4 => count::<u32>(view, other, into),
        _ => count::<u64>(view, other, into),
    }
}

/// Both have words of the same size.
fn count<T: Word>(view: &CellView<'_>, other: &Plane<'_>, into: &mut Pairs) -> Result<()> {
    let rows = Rows::new(&view.region);
    let (a, b) = (words::<T>(&view.labels)?, words::<T>(other)?);
    for r in 0..rows.count {
        let a = &a[rows.begin(&view.labels, r)..][..rows.len];
        let b = &b[rows.begin(other, r)..][..rows.len];
        let mut x = 0;
        while x < rows.len {
            let pair = (a[x], b[x]);
            let mut end = x + 1;
            while end < rows.len && (a[end], b[end]) == pair {
                end += 1;
            }
            *into.entry((pair.0.wide(), pair.1.wide())).or_default() += (end - x) as u64;
            x = end;
        }
    }
    Ok(())
}

/// Lists where the labels of a cell are not 0, with the samples of its first image.
///
/// # Errors
/// As [`add_pairs`].
pub fn add_points(view: &CellView<'_>, into: &mut Points) -> Result<()> {
    match view.labels.word {
        1 => list::<u8>(view, into),
        2 => list::<u16>(view, into),
        4 => list::<u32>(view, into),
        _ => list::<u64>(view, into),
    }
}

fn list<T: Word>(view: &CellView<'_>, into: &mut Points) -> Result<()> {
    let rows = Rows::new(&view.region);
    let marks = words::<T>(&view.labels)?;
    let n = view.whole.len();
    let mut samples = Row::default();
    for r in 0..rows.count {
        let row = &marks[rows.begin(&view.labels, r)..][..rows.len];
        if row.iter().fold(0, |any, m| any | m.wide()) == 0 {
            continue;
        }
        if let Some(image) = view.images.first() {
            samples.read(image, rows.begin(image, r), rows.len)?;
            samples.as_doubles();
        }
        let first = (0..n).fold(0, |rank, a| {
            let at = if a + 1 == n { 0 } else { i64::from(rows.point(r)[a]) };
            rank * view.whole[a] as u64 + (view.region.start()[a] + at) as u64
        });
        for (x, _) in row.iter().enumerate().filter(|(_, m)| m.wide() != 0) {
            into.push((first + x as u64, samples.doubles.get(x).copied().unwrap_or(1.0)));
        }
    }
    Ok(())
}
