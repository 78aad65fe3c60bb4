//! Betti numbers of a mask, by counting.

/// Components, loops and cavities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Betti {
    pub(crate) components: i64,
    pub(crate) loops: i64,
    pub(crate) cavities: i64,
}

/// Betti numbers of a 2-D or 3-D mask whose voxels meet by corners (26 or 8 neighbours; the background by faces).
///
/// Voxels are taken as closed cubes: Euler's number is that of their union, vertices - edges + faces - cubes.
pub(crate) fn betti(mask: &[u8], shape: &[usize]) -> Betti {
    let flat = shape.len() == 2;
    let shape = if flat { [1, shape[0], shape[1]] } else { [shape[0], shape[1], shape[2]] };
    // A margin all around; a 2-D image is one plane of cubes, which keeps its loops.
    let size = shape.map(|n| n + 2);
    let at = |z: usize, y: usize, x: usize| (z * size[1] + y) * size[2] + x;
    let mut padded = vec![false; size.iter().product()];
    let mut samples = mask.iter();
    for z in 1..=shape[0] {
        for y in 1..=shape[1] {
            for x in 1..=shape[2] {
                padded[at(z, y, x)] = samples.next().is_some_and(|m| *m != 0);
            }
        }
    }
    let mut euler = 0;
    for z in 1..size[0] {
        for y in 1..size[1] {
            for x in 1..size[2] {
                // The cells at the low corner of this voxel: along each axis the corner itself or the span after it.
                for spans in 0..8usize {
                    let low = [z, y, x].map(|v| v as i64);
                    let near = |a: usize| if spans >> a & 1 == 1 { 0..=0 } else { -1..=0i64 };
                    let any = near(0).any(|dz| {
                        near(1).any(|dy| {
                            near(2).any(|dx| {
                                let p = [low[0] + dz, low[1] + dy, low[2] + dx].map(|v| v as usize);
                                padded[at(p[0], p[1], p[2])]
                            })
                        })
                    });
                    let sign = if spans.count_ones() % 2 == 0 { 1 } else { -1 };
                    euler += i64::from(any) * sign;
                }
            }
        }
    }
    let components = count(&padded, size, true, 3);
    let cavities = count(&padded, size, false, 1) - 1;
    Betti { components, loops: components + cavities - euler, cavities }
}

/// Components of the samples that are `of`, neighbours being at most so many hops away.
fn count(mask: &[bool], size: [usize; 3], of: bool, hops: usize) -> i64 {
    let mut seen = vec![false; mask.len()];
    let mut found = 0;
    let mut open = vec![];
    for first in 0..mask.len() {
        if mask[first] != of || seen[first] {
            continue;
        }
        found += 1;
        seen[first] = true;
        open.push(first);
        while let Some(i) = open.pop() {
            let p = [i / (size[1] * size[2]), i / size[2] % size[1], i % size[2]];
            for k in 0..27usize {
                let step = [k / 9, k / 3 % 3, k % 3].map(|d| d as i64 - 1);
                let q = [0, 1, 2].map(|a| p[a] as i64 + step[a]);
                let far = step.iter().filter(|d| **d != 0).count();
                if far == 0 || far > hops || (0..3).any(|a| q[a] < 0 || q[a] >= size[a] as i64) {
                    continue;
                }
                let j = ((q[0] * size[1] as i64 + q[1]) * size[2] as i64 + q[2]) as usize;
                if mask[j] == of && !seen[j] {
                    seen[j] = true;
                    open.push(j);
                }
            }
        }
    }
    found
}

#[test]
fn balls_rings_and_shells_have_their_betti_numbers() {
    let shape = [7, 7, 7];
    let of = |inside: &dyn Fn([i64; 3]) -> bool| {
        let mask: Vec<u8> =
            (0..343i64).map(|i| u8::from(inside([i / 49 - 3, i / 7 % 7 - 3, i % 7 - 3]))).collect();
        let b = betti(&mask, &shape);
        (b.components, b.loops, b.cavities)
    };
    let far = |p: [i64; 3]| p.iter().map(|v| v * v).sum::<i64>();
    assert_eq!(of(&|p| far(p) < 5), (1, 0, 0));
    assert_eq!(of(&|p| far(p) < 12 && far(p) > 3), (1, 0, 1));
    assert_eq!(of(&|p| p[0] == 0 && far(p) < 10 && far(p) > 3), (1, 1, 0));
    assert_eq!(of(&|p| p == [-3; 3] || p == [3; 3]), (2, 0, 0));
    assert_eq!(
        betti(&[1, 1, 1, 1, 0, 1, 1, 1, 1], &[3, 3]),
        Betti { components: 1, loops: 1, cavities: 0 }
    );
}
