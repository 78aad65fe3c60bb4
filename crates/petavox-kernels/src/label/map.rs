//! New values for the values of an integer image, by a table.

use crate::sample::{CastTo, dispatch_integers};
use petavox_core::{Block, Dtype, Element, Error, Result, dispatch};
use std::collections::HashMap;

/// The largest span of values for which a plain table is held.
const MOST_DENSE: u64 = 1 << 22;

/// A table from values to values; what is not in it becomes 0, or stays.
pub struct ValueMap {
    lowest: i64,
    /// By `value - lowest`; nothing where the values spread too far.
    dense: Vec<f64>,
    is_known: Vec<bool>,
    sparse: HashMap<i64, f64>,
    keep: bool,
}

impl ValueMap {
    /// The table from `from[i]` to `to[i]`; of a value that comes twice the last counts. With `keep`, other values stay.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the lists differ in length.
    pub fn new(from: &[i64], to: &[f64], keep: bool) -> Result<ValueMap> {
        if from.len() != to.len() {
            let given = format!("{} values for {}", to.len(), from.len());
            return Err(Error::argument("output_vals", given, "as many as input_vals"));
        }
        let lowest = from.iter().copied().min().unwrap_or(0);
        let highest = from.iter().copied().max().unwrap_or(-1);
        let mut map =
            ValueMap { lowest, dense: vec![], is_known: vec![], sparse: HashMap::new(), keep };
        if !from.is_empty() && highest.abs_diff(lowest) < MOST_DENSE {
            let n = highest.abs_diff(lowest) as usize + 1;
            (map.dense, map.is_known) = (vec![0.0; n], vec![false; n]);
            for (f, t) in from.iter().zip(to) {
                let k = f.abs_diff(lowest) as usize;
                (map.dense[k], map.is_known[k]) = (*t, true);
            }
        } else {
            map.sparse = from.iter().copied().zip(to.iter().copied()).collect();
        }
        Ok(map)
    }

    /// About the bytes that it takes.
    pub fn bytes(&self) -> usize {
        9 * self.dense.len() + 48 * self.sparse.len()
    }

    fn of(&self, value: i64) -> Option<f64> {
        if self.dense.is_empty() {
            return self.sparse.get(&value).copied();
        }
        let k = value.checked_sub(self.lowest).and_then(|k| usize::try_from(k).ok())?;
        (*self.is_known.get(k)?).then(|| self.dense[k])
    }

    /// Writes the new value of every sample of an integer or `bool` block into `output`, a block of the same region and any dtype;
    /// values are cast as numpy does.
    ///
    /// # Errors
    /// [`Error::UnsupportedDtype`] for floats; [`Error::Internal`] if the regions differ.
    pub fn apply(&self, input: &Block, output: &mut Block) -> Result<()> {
        if input.region() != output.region() {
            return Err(Error::internal("map_array", "two regions"));
        }
        let given = input.dtype();
        dispatch_integers!(given, T => {
            let samples = input.typed::<T>()?;
            dispatch!(output.dtype(), U => self.run::<T, U>(samples, output.typed_mut::<U>()?));
            Ok(())
        }, else Err(Error::dtype("map_array", given, "bool and integers")))
    }

    fn run<T: Element + CastTo<i64> + CastTo<U>, U: Element>(&self, samples: &[T], output: &mut [U])
    where
        f64: CastTo<U>,
    {
        let mut last: Option<(T, U)> = None;
        for (out, x) in output.iter_mut().zip(samples) {
            *out = match last {
                Some((value, new)) if value == *x => new,
                _ => {
                    let value: i64 = (*x).cast_to();
                    let new = match self.of(value) {
                        Some(new) => new.cast_to(),
                        None if self.keep => (*x).cast_to(),
                        None => 0.0f64.cast_to(),
                    };
                    last = Some((*x, new));
                    new
                }
            };
        }
    }
}

/// The dtype in which new values come if none is said: that of the input where all fit, else `int64` or `float64`.
pub fn mapped_dtype(input: Dtype, to: &[f64]) -> Dtype {
    if to.iter().any(|t| t.fract() != 0.0 || !t.is_finite()) {
        return Dtype::Float64;
    }
    let fits = dispatch!(input, T => to.iter().all(|t| T::from_f64(*t).to_f64() == *t));
    if fits && input != Dtype::Bool { input } else { Dtype::Int64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use petavox_core::Region;

    #[test]
    fn near_and_far_values_are_found_alike_and_others_become_0_or_stay() {
        let region = Region::whole(&[6]);
        for far in [9, 1 << 40] {
            let input = Block::from_vec(region.clone(), vec![-3i64, -3, 0, far, 5, far]).unwrap();
            for (keep, want) in [(false, [7, 7, 0, 1, 0, 1]), (true, [7, 7, 0, 1, 5, 1])] {
                let map = ValueMap::new(&[-3, far], &[7.0, 1.0], keep).unwrap();
                let mut out = Block::zeros(region.clone(), Dtype::UInt16).unwrap();
                map.apply(&input, &mut out).unwrap();
                assert_eq!(out.typed::<u16>().unwrap(), want);
            }
        }
        assert!(ValueMap::new(&[1], &[], false).is_err());
    }

    #[test]
    fn new_values_choose_the_dtype() {
        assert_eq!(mapped_dtype(Dtype::UInt8, &[0.0, 255.0]), Dtype::UInt8);
        assert_eq!(mapped_dtype(Dtype::UInt8, &[256.0]), Dtype::Int64);
        assert_eq!(mapped_dtype(Dtype::UInt8, &[0.5]), Dtype::Float64);
    }
}
