use super::*;
use crate::golden;
use petavox_core::{Block, Boundary, Buffer, Dtype, Region};
use proptest::prelude::*;

/// The whole composition over these blocks, as an engine would do it.
fn label_cut(mask: &Block, of: Of, connectivity: usize, cut: &[Region]) -> (Block, ComponentTable) {
    let mut all = Components::default();
    let mut done: Vec<(Block, usize, usize)> = vec![];
    for region in cut {
        let part = golden::cut(mask, region, Boundary::Nearest);
        let mut labels = Block::zeros(region.clone(), Dtype::UInt32).unwrap();
        let mut scratch = Buffer::zeroed(label_block_scratch_bytes(region.shape())).unwrap();
        let found = label_block(&part, of, connectivity, &mut labels, scratch.bytes_mut()).unwrap();
        let base = all.add_block(region, mask.shape(), &found);
        for (other, other_base, _) in &done {
            touching(&labels, other, connectivity, &mut |x, y| {
                all.join((base, x), (*other_base, y))
            })
            .unwrap();
        }
        done.push((labels, base, found.len()));
    }
    let table = all.finish();
    let mut out = Block::zeros(mask.region().clone(), Dtype::Int32).unwrap();
    for (labels, base, n) in &done {
        let mut part = Block::zeros(labels.region().clone(), Dtype::Int32).unwrap();
        relabel(labels, &table.lookup(*base, *n), &mut part).unwrap();
        out.copy_from(&part).unwrap();
    }
    (out, table)
}

/// Flood filling from every sample in raster order.
fn reference(mask: &Block, of: Of, connectivity: usize) -> (Vec<i32>, Vec<u64>) {
    let region = mask.region();
    let wanted: Vec<bool> =
        mask.bytes().iter().map(|b| (*b != 0) == (of == Of::Foreground)).collect();
    let footprint =
        crate::morphology::Footprint::connectivity(region.ndim(), connectivity).unwrap();
    let (mut labels, mut sizes) = (vec![0; wanted.len()], vec![]);
    let mut points = vec![];
    crate::filter::for_each_index(region.shape(), &mut |index| {
        points.push(index.iter().map(|i| *i as i64).collect::<Vec<i64>>());
    });
    for i in 0..wanted.len() {
        if !wanted[i] || labels[i] != 0 {
            continue;
        }
        sizes.push(0);
        labels[i] = sizes.len() as i32;
        let mut open = vec![i];
        while let Some(at) = open.pop() {
            sizes[labels[i] as usize - 1] += 1;
            for offset in footprint.offsets() {
                let p: Vec<i64> = points[at].iter().zip(offset).map(|(p, o)| p + o).collect();
                if region.contains(&Region::new(p.clone(), vec![1; p.len()])) {
                    let next = region.offset_of(&p);
                    if wanted[next] && labels[next] == 0 {
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
        let (whole, _) = label_cut(&mask, Of::Foreground, connectivity, &[mask.region().clone()]);
        assert_eq!(whole.typed::<i32>().unwrap(), want);
        let cut = golden::blocks(mask.shape(), i as u64);
        let (joined, _) = label_cut(&mask, Of::Foreground, connectivity, &cut);
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
            let (labels, table) = label_cut(&mask, of, connectivity, &[mask.region().clone()]);
            let labels = labels.viewed_as(Dtype::UInt32).unwrap();
            let mut small = Block::zeros(mask.region().clone(), Dtype::Bool).unwrap();
            // One block: its labels are the image's.
            relabel(&labels, &table.small(0, table.sizes().len(), max_size), &mut small).unwrap();
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
    let (four, _) = label_cut(&mask, Of::Foreground, 1, &whole);
    assert_eq!(four.typed::<i32>().unwrap(), [1, 0, 0, 2, 0, 3, 3, 0, 0, 0, 0, 0, 4, 4, 0, 5]);
    let (eight, table) = label_cut(&mask, Of::Foreground, 2, &whole);
    assert_eq!(eight.typed::<i32>().unwrap(), [1, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0, 2, 2, 0, 3]);
    assert_eq!(table.sizes(), [4, 2, 1]);
}

#[test]
fn numbers_that_do_not_fit_are_refused() {
    let labels = Block::from_vec(Region::new([0], [2]), vec![0u32, 1]).unwrap();
    let mut bytes = Block::zeros(Region::new([0], [2]), Dtype::UInt8).unwrap();
    let err = relabel(&labels, &[0, 256], &mut bytes).unwrap_err();
    assert!(matches!(err, petavox_core::Error::UnsupportedDtype { .. }));
    relabel(&labels, &[0, 255], &mut bytes).unwrap();
    assert_eq!(bytes.bytes(), [0, 255]);
    assert!(relabel(&labels, &[0], &mut bytes).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_cut_gives_flood_filling(
        shape in prop::collection::vec(1usize..8, 1..5), seed: u64, connectivity in 1usize..5,
        density in 1u64..9, background: bool,
    ) {
        let connectivity = connectivity.min(shape.len());
        let mut state = seed | 1;
        let samples: Vec<u8> = (0..shape.iter().product::<usize>()).map(|_| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            u8::from((state >> 33) % 10 < density)
        }).collect();
        let mask = Block::from_vec(Region::whole(&shape), samples).unwrap().viewed_as(Dtype::Bool).unwrap();
        let of = if background { Of::Background } else { Of::Foreground };
        let (want, sizes) = reference(&mask, of, connectivity);
        let (got, table) = label_cut(&mask, of, connectivity, &golden::blocks(&shape, seed));
        prop_assert_eq!(got.typed::<i32>().unwrap(), want);
        prop_assert_eq!(table.sizes(), sizes);
    }
}
