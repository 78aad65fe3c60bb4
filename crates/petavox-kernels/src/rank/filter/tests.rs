use super::*;
use petavox_core::{Buffer, Element, Region, dispatch};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_way_gives_the_sample_of_the_rank(
        shape in prop::collection::vec(1usize..40, 1..4), sizes in prop::collection::vec(1usize..7, 3), seed: u64,
        rank in 0usize..1000, parts: bool, dtype in prop::sample::select(Dtype::ALL), way in 0..3,
    ) {
        let n = shape.len();
        let sizes = &sizes[..n];
        let cells: usize = sizes.iter().product();
        let mask = parts.then(|| (0..cells).map(|i| i == 0 || (seed >> (i % 61)) & 1 == 1).collect());
        let window = Window::new(sizes, &vec![0; n], mask).unwrap();
        let rank = rank % window.len();
        let halo = window.halo();
        let target = Region::new(vec![-3; n], shape.clone());
        let region = target.grow(&halo.low, &halo.high);
        let mut filter = RankFilter::new(window.clone(), rank, dtype).unwrap();
        match way {
            0 if dtype.size() <= 2 => filter.way = Way::Counts,
            1 => filter.way = Way::Selection,
            _ => {}
        }
        let mut state = seed | 1;
        dispatch!(dtype, T => {
            let samples: Vec<T> = (0..region.len()).map(|_| {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                T::from_f64(((state >> 40) % 300) as f64 - 130.0)
            }).collect();
            let input = Block::from_vec(region.clone(), samples.clone()).unwrap().viewed_as(dtype).unwrap();
            let mut output = Block::zeros(target.clone(), dtype).unwrap();
            let mut scratch = Buffer::zeroed(rank_filter_scratch_bytes(&shape, &filter)).unwrap();
            rank_filter(&input, &mut output, &filter, scratch.bytes_mut(), &CancelToken::new()).unwrap();
            let mut at = 0;
            let offsets = window.offsets();
            let mut rows = vec![];
            target.for_each_row(|p| rows.push(p.to_vec()));
            for row in rows {
                for x in 0..target.row_len() {
                    let mut values: Vec<T> = offsets.iter().map(|o| {
                        let mut q: Vec<i64> = row.iter().zip(o).map(|(p, o)| p + o).collect();
                        q[n - 1] += x as i64;
                        samples[region.offset_of(&q)]
                    }).collect();
                    values.sort_by(|a, b| a.partial_cmp(b).unwrap());
                    prop_assert_eq!(output.typed::<T>().unwrap()[at], values[rank]);
                    at += 1;
                }
            }
        });
    }
}
