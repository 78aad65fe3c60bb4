//! Betti numbers by counting cells and flooding, independent of the rules that are tested.

/// Numbers of 26-components, loops and cavities of a mask.
pub(super) fn betti(shape: &[usize; 3], samples: &[u8]) -> [i64; 3] {
    // With one layer of background all around.
    let padded = [shape[0] + 2, shape[1] + 2, shape[2] + 2];
    let mut mask = vec![false; padded.iter().product()];
    for (i, &s) in samples.iter().enumerate() {
        let (z, y, x) = (i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]);
        mask[((z + 1) * padded[1] + y + 1) * padded[2] + x + 1] = s != 0;
    }
    let components = n_components(&padded, &mask, true, 3);
    let cavities = n_components(&padded, &mask, false, 1) - 1;
    let loops = components + cavities - euler(&padded, &mask);
    [components, loops, cavities]
}

fn n_components(shape: &[usize; 3], mask: &[bool], of: bool, hops: usize) -> i64 {
    let mut seen: Vec<bool> = mask.iter().map(|&m| m != of).collect();
    let [nz, ny, nx] = *shape;
    let mut n = 0;
    for start in 0..seen.len() {
        if seen[start] {
            continue;
        }
        n += 1;
        seen[start] = true;
        let mut stack = vec![start];
        while let Some(i) = stack.pop() {
            let (z, y, x) = (i / (ny * nx), i / nx % ny, i % nx);
            for bz in z.saturating_sub(1)..(z + 2).min(nz) {
                for by in y.saturating_sub(1)..(y + 2).min(ny) {
                    for bx in x.saturating_sub(1)..(x + 2).min(nx) {
                        let j = (bz * ny + by) * nx + bx;
                        let far = bz.abs_diff(z) + by.abs_diff(y) + bx.abs_diff(x);
                        if far <= hops && !seen[j] {
                            seen[j] = true;
                            stack.push(j);
                        }
                    }
                }
            }
        }
    }
    n
}

/// Vertices - edges + faces - cubes of the union of closed voxels, on a grid of cells twice as fine.
fn euler(shape: &[usize; 3], mask: &[bool]) -> i64 {
    let fine = shape.map(|n| 2 * n + 1);
    let mut cells = vec![false; fine.iter().product()];
    for (i, _) in mask.iter().enumerate().filter(|(_, m)| **m) {
        let (z, y, x) = (i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]);
        for dz in 0..3 {
            for dy in 0..3 {
                for dx in 0..3 {
                    cells[((2 * z + dz) * fine[1] + 2 * y + dy) * fine[2] + 2 * x + dx] = true;
                }
            }
        }
    }
    let mut sum = 0;
    for (i, _) in cells.iter().enumerate().filter(|(_, c)| **c) {
        let dim = i / (fine[1] * fine[2]) % 2 + i / fine[2] % fine[1] % 2 + i % fine[2] % 2;
        sum += if dim % 2 == 0 { 1 } else { -1 };
    }
    sum
}

#[test]
fn betti_numbers_of_known_shapes() {
    let mut ring = [0u8; 25];
    for i in [6, 7, 8, 11, 13, 16, 17, 18] {
        ring[i] = 1;
    }
    assert_eq!(betti(&[1, 5, 5], &ring), [1, 1, 0]);
    let mut shell = [1u8; 27];
    shell[13] = 0;
    assert_eq!(betti(&[3, 3, 3], &shell), [1, 0, 1]);
    assert_eq!(betti(&[1, 2, 2], &[1, 0, 0, 1]), [1, 0, 0]);
    assert_eq!(betti(&[1, 1, 5], &[1, 0, 1, 0, 1]), [3, 0, 0]);
}
