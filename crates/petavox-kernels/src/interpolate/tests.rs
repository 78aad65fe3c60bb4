use super::*;
use petavox_core::{Block, Boundary, CancelToken, Dtype, Region};

fn ramp(shape: &[usize]) -> Block {
    let n = shape.iter().product::<usize>();
    let samples = (0..n).map(|i| ((i * 7919) % 1013) as f64 / 7.0 - 60.0).collect();
    Block::from_vec(Region::whole(shape), samples).unwrap()
}

fn part(of: &Block, region: &Region, boundary: Boundary) -> Block {
    let mut samples = Vec::new();
    let whole = of.typed::<f64>().unwrap();
    region.for_each_row(|p| {
        for k in 0..region.row_len() as i64 {
            let mut q = p.to_vec();
            *q.last_mut().unwrap() += k;
            let q: Vec<i64> = q
                .iter()
                .zip(of.shape())
                .map(|(x, n)| boundary.map(*x, *n).unwrap() as i64)
                .collect();
            samples.push(whole[of.region().offset_of(&q)]);
        }
    });
    Block::from_vec(region.clone(), samples).unwrap()
}

fn coefficients(image: &Block, filter: &SplineFilter, target: &Region) -> Vec<f64> {
    let shape = image.shape();
    let input = part(image, &filter.input(target, shape), filter.boundary());
    let mut out = Block::zeros(target.clone(), Dtype::Float64).unwrap();
    let mut scratch = vec![0u8; filter.scratch_bytes(target, shape) as usize];
    spline_filter(&input, &mut out, filter, shape, &mut scratch, &CancelToken::new()).unwrap();
    out.typed::<f64>().unwrap().to_vec()
}

#[test]
fn coefficients_do_not_depend_on_the_block() {
    let image = ramp(&[23, 150]);
    for order in 2..=5 {
        for boundary in [Boundary::Mirror, Boundary::Reflect, Boundary::Wrap] {
            let filter = SplineFilter::new(order, vec![0, 1], boundary).unwrap();
            let whole = coefficients(&image, &filter, image.region());
            let target = Region::new([5, 61], [9, 40]);
            let some = coefficients(&image, &filter, &target);
            let mut k = 0;
            for y in 5..14 {
                for x in 61..101 {
                    assert_eq!(some[k].to_bits(), whole[y * 150 + x].to_bits(), "{order} {y} {x}");
                    k += 1;
                }
            }
        }
    }
}

#[test]
fn a_spline_runs_through_its_samples() {
    let image = ramp(&[40, 66]);
    let modes = [EdgeMode::Mirror, EdgeMode::Reflect, EdgeMode::GridWrap];
    for order in 2..=5 {
        for mode in modes {
            let filter = SplineFilter::new(order, vec![0, 1], mode.spline_boundary()).unwrap();
            let made = coefficients(&image, &filter, image.region());
            let made = Block::from_vec(image.region().clone(), made).unwrap();
            let axes =
                [AxisMap { zoom: 1.0, shift: 0.0, grid: false, pad: 0.0, carried: false }; 2];
            let spline = Interpolant::Spline(order);
            let mut out = Block::zeros(image.region().clone(), Dtype::Float64).unwrap();
            let mut scratch = vec![0u8; grid_scratch_bytes(&[40, 66], &[40, 66]) as usize];
            let cancel = CancelToken::new();
            resample_grid(&made, &mut out, &axes, spline, mode, &[40, 66], &mut scratch, &cancel)
                .unwrap();
            let pairs = out.typed::<f64>().unwrap().iter().zip(image.typed::<f64>().unwrap());
            pairs.for_each(|(g, w)| assert!((g - w).abs() < 1e-10, "{order} {mode:?}: {g} {w}"));
        }
    }
}

#[test]
fn a_grid_and_an_affine_map_agree_and_blocks_read_what_they_say() {
    let image = ramp(&[13, 17]);
    let modes = ["reflect", "mirror", "nearest", "wrap", "grid-wrap", "constant", "grid-constant"];
    let kinds = [0, 1, 2, 3, 4, 5].map(Interpolant::Spline);
    for mode in modes.map(|m| EdgeMode::parse(m, -7.5).unwrap()) {
        for kind in kinds.into_iter().chain([Interpolant::Cubic]) {
            // Halves and quarters, so that both ways round alike.
            let axes = [
                AxisMap { zoom: 0.75, shift: -4.0, grid: false, pad: 0.0, carried: false },
                AxisMap { zoom: -0.5, shift: -30.5, grid: false, pad: 0.0, carried: false },
            ];
            let map = PointMap::Affine {
                matrix: vec![vec![0.75, 0.0], vec![0.0, -0.5]],
                offset: vec![-3.0, 15.25],
            };
            for target in [
                Region::new([0, 0], [30, 80]),
                Region::new([7, 3], [5, 6]),
                Region::new([20, 50], [4, 9]),
            ] {
                let how = Sampling { interpolant: kind, mode, pad: 0.0, lead: 0, trail: 0 };
                let cancel = CancelToken::new();
                let reach = grid_reach(&target, image.shape(), &axes, kind, mode);
                assert_eq!(reach, map_reach(&target, image.shape(), &map, &how));
                let input = part(&image, &reach, Boundary::Nearest);
                let mut scratch =
                    vec![0u8; grid_scratch_bytes(input.shape(), target.shape()) as usize];
                let mut grid = Block::zeros(target.clone(), Dtype::Float64).unwrap();
                resample_grid(
                    &input,
                    &mut grid,
                    &axes,
                    kind,
                    mode,
                    image.shape(),
                    &mut scratch,
                    &cancel,
                )
                .unwrap();
                let mut free = Block::zeros(target.clone(), Dtype::Float64).unwrap();
                resample_points(&input, &mut free, Points::Map(&map), &how, image.shape(), &cancel)
                    .unwrap();
                for (g, f) in grid.typed::<f64>().unwrap().iter().zip(free.typed::<f64>().unwrap())
                {
                    assert!((g - f).abs() < 1e-9, "{mode:?} {kind:?} {target}: {g} {f}");
                }
                let mut from_all = Block::zeros(target.clone(), Dtype::Float64).unwrap();
                resample_points(
                    &image,
                    &mut from_all,
                    Points::Map(&map),
                    &how,
                    image.shape(),
                    &cancel,
                )
                .unwrap();
                assert_eq!(free.bytes(), from_all.bytes(), "{mode:?} {kind:?} {target}");
            }
        }
    }
}
