use super::*;
use crate::golden::{blocks, cut};
use petavox_core::{Buffer, Element};

fn run(image: &Block, target: &Region, filter: &Dense, dtype: Dtype) -> Block {
    let (low, high) = filter.reach();
    let input = cut(image, &target.grow(&low, &high), filter.boundary);
    let mut scratch = Buffer::zeroed(filter.scratch_bytes(target.shape())).unwrap();
    let mut output = Block::zeros(target.clone(), dtype).unwrap();
    filter
        .run(&input, &mut output, image.shape(), scratch.bytes_mut(), &CancelToken::new())
        .unwrap();
    output
}

/// The sum at every sample, in raster order of the window.
fn definition(
    image: &Block,
    shape: &[usize],
    weights: &[f64],
    origin: &[i64],
    boundary: Boundary,
) -> Vec<f64> {
    let samples = image.typed::<u8>().unwrap();
    let ndim = shape.len();
    let mut all = vec![];
    super::super::for_each_index(image.shape(), &mut |p| {
        let (mut sum, mut k) = (0.0, 0);
        super::super::for_each_index(shape, &mut |q| {
            let place = (0..ndim).try_fold(0, |at, a| {
                let x = p[a] as i64 + q[a] as i64 - (shape[a] / 2) as i64 - origin[a];
                boundary.map(x, image.shape()[a]).map(|x| at * image.shape()[a] + x)
            });
            sum += weights[k] * place.map_or(boundary.cval(), |at| samples[at].to_f64());
            k += 1;
        });
        all.push(sum);
    });
    all
}

#[test]
fn sums_are_the_definitions_to_the_bit_however_the_image_is_cut() {
    let cases: [(&[usize], &[usize], &[i64]); 5] = [
        (&[300], &[4], &[-2]),
        (&[21, 270], &[3, 5], &[0, 1]),
        (&[9, 11, 40], &[3, 2, 3], &[1, 0, -1]),
        (&[4, 3, 5, 7], &[1, 3, 1, 2], &[0, -1, 0, -1]),
        (&[2, 90], &[7, 1], &[2, 0]),
    ];
    for (k, (extents, shape, origin)) in cases.into_iter().enumerate() {
        let n: usize = extents.iter().product();
        let samples: Vec<u8> = (0..n).map(|i| ((i * 7919) % 251) as u8).collect();
        let image = Block::from_vec(Region::whole(extents), samples).unwrap();
        let m: usize = shape.iter().product();
        let weights: Vec<f64> =
            (0..m).map(|i| if i % 4 == 3 { 0.0 } else { i as f64 / 7.0 - 0.4 }).collect();
        for boundary in [
            Boundary::Reflect,
            Boundary::Mirror,
            Boundary::Nearest,
            Boundary::Wrap,
            Boundary::Constant(0.7),
        ] {
            let filter = Dense::new(shape.to_vec(), &weights, origin, boundary).unwrap();
            let whole = run(&image, image.region(), &filter, Dtype::Float64);
            let want = definition(&image, shape, &weights, origin, boundary);
            assert_eq!(whole.typed::<f64>().unwrap(), want, "{extents:?} {boundary:?}");
            let mut joined = Block::zeros(image.region().clone(), Dtype::Float64).unwrap();
            for region in blocks(extents, k as u64) {
                joined.copy_from(&run(&image, &region, &filter, Dtype::Float64)).unwrap();
            }
            assert!(joined.bytes() == whole.bytes(), "{extents:?} {boundary:?}");
        }
    }
}

#[test]
fn results_are_cut_to_the_outputs_dtype_as_c_does() {
    let image = Block::from_vec(Region::whole(&[4]), vec![0u8, 100, 200, 255]).unwrap();
    let filter = Dense::new(vec![1], &[-1.5], &[0], Boundary::Nearest).unwrap();
    let got = run(&image, image.region(), &filter, Dtype::UInt8);
    assert_eq!(got.typed::<u8>().unwrap(), [0, 106, 212, 130]);
    let got = run(&image, image.region(), &filter, Dtype::Int16);
    assert_eq!(got.typed::<i16>().unwrap(), [0, -150, -300, -382]);
}

#[test]
fn weights_fit_their_window() {
    assert!(Dense::new(vec![2, 2], &[1.0; 3], &[0, 0], Boundary::Wrap).is_err());
    assert!(Dense::new(vec![2], &[1.0; 2], &[1], Boundary::Wrap).is_err());
    assert!(Dense::new(vec![0], &[], &[0], Boundary::Wrap).is_err());
}
