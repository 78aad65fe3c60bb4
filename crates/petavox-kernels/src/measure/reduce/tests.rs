use super::*;
use Method::{All, Any, ArgMax, ArgMin, CountNonzero, Max, Mean, Min, Prod, Ptp, Std, Sum, Var};
use petavox_core::{Element, dispatch};
use proptest::prelude::*;

const METHODS: [Method; 15] = [
    Sum,
    Prod,
    Mean,
    Min,
    Max,
    Ptp,
    Var { ddof: 0 },
    Var { ddof: 1 },
    Std { ddof: 0 },
    Any,
    All,
    CountNonzero,
    ArgMax,
    ArgMin,
    Std { ddof: 3 },
];

/// Samples with many equal ones, and for floats some that are special or of very different size.
fn image(shape: &[usize], dtype: Dtype, seed: u64) -> Block {
    let mut state = seed | 1;
    let mut next = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as i64
    };
    let wide = next() % 3 == 0;
    let mut block = Block::zeros(Region::whole(shape), dtype).unwrap();
    dispatch!(dtype, T => {
        for x in block.typed_mut::<T>().unwrap() {
            let small = (next() % 13 - 4) as f64;
            let value = match (dtype, next() % 16) {
                (Dtype::Bool, k) => (k % 2) as f64,
                (d, 0) if d.is_float() && wide => small * 1e30,
                (d, 1) if d.is_float() && wide => small * 1e-30,
                (d, 2) if d.is_float() && seed.is_multiple_of(7) => f64::NAN,
                (d, 3) if d.is_float() && seed.is_multiple_of(5) => f64::NEG_INFINITY,
                (d, 4) if d.is_float() => -0.0,
                (d, k) if d.is_float() => small / 7.0 + k as f64,
                (_, k) if wide => small * 2f64.powi(4 * k as i32),
                _ => small,
            };
            *x = T::from_f64(value);
        }
    });
    block
}

fn cut(block: &Block, region: Region) -> Block {
    let mut part = Block::zeros(region, block.dtype()).unwrap();
    part.copy_from(block).unwrap();
    part
}

/// The reduction of an image whose blocks are `chunk` large, as merged in an order made of `seed`.
fn reduced(
    method: Method,
    block: &Block,
    is_reduced: &[bool],
    chunk: &[usize],
    seed: usize,
) -> Block {
    let n: usize =
        (0..is_reduced.len()).filter(|a| is_reduced[*a]).map(|a| block.shape()[a]).product();
    let reducer = Reducer::new(method, block.dtype(), n as u64).unwrap();
    let region = kept_region(block.region(), is_reduced);
    let mut all = reducer.start(region.clone());
    let grid = petavox_core::ChunkGrid::new(block.shape(), chunk);
    for k in 0..grid.len() {
        let number = if seed.is_multiple_of(2) { k } else { grid.len() - 1 - k };
        let part = cut(block, grid.region(number));
        let mut found = reducer.start(kept_region(part.region(), is_reduced));
        reducer.add(&mut found, &part, is_reduced, block.shape()).unwrap();
        reducer.merge(&mut all, &found).unwrap();
    }
    let mut out = Block::zeros(region.clone(), reducer.dtype()).unwrap();
    reducer.finish(&all, &region, &mut out).unwrap();
    out
}

/// What the samples of a cell are reduced to, by definition.
fn plainly(method: Method, v: &[f64]) -> f64 {
    let n = v.len() as f64;
    let sum: f64 = v.iter().sum();
    let var = |ddof: u32| {
        v.iter().map(|x| (x - sum / n).powi(2)).sum::<f64>()
            / v.len().saturating_sub(ddof as usize) as f64
    };
    let extreme = |largest: bool| {
        v.iter()
            .copied()
            .enumerate()
            .reduce(|a, b| {
                let is_more = if largest { b.1 > a.1 } else { b.1 < a.1 };
                if !a.1.is_nan() && (is_more || b.1.is_nan()) { b } else { a }
            })
            .unwrap()
    };
    match method {
        Sum => sum,
        Prod => v.iter().product(),
        Mean => sum / n,
        Min => extreme(false).1,
        Max => extreme(true).1,
        Ptp => extreme(true).1 - extreme(false).1,
        Var { ddof } => var(ddof),
        Std { ddof } => var(ddof).sqrt(),
        Any => f64::from(u8::from(v.iter().any(|x| *x != 0.0))),
        All => f64::from(u8::from(v.iter().all(|x| *x != 0.0))),
        CountNonzero => v.iter().filter(|x| **x != 0.0).count() as f64,
        ArgMax => extreme(true).0 as f64,
        ArgMin => extreme(false).0 as f64,
    }
}

fn doubles(block: &Block) -> Vec<f64> {
    dispatch!(block.dtype(), T => block.typed::<T>().unwrap().iter().map(|x| x.to_f64()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cut_and_order_gives_the_same_bits_and_what_the_definition_gives(
        shape in prop::collection::vec(1usize..7, 0..4), long in 1usize..90, mask in 0usize..16, seed: u64,
        chunk in prop::collection::vec(1usize..5, 4), order: usize,
    ) {
        let mut shape = shape;
        shape.push(long);
        let ndim = shape.len();
        let is_reduced: Vec<bool> = (0..ndim).map(|a| mask >> a & 1 == 1).collect();
        for &dtype in Dtype::ALL {
            let block = image(&shape, dtype, seed);
            for method in METHODS {
                if method == Ptp && dtype == Dtype::Bool {
                    continue;
                }
                let about = format!("{method:?} of {dtype} {shape:?} over {is_reduced:?}");
                let want = reduced(method, &block, &is_reduced, &shape, 0);
                if !(method == Prod && dtype.is_float()) {
                    let mut lengths = chunk[..ndim].to_vec();
                    lengths[ndim - 1] *= 9;
                    let got = reduced(method, &block, &is_reduced, &lengths, order);
                    prop_assert!(got.bytes() == want.bytes(), "{about}: {got:?} {want:?}");
                }
                let region = block.region();
                let samples = doubles(&block);
                let kept = kept_region(region, &is_reduced);
                let mut cells = vec![Vec::new(); kept.len()];
                for (i, x) in samples.iter().enumerate() {
                    let strides = petavox_core::strides(&shape);
                    let point: Vec<i64> = (0..ndim).filter(|a| !is_reduced[*a])
                        .map(|a| (i / strides[a] % shape[a]) as i64).collect();
                    cells[kept.offset_of(&point)].push(*x);
                }
                for (got, v) in doubles(&want).iter().zip(&cells) {
                    let plain = plainly(method, v);
                    let plain = if want.dtype() == Dtype::Float32 { f64::from(plain as f32) } else { plain };
                    if !dtype.is_float() && matches!(method, Prod | Ptp | Sum) && !(plain.abs() < 2f64.powi(53) && plain.abs() < 2f64.powi(8 * want.dtype().size() as i32 - 1)) {
                        continue; // wraps
                    }
                    let size = v.iter().fold(0.0, |m: f64, x| m.max(x.abs())).max(plain.abs());
                    let size = if matches!(method, Var { .. }) { size * size } else { size };
                    let eps = if want.dtype() == Dtype::Float32 { 1e-6 } else { 1e-7 };
                    let same = got == &plain || got.is_nan() && plain.is_nan()
                        || matches!(method, Std { .. }) && !got.is_finite() && !plain.is_finite()
                        || (got - plain).abs() <= eps * size * v.len() as f64
                        || want.dtype() == Dtype::Float32 && size > 1e35;
                    prop_assert!(same, "{about}: {got}, by definition {plain} of {v:?}");
                }
            }
        }
    }
}

#[test]
fn what_cancels_is_not_lost() {
    let one = |method, samples: Vec<f64>| {
        let n = samples.len();
        let block = Block::from_vec(Region::whole(&[n]), samples).unwrap();
        doubles(&reduced(method, &block, &[true], &[n], 0))[0]
    };
    assert_eq!(one(Sum, vec![1.0, 1e100, 1.0, -1e100]), 2.0);
    assert_eq!(one(Sum, vec![f64::INFINITY, 1.0]), f64::INFINITY);
    assert!(one(Sum, vec![f64::INFINITY, f64::NEG_INFINITY]).is_nan());
    assert_eq!(one(Sum, vec![f64::MAX, f64::MAX, -f64::MAX]), f64::MAX);
    assert_eq!(one(Mean, vec![0.1; 10]), 0.1);
    let offset: Vec<f64> = [4.0, 7.0, 13.0, 16.0].iter().map(|x| x + 1e9).collect();
    assert_eq!(one(Var { ddof: 1 }, offset), 30.0);
    assert!(one(Var { ddof: 1 }, vec![2.0]).is_nan());
    assert_eq!(one(Var { ddof: 0 }, vec![0.1; 1000]), 0.0);
}

#[test]
fn integers_wrap_around_as_numpys() {
    let one = |method, samples: Vec<u64>| {
        let n = samples.len();
        let block = Block::from_vec(Region::whole(&[n]), samples).unwrap();
        reduced(method, &block, &[true], &[1], 0).typed::<u64>().unwrap()[0]
    };
    assert_eq!(one(Sum, vec![u64::MAX, 3]), 2);
    assert_eq!(one(Prod, vec![1 << 63, 3]), 1 << 63);
    let low = Block::from_vec(Region::whole(&[2]), vec![-100i8, 100]).unwrap();
    assert_eq!(reduced(Ptp, &low, &[true], &[2], 0).typed::<i8>().unwrap(), [-56]);
    assert!(Reducer::new(Ptp, Dtype::Bool, 3).is_err());
    let refused = Reducer::new(Min, Dtype::UInt8, 0).unwrap_err().to_string();
    assert!(refused.contains("zero-size array to reduction operation minimum"), "{refused}");
    assert_eq!(Reducer::new(Sum, Dtype::UInt8, 0).unwrap().dtype(), Dtype::UInt64);
}
