use super::*;
use crate::golden;
use petavox_core::{Block, Dtype, Region};
use proptest::prelude::*;

/// The whole composition over these blocks, as an engine would do it.
fn label_cut(
    image: &Block,
    of: Of,
    neighbours: &Neighbours,
    cut: &[Region],
) -> (Block, ComponentTable) {
    let mut all = Components::default();
    let mut done: Vec<(Runs, usize)> = vec![];
    let numbers = |runs: &Runs| {
        let mut block = Block::zeros(runs.region().clone(), Dtype::UInt32).unwrap();
        runs.write(&(0..=runs.components().len() as u64).collect::<Vec<_>>(), &mut block).unwrap();
        block
    };
    for region in cut {
        let runs = label_block(image, region, of, neighbours).unwrap();
        let base = all.add_block(region, image.shape(), runs.components());
        for (other, other_base) in &done {
            touching(&numbers(&runs), &numbers(other), neighbours, &mut |x, y| {
                all.join((base, x), (*other_base, y))
            })
            .unwrap();
        }
        done.push((runs, base));
    }
    let table = all.finish();
    let mut out = Block::zeros(image.region().clone(), Dtype::Int32).unwrap();
    for (runs, base) in &done {
        runs.write(&table.lookup(*base, runs.components().len()), &mut out).unwrap();
    }
    (out, table)
}

fn within(connectivity: usize, mask: &Block) -> Neighbours {
    Neighbours::within(connectivity, mask.region().ndim()).unwrap()
}

/// Flood filling from every sample in raster order, along offsets between samples of the same value.
fn reference(
    image: &Block,
    value_of: impl Fn(u8) -> Option<u8>,
    neighbours: &Neighbours,
) -> (Vec<i32>, Vec<u64>) {
    let region = image.region();
    let values: Vec<Option<u8>> = image.bytes().iter().map(|b| value_of(*b)).collect();
    let (mut labels, mut sizes) = (vec![0; values.len()], vec![]);
    let mut points = vec![];
    crate::filter::for_each_index(region.shape(), &mut |index| {
        points.push(index.iter().map(|i| *i as i64).collect::<Vec<i64>>());
    });
    for i in 0..values.len() {
        if values[i].is_none() || labels[i] != 0 {
            continue;
        }
        sizes.push(0);
        labels[i] = sizes.len() as i32;
        let mut open = vec![i];
        while let Some(at) = open.pop() {
            sizes[labels[i] as usize - 1] += 1;
            for offset in neighbours.offsets() {
                let p: Vec<i64> = points[at].iter().zip(&offset).map(|(p, o)| p + o).collect();
                if region.contains(&Region::new(p.clone(), vec![1; p.len()])) {
                    let next = region.offset_of(&p);
                    if values[next] == values[i] && labels[next] == 0 {
                        labels[next] = labels[i];
                        open.push(next);
                    }
                }
            }
        }
    }
    (labels, sizes)
}

#[test]
fn numbers_are_scipys_however_the_image_is_cut() {
    for (i, value) in golden::cases("label").iter().enumerate() {
        let mask = golden::block(&value["input"]);
        let want: Vec<i32> =
            golden::block(&value["labels"]).bytes().iter().map(|l| (*l).into()).collect();
        let connectivity = value["connectivity"].as_u64().unwrap() as usize;
        let (whole, _) = label_cut(
            &mask,
            Of::Foreground,
            &within(connectivity, &mask),
            &[mask.region().clone()],
        );
        assert_eq!(whole.typed::<i32>().unwrap(), want);
        let cut = golden::blocks(mask.shape(), i as u64);
        let (joined, _) = label_cut(&mask, Of::Foreground, &within(connectivity, &mask), &cut);
        assert_eq!(joined.typed::<i32>().unwrap(), want);
    }
}

#[test]
fn small_objects_and_holes_are_scikit_images() {
    for value in golden::cases("small") {
        let mask = golden::block(&value["input"]);
        let connectivity = value["connectivity"].as_u64().unwrap() as usize;
        let max_size = value["max_size"].as_u64().unwrap();
        for (of, name) in [(Of::Foreground, "objects"), (Of::Background, "holes")] {
            let neighbours = within(connectivity, &mask);
            let (_, table) = label_cut(&mask, of, &neighbours, &[mask.region().clone()]);
            // One block: its labels are the image's.
            let runs = label_block(&mask, mask.region(), of, &neighbours).unwrap();
            let mut small = Block::zeros(mask.region().clone(), Dtype::Bool).unwrap();
            runs.write(&table.small(0, table.sizes().len(), max_size), &mut small).unwrap();
            let got: Vec<u8> = mask.bytes().iter().zip(small.bytes()).map(|(m, s)| m ^ s).collect();
            assert_eq!(got, golden::block(&value[name]).bytes(), "{name} {max_size}");
        }
    }
}

#[test]
fn drawn_letters_meet_diagonally() {
    let drawn = [1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1u8];
    let mask = Block::from_vec(Region::whole(&[4, 4]), drawn.to_vec()).unwrap();
    let mask = mask.viewed_as(Dtype::Bool).unwrap();
    let whole = [mask.region().clone()];
    let (four, _) = label_cut(&mask, Of::Foreground, &within(1, &mask), &whole);
    assert_eq!(four.typed::<i32>().unwrap(), [1, 0, 0, 2, 0, 3, 3, 0, 0, 0, 0, 0, 4, 4, 0, 5]);
    let (eight, table) = label_cut(&mask, Of::Foreground, &within(2, &mask), &whole);
    assert_eq!(eight.typed::<i32>().unwrap(), [1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 2, 2, 0, 3]);
    assert_eq!(table.sizes(), [4, 2, 1]);
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let mask = Block::from_vec(Region::new([0], [2]), vec![0u8, 1])
        .unwrap()
        .viewed_as(Dtype::Bool)
        .unwrap();
    let runs = label_block(&mask, mask.region(), Of::Foreground, &within(1, &mask)).unwrap();
    let mut bytes = Block::zeros(Region::new([0], [2]), Dtype::UInt8).unwrap();
    let err = runs.write(&[0, 256], &mut bytes).unwrap_err();
    assert!(matches!(err, petavox_core::Error::UnsupportedDtype { .. }));
    runs.write(&[0, 255], &mut bytes).unwrap();
    assert_eq!(bytes.bytes(), [0, 255]);
    assert!(runs.write(&[0], &mut bytes).is_err());
}

#[test]
fn structures_of_another_size_or_that_are_not_symmetric_are_refused() {
    assert!(Neighbours::structure(vec![true; 8], 2).is_err());
    let mut marks = vec![false; 9];
    marks[0] = true;
    assert!(Neighbours::structure(marks.clone(), 2).is_err());
    marks[8] = true;
    assert!(Neighbours::structure(marks, 2).is_ok());
    assert!(Neighbours::within(0, 2).is_err() && Neighbours::within(3, 2).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_cut_gives_flood_filling(
        shape in prop::collection::vec(1usize..8, 1..5), long in 0usize..140, seed: u64, connectivity in 1usize..5,
        density in 1u64..9, kind in 0usize..4, structure: u64, any_structure: bool,
    ) {
        let mut shape = shape;
        if shape.len() < 3 && long > 8 {
            let last = shape.len() - 1;
            shape[last] = long;
        }
        let n = shape.len();
        let mut state = seed | 1;
        let samples: Vec<u8> = (0..shape.iter().product::<usize>()).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            if kind < 2 { u8::from((state >> 33) % 10 < density) } else { ((state >> 33) % 4) as u8 }
        }).collect();
        let image = Block::from_vec(Region::whole(&shape), samples).unwrap();
        let image = if kind < 2 { image.viewed_as(Dtype::Bool).unwrap() } else { image };
        let neighbours = if any_structure {
            let half = 3usize.pow(n as u32);
            let marks = (0..half).map(|k| structure >> (k.min(half - 1 - k) % 64) & 1 == 1).collect();
            Neighbours::structure(marks, n).unwrap()
        } else {
            Neighbours::within(connectivity.min(n), n).unwrap()
        };
        let (of, (want, sizes)) = match kind {
            0 => (Of::Foreground, reference(&image, |v| (v != 0).then_some(1), &neighbours)),
            1 => (Of::Background, reference(&image, |v| (v == 0).then_some(1), &neighbours)),
            2 => (Of::Values(Some(2)), reference(&image, |v| (v != 2).then_some(v), &neighbours)),
            _ => (Of::Values(None), reference(&image, Some, &neighbours)),
        };
        let (got, table) = label_cut(&image, of, &neighbours, &golden::blocks(&shape, seed));
        prop_assert_eq!(got.typed::<i32>().unwrap(), want);
        prop_assert_eq!(table.sizes(), sizes);
    }
}
