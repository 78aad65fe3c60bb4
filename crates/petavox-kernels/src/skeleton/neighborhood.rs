//! Predicates on the 26 neighbours of a voxel, held in 27 bits.
//!
//! The neighbour at offset (dz, dy, dx), each 0, 1 or 2 with 1 the centre, is bit `9 dz + 3 dy + dx`. The centre's bit (13)
//! is always clear in a neighbourhood handed to a predicate.

/// All 26 neighbours.
pub const NEIGHBORS: u32 = ((1 << 27) - 1) & !(1 << 13);

/// The bits whose offset along an axis (0 = z, 1 = y, 2 = x) is `value`.
const fn along(axis: usize, value: u32) -> u32 {
    let mut mask = 0;
    let mut i = 0;
    while i < 27 {
        let offset = [i / 9, i / 3 % 3, i % 3];
        if offset[axis] == value {
            mask |= 1 << i;
        }
        i += 1;
    }
    mask
}

/// The bits with exactly `n` offsets that are not the centre's: 1 for faces, 2 for edges, 3 for corners.
const fn off_centre(n: u32) -> u32 {
    let mut mask = 0;
    let mut i = 0;
    while i < 27 {
        let off = (i / 9 != 1) as u32 + (i / 3 % 3 != 1) as u32 + (i % 3 != 1) as u32;
        if off == n {
            mask |= 1 << i;
        }
        i += 1;
    }
    mask
}

const FACES: u32 = off_centre(1);
const EDGES: u32 = off_centre(2);
const CORNERS: u32 = off_centre(3);
const CUBE: u32 = (1 << 27) - 1;
const NOT_X0: u32 = CUBE & !along(2, 0);
const NOT_X2: u32 = CUBE & !along(2, 2);
const NOT_Y0: u32 = CUBE & !along(1, 0);
const NOT_Y2: u32 = CUBE & !along(1, 2);
const X1: u32 = along(2, 1);
const Y1: u32 = along(1, 1);
const Z1: u32 = along(0, 1);

/// True if exactly one neighbour is set: the tip of a curve.
#[inline(always)]
pub const fn is_endpoint(n: u32) -> bool {
    n & n.wrapping_sub(1) == 0 && n != 0
}

/// The bits and those that touch them: one step in x, then y, then z.
#[inline(always)]
const fn grow(bits: u32) -> u32 {
    let x = bits | (bits & NOT_X2) << 1 | (bits & NOT_X0) >> 1;
    let y = x | (x & NOT_Y2) << 3 | (x & NOT_Y0) >> 3;
    y | y << 9 | y >> 9
}

/// One set neighbour to grow from. A face neighbour sees most of the others, so growing from one needs the fewest steps.
#[inline(always)]
const fn seed(n: u32) -> u32 {
    let faces = n & FACES;
    let start = if faces != 0 { faces } else { n };
    start & start.wrapping_neg()
}

/// True if the set neighbours form at most one 26-connected component; none is fine.
#[inline(always)]
pub fn at_most_one_component(n: u32) -> bool {
    let mut grown = seed(n);
    while grown != n {
        let next = grow(grown) & n;
        if next == grown {
            return false;
        }
        grown = next;
    }
    true
}

/// By how much the Euler number of the mask (26-connected foreground, voxels as closed cubes) falls when the voxel at
/// the centre is deleted: corners - edges + faces - 1 of those cells that no neighbour shares.
#[inline(always)]
pub const fn euler_change(n: u32) -> i32 {
    let absent = !n & NEIGHBORS;
    let faces = absent & FACES;
    // An edge of the cube is its own if the neighbours across both its faces and the one across it are absent.
    let sx = spread(faces & X1, 1);
    let sy = spread(faces & Y1, 3);
    let sz = spread(faces & Z1, 9);
    let edges = absent & EDGES & (sx & sy | sy & sz | sx & sz);
    // A corner likewise if its three edges are; their faces then are too.
    let corners =
        absent & CORNERS & spread(edges & X1, 1) & spread(edges & Y1, 3) & spread(edges & Z1, 9);
    corners.count_ones() as i32 - edges.count_ones() as i32 + faces.count_ones() as i32 - 1
}

#[inline(always)]
const fn spread(bits: u32, step: u32) -> u32 {
    bits << step | bits >> step
}

/// How many neighbourhoods [`are_simple`] tests at once.
pub const LANES: usize = 16;

/// Bit `i` is set if the voxel with neighbourhood `i` is (26,6)-simple: deleting it changes neither components, nor loops, nor
/// cavities.
///
/// That is: its set neighbours form exactly one 26-component, and the clear ones among its 18 neighbours exactly one
/// 6-component that touches it by a face. Given the first, the second is the same as an unchanged Euler number: around a
/// voxel with a clear face neighbour the number of such background components is one more than the number of loops that
/// its neighbours make, and a voxel without one always changes the number. (G. Bertrand and G. Malandain, A new
/// characterization of three-dimensional simple points, Pattern Recognition Letters 15, 1994; the Euler number as in
/// T.-C. Lee, R. L. Kashyap and C.-N. Chu, CVGIP 56, 1994.)
#[inline(always)]
pub fn are_simple(neighborhoods: &[u32; LANES]) -> u32 {
    // Plain loops over all lanes without branches in them, which compile to vector instructions.
    let mut grown = [0; LANES];
    for (g, &n) in grown.iter_mut().zip(neighborhoods) {
        *g = grow(seed(n)) & n;
    }
    loop {
        let mut growing = 0;
        for (g, &n) in grown.iter_mut().zip(neighborhoods) {
            let next = grow(*g) & n;
            growing |= next ^ *g;
            *g = next;
        }
        if growing == 0 {
            break;
        }
    }
    let mut simple = [0; LANES];
    for (i, s) in simple.iter_mut().enumerate() {
        let n = neighborhoods[i];
        *s = u32::from((euler_change(n) == 0) & (grown[i] == n)) << i;
    }
    simple.iter().fold(0, |all, s| all | s)
}

#[cfg(test)]
mod tests;
