use super::maths::Whole;
use super::*;
use petavox_core::{Block, Dtype, Element, Error, Region};
use proptest::prelude::*;

/// The rules in wide integers: quotient rounded down, remainder, remainder of the quotient cut.
fn plainly(x: i128, by: i128) -> [i128; 3] {
    if by == 0 {
        return [0; 3];
    }
    let down = x.div_euclid(by) - i128::from(by < 0 && x.rem_euclid(by) != 0);
    [down, x - down * by, x % by]
}

macro_rules! same {
    ($x:expr, $by:expr, $ty:ident) => {
        let (x, by): ($ty, $ty) = ($x, $by);
        let got = [Whole::floor_divide(x, by), Whole::remainder(x, by), Whole::fmod(x, by)];
        let want = plainly(x as i128, by as i128).map(|v| v as $ty);
        assert_eq!(got, want, "{x} by {by}");
    };
}

#[test]
fn bytes_are_divided_exactly() {
    for x in 0..=255u8 {
        for by in 0..=255u8 {
            same!(x, by, u8);
            same!(x as i8, by as i8, i8);
        }
    }
}

proptest! {
    #[test]
    fn integers_are_divided_exactly(x: u64, by: u64, shift in 0u32..64, k in 0u64..1000, off in -2i64..=2) {
        // Small divisors, and dividends near a multiple.
        let by = by >> shift;
        for x in [x, by.wrapping_mul(k).wrapping_add(off as u64), u64::MAX, 1 << 63, 1 << 31, 1 << 15, 0] {
            same!(x as u16, by as u16, u16);
            same!(x as i16, by as i16, i16);
            same!(x as u32, by as u32, u32);
            same!(x as i32, by as i32, i32);
            same!(x, by, u64);
            same!(x as i64, by as i64, i64);
            same!((x as u32).wrapping_neg(), (by as u32).wrapping_neg(), u32);
            same!((x as i64).wrapping_neg(), (by as i64).wrapping_neg(), i64);
            same!((x as i32).wrapping_neg(), (by as i32).wrapping_neg(), i32);
            same!((x as i16).wrapping_neg(), (by as i16).wrapping_neg(), i16);
        }
    }

    #[test]
    fn operands_of_any_shape_and_dtype_meet_where_they_should(
        shape in prop::collection::vec(prop_oneof![1usize..5, Just(7), Just(300), Just(1100)], 0..4)
            .prop_filter("small", |s| s.iter().product::<usize>() < 20_000),
        ones in prop::collection::vec(any::<[bool; 3]>(), 4),
        drop in prop::collection::vec(0usize..4, 3),
        casts: [bool; 3],
    ) {
        let mut shapes = Vec::new();
        for k in 0..3 {
            let kept = shape.iter().zip(&ones).skip(if k == 0 { 0 } else { drop[k] });
            shapes.push(kept.map(|(&n, one)| if one[k] { 1 } else { n }).collect::<Vec<_>>());
        }
        // Of the output; axes that all operands have one sample of have one.
        let out: Vec<usize> = (0..shape.len())
            .map(|a| shapes.iter().filter_map(|s| s.get((a + s.len()).wrapping_sub(shape.len()))).copied().max().unwrap_or(1))
            .collect();
        let blocks: Vec<Block> = (0..3)
            .map(|k| {
                let n: usize = shapes[k].iter().product();
                let at = Region::whole(&shapes[k]);
                let value = |i: usize| i as i64 * 3 - 50 + k as i64;
                if casts[k] {
                    Block::from_vec(at, (0..n).map(|i| value(i) as i32).collect()).unwrap()
                } else {
                    Block::from_vec(at, (0..n).map(value).collect()).unwrap()
                }
            })
            .collect();
        let how = resolve(Function::Clip, &[Dtype::Int64; 3], None).unwrap();
        let operands: Vec<Operand<'_>> = blocks.iter().map(Operand::Block).collect();
        let mut got = Block::zeros(Region::whole(&out), Dtype::Int64).unwrap();
        evaluate(&how, &operands, &mut got).unwrap();
        let at = |block: &Block, point: &[i64]| {
            let own = &point[point.len() - block.shape().len()..];
            let point: Vec<i64> = own.iter().zip(block.shape()).map(|(&x, &n)| x.min(n as i64 - 1)).collect();
            let i = block.region().offset_of(&point);
            match block.dtype() {
                Dtype::Int32 => i64::from(block.typed::<i32>().unwrap()[i]),
                _ => block.typed::<i64>().unwrap()[i],
            }
        };
        for i in 0..got.region().len() {
            let mut rest = i;
            let mut point = vec![0; out.len()];
            for a in (0..out.len()).rev() {
                point[a] = (rest % out[a]) as i64;
                rest /= out[a];
            }
            let [x, low, high] = [0, 1, 2].map(|k| at(&blocks[k], &point));
            prop_assert_eq!(got.typed::<i64>().unwrap()[i], x.max(low).min(high), "{:?} at {:?}", shapes, point);
        }
    }
}

fn line<T: Element>(samples: Vec<T>) -> Block {
    Block::from_vec(Region::new([0], [samples.len()]), samples).unwrap()
}

#[test]
fn constants_stand_on_either_side() {
    let image = line(vec![1u8, 2, 250]);
    let ten = Operand::Constant(Number::Int(10).to_constant("test", Dtype::UInt8).unwrap());
    let how = resolve(Function::Subtract, &[Dtype::UInt8; 2], None).unwrap();
    let mut out = line(vec![0u8; 3]);
    evaluate(&how, &[ten, Operand::Block(&image)], &mut out).unwrap();
    assert_eq!(out.bytes(), [9, 8, 16]);
    evaluate(&how, &[Operand::Block(&image), ten], &mut out).unwrap();
    assert_eq!(out.bytes(), [247, 248, 240]);
}

#[test]
fn what_does_not_fit_is_an_error_and_not_a_panic() {
    let (image, other) = (line(vec![1u8, 2]), line(vec![1u8, 2, 3]));
    let how = resolve(Function::Add, &[Dtype::UInt8; 2], None).unwrap();
    let mut out = line(vec![0u8; 2]);
    for operands in
        [vec![Operand::Block(&image)], vec![Operand::Block(&image), Operand::Block(&other)]]
    {
        assert!(matches!(evaluate(&how, &operands, &mut out), Err(Error::Internal { .. })));
    }
    let mut wrong = line(vec![0u16; 2]);
    let both = [Operand::Block(&image); 2];
    assert!(matches!(evaluate(&how, &both, &mut wrong), Err(Error::Internal { .. })));
    assert!(matches!(resolve(Function::Add, &[Dtype::UInt8], None), Err(Error::Internal { .. })));
}

#[test]
fn vectors_and_plain_loops_agree() {
    // The plain loop of some that have both, over all pairs of a few values.
    let values = [0.0f32, -0.0, 1.5, -2.5, f32::NAN, f32::INFINITY, 3.0e38, 1e-40];
    let (mut a, mut b) = (vec![], vec![]);
    for x in values {
        for y in values {
            a.push(x);
            b.push(y);
        }
    }
    for (function, one) in [
        (Function::Add, (|x, y| x + y) as fn(f32, f32) -> f32),
        (Function::Divide, |x, y| x / y),
        (Function::Multiply, |x, y| x * y),
        (Function::Copysign, f32::copysign),
    ] {
        let how = resolve(function, &[Dtype::Float32; 2], None).unwrap();
        let (x, y) = (line(a.clone()), line(b.clone()));
        let mut out = line(vec![0f32; a.len()]);
        evaluate(&how, &[Operand::Block(&x), Operand::Block(&y)], &mut out).unwrap();
        for (i, got) in out.typed::<f32>().unwrap().iter().enumerate() {
            let want = one(a[i], b[i]);
            assert!(
                got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()),
                "{function:?} {} {}",
                a[i],
                b[i]
            );
        }
    }
}
