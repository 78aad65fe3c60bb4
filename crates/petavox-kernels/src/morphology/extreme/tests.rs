use super::*;
use petavox_core::{Buffer, Element, Region, dispatch};
use proptest::prelude::*;

fn made<T: Element>(region: &Region, seed: u64) -> Vec<T> {
    let mut state = seed | 1;
    (0..region.len())
        .map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            T::from_f64(((state >> 40) % 300) as f64 - 130.0)
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn windows_give_their_least_and_greatest_samples(
        shape in prop::collection::vec(1usize..40, 1..4), sizes in prop::collection::vec(1usize..9, 3), seed: u64,
        origins in prop::collection::vec(0usize..9, 3), parts: bool, greatest: bool, dtype in prop::sample::select(Dtype::ALL),
    ) {
        let n = shape.len();
        let sizes = &sizes[..n];
        let origin: Vec<i64> = (0..n).map(|a| (origins[a] % sizes[a]) as i64 - (sizes[a] / 2) as i64).collect();
        let cells: usize = sizes.iter().product();
        let mask = parts.then(|| (0..cells).map(|i| i == 0 || (seed >> (i % 61)) & 1 == 1).collect());
        let window = Window::new(sizes, &origin, mask).unwrap();
        let halo = window.halo();
        let target = Region::new(vec![-3; n], shape.clone());
        let region = target.grow(&halo.low, &halo.high);
        dispatch!(dtype, T => {
            let samples: Vec<T> = made(&region, seed);
            let input = Block::from_vec(region.clone(), samples.clone()).unwrap().viewed_as(dtype).unwrap();
            let mut output = Block::zeros(target.clone(), dtype).unwrap();
            let mut scratch = Buffer::zeroed(extreme_scratch_bytes(&shape, &window, dtype)).unwrap();
            extreme(&input, &mut output, &window, greatest, scratch.bytes_mut(), &CancelToken::new()).unwrap();
            let mut at = 0;
            let offsets = window.offsets();
            let mut points = vec![];
            target.for_each_row(|p| points.push(p.to_vec()));
            for row in points {
                for x in 0..target.row_len() {
                    let values = offsets.iter().map(|o| {
                        let mut q: Vec<i64> = row.iter().zip(o).map(|(p, o)| p + o).collect();
                        q[n - 1] += x as i64;
                        samples[region.offset_of(&q)]
                    });
                    let pick = |a: T, b: T| if (a > b) == greatest { a } else { b };
                    let want = values.reduce(pick).unwrap();
                    prop_assert_eq!(output.typed::<T>().unwrap()[at], want);
                    at += 1;
                }
            }
        });
    }
}
