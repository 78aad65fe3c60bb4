use super::*;
use crate::golden;
use crate::measure::{Binning, Extent, accumulate_histogram, extent};
use petavox_core::{Block, Boundary, Dtype, Region};

fn histogram(blocks: &[Block], by_dtype: bool) -> Histogram {
    let dtype = blocks[0].dtype();
    let parts = blocks.iter().map(|b| extent(b).unwrap());
    let whole = parts.fold(Extent::default(), Extent::merge);
    let binning = match Binning::of_dtype(dtype) {
        Some(binning) if by_dtype => binning,
        _ => Binning::of_extent(dtype, &whole, 256).unwrap(),
    };
    let mut counts = vec![0; binning.n_bins()];
    for block in blocks {
        accumulate_histogram(block, &binning, &mut counts).unwrap();
    }
    Histogram::new(&binning, counts).unwrap()
}

fn check(name: &str, value: &serde_json::Value, ours: f64, tolerance: f64) {
    if value[name].is_null() {
        return;
    }
    let theirs = golden::double(&value[name]);
    if theirs.is_nan() {
        return;
    }
    let close = ours == theirs || (ours - theirs).abs() <= tolerance * theirs.abs();
    assert!(close, "{name} of {}: {ours}, scikit-image {theirs}", value["name"]);
}

#[test]
fn histograms_and_thresholds_are_scikit_images() {
    for value in golden::cases("threshold") {
        let image = golden::block(&value["input"]);
        let cut: Vec<Block> = golden::blocks(image.shape(), 5)
            .iter()
            .map(|r| golden::cut(&image, r, Boundary::Nearest))
            .collect();
        let h = histogram(&[image], false);
        assert_eq!(h, histogram(&cut, false), "cut into blocks: {}", value["name"]);
        assert_eq!(h, histogram(&cut, true), "bins of the dtype: {}", value["name"]);
        let counts = golden::block(&value["counts"]);
        let counts: Vec<u64> = counts.typed::<u16>().unwrap().iter().map(|c| (*c).into()).collect();
        assert_eq!(h.counts(), counts, "{}", value["name"]);
        let centres = golden::block(&value["centres"]);
        let centres: Vec<f64> = petavox_core::dispatch!(centres.dtype(), T => {
            centres.typed::<T>().unwrap().iter().map(|c| petavox_core::Element::to_f64(*c)).collect()
        });
        assert_eq!(h.centres(), centres);
        check("otsu", &value, threshold_otsu(&h), 0.0);
        check("yen", &value, threshold_yen(&h), 0.0);
        check("triangle", &value, threshold_triangle(&h), 0.0);
        if let Ok(t) = threshold_isodata(&h) {
            check("isodata", &value, t, 0.0);
        }
        if !h.dtype().is_float() {
            check("li", &value, threshold_li(&h).unwrap(), 1e-12);
        }
    }
}

#[test]
fn nan_infinity_and_emptiness_are_named() {
    let e =
        |v: Vec<f32>| extent(&Block::from_vec(Region::new([0], [v.len()]), v).unwrap()).unwrap();
    let nan = e(vec![1.0, f32::NAN, 3.0]);
    assert_eq!(nan.n_nan, 1);
    for bad in [nan, e(vec![f32::NAN]), e(vec![1.0, f32::INFINITY]), Extent::default()] {
        assert!(matches!(
            Binning::of_extent(Dtype::Float32, &bad, 256),
            Err(Error::InvalidArgument { .. })
        ));
    }
    let wide = extent(&Block::from_vec(Region::new([0], [2]), vec![0u64, u64::MAX]).unwrap());
    assert!(Binning::of_extent(Dtype::UInt64, &wide.unwrap(), 256).is_err());
}
