//! What the neighbourhoods along a region's border tell: Euler number, Crofton's perimeter, the perimeter of 2-D regions.

use super::Wants;
use super::cell::{CellView, Word, words};
use super::index::Index;
use super::part::Part;
use petavox_core::Result;
use serde::{Deserialize, Serialize};
use std::f64::consts::{FRAC_PI_4, SQRT_2};

/// Counts of neighbourhoods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// 2-D: how often each of the 16 ways to fill the four samples around a corner occurs. Bits: 1 the sample after the corner along
    /// both axes, 2 the one above, 4 the one to the left, 8 both.
    corners: [u64; 16],
    /// 3-D: eight times the Euler number of the region as closed voxels.
    eightfold_euler: i64,
    /// 2-D: border samples of length 1, the square root of 2, and half the sum of both.
    kinds: [u64; 3],
}

impl Outline {
    pub(super) fn merge(&mut self, other: &Outline) {
        self.corners.iter_mut().zip(other.corners).for_each(|(a, b)| *a += b);
        self.eightfold_euler += other.eightfold_euler;
        self.kinds.iter_mut().zip(other.kinds).for_each(|(a, b)| *a += b);
    }
}

/// Components minus holes of a 2-D region whose samples are neighbours by corners too; components minus tunnels plus cavities in 3-D.
pub fn euler_number(outline: &Outline, ndim: usize) -> i64 {
    if ndim == 3 {
        return outline.eightfold_euler / 8;
    }
    let fourfold: i64 =
        (0..16).map(|c| outline.corners[c] as i64 * euler_of_corner(c as u32)).sum();
    fourfold / 4
}

/// Four times what a corner adds: corners minus edges plus faces of the region as closed squares, shared by four and by two.
fn euler_of_corner(c: u32) -> i64 {
    let pair = |a: u32, b: u32| i64::from(c & (a | b) != 0);
    4 * i64::from(c != 0) - 2 * (pair(1, 4) + pair(2, 8) + pair(1, 2) + pair(4, 8))
        + i64::from(c.count_ones())
}

/// Eight times what a corner of a 3-D region adds.
fn euler_of_corner_3d(c: u32) -> i64 {
    // Bit k is the voxel at offsets (k >> 2 & 1, k >> 1 & 1, k & 1).
    let any = |voxels: &dyn Fn(u32) -> bool| (0..8).any(|k| c >> k & 1 == 1 && voxels(k));
    let mut sum = 8 * i64::from(c != 0) - i64::from(c.count_ones());
    for axis in 0..3 {
        for side in 0..2 {
            sum -= 4 * i64::from(any(&|k| k >> axis & 1 == side));
        }
        // Faces across this axis: pairs of voxels that differ along it.
        for k in (0..8).filter(|k| k >> axis & 1 == 0) {
            sum += 2 * i64::from(any(&|v| v == k || v == k | 1 << axis));
        }
    }
    sum
}

/// The perimeter by Crofton's formula with 2 or 4 directions, as skimage.measure.perimeter_crofton weighs the corners.
pub fn crofton_perimeter(outline: &Outline, directions: usize) -> f64 {
    let mut straight = 0;
    let mut diagonal = 0;
    for (c, n) in outline.corners.iter().enumerate() {
        let leaves = |from: usize, to: usize| u64::from(c & from != 0 && c & to == 0);
        straight += n * (leaves(1, 2) + leaves(8, 2));
        diagonal += n * (leaves(1, 8) + leaves(2, 4));
    }
    if directions == 2 {
        return 2.0 * FRAC_PI_4 * straight as f64;
    }
    FRAC_PI_4 * straight as f64 + FRAC_PI_4 / SQRT_2 * diagonal as f64
}

/// The perimeter as skimage.measure.perimeter finds it, after K. Benkrid and D. Crookes.
pub fn perimeter(outline: &Outline) -> f64 {
    let [one, diagonal, half] = outline.kinds.map(|n| n as f64);
    one + SQRT_2 * diagonal + (1.0 + SQRT_2) / 2.0 * half
}

/// Counts the neighbourhoods of a cell.
pub(super) fn count(
    parts: &mut Vec<Part>,
    index: &mut Index,
    view: &CellView<'_>,
    wants: &Wants,
) -> Result<()> {
    match view.labels.word {
        1 => count_words::<u8>(parts, index, view, wants),
        2 => count_words::<u16>(parts, index, view, wants),
        4 => count_words::<u32>(parts, index, view, wants),
        _ => count_words::<u64>(parts, index, view, wants),
    }
}

fn count_words<T: Word>(
    parts: &mut Vec<Part>,
    index: &mut Index,
    view: &CellView<'_>,
    wants: &Wants,
) -> Result<()> {
    let all = words::<T>(&view.labels)?;
    let n = view.region.ndim();
    let mut outline_of = |label: u64| -> usize {
        let who = index.of(label) as usize;
        if who == parts.len() {
            parts.push(Part::outside(n));
        }
        who
    };
    if wants.corners {
        let mut found: Vec<Outline> = vec![];
        corners(all, view, &mut |label: u64, c: usize| {
            let who = outline_of(label);
            if who >= found.len() {
                found.resize(who + 1, Outline::default());
            }
            if n == 3 {
                found[who].eightfold_euler += EULER_3D.with(|table| table[c]);
            } else {
                found[who].corners[c] += 1;
            }
        });
        give(parts, found);
    }
    if wants.outline && n == 2 {
        let mut found = vec![];
        borders(all, view, &mut |label, kind| {
            let who = index.of(label) as usize;
            if who >= found.len() {
                found.resize(who + 1, Outline::default());
            }
            found[who].kinds[kind] += 1;
        });
        give(parts, found);
    }
    Ok(())
}

fn give(parts: &mut [Part], found: Vec<Outline>) {
    for (part, outline) in parts.iter_mut().zip(found) {
        match &mut part.outline {
            Some(mine) => mine.merge(&outline),
            None => part.outline = Some(Box::new(outline)),
        }
    }
}

thread_local! {
    static EULER_3D: [i64; 256] = std::array::from_fn(|c| euler_of_corner_3d(c as u32));
}

/// Calls `found(label, way)` for every label (not 0) around every corner that belongs to the cell and at which not all samples are the
/// same. A corner belongs to the sample after it; those after the last samples of the image to the last cell.
fn corners<T: Word>(all: &[T], view: &CellView<'_>, found: &mut dyn FnMut(u64, usize)) {
    let (region, plane) = (&view.region, &view.labels);
    let n = region.ndim();
    let last = n - 1;
    // Beyond the image's end there is one more corner.
    let counts: Vec<usize> = (0..n)
        .map(|a| region.shape()[a] + usize::from(region.end(a) == view.whole[a] as i64))
        .collect();
    let n_around = 1usize << n;
    // Offset of the k-th sample around a corner: bit a of k, counted from the last axis, is one step back.
    let back: Vec<usize> = (0..n_around)
        .map(|k| (0..n).map(|a| (k >> (last - a) & 1) * plane.strides[a]).sum())
        .collect();
    let outer: Vec<usize> = counts[..last].to_vec();
    let n_rows: usize = outer.iter().product();
    for r in 0..n_rows {
        let mut rest = r;
        let mut begin = plane.first;
        for a in (0..last).rev() {
            begin += rest % outer[a] * plane.strides[a];
            rest /= outer[a];
        }
        let rows: Vec<&[T]> =
            back[..].iter().step_by(2).map(|b| &all[begin - b - 1..][..counts[last] + 1]).collect();
        for x in 1..=counts[last] {
            let first = rows[0][x];
            let mut same = true;
            for row in &rows {
                same &= row[x] == first && row[x - 1] == first;
            }
            if same {
                continue;
            }
            let at = |k: usize| rows[k / 2][x - (k & 1)];
            for k in 0..n_around {
                let label = at(k);
                // Each label once, when it comes first.
                if label.wide() == 0 || (0..k).any(|j| at(j) == label) {
                    continue;
                }
                let mut way = 0;
                for j in k..n_around {
                    if at(j) == label {
                        way |= 1 << j;
                    }
                }
                found(label.wide(), if n == 2 { two_d(way) } else { way });
            }
        }
    }
}

/// From bits by offset (1: itself, 2: left, 4: above, 8: both) to those of [`Outline`].
fn two_d(way: usize) -> usize {
    way & 9 | (way & 2) << 1 | (way & 4) >> 1
}

/// Calls `found(label, kind)` for every border sample of the cell that has a length.
fn borders<T: Word>(all: &[T], view: &CellView<'_>, found: &mut dyn FnMut(u64, usize)) {
    let plane = &view.labels;
    let (height, width) = (view.region.shape()[0], view.region.shape()[1]);
    let step = plane.strides[0];
    let is_border = |at: usize| {
        let l = all[at];
        all[at - 1] != l || all[at + 1] != l || all[at - step] != l || all[at + step] != l
    };
    // Of the samples of the cell and one around.
    let row = width + 2;
    let mut border = vec![false; (height + 2) * row];
    for y in 0..height + 2 {
        let begin = plane.first + y * step - step - 1;
        for x in 0..row {
            border[y * row + x] = is_border(begin + x);
        }
    }
    for y in 0..height {
        for x in 0..width {
            let b = (y + 1) * row + x + 1;
            let at = plane.first + y * step + x;
            let label = all[at];
            if !border[b] || label.wide() == 0 {
                continue;
            }
            let is = |dy: isize, dx: isize| {
                let near = at.wrapping_add_signed(dy * step as isize + dx);
                usize::from(
                    border[b.wrapping_add_signed(dy * row as isize + dx)] && all[near] == label,
                )
            };
            let sides = is(-1, 0) + is(1, 0) + is(0, -1) + is(0, 1);
            let diagonals = is(-1, -1) + is(-1, 1) + is(1, -1) + is(1, 1);
            match 1 + 2 * sides + 10 * diagonals {
                5 | 7 | 15 | 17 | 25 | 27 => found(label.wide(), 0),
                21 | 33 => found(label.wide(), 1),
                13 | 23 => found(label.wide(), 2),
                _ => {}
            }
        }
    }
}
