use super::*;
use crate::golden::{blocks, cut};
use petavox_core::{Buffer, Element, dispatch};

fn run(image: &Block, target: &Region, filter: &Separable, dtype: Dtype) -> Block {
    let (low, high) = filter.reach(target.ndim());
    let input = cut(image, &target.grow(&low, &high), filter.boundary);
    let mut scratch = Buffer::zeroed(filter.scratch_bytes(target.shape(), dtype)).unwrap();
    let mut output = Block::zeros(target.clone(), dtype).unwrap();
    filter
        .run(&input, &mut output, image.shape(), scratch.bytes_mut(), &CancelToken::new())
        .unwrap();
    output
}

/// Sums along one axis of a whole image, each cut to `dtype`, as scipy orders them.
fn along(image: &Block, axis: usize, line: &Line, boundary: Boundary, dtype: Dtype) -> Block {
    let shape = image.shape().to_vec();
    let (before, after) = line.reach();
    let mut out = Block::zeros(image.region().clone(), dtype).unwrap();
    let mut at = 0;
    crate::filter::for_each_index(&shape, &mut |p| {
        let sample = |d: i64| {
            let x = boundary.map(p[axis] as i64 + d, shape[axis]);
            let Some(x) = x else { return boundary.cval() };
            let mut q: Vec<i64> = p.iter().map(|x| *x as i64).collect();
            q[axis] = x as i64;
            let place = image.region().offset_of(&q);
            dispatch!(image.dtype(), T => image.typed::<T>().unwrap()[place].to_f64())
        };
        let window: Vec<f64> = (-(before as i64)..=after as i64).map(sample).collect();
        let value = match line {
            Line::Mean(_) => window.iter().sum::<f64>() / window.len() as f64,
            Line::Weighted(w) => {
                let last = window.len() - 1;
                let first = window[last] * w.values()[last];
                (0..last).fold(first, |s, j| s + window[j] * w.values()[j])
            }
        };
        dispatch!(dtype, T => out.typed_mut::<T>().unwrap()[at] = crate::sample::Sample::cut_from(value));
        at += 1;
    });
    out
}

#[test]
fn axes_are_filtered_in_the_order_given_and_cut_after_each_however_the_image_is_cut() {
    let weighted = |w: &[f64], o| Line::Weighted(Weights::with_origin(w.to_vec(), o).unwrap());
    let mean = |n, o| Line::Mean(Window::new(n, o).unwrap());
    type Case = (Vec<usize>, Vec<(usize, Line)>);
    let cases: Vec<Case> = vec![
        (vec![60], vec![(0, weighted(&[0.5, 1.0, 3.0, -1.0], 1))]),
        (vec![13, 45], vec![(1, mean(4, -2)), (0, weighted(&[0.25, 0.5], 0))]),
        (
            vec![7, 9, 34],
            vec![(2, mean(5, 0)), (0, mean(3, 1)), (1, weighted(&[2.0, -0.5, 0.5, 0.25], 0))],
        ),
        (vec![5, 70, 3], vec![(1, mean(30, 2)), (2, weighted(&[0.5, 0.125, 2.0, 1.0], 0))]),
        (vec![2, 3, 4, 5], vec![(0, mean(2, 0)), (3, weighted(&[1.0, 2.0], 0)), (1, mean(3, 0))]),
        (vec![40, 70], vec![(0, mean(27, 0))]),
        // The last pass is along lines beside fewer samples than there were with the halo.
        (vec![5, 5, 5], vec![(2, mean(3, 0)), (1, mean(3, 0)), (0, mean(3, 0))]),
    ];
    for (k, (shape, lines)) in cases.into_iter().enumerate() {
        let n: usize = shape.iter().product();
        let samples: Vec<u16> = (0..n).map(|i| ((i * 7919) % 60013) as u16).collect();
        let image = Block::from_vec(Region::whole(&shape), samples).unwrap();
        for boundary in [Boundary::Reflect, Boundary::Wrap, Boundary::Constant(3.25)] {
            for dtype in [Dtype::UInt16, Dtype::Int8, Dtype::Float64] {
                let filter = Separable { lines: lines.clone(), boundary };
                let whole = run(&image, image.region(), &filter, dtype);
                let mut want = along(&image, lines[0].0, &lines[0].1, boundary, dtype);
                for (axis, line) in &lines[1..] {
                    want = along(&want, *axis, line, boundary, dtype);
                }
                let about = format!("{shape:?} {boundary:?} {dtype}");
                dispatch!(dtype, T => {
                    let pairs = whole.typed::<T>().unwrap().iter().zip(want.typed::<T>().unwrap());
                    let near = |(a, b): (&T, &T)| (a.to_f64() - b.to_f64()).abs() <= if dtype.is_float() { 1e-9 } else { 0.0 };
                    assert!(pairs.into_iter().all(near), "{about}");
                });
                let mut joined = Block::zeros(image.region().clone(), dtype).unwrap();
                for region in blocks(&shape, k as u64) {
                    joined.copy_from(&run(&image, &region, &filter, dtype)).unwrap();
                }
                assert!(joined.bytes() == whole.bytes(), "{about}");
            }
        }
    }
}

#[test]
fn an_axis_that_the_image_has_not_is_refused() {
    let lines = vec![(1, Line::Mean(Window::new(3, 0).unwrap()))];
    let filter = Separable { lines, boundary: Boundary::Reflect };
    let input = Block::zeros(Region::whole(&[5]), Dtype::UInt8).unwrap();
    let mut output = Block::zeros(Region::whole(&[5]), Dtype::UInt8).unwrap();
    assert!(filter.run(&input, &mut output, &[5], &mut [], &CancelToken::new()).is_err());
}
