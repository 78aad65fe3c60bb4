//! The radius at a voxel: its exact distance to the background.

use crate::bits::BitLayout;

/// The exact Euclidean distance from `voxel` (z, y, x) to the nearest clear voxel inside the mask, or `None` if all are set.
///
/// `spacing` is the physical size of a voxel per axis (z, y, x), in whose unit the answer is. What lies outside the mask does
/// not count as background; this is `scipy.ndimage.distance_transform_edt` at one voxel. A clear voxel has distance 0.
///
/// Rows are searched from near to far and each by runs of bits, so that a voxel of radius r costs about r² row looks.
pub fn nearest_background(
    layout: &BitLayout,
    words: &[u64],
    voxel: [usize; 3],
    spacing: [f64; 3],
) -> Option<f64> {
    let [nz, ny, _] = layout.shape();
    let [z, y, x] = voxel;
    let square = |n: usize, axis: usize| {
        let d = n as f64 * spacing[axis];
        d * d
    };
    let mut best = f64::INFINITY;
    // Planes from near to far, and in each plane rows from near to far, until they alone are too far.
    for dz in 0..nz {
        let far_z = square(dz, 0);
        if far_z >= best {
            break;
        }
        for plane in sides(z, dz, nz) {
            for dy in 0..ny {
                let far = far_z + square(dy, 1);
                if far >= best {
                    break;
                }
                for row in sides(y, dy, ny) {
                    let bits = &words[layout.row(plane, row)];
                    if let Some(dx) = nearest_clear(bits, x, layout.shape()[2]) {
                        best = best.min(far + square(dx, 2));
                    }
                }
            }
        }
    }
    best.is_finite().then(|| best.sqrt())
}

/// The coordinates `d` before and after `at` that are inside `0..n`, once if they are the same.
fn sides(at: usize, d: usize, n: usize) -> impl Iterator<Item = usize> {
    let before = at.checked_sub(d);
    let after = if d > 0 && at + d < n { Some(at + d) } else { None };
    before.into_iter().chain(after)
}

/// How far the nearest clear bit of a row of `n` is from bit `x`.
fn nearest_clear(row: &[u64], x: usize, n: usize) -> Option<usize> {
    let (w, b) = (x / 64, x % 64);
    // Clear bits up to x, from x downwards.
    let mut before = None;
    let mut word = !row[w] << (63 - b);
    if word != 0 {
        before = Some(word.leading_zeros() as usize);
    } else {
        for (i, &r) in row[..w].iter().enumerate().rev() {
            if r != !0 {
                before = Some(x - (i * 64 + 63 - (!r).leading_zeros() as usize));
                break;
            }
        }
    }
    if before == Some(0) {
        return before;
    }
    let mut after = None;
    word = !row[w] >> b;
    if word != 0 {
        after = Some(word.trailing_zeros() as usize);
    } else {
        for (i, &r) in row.iter().enumerate().skip(w + 1) {
            if r != !0 {
                after = Some(i * 64 + (!r).trailing_zeros() as usize - x);
                break;
            }
        }
    }
    // Bits past the end of the row are clear but no background.
    let after = after.filter(|d| x + d < n);
    match (before, after) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests;
