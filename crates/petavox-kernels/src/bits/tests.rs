use super::*;
use proptest::prelude::*;

fn block(start: [i64; 3], shape: [usize; 3], seed: u64) -> Block {
    let region = Region::new(start, shape);
    let mut state = seed | 1;
    let samples = (0..region.len())
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            if state & 4 == 0 { 0u16 } else { (state >> 20) as u16 | 256 }
        })
        .collect();
    Block::from_vec(region, samples).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn packing_any_region_sets_its_bits_and_no_others(
        x0 in 0usize..150, dx in 1usize..200, y0 in 0usize..3, z0 in 0usize..2, seed: u64, before: bool,
    ) {
        let shape = [3, 4, 300];
        let layout = BitLayout::new(&shape).unwrap();
        let mut words = vec![0; layout.n_words()];
        if before {
            let mut ones = Block::zeros(Region::whole(&shape), Dtype::Bool).unwrap();
            ones.fill(1.0);
            layout.pack(&mut words, &ones).unwrap();
        }
        let dx = dx.min(300 - x0);
        let part = block([z0 as i64, y0 as i64, x0 as i64], [2, 1, dx], seed);
        layout.pack(&mut words, &part).unwrap();
        let samples = part.typed::<u16>().unwrap();
        for z in 0..3 {
            for y in 0..4 {
                for x in 0..300 {
                    let inside = (z0..z0 + 2).contains(&z) && y == y0 && (x0..x0 + dx).contains(&x);
                    let expected = if inside {
                        samples[(z - z0) * dx + x - x0] != 0
                    } else {
                        before
                    };
                    prop_assert_eq!(layout.get(&words, [z as i64, y as i64, x as i64]), expected);
                }
            }
        }
        // Bits past the end of a row stay zero.
        prop_assert!((0..3).all(|z| (0..4).all(|y| words[layout.row(z, y)][4] >> (300 - 256) == 0)));
        let mut back = Block::zeros(part.region().clone(), Dtype::UInt8).unwrap();
        layout.unpack(&words, &mut back).unwrap();
        for (&b, &s) in back.typed::<u8>().unwrap().iter().zip(samples) {
            prop_assert_eq!(b, u8::from(s != 0));
        }
        let mut last = None;
        let mut n = 0;
        layout.for_each_set(&words, 0..3, |z, y, x| {
            let rank = (z * 4 + y) * 300 + x;
            assert!(last < Some(rank) && layout.get(&words, [z as i64, y as i64, x as i64]));
            last = Some(rank);
            n += 1;
        });
        prop_assert_eq!(n, layout.count(&words, 0..3));
    }
}

#[test]
fn regions_outside_and_wrong_dtypes_are_errors() {
    let layout = BitLayout::new(&[4, 5]).unwrap();
    assert_eq!(layout.shape(), [1, 4, 5]);
    let mut words = vec![0; layout.n_words()];
    let outside = Block::zeros(Region::new([0, 3], [2, 3]), Dtype::Bool).unwrap();
    assert!(layout.pack(&mut words, &outside).is_err());
    let three = Block::zeros(Region::whole(&[1, 4, 5]), Dtype::Bool).unwrap();
    assert!(layout.pack(&mut words, &three).is_err());
    let mut float = Block::zeros(Region::whole(&[4, 5]), Dtype::Float32).unwrap();
    assert!(layout.unpack(&words, &mut float).is_err());
    assert!(BitLayout::new(&[3]).is_err());
    assert!(BitLayout::new(&[1 << 40, 1 << 40, 1]).is_err());
}

#[test]
fn empty_masks_have_no_words_and_no_voxels() {
    for shape in [[0, 4, 5], [4, 0, 5], [4, 5, 0]] {
        let layout = BitLayout::new(&shape).unwrap();
        assert_eq!(layout.n_words(), 0);
        layout.for_each_set(&[], 0..shape[0], |_, _, _| panic!("no voxel"));
        assert_eq!(layout.count(&[], 0..shape[0]), 0);
    }
}
