use super::*;
use petavox_core::{Buffer, Element};

/// An image and what is said to be an edge in it.
struct Case {
    samples: Vec<f64>,
    shape: [usize; 2],
    least: f32,
}

/// Where a sample beside the image is taken from: the image mirrored, its last sample twice.
fn mirrored(i: i64, n: usize) -> usize {
    let n = n as i64;
    let i = i.rem_euclid(2 * n);
    i.min(2 * n - 1 - i) as usize
}

impl Case {
    fn at(&self, y: i64, x: i64) -> f64 {
        self.samples[mirrored(y, self.shape[0]) * self.shape[1] + mirrored(x, self.shape[1])]
    }

    /// The definition, sample by sample: the gradient is looked at in the sample and in the two places at which a line along it leaves the
    /// square of the eight neighbours, there as far between two of them as the line passes. Every number is rounded by `cut`.
    fn defined(&self, cut: &dyn Fn(f64) -> f64) -> Vec<f64> {
        let slope = |y: i64, x: i64| {
            let fall = |x: i64| cut(self.at(y + 1, x) - self.at(y - 1, x));
            let rise = |y: i64| cut(self.at(y, x + 1) - self.at(y, x - 1));
            let down = cut(fall(x) * 2.0 + (fall(x - 1) + fall(x + 1)));
            let right = cut(rise(y) * 2.0 + (rise(y - 1) + rise(y + 1)));
            (down, right, cut(cut(cut(down * down) + cut(right * right)).sqrt()))
        };
        let [height, width] = self.shape.map(|n| n as i64);
        let mut out = vec![0.0; self.samples.len()];
        for y in 1..height - 1 {
            for x in 1..width - 1 {
                let (down, right, length) = slope(y, x);
                let least = if self.least == 0.0 { 1e-14 } else { f64::from(self.least) };
                if length < least {
                    continue;
                }
                let sign = |v: f64| if v == 0.0 { 0 } else { v.signum() as i64 };
                let far = [sign(down), sign(right)];
                let is_steep = down.abs() >= right.abs();
                let near = if is_steep { [far[0], 0] } else { [0, far[1]] };
                let share = cut(down.abs().min(right.abs()) / down.abs().max(right.abs()));
                let there = |way: i64| {
                    let length = |by: [i64; 2]| slope(y + way * by[0], x + way * by[1]).2;
                    cut(length(far) * share) + length(near) * (1.0 - share)
                };
                if there(1) <= length && there(-1) <= length {
                    out[(y * width + x) as usize] = length;
                }
            }
        }
        out
    }

    /// What the kernel says of a part, given no more of the image than it asks for.
    fn found<T: Element>(&self, part: &Region, cut: fn(f64) -> T) -> Vec<f64> {
        let around = part.grow(&[2, 2], &[2, 2]);
        let mut samples = Vec::with_capacity(around.len());
        around.for_each_row(|p| {
            samples.extend((0..around.row_len()).map(|i| cut(self.at(p[0], p[1] + i as i64))));
        });
        let input = Block::from_vec(around, samples).unwrap();
        // What was there before does not show.
        let mut output = Block::from_vec(part.clone(), vec![cut(-7.0); part.len()]).unwrap();
        let bytes = edge_maxima_scratch_bytes(part.shape(), T::DTYPE);
        let mut scratch = Buffer::zeroed(bytes).unwrap();
        scratch.bytes_mut().fill(0x5a);
        edge_maxima(&input, &mut output, self.least, &self.shape, scratch.bytes_mut()).unwrap();
        output.typed::<T>().unwrap().iter().map(|v| v.to_f64()).collect()
    }

    /// Compares blocks of a shape with the definition.
    fn check<T: Element>(&self, block: [usize; 2], defined: &[f64], cut: fn(f64) -> T) {
        let [height, width] = self.shape;
        for top in (0..height).step_by(block[0]) {
            for left in (0..width).step_by(block[1]) {
                let shape = [block[0].min(height - top), block[1].min(width - left)];
                let part = Region::new([top as i64, left as i64], shape);
                for (i, got) in self.found(&part, cut).into_iter().enumerate() {
                    let (y, x) = (top + i / shape[1], left + i % shape[1]);
                    let want = defined[y * width + x];
                    let of = format!("{:?} in {block:?}, {}", self.shape, T::DTYPE.name());
                    assert_eq!(got, want, "{y} {x} of {of}, least {}", self.least);
                }
            }
        }
    }
}

/// Images of many shapes: smooth, noisy, and of few values, which make edges as strong as each other.
fn cases() -> Vec<Case> {
    let mut state = 7u64;
    let mut noise = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 40) as f64 / (1u64 << 24) as f64
    };
    let mut out = Vec::new();
    for shape in [[1, 1], [1, 9], [9, 1], [2, 5], [3, 3], [4, 19], [17, 16], [21, 53]] {
        for (kind, least) in [(0, 0.0), (0, 1.5), (1, 0.3), (2, 0.0), (2, 4.0)] {
            let sample = |i: usize| {
                let (y, x) = ((i / shape[1]) as f64, (i % shape[1]) as f64);
                match kind {
                    0 => (0.37 * y).sin() * 2.0 + (0.29 * x + 0.11 * y).cos() + 1e-3 * noise(),
                    1 => noise(),
                    _ => (3.0 * noise()).floor(),
                }
            };
            let samples = (0..shape[0] * shape[1]).map(sample).collect();
            out.push(Case { samples, shape, least });
        }
    }
    out
}

const BLOCKS: [[usize; 2]; 6] = [[64, 64], [1, 64], [64, 1], [1, 1], [2, 17], [5, 16]];

#[test]
fn edges_of_doubles_are_those_of_the_definition_however_the_image_is_cut() {
    let mut n = 0;
    for case in cases() {
        let defined = case.defined(&|v| v);
        n += defined.iter().filter(|v| **v > 0.0).count();
        BLOCKS.iter().for_each(|block| case.check(*block, &defined, |v| v));
    }
    assert!(n > 1000, "{n} edges say too little");
}

#[test]
fn edges_of_single_floats_are_those_of_the_definition_however_the_image_is_cut() {
    for mut case in cases() {
        case.samples.iter_mut().for_each(|v| *v = f64::from(*v as f32));
        let defined = case.defined(&|v| f64::from(v as f32));
        BLOCKS.iter().for_each(|block| case.check(*block, &defined, |v| v as f32));
    }
}

#[test]
fn a_step_has_an_edge_and_borders_have_none() {
    let samples = (0..7 * 8).map(|i| if i % 8 >= 4 { 1.0 } else { 0.0 }).collect();
    let case = Case { samples, shape: [7, 8], least: 0.1 };
    for (i, v) in case.found(&Region::whole(&[7, 8]), |v| v as f32).iter().enumerate() {
        let (y, x) = (i / 8, i % 8);
        let edge = (3..5).contains(&x) && (1..6).contains(&y);
        assert_eq!(*v, if edge { 4.0 } else { 0.0 }, "{y} {x}");
    }
}

#[test]
fn blocks_that_do_not_fit_are_refused() {
    let part = Region::whole(&[4, 4]);
    let mut scratch = Buffer::zeroed(4096).unwrap();
    let mut refused = |input: Block, dtype: Dtype, bytes: usize| {
        let mut output = Block::zeros(part.clone(), dtype).unwrap();
        let scratch = &mut scratch.bytes_mut()[..bytes];
        edge_maxima(&input, &mut output, 0.1, &[4, 4], scratch).is_err()
    };
    let around = |by: usize, dtype| Block::zeros(part.grow(&[by; 2], &[by; 2]), dtype).unwrap();
    assert!(!refused(around(2, Dtype::Float64), Dtype::Float64, 4096));
    assert!(refused(around(1, Dtype::Float64), Dtype::Float64, 4096));
    assert!(refused(around(2, Dtype::Float64), Dtype::Float32, 4096));
    assert!(refused(around(2, Dtype::UInt8), Dtype::UInt8, 4096));
    assert!(refused(around(2, Dtype::Float64), Dtype::Float64, 400));
}
