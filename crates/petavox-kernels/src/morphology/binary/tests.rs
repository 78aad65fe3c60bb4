use super::*;
use crate::filter::for_each_index;
use crate::golden;
use petavox_core::{Boundary, Buffer};
use proptest::prelude::*;

fn run(image: &Block, target: &Region, options: &BinaryOptions) -> Block {
    let halo = options.halo();
    let around = target.grow(&halo.low, &halo.high);
    // The engine may put anything outside; the kernel must not look.
    let input = golden::cut(image, &around, Boundary::Nearest);
    let mut scratch =
        Buffer::zeroed(binary_morphology_scratch_bytes(target.shape(), options, false)).unwrap();
    let mut output = Block::zeros(target.clone(), Dtype::Bool).unwrap();
    binary_morphology(&input, None, &mut output, options, image.shape(), scratch.bytes_mut())
        .unwrap();
    output
}

/// The definition, sample by sample, on the whole image.
fn reference(image: &Block, options: &BinaryOptions) -> Vec<u8> {
    let region = image.region();
    let mut now = image.typed::<u8>().unwrap().to_vec();
    let kinds: &[bool] = match options.op {
        BinaryOp::Erosion => &[true],
        BinaryOp::Dilation => &[false],
        BinaryOp::Opening => &[true, false],
        BinaryOp::Closing => &[false, true],
    };
    for &erode in kinds {
        for _ in 0..options.iterations {
            let mut next = vec![];
            for_each_index(image.shape(), &mut |index| {
                let mut values = options.footprint.offsets().iter().map(|o| {
                    let o: Vec<i64> = o.iter().zip(&options.origin).map(|(x, m)| x - m).collect();
                    let p: Vec<i64> = (0..index.len())
                        .map(|a| index[a] as i64 + if erode { o[a] } else { -o[a] })
                        .collect();
                    let one = Region::new(p.clone(), vec![1; p.len()]);
                    if region.contains(&one) {
                        now[region.offset_of(&p)] == 1
                    } else {
                        options.border_value
                    }
                });
                next.push(u8::from(if erode { values.all(|v| v) } else { values.any(|v| v) }));
            });
            now = next;
        }
    }
    now
}

fn op_of(name: &str) -> BinaryOp {
    match name {
        "binary_erosion" => BinaryOp::Erosion,
        "binary_dilation" => BinaryOp::Dilation,
        "binary_opening" => BinaryOp::Opening,
        _ => BinaryOp::Closing,
    }
}

#[test]
fn results_are_scipys() {
    for value in golden::cases("binary") {
        let image = golden::block(&value["input"]);
        let structure = golden::block(&value["structure"]);
        let mask: Vec<bool> = structure.bytes().iter().map(|b| *b != 0).collect();
        let options = BinaryOptions {
            op: op_of(value["op"].as_str().unwrap()),
            footprint: Footprint::new(structure.shape(), &mask).unwrap(),
            origin: vec![0; structure.region().ndim()],
            iterations: value["iterations"].as_u64().unwrap() as usize,
            border_value: value["border_value"].as_bool().unwrap(),
        };
        let want = golden::block(&value["output"]);
        let got = run(&image, image.region(), &options);
        assert_eq!(got.bytes(), want.bytes(), "{options:?}");
        assert_eq!(got.bytes(), reference(&image, &options), "{options:?}");
    }
}

#[test]
fn a_cross_erodes_a_square_to_its_inside() {
    let drawn = [0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0u8];
    let image = Block::from_vec(Region::whole(&[5, 5]), drawn.to_vec()).unwrap();
    let image = image.viewed_as(Dtype::Bool).unwrap();
    let options = BinaryOptions::new(BinaryOp::Erosion, 2).unwrap();
    let got = run(&image, image.region(), &options);
    let want: Vec<u8> = (0..25).map(|i| u8::from(i == 12)).collect();
    assert_eq!(got.bytes(), want);
}

fn masks() -> impl Strategy<Value = (Vec<usize>, Vec<u8>)> {
    prop::collection::vec(1usize..9, 1..4).prop_flat_map(|shape| {
        let n = shape.iter().product::<usize>();
        (Just(shape), prop::collection::vec(prop::bool::weighted(0.6).prop_map(u8::from), n))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_cut_gives_the_definition(
        (shape, samples) in masks(), op in 0usize..4, iterations in 1usize..4, border_value: bool,
        connectivity in 1usize..4, lengths in prop::collection::vec(1usize..8, 3), seed: u64, kind in 0usize..3,
        origin in prop::collection::vec(-2i64..3, 3), holes in prop::collection::vec(any::<bool>(), 343),
    ) {
        let image = Block::from_vec(Region::whole(&shape), samples).unwrap();
        let image = image.viewed_as(Dtype::Bool).unwrap();
        let n: usize = lengths[..shape.len()].iter().product();
        let footprint = match kind {
            0 => Footprint::cuboid(&lengths[..shape.len()]).unwrap(),
            1 if holes[..n].contains(&true) => {
                Footprint::new(&lengths[..shape.len()], &holes[..n]).unwrap()
            }
            _ => Footprint::connectivity(shape.len(), connectivity).unwrap(),
        };
        let origin: Vec<i64> = origin[..shape.len()].to_vec();
        let op = [BinaryOp::Erosion, BinaryOp::Dilation, BinaryOp::Opening, BinaryOp::Closing][op];
        let options = BinaryOptions { op, footprint, origin, iterations, border_value };
        let mut joined = Block::zeros(image.region().clone(), Dtype::Bool).unwrap();
        for region in golden::blocks(&shape, seed) {
            joined.copy_from(&run(&image, &region, &options)).unwrap();
        }
        prop_assert_eq!(joined.bytes(), reference(&image, &options));
    }

    #[test]
    fn dilation_is_erosion_of_the_complement((shape, samples) in masks(), connectivity in 1usize..4) {
        let mask = |v: Vec<u8>| {
            Block::from_vec(Region::whole(&shape), v).unwrap().viewed_as(Dtype::Bool).unwrap()
        };
        let complement = mask(samples.iter().map(|s| 1 - s).collect());
        let image = mask(samples);
        let footprint = Footprint::connectivity(shape.len(), connectivity).unwrap();
        let options = |op, border_value| BinaryOptions {
            op, footprint: footprint.clone(), origin: vec![0; shape.len()], iterations: 1, border_value,
        };
        let dilated = run(&image, image.region(), &options(BinaryOp::Dilation, false));
        let eroded = run(&complement, image.region(), &options(BinaryOp::Erosion, true));
        let back: Vec<u8> = eroded.bytes().iter().map(|b| 1 - b).collect();
        prop_assert_eq!(dilated.bytes(), back);
    }
}
