use super::*;
use crate::filter::Separable;
use crate::golden;
use petavox_core::{Block, Boundary, Buffer, CancelToken, Dtype, Region};

fn run(image: &Block, target: &Region, options: &GaussianOptions, boundary: Boundary) -> Block {
    let filter = Separable { lines: options.lines().unwrap(), boundary };
    let (low, high) = filter.reach(target.ndim());
    let input = golden::cut(image, &target.grow(&low, &high), boundary);
    let bytes = filter.scratch_bytes(target.shape(), image.dtype());
    let mut scratch = Buffer::zeroed(bytes).unwrap();
    let mut output = Block::zeros(target.clone(), image.dtype()).unwrap();
    filter
        .run(&input, &mut output, image.shape(), scratch.bytes_mut(), &CancelToken::new())
        .unwrap();
    output
}

fn case(value: &serde_json::Value) -> (Block, Block, GaussianOptions, Boundary) {
    let options = GaussianOptions {
        sigma: golden::numbers(&value["sigma"]),
        order: golden::numbers(&value["order"]).into_iter().map(|o| o as usize).collect(),
        truncate: value["truncate"].as_f64().unwrap(),
        given: None,
    };
    let mode = value["mode"].as_str().unwrap();
    let boundary = Boundary::parse(mode, value["cval"].as_f64().unwrap()).unwrap();
    (golden::block(&value["input"]), golden::block(&value["output"]), options, boundary)
}

#[test]
fn smoothing_weights_are_scipys_to_the_bit_and_derivatives_to_1e_15() {
    for value in golden::cases("gaussian_weights") {
        let sigma = value["sigma"].as_f64().unwrap();
        let order = value["order"].as_u64().unwrap() as usize;
        let ours = gaussian_weights(sigma, order, value["truncate"].as_f64().unwrap()).unwrap();
        let theirs = golden::block(&value["weights"]);
        let theirs = theirs.typed::<f64>().unwrap();
        if order == 0 {
            assert_eq!(ours, theirs, "sigma {sigma}");
        }
        let close = |a: &f64, b: &f64| (a - b).abs() <= 1e-15 * b.abs().max(1e-3);
        assert!(ours.iter().zip(theirs).all(|(a, b)| close(a, b)), "sigma {sigma} order {order}");
    }
}

#[test]
fn results_are_scipys_to_the_bit() {
    for value in golden::cases("gaussian") {
        let (image, want, options, boundary) = case(&value);
        let got = run(&image, image.region(), &options, boundary);
        assert!(got.bytes() == want.bytes(), "{} {boundary:?} {options:?}", image.dtype());
    }
}

#[test]
fn any_cut_gives_the_whole() {
    for (i, value) in golden::cases("gaussian").iter().enumerate() {
        let (image, _, options, boundary) = case(value);
        let whole = run(&image, image.region(), &options, boundary);
        let mut joined = Block::zeros(image.region().clone(), image.dtype()).unwrap();
        for region in golden::blocks(image.shape(), i as u64) {
            joined.copy_from(&run(&image, &region, &options, boundary)).unwrap();
        }
        assert!(joined.bytes() == whole.bytes(), "{} {boundary:?} {options:?}", image.dtype());
    }
}

#[test]
fn wide_blocks_take_the_vector_paths_to_the_same_bits() {
    let shape = [5, 70, 150];
    let samples: Vec<f32> = (0..5 * 70 * 150).map(|i| ((i * 7919) % 1013) as f32).collect();
    let image = Block::from_vec(Region::whole(&shape), samples).unwrap();
    let options = GaussianOptions::new([0.5, 1.0, 1.3]);
    let whole = run(&image, image.region(), &options, Boundary::Mirror);
    let part = Region::new([2, 13, 101], [1, 3, 5]);
    let mut want = Block::zeros(part.clone(), Dtype::Float32).unwrap();
    want.copy_from(&whole).unwrap();
    assert_eq!(run(&image, &part, &options, Boundary::Mirror).bytes(), want.bytes());
}

#[test]
fn bad_options_name_the_argument() {
    for (sigma, truncate) in [(-1.0, 4.0), (f64::NAN, 4.0), (1e300, 4.0), (1.0, -1.0)] {
        assert!(matches!(gaussian_weights(sigma, 0, truncate), Err(Error::InvalidArgument { .. })));
    }
}

#[test]
fn what_cannot_be_counted_is_too_much_and_no_overflow() {
    let lines = GaussianOptions::new([2e6; 8]).lines().unwrap();
    let filter = Separable { lines, boundary: Boundary::Reflect };
    assert!(filter.scratch_bytes(&[4; 8], Dtype::UInt8) > 1 << 60);
}

#[test]
fn weights_that_are_zero_in_doubles_are_no_margin() {
    for order in 0..3 {
        let options =
            GaussianOptions { order: vec![order], truncate: 100.0, ..GaussianOptions::new([0.7]) };
        let filter = Separable { lines: options.lines().unwrap(), boundary: Boundary::Reflect };
        let (low, high) = filter.reach(1);
        assert_eq!(low, high);
        let radius = low[0];
        let all = gaussian_weights(0.7, order, 100.0).unwrap();
        assert!((20..40).contains(&radius), "order {order}: {radius}");
        assert!(all[..all.len() / 2 - radius].iter().all(|w| *w == 0.0));
        assert!(all[all.len() / 2 + radius + 1..].iter().all(|w| *w == 0.0));
    }
}
