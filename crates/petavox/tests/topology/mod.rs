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
    // Only the box around the foreground, with a margin; a 2-D image is one plane of cubes, which keeps its loops.
    let place = |i: usize| [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
    let (mut low, mut high) = ([usize::MAX; 3], [0; 3]);
    for p in (0..mask.len()).filter(|i| mask[*i] != 0).map(place) {
        for a in 0..3 {
            (low[a], high[a]) = (low[a].min(p[a]), high[a].max(p[a] + 1));
        }
    }
    if high[0] == 0 {
        return Betti { components: 0, loops: 0, cavities: 0 };
    }
    let size = [0, 1, 2].map(|a| high[a] - low[a] + 2);
    let at = |p: [usize; 3]| (p[0] * size[1] + p[1]) * size[2] + p[2];
    let mut padded = vec![false; size.iter().product()];
    for p in (0..mask.len()).filter(|i| mask[*i] != 0).map(place) {
        padded[at([0, 1, 2].map(|a| p[a] - low[a] + 1))] = true;
    }
    let euler = euler(&padded, size);
    let components = count(&padded, size, true, 3);
    let cavities = count(&padded, size, false, 1) - 1;
    Betti { components, loops: components + cavities - euler, cavities }
}

/// Vertices - edges + faces - cubes. Every cell belongs to the voxel whose low corner it touches: along each axis it is the corner
/// itself, which the voxel before has too, or the span after it.
fn euler(padded: &[bool], size: [usize; 3]) -> i64 {
    // By which of the voxel (bit 0) and the seven before it, along x (1), y (2) and z (4), are foreground.
    let table: Vec<i64> = (0..256usize)
        .map(|found| {
            (0..8usize)
                .map(|spans| {
                    let any = (0..8).any(|before| before & spans == 0 && found >> before & 1 == 1);
                    i64::from(any) * if spans.count_ones() % 2 == 0 { 1 } else { -1 }
                })
                .sum()
        })
        .collect();
    let steps: [usize; 8] = std::array::from_fn(|before| {
        (before >> 2) * size[1] * size[2] + (before >> 1 & 1) * size[2] + (before & 1)
    });
    let mut euler = 0;
    for z in 1..size[0] {
        for y in 1..size[1] {
            for x in 1..size[2] {
                let i = (z * size[1] + y) * size[2] + x;
                let found = steps.iter().enumerate().map(|(b, s)| usize::from(padded[i - s]) << b);
                euler += table[found.sum::<usize>()];
            }
        }
    }
    euler
}

/// Components of the samples that are `of`, neighbours being at most so many hops away. The margin is background.
fn count(mask: &[bool], size: [usize; 3], of: bool, hops: usize) -> i64 {
    let steps: Vec<[i64; 3]> = (0..27i64)
        .map(|k| [k / 9 - 1, k / 3 % 3 - 1, k % 3 - 1])
        .filter(|d| (1..=hops).contains(&d.iter().filter(|d| **d != 0).count()))
        .collect();
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
            for step in &steps {
                let q = [0, 1, 2].map(|a| p[a] as i64 + step[a]);
                if (0..3).any(|a| q[a] < 0 || q[a] >= size[a] as i64) {
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
