use super::*;
use crate::golden;
use petavox_core::Boundary;

fn run(image: &Block, target: &Region, factors: &[usize], method: DownscaleMethod) -> Block {
    let needed = downscale_input(target, factors, image.shape());
    let input = golden::cut(image, &needed, Boundary::Nearest);
    let mut output = Block::zeros(target.clone(), image.dtype()).unwrap();
    downscale(&input, &mut output, factors, image.shape(), method).unwrap();
    output
}

fn whole(image: &Block, factors: &[usize], method: DownscaleMethod) -> Block {
    run(image, &Region::whole(&downscaled_shape(image.shape(), factors)), factors, method)
}

#[test]
fn drawn_cells() {
    let samples = vec![1u8, 2, 9, 3, 4, 9, 7, 7, 7];
    let image = Block::from_vec(Region::whole(&[3, 3]), samples).unwrap();
    let of = |m| whole(&image, &[2, 2], m).bytes().to_vec();
    // 10 / 4 = 2.5 goes to the even 2; the cells at the ends have two samples and one.
    assert_eq!(of(DownscaleMethod::Mean), [2, 9, 7, 7]);
    assert_eq!(of(DownscaleMethod::Max), [4, 9, 7, 7]);
    assert_eq!(of(DownscaleMethod::Min), [1, 9, 7, 7]);
    assert_eq!(of(DownscaleMethod::Mode), [1, 9, 7, 7]);
}

#[test]
fn means_of_negative_and_huge_integers_are_exact() {
    let mean = |v: Vec<i64>| {
        let n = v.len();
        let image = Block::from_vec(Region::new([0], [n]), v).unwrap();
        whole(&image, &[n], DownscaleMethod::Mean).typed::<i64>().unwrap()[0]
    };
    assert_eq!(mean(vec![i64::MAX, i64::MAX - 2]), i64::MAX - 1);
    assert_eq!(mean(vec![-1, -2]), -2);
    assert_eq!(mean(vec![-3, -2]), -2);
    assert_eq!(mean(vec![-5, -5, -6]), -5);
}

#[test]
fn nan_is_never_lost() {
    let image = Block::from_vec(Region::new([0], [2]), vec![1f32, f32::NAN]).unwrap();
    for m in [DownscaleMethod::Mean, DownscaleMethod::Max, DownscaleMethod::Min] {
        assert!(whole(&image, &[2], m).typed::<f32>().unwrap()[0].is_nan());
    }
    let mut out = Block::zeros(Region::new([0], [1]), Dtype::Float32).unwrap();
    let err = downscale(&image, &mut out, &[2], &[2], DownscaleMethod::Mode).unwrap_err();
    assert!(matches!(err, Error::UnsupportedDtype { .. }));
}

#[test]
fn any_cut_gives_the_whole() {
    let shape = [7, 10, 5];
    let samples: Vec<f32> = (0..350).map(|i| ((i * 37) % 101) as f32 / 7.0).collect();
    let image = Block::from_vec(Region::whole(&shape), samples).unwrap();
    for method in [DownscaleMethod::Mean, DownscaleMethod::Max] {
        for (seed, factors) in [[2, 2, 2], [1, 3, 2], [4, 1, 5]].iter().enumerate() {
            let want = whole(&image, factors, method);
            let mut joined = Block::zeros(want.region().clone(), Dtype::Float32).unwrap();
            for region in golden::blocks(want.shape(), seed as u64) {
                joined.copy_from(&run(&image, &region, factors, method)).unwrap();
            }
            assert_eq!(joined.bytes(), want.bytes());
        }
    }
}

/// Means by rows against cells one by one.
fn same_means<T: Integer + bytemuck::Pod>(samples: &[T], shape: [usize; 2], factors: [usize; 2]) {
    let image = Block::from_vec(Region::whole(&shape), samples[..shape[0] * shape[1]].to_vec());
    let image = image.unwrap();
    let target = Region::whole(&downscaled_shape(&shape, &factors));
    let cells = Cells {
        input: image.region(),
        output: target.clone(),
        factors: &factors,
        image_shape: &shape,
    };
    let mut want = vec![samples[0]; target.len()];
    cells.reduce(image.typed::<T>().unwrap(), &mut want, integer_mean);
    let found = whole(&image, &factors, DownscaleMethod::Mean);
    assert_eq!(found.typed::<T>().unwrap(), want, "{shape:?} {factors:?}");
    let mut wide = Block::zeros(target.clone(), Dtype::Float64).unwrap();
    downscale(&image, &mut wide, &factors, &shape, DownscaleMethod::Mean).unwrap();
    for (i, mean) in wide.typed::<f64>().unwrap().iter().enumerate() {
        let (y, x) = (i / target.shape()[1] * factors[0], i % target.shape()[1] * factors[1]);
        let rows = y..(y + factors[0]).min(shape[0]);
        let columns = x..(x + factors[1]).min(shape[1]);
        let n = (rows.len() * columns.len()) as f64;
        let cell = rows.flat_map(|r| columns.clone().map(move |c| r * shape[1] + c));
        assert_eq!(*mean, cell.map(|at| samples[at].to_f64()).sum::<f64>() / n);
    }
}

#[test]
fn rows_of_cells_give_the_definition() {
    let noise = |i: usize| (i * 7919 + i / 7) % 65521;
    for (shape, factors) in [
        ([7, 23], [2, 2]),
        ([6, 41], [3, 5]),
        ([5, 9], [1, 3]),
        ([9, 64], [4, 4]),
        ([3, 10], [2, 1]),
    ] {
        let of = 0..shape[0] * shape[1];
        same_means(&of.clone().map(|i| noise(i) as u8).collect::<Vec<_>>(), shape, factors);
        same_means(&of.clone().map(|i| noise(i) as i8).collect::<Vec<_>>(), shape, factors);
        same_means(&of.clone().map(|i| noise(i) as u16).collect::<Vec<_>>(), shape, factors);
        same_means(&of.clone().map(|i| noise(i) as i16).collect::<Vec<_>>(), shape, factors);
        let huge = |i: usize| noise(i) as u32 * 65537;
        same_means(&of.clone().map(huge).collect::<Vec<_>>(), shape, factors);
        same_means(&of.map(|i| huge(i) as i32).collect::<Vec<_>>(), shape, factors);
    }
}
