use super::*;
use proptest::prelude::*;

/// Every clear voxel, one by one.
fn reference(layout: &BitLayout, words: &[u64], voxel: [usize; 3], s: [f64; 3]) -> Option<f64> {
    let [nz, ny, nx] = layout.shape();
    let mut best = None::<f64>;
    for z in 0..nz {
        for y in 0..ny {
            for x in 0..nx {
                if !layout.get(words, [z as i64, y as i64, x as i64]) {
                    let d = [z.abs_diff(voxel[0]), y.abs_diff(voxel[1]), x.abs_diff(voxel[2])];
                    let d: f64 = (0..3).map(|a| (d[a] as f64 * s[a]).powi(2)).sum::<f64>().sqrt();
                    best = Some(best.map_or(d, |b| b.min(d)));
                }
            }
        }
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn distance_is_the_least_over_all_clear_voxels(
        nz in 1usize..4, ny in 1usize..5, nx in 1usize..150, seed: u64, sparse in 0u32..7,
        spacing in prop::array::uniform3(0.1f64..5.0), at in prop::array::uniform3(0usize..1000),
    ) {
        let layout = BitLayout::new(&[nz, ny, nx]).unwrap();
        let mut words = vec![0; layout.n_words()];
        let mut state = seed | 1;
        for z in 0..nz {
            for y in 0..ny {
                for x in 0..nx {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    if state >> 40 & ((1 << (2 * sparse)) - 1) != 0 {
                        words[layout.row(z, y).start + x / 64] |= 1 << (x % 64);
                    }
                }
            }
        }
        let voxel = [at[0] % nz, at[1] % ny, at[2] % nx];
        let found = nearest_background(&layout, &words, voxel, spacing);
        let expected = reference(&layout, &words, voxel, spacing);
        match (found, expected) {
            (Some(a), Some(b)) => prop_assert!((a - b).abs() <= 1e-12 * b, "{a} {b}"),
            (a, b) => prop_assert_eq!(a, b),
        }
    }
}

#[test]
fn a_mask_without_background_has_no_distance() {
    let layout = BitLayout::new(&[3, 70]).unwrap();
    let words = [!0, 0x3f, !0, 0x3f, !0, 0x3f];
    assert_eq!(nearest_background(&layout, &words, [0, 1, 69], [1.0; 3]), None);
}

#[test]
fn distances_are_those_of_scipy() {
    let golden: serde_json::Value = serde_json::from_str(include_str!("golden.json")).unwrap();
    for case in golden["cases"].as_array().unwrap() {
        let shape: Vec<usize> = serde_json::from_value(case["shape"].clone()).unwrap();
        let spacing: [f64; 3] = serde_json::from_value(case["spacing"].clone()).unwrap();
        let at: Vec<usize> = serde_json::from_value(case["at"].clone()).unwrap();
        let distances: Vec<f64> = serde_json::from_value(case["distance"].clone()).unwrap();
        let hex = case["mask"].as_str().unwrap();
        let layout = BitLayout::new(&shape).unwrap();
        let mut words = vec![0; layout.n_words()];
        let voxel = |i: usize| [i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]];
        for i in 0..shape.iter().product() {
            let byte = u8::from_str_radix(&hex[i / 8 * 2..i / 8 * 2 + 2], 16).unwrap();
            let [z, y, x] = voxel(i);
            words[layout.row(z, y).start + x / 64] |= u64::from(byte >> (i % 8) & 1) << (x % 64);
        }
        for (&i, &expected) in at.iter().zip(&distances) {
            let found = nearest_background(&layout, &words, voxel(i), spacing).unwrap();
            assert!((found - expected).abs() <= 1e-12 * expected, "{found} {expected}");
        }
    }
}
