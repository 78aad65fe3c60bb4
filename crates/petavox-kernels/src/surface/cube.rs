//! One cube of eight samples: the loops in which a surface cuts its faces.

use petavox_core::{Block, Error, Region, Result};

/// Corners of a cube; bit 0 of their numbers is the last axis, bit 2 the first.
pub const CORNERS: usize = 8;

/// Corners of each face, counter-clockwise as seen from outside.
const FACES: [[usize; 4]; 6] =
    [[1, 3, 7, 5], [4, 6, 2, 0], [2, 6, 7, 3], [1, 5, 4, 0], [4, 5, 7, 6], [2, 3, 1, 0]];

/// Edges are numbered by three times their lower corner, and the bit in which the other differs.
pub(super) const EDGES: usize = 3 * CORNERS;

/// Who is joined where two corners on a face's diagonal are above the level, and the two others are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faces {
    /// What the samples interpolated over the face say.
    Interpolated,
    /// Never those above.
    Apart,
}

fn edge(a: usize, b: usize) -> usize {
    3 * a.min(b) + (a ^ b).trailing_zeros() as usize
}

/// The two corners of an edge, the lower first.
pub(super) fn ends(edge: usize) -> (usize, usize) {
    let low = edge / 3;
    (low, low | 1 << (edge % 3))
}

/// The faces that an edge lies on, a bit each.
pub(super) fn faces_of(edge: usize) -> u8 {
    let (low, axis) = (edge / 3, edge % 3);
    (0..3).filter(|b| *b != axis).map(|b| 1u8 << (2 * b + (low >> b & 1))).sum()
}

/// Calls `f` with each closed loop of edges in which the surface cuts the cube whose samples, less the level, are `values`.
pub(super) fn each_loop(values: &[f64; CORNERS], faces: Faces, mut f: impl FnMut(&[usize])) {
    let mut next = [EDGES; EDGES];
    for face in &FACES {
        let high = face.map(|c| values[c] > 0.0);
        let at = |i: usize| edge(face[i % 4], face[(i + 1) % 4]);
        // Where a walk around the face goes down, a line begins; where it goes up, one ends.
        let falls = (0..4).filter(|i| high[*i] && !high[(i + 1) % 4]);
        let rise = |i: usize| !high[i % 4] && high[(i + 1) % 4];
        let n_falls = falls.clone().count();
        let joined = n_falls == 2 && faces == Faces::Interpolated && {
            let (even, odd) =
                (values[face[0]] * values[face[2]], values[face[1]] * values[face[3]]);
            if high[0] { even > odd } else { odd > even }
        };
        for i in falls {
            // The next rise cuts off what is low between; the one before, what is high.
            let end = match (n_falls, joined) {
                (2, true) => i + 1,
                (2, false) => i + 3,
                _ => (i + 1..i + 4).find(|k| rise(*k)).unwrap_or(i),
            };
            next[at(i)] = at(end);
        }
    }
    let mut line = [0; EDGES];
    for first in 0..EDGES {
        let (mut own, mut n) = (first, 0);
        while next[own] < EDGES && n < EDGES {
            line[n] = own;
            n += 1;
            own = std::mem::replace(&mut next[own], EDGES);
        }
        if n > 2 {
            f(&line[..n]);
        }
    }
}

/// Fills `output`, whose samples are cubes with their eight corners, from samples of `input`: one more along every axis. Cubes with a NaN, and
/// those whose last corner `mask` leaves out, are NaN.
///
/// # Errors
/// [`Error::Internal`] if the blocks do not fit together.
pub fn corners(input: &Block, mask: Option<&Block>, output: &mut Block) -> Result<()> {
    let region = output.region().clone();
    let unfit = || Error::internal("corners", format!("{} for {region}", input.region()));
    if region.is_empty() {
        return Ok(());
    }
    if region.ndim() != 4 {
        return Err(unfit());
    }
    let cubes = Region::new(&region.start()[..3], &region.shape()[..3]);
    if input.region() != &cubes.grow(&[0; 3], &[1; 3]) {
        return Err(unfit());
    }
    let samples = input.typed::<f32>()?;
    let is_in = mask.map(|m| m.typed::<u8>()).transpose()?;
    let (first, n) = (region.start()[3] as usize, region.shape()[3]);
    let (row, plane) = (input.shape()[2], input.shape()[1] * input.shape()[2]);
    let steps: [usize; CORNERS] =
        std::array::from_fn(|c| (c & 1) + (c >> 1 & 1) * row + (c >> 2) * plane);
    let out = output.typed_mut::<f32>()?;
    let (width, mut to) = (cubes.row_len(), 0);
    cubes.for_each_row(|point| {
        let from = input.region().offset_of(point);
        for x in from..from + width {
            let mut cube = steps.map(|s| samples[x + s]);
            let shown = is_in.is_none_or(|m| m[x + steps[7]] != 0);
            if !shown || cube.iter().any(|v| v.is_nan()) {
                cube = [f32::NAN; CORNERS];
            }
            out[to..to + n].copy_from_slice(&cube[first..first + n]);
            to += n;
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_pass_every_edge_that_is_cut_once() {
        for case in 0..256usize {
            for faces in [Faces::Interpolated, Faces::Apart] {
                let values: [f64; 8] = std::array::from_fn(|c| {
                    let size = 1.0 + c as f64 * 0.3;
                    if case >> c & 1 == 1 { size } else { -size }
                });
                let mut seen = [0; EDGES];
                each_loop(&values, faces, |line| line.iter().for_each(|e| seen[*e] += 1));
                for low in 0..8usize {
                    for axis in (0..3).filter(|a| low >> a & 1 == 0) {
                        let cut = (case >> low & 1) != (case >> (low | 1 << axis) & 1);
                        assert_eq!(seen[3 * low + axis], u8::from(cut), "{case}");
                    }
                }
            }
        }
    }
}
