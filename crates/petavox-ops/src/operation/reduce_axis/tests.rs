use super::*;
use petavox_core::Buffer;

fn along<T: Element>(reduction: Reduction, axis: usize, shape: &[usize], samples: Vec<T>) -> Block {
    let block = Block::from_vec(Region::whole(shape), samples).unwrap();
    let op = ReduceAxis { reduction, axis };
    let spec = ImageSpec::new(shape, block.dtype()).unwrap();
    let out = op.output(&[&spec]).unwrap();
    assert_eq!(op.needs(&[&spec], &out.region()), [Need::inside(spec.region())]);
    let mut output = Block::zeros(out.region(), out.dtype).unwrap();
    let mut scratch = Buffer::zeroed(0).unwrap();
    op.run(BlockCall {
        inputs: &[&block],
        specs: &[&spec],
        output: &mut output,
        scratch: &mut scratch,
    })
    .unwrap();
    output
}

#[test]
fn every_axis_of_a_small_image_gives_numpy_s_numbers() {
    let image: Vec<i16> = vec![1, -2, 3, 4, 0, 6, 7, 8, -9, 10, 11, 12];
    let shape = [2, 2, 3];
    let ints = |r, axis| along(r, axis, &shape, image.clone()).typed::<i64>().unwrap().to_vec();
    assert_eq!(ints(Reduction::Sum, 0), [8, 6, -6, 14, 11, 18]);
    assert_eq!(ints(Reduction::Sum, 1), [5, -2, 9, 17, 19, 3]);
    assert_eq!(ints(Reduction::Sum, 2), [2, 10, 6, 33]);
    assert_eq!(ints(Reduction::CountNonzero, 1), [2, 1, 2, 2, 2, 2]);
    let least = along(Reduction::Min, 1, &shape, image.clone());
    assert_eq!(least.typed::<i16>().unwrap(), [1, -2, 3, 7, 8, -9]);
    let most = along(Reduction::Max, 2, &shape, image.clone());
    assert_eq!(most.typed::<i16>().unwrap(), [3, 6, 8, 12]);
    let mean = along(Reduction::Mean, 0, &shape, image.clone());
    assert_eq!(mean.typed::<f64>().unwrap(), [4.0, 3.0, -3.0, 7.0, 5.5, 9.0]);
    let var = along(Reduction::Var, 0, &shape, image.clone());
    assert_eq!(var.typed::<f64>().unwrap(), [9.0, 25.0, 36.0, 9.0, 30.25, 9.0]);
    let std = along(Reduction::Std, 0, &shape, image.clone());
    assert_eq!(std.typed::<f64>().unwrap(), [3.0, 5.0, 6.0, 3.0, 5.5, 3.0]);
    let all = along(Reduction::All, 1, &shape, image);
    assert_eq!((all.dtype(), all.typed::<u8>().unwrap()), (Dtype::Bool, &[1, 0, 1, 1, 1, 1][..]));
}

#[test]
fn sums_wrap_around_as_numpy_s_and_small_integers_do_not_overflow() {
    let sum = along(Reduction::Sum, 0, &[3, 1], vec![255u8, 255, 255]);
    assert_eq!((sum.dtype(), sum.typed::<u64>().unwrap()), (Dtype::UInt64, &[765][..]));
    let sum = along(Reduction::Sum, 0, &[2, 1], vec![u64::MAX, 3]);
    assert_eq!(sum.typed::<u64>().unwrap(), [2]);
}

#[test]
fn a_nan_is_the_extreme_wherever_it_stands() {
    let samples = vec![1.0f32, f32::NAN, 2.0, 5.0, 0.5, f32::NAN];
    for reduction in [Reduction::Min, Reduction::Max] {
        let out = along(reduction, 0, &[3, 2], samples.clone());
        let out = out.typed::<f32>().unwrap();
        assert!(out[1].is_nan() && !out[0].is_nan());
    }
}

#[test]
fn what_cancels_is_not_lost() {
    let sum = along(Reduction::Sum, 0, &[4, 1], vec![1.0f64, 1e100, 1.0, -1e100]);
    assert_eq!(sum.typed::<f64>().unwrap(), [2.0]);
    let sum = along(Reduction::Sum, 0, &[2, 1], vec![f64::INFINITY, 1.0]);
    assert_eq!(sum.typed::<f64>().unwrap(), [f64::INFINITY]);
}

#[test]
fn axes_spacing_and_origin_lose_the_axis() {
    let spec = ImageSpec::new([4, 5, 6], Dtype::UInt8).unwrap();
    let spec = spec.with_spacing(&[3.0, 2.0, 1.0], None).unwrap();
    let out = ReduceAxis { reduction: Reduction::Max, axis: 1 }.output(&[&spec]).unwrap();
    assert_eq!((out.axes.as_str(), out.spacing.values), ("zx", vec![3.0, 1.0]));
    let histogram = ReduceAxis { reduction: Reduction::Histogram, axis: 0 };
    assert!(histogram.output(&[&spec]).is_err());
}
