//! Distances in steps to neighbours, by two passes in raster order: scipy.ndimage.distance_transform_cdt, sample for sample.

use crate::filter::for_each_index;
use petavox_core::strides;

/// The distance of a sample from which no background was seen yet.
pub const UNSEEN: i32 = -1;

/// One pass over a whole image. `steps` are the neighbours that were passed before, in raster order, for the pass forwards; the pass
/// `backward` looks at their mirror images. Distances are 0 for background and [`UNSEEN`] for foreground at first; `features`, if given,
/// the samples' numbers. Calls `each_row` after every row and ends early if that says so.
///
/// The first of several neighbours with the least distance hands its feature on.
///
/// # Panics
/// If there are fewer distances or features than samples (a programming error).
pub fn chamfer_pass(
    distances: &mut [i32],
    mut features: Option<&mut [u64]>,
    shape: &[usize],
    steps: &[Vec<i64>],
    backward: bool,
    mut each_row: impl FnMut() -> bool,
) {
    let Some((&len, outer)) = shape.split_last() else { return };
    let row_steps = strides(outer);
    let n_rows: usize = outer.iter().product();
    let sign = if backward { -1 } else { 1 };
    let mut points = vec![];
    for_each_index(outer, &mut |index| points.extend_from_slice(index));
    // (where the neighbour's row begins minus where this one does, offset along the row)
    let mut near: Vec<(i64, i64)> = vec![];
    for k in 0..n_rows {
        let row = if backward { n_rows - 1 - k } else { k };
        let point = &points[row * outer.len()..(row + 1) * outer.len()];
        near.clear();
        for step in steps {
            let inside =
                |a: usize| (0..outer[a] as i64).contains(&(point[a] as i64 + sign * step[a]));
            if (0..outer.len()).all(inside) {
                let rows: i64 =
                    (0..outer.len()).map(|a| sign * step[a] * row_steps[a] as i64).sum();
                near.push((rows * len as i64, sign * step[outer.len()]));
            }
        }
        let base = row * len;
        for i in 0..len {
            let x = if backward { len - 1 - i } else { i };
            let at = base + x;
            let own = distances[at];
            if own == 0 {
                continue;
            }
            let (mut least, mut from) = (own, at);
            for (rows, along) in &near {
                let there = x as i64 + along;
                if there < 0 || there >= len as i64 {
                    continue;
                }
                let other = (at as i64 + rows + along) as usize;
                let d = distances[other];
                if d >= 0 && (least < 0 || d + 1 < least) {
                    (least, from) = (d + 1, other);
                }
            }
            distances[at] = least;
            if let Some(features) = &mut features {
                features[at] = features[from];
            }
        }
        if !each_row() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_passes_count_steps_along_axes() {
        let mut d = vec![UNSEEN; 12];
        d[5] = 0;
        let mut f: Vec<u64> = (0..12).collect();
        let steps = [vec![-1, 0], vec![0, -1]];
        for backward in [false, true] {
            chamfer_pass(&mut d, Some(&mut f), &[3, 4], &steps, backward, || true);
        }
        assert_eq!(d, [2, 1, 2, 3, 1, 0, 1, 2, 2, 1, 2, 3]);
        assert_eq!(f, [5; 12]);
    }

    #[test]
    fn without_background_nothing_is_reached() {
        let mut d = vec![UNSEEN; 3];
        chamfer_pass(&mut d, None, &[3], &[vec![-1]], false, || true);
        assert_eq!(d, [UNSEEN; 3]);
    }
}
