//! From what is kept to results.

use super::add::unwrapped;
use super::exact::{two_product, value_and_rest};
use super::{Accumulators, Found, Kept, Method, Reducer};
use crate::pointwise::order::Ordered;
use crate::sample::dispatch_integers;
use petavox_core::{Block, Dtype, Element, Region, Result, dispatch};

pub(super) fn finish(
    reducer: &Reducer,
    of: &Accumulators,
    region: &Region,
    out: &mut Block,
) -> Result<()> {
    let width = region.row_len();
    let mut cells = Vec::with_capacity(region.len() / width.max(1));
    region.for_each_row(|point| cells.push(of.region.offset_of(point)));
    dispatch!(reducer.dtype(), T => {
        let samples = out.typed_mut::<T>()?;
        for (row, start) in samples.chunks_exact_mut(width.max(1)).zip(cells) {
            for (i, sample) in row.iter_mut().enumerate() {
                *sample = T::of(value(reducer, of, start + i));
            }
        }
    });
    Ok(())
}

/// A result as a sample: it fits, and floats are rounded to it.
trait OfFound: Element {
    fn of(found: Found) -> Self;
}

macro_rules! of_found {
    ($($ty:ident)*) => {
        $(impl OfFound for $ty {
            #[inline(always)]
            fn of(found: Found) -> $ty {
                match found {
                    Found::Int(i) => i as $ty,
                    Found::Float(f) => f as $ty,
                    Found::Bool(b) => u8::from(b) as $ty,
                }
            }
        })*
    };
}

of_found!(u8 i8 u16 i16 u32 i32 u64 i64 f32 f64);

pub(super) fn value(reducer: &Reducer, of: &Accumulators, cell: usize) -> Found {
    let n_cells = of.region.len();
    let word = |lane: usize| of.words[lane * n_cells + cell];
    let n = reducer.n_samples;
    let exact = |which: usize| {
        let lanes = [0, 1, 2].map(|lane| f64::from_bits(word(3 * which + lane)));
        value_and_rest(lanes, of.lost.get(&((which * n_cells + cell) as u64)))
    };
    match (reducer.method, reducer.kept) {
        (Method::Mean, Kept::Sum) => {
            Found::Float(mean(double(unwrapped(word(0), Dtype::Int64)), n))
        }
        (Method::Mean, _) => Found::Float(mean(exact(0), n)),
        (Method::Var { ddof }, Kept::Moments) | (Method::Std { ddof }, Kept::Moments) => {
            let sum = i128::from(word(0) as i64);
            let squares = i128::from(n) * i128::from(word(1));
            spread(reducer.method, (squares - sum * sum) as f64, n, ddof)
        }
        (Method::Var { ddof }, _) | (Method::Std { ddof }, _) => {
            let ((sum, sum_rest), (squares, squares_rest)) = (exact(0), exact(1));
            // n * squares - sum^2 in twice the precision, because the two are often nearly equal.
            let ((a, a_rest), (b, b_rest)) =
                (two_product(n as f64, squares), two_product(sum, sum));
            let rest = (a_rest + n as f64 * squares_rest) - (b_rest + 2.0 * sum * sum_rest);
            let scaled = (a - b) + rest;
            spread(reducer.method, if scaled < 0.0 { 0.0 } else { scaled }, n, ddof)
        }
        (Method::Any, _) => Found::Bool(word(0) > 0),
        (Method::All, _) => Found::Bool(word(0) == n),
        (_, Kept::Sum | Kept::Product) => Found::Int(unwrapped(word(0), reducer.dtype())),
        (_, Kept::FloatProduct) => Found::Float(f64::from_bits(word(0))),
        (_, Kept::ExactSum) => Found::Float(exact(0).0),
        (_, Kept::Max | Kept::Min) => place(word(0), reducer.dtype),
        (_, Kept::Both) => {
            difference(place(word(1), reducer.dtype), place(word(0), reducer.dtype), reducer.dtype)
        }
        (_, Kept::ArgMax | Kept::ArgMin) => Found::Int(word(1).into()),
        (_, Kept::Count | Kept::Moments | Kept::ExactMoments) => Found::Int(word(0).into()),
    }
}

/// The sample at a place of the order.
fn place(word: u64, dtype: Dtype) -> Found {
    match dtype {
        Dtype::Bool => Found::Bool(word != 0),
        Dtype::Float32 => Found::Float(f32::from_place(word).into()),
        Dtype::Float64 => Found::Float(f64::from_place(word)),
        integer => dispatch_integers!(integer, T => {
            Found::Int(T::from_place(word).into())
        }, else Found::Int(word.into())),
    }
}

/// The larger less the smaller; integers wrap around, as numpy's.
fn difference(high: Found, low: Found, dtype: Dtype) -> Found {
    match (high, low) {
        (Found::Int(h), Found::Int(l)) => {
            let bits = 8 * dtype.size() as u32;
            let cut = (h - l) << (128 - bits);
            Found::Int(if dtype.is_signed() {
                cut >> (128 - bits)
            } else {
                (cut as u128 >> (128 - bits)) as i128
            })
        }
        (Found::Float(h), Found::Float(l)) => Found::Float(h - l),
        _ => Found::Bool(high != low),
    }
}

/// An integer as a double and what is left over.
fn double(i: i128) -> (f64, f64) {
    let value = i as f64;
    (value, (i - value as i128) as f64)
}

fn mean((sum, rest): (f64, f64), n: u64) -> f64 {
    let n = n as f64;
    let mean = sum / n;
    let (back, back_rest) = two_product(mean, n);
    // One step of correction makes it the nearest double but for rare ties.
    let step = (((sum - back) - back_rest) + rest) / n;
    if step.is_finite() { mean + step } else { mean }
}

/// The variance, or its root, of `n` samples from `n` times the sum of their squared deviations.
fn spread(method: Method, scaled: f64, n: u64, ddof: u32) -> Found {
    let freedom = n.saturating_sub(ddof.into()) as f64;
    let var = scaled / n as f64 / freedom;
    Found::Float(if matches!(method, Method::Std { .. }) { var.sqrt() } else { var })
}
