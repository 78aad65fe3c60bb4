//! Regions cut into pieces of a few rows, for working volumes of which only a window may be resident.

use crate::resources::Words;
use petavox_core::Region;

/// What the system maps at once where one sample of a row is touched.
const MAPPED_PER_ROW: u64 = 64 << 10;

/// A region in pieces of so few rows that what is mapped for one of them stays within a quarter of the words' window.
pub(super) fn strips(region: &Region, words: &Words) -> impl Iterator<Item = Region> + use<> {
    pieces(region, (words.window_bytes() / 4 / MAPPED_PER_ROW).max(1) as usize)
}

/// A region in pieces of at most `n_rows` rows, in raster order.
fn pieces(region: &Region, n_rows: usize) -> impl Iterator<Item = Region> + use<> {
    let (start, shape) = (region.start().to_vec(), region.shape().to_vec());
    let outer = shape.len().saturating_sub(1);
    // Axes before `cut` are walked one by one, that axis by several, those behind it are taken whole.
    let (mut cut, mut below) = (outer, 1usize);
    while cut > 0 && below.saturating_mul(shape[cut - 1]) <= n_rows {
        cut -= 1;
        below *= shape[cut];
    }
    let by = (n_rows / below.max(1)).max(1);
    let steps: Vec<usize> = (0..cut).map(|a| if a + 1 == cut { by } else { 1 }).collect();
    let counts: Vec<usize> = steps.iter().zip(&shape).map(|(s, n)| n.div_ceil(*s)).collect();
    (0..counts.iter().product()).map(move |k| {
        let (mut start, mut shape) = (start.clone(), shape.clone());
        let mut rest = k;
        for a in (0..counts.len()).rev() {
            let first = rest % counts[a] * steps[a];
            rest /= counts[a];
            start[a] += first as i64;
            shape[a] = steps[a].min(shape[a] - first);
        }
        Region::new(start, shape)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_cover_a_region_once_and_have_few_rows(
            shape in prop::collection::vec(1usize..6, 0..5), n_rows in 1usize..40,
        ) {
            let region = Region::new(vec![3; shape.len()], shape.clone());
            let mut found = 0;
            for piece in pieces(&region, n_rows) {
                prop_assert!(region.contains(&piece));
                prop_assert!(piece.len() / piece.row_len().max(1) <= n_rows);
                found += piece.len();
            }
            prop_assert_eq!(found, region.len());
        }
    }
}
