//! The half-spaces whose common part is the hull of points in space.

use super::Point;
use std::collections::HashMap;

/// Bits of a coordinate with what it is moved by: three multiply without overflow. Points are moved by up to 128 units of the last
/// bit while facets are found, so that no four lie in a plane.
const BITS: u32 = 40;

/// A convex polyhedron: `normal . p <= offset` for every face.
pub(super) struct Solid {
    faces: Vec<([i64; 3], i128)>,
}

struct Facet {
    corners: [usize; 3],
    normal: [i128; 3],
    offset: i128,
}

impl Solid {
    /// The hull of points that do not lie in one plane.
    pub(super) fn of(points: &[Point]) -> Solid {
        let origin = points.first().copied().unwrap_or_default();
        let plain: Vec<[i64; 3]> =
            points.iter().map(|p| std::array::from_fn(|a| i64::from(p[a] - origin[a]))).collect();
        let mut order: Vec<usize> = (0..plain.len()).collect();
        order.sort_unstable_by_key(|i| mixed(*i as u64));
        let extent = plain.iter().flatten().map(|x| x.unsigned_abs()).max().unwrap_or(0);
        let scale = 1i64 << (BITS - (65 - extent.leading_zeros())).min(30);
        let moved: Vec<[i64; 3]> = plain
            .iter()
            .enumerate()
            .map(|(i, p)| {
                let shift = mixed(!(i as u64));
                std::array::from_fn(|a| p[a] * scale + (shift >> (20 * a) & 0xff) as i64 - 128)
            })
            .collect();
        let mut faces: Vec<[i64; 3]> = facets(&moved, &order)
            .iter()
            .map(|f| {
                let [a, b, c] = f.corners.map(|k| plain[k]);
                reduced(narrow(cross(minus(b, a), minus(c, a))))
            })
            .filter(|n| *n != [0; 3])
            .collect();
        faces.sort_unstable();
        faces.dedup();
        let reach = |n: &[i64; 3]| plain.iter().map(|p| dot(n, p)).max().unwrap_or(0);
        let start: [i64; 3] = origin.map(i64::from);
        Solid { faces: faces.iter().map(|n| (*n, reach(n) + dot(n, &start))).collect() }
    }

    /// The first and the last even x inside or on the border, at this z and y.
    pub(super) fn row(&self, z: i32, y: i32) -> Option<(i32, i32)> {
        let (mut first, mut last) = (i128::from(i32::MIN), i128::from(i32::MAX));
        for (n, offset) in &self.faces {
            let left = offset - i128::from(n[0]) * i128::from(z) - i128::from(n[1]) * i128::from(y);
            let slope = i128::from(n[2]);
            match slope {
                0 if left < 0 => return None,
                0 => {}
                1.. => last = last.min(2 * left.div_euclid(2 * slope)),
                _ => first = first.max(-2 * left.div_euclid(-2 * slope)),
            }
        }
        (first <= last).then_some((first as i32, last as i32))
    }
}

/// The facets of the hull of points in general position, point by point.
fn facets(points: &[[i64; 3]], order: &[usize]) -> Vec<Facet> {
    let Some(start) = tetrahedron(points, order) else { return vec![] };
    let facet = |corners: [usize; 3]| {
        let [a, b, c] = corners.map(|k| points[k]);
        let normal = cross(minus(b, a), minus(c, a));
        Facet { corners, normal, offset: wide_dot(&normal, &a) }
    };
    let mut faces: Vec<Facet> = vec![];
    for skip in 0..4 {
        let corners: Vec<usize> = (0..4).filter(|k| *k != skip).map(|k| start[k]).collect();
        let face = facet([corners[0], corners[1], corners[2]]);
        let inside = wide_dot(&face.normal, &points[start[skip]]) < face.offset;
        faces.push(if inside { face } else { facet([corners[0], corners[2], corners[1]]) });
    }
    for &k in order.iter().filter(|k| !start.contains(k)) {
        let p = &points[k];
        let sees = |f: &Facet| wide_dot(&f.normal, p) > f.offset;
        let seen: Vec<bool> = faces.iter().map(sees).collect();
        if !seen.contains(&true) {
            continue;
        }
        // Edges of seen facets whose other facet is not seen.
        let mut edges: HashMap<(usize, usize), ()> = HashMap::new();
        for face in faces.iter().zip(&seen).filter(|(_, s)| **s).map(|(f, _)| f) {
            let [a, b, c] = face.corners;
            for (from, to) in [(a, b), (b, c), (c, a)] {
                if edges.remove(&(to, from)).is_none() {
                    edges.insert((from, to), ());
                }
            }
        }
        let mut at = 0;
        faces.retain(|_| {
            at += 1;
            !seen[at - 1]
        });
        faces.extend(edges.into_keys().map(|(from, to)| facet([from, to, k])));
    }
    faces
}

/// Four points that do not lie in a plane.
fn tetrahedron(points: &[[i64; 3]], order: &[usize]) -> Option<[usize; 4]> {
    let a = *order.first()?;
    let b = *order.iter().find(|k| points[**k] != points[a])?;
    let ab = minus(points[b], points[a]);
    let c = *order.iter().find(|k| cross(ab, minus(points[**k], points[a])) != [0; 3])?;
    let normal = cross(ab, minus(points[c], points[a]));
    let d = *order.iter().find(|k| wide_dot(&normal, &minus(points[**k], points[a])) != 0)?;
    Some([a, b, c, d])
}

fn minus(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    std::array::from_fn(|k| a[k] - b[k])
}

fn cross(a: [i64; 3], b: [i64; 3]) -> [i128; 3] {
    let minor = |i: usize, j: usize| {
        i128::from(a[i]) * i128::from(b[j]) - i128::from(a[j]) * i128::from(b[i])
    };
    [minor(1, 2), minor(2, 0), minor(0, 1)]
}

/// The normal of a plane through points of the grid, whose coordinates have at most 31 bits.
fn narrow(n: [i128; 3]) -> [i64; 3] {
    n.map(|x| x as i64)
}

fn wide_dot(a: &[i128; 3], b: &[i64; 3]) -> i128 {
    (0..3).map(|k| a[k] * i128::from(b[k])).sum()
}

fn dot(a: &[i64; 3], b: &[i64; 3]) -> i128 {
    (0..3).map(|k| i128::from(a[k]) * i128::from(b[k])).sum()
}

fn reduced(n: [i64; 3]) -> [i64; 3] {
    let gcd = n.iter().fold(0u64, |g, x| {
        let (mut a, mut b) = (g, x.unsigned_abs());
        while b > 0 {
            (a, b) = (b, a % b);
        }
        a
    });
    if gcd == 0 { n } else { n.map(|x| x / gcd as i64) }
}

/// A number without visible order (D. Lemire's and S. Vigna's mixer).
fn mixed(x: u64) -> u64 {
    let x = (x.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb) ^ x >> 31
}
