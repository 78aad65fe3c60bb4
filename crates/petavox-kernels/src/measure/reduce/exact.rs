//! Exact sums of doubles, one per cell, three doubles each: the same in every order and for every cut.
//!
//! Each cell is the unevaluated sum of three doubles; an addition passes what rounding loses from one to the next (Knuth's two-sum; the
//! cascade is that of Ogita, Rump and Oishi, SIAM J. Sci. Comput. 26, 2005). What even the third loses, which takes samples of very
//! different size, goes to an [`ExactSum`] of the cell.

use crate::measure::ExactSum;
use std::collections::BTreeMap;

/// Cells that are looked at together.
const GROUP: usize = 64;

/// The sum and what it lost in rounding; exact unless the sum overflows, or comes so close to it that a step in between does (then the
/// second is NaN or infinite).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

/// The product and what it lost in rounding, without a fused multiply-add (Dekker 1971); exact where neither overflows nor underflows.
#[inline(always)]
pub(super) fn two_product(a: f64, b: f64) -> (f64, f64) {
    let split = |x: f64| {
        let c = 134217729.0 * x;
        let high = c - (c - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    let p = a * b;
    (p, al * bl - (((p - ah * bh) - al * bh) - ah * bl))
}

/// Three doubles per cell, lane after lane, and what they could not take, by cell.
pub(super) struct Cells<'a> {
    pub(super) lanes: [&'a mut [f64]; 3],
    pub(super) lost: &'a mut BTreeMap<u64, ExactSum>,
    /// Number of the first cell in `lost`.
    pub(super) first: u64,
}

impl Cells<'_> {
    /// Adds `parts(i)` to cell `i`, for all cells of the lanes.
    #[inline(always)]
    pub(super) fn add_row<const N: usize>(&mut self, parts: impl Fn(usize) -> [f64; N]) {
        let n = self.lanes[0].len();
        for from in (0..n).step_by(GROUP) {
            let len = GROUP.min(n - from);
            let mut new = [[0.0; GROUP]; 3];
            let mut is_whole = true;
            {
                let [a, b, c] = &self.lanes;
                let (a, b, c) = (&a[from..from + len], &b[from..from + len], &c[from..from + len]);
                for i in 0..len {
                    let (mut x, mut y, mut z) = (a[i], b[i], c[i]);
                    let mut lost = 0.0;
                    for part in parts(from + i) {
                        let mut rest;
                        (x, rest) = two_sum(x, part);
                        (y, rest) = two_sum(y, rest);
                        (z, rest) = two_sum(z, rest);
                        lost += rest.abs();
                    }
                    // False for NaN too.
                    is_whole &= (lost == 0.0) & (x.abs() < f64::INFINITY);
                    (new[0][i], new[1][i], new[2][i]) = (x, y, z);
                }
            }
            if is_whole {
                for (lane, new) in self.lanes.iter_mut().zip(&new) {
                    lane[from..from + len].copy_from_slice(&new[..len]);
                }
            } else {
                for i in from..from + len {
                    parts(i).into_iter().for_each(|part| self.add(i, part));
                }
            }
        }
    }

    /// Adds a double to a cell. Infinities and NaN have their usual effect, and stay.
    pub(super) fn add(&mut self, i: usize, part: f64) {
        let [a, b, c] = &mut self.lanes;
        if !(part.is_finite() && a[i].is_finite()) {
            a[i] += part;
            return;
        }
        let (x, rest) = two_sum(a[i], part);
        if !(x.is_finite() && rest.is_finite()) {
            self.lost.entry(self.first + i as u64).or_default().add(part);
            return;
        }
        let (y, rest) = two_sum(b[i], rest);
        let (z, rest) = two_sum(c[i], rest);
        (a[i], b[i], c[i]) = (x, y, z);
        if rest != 0.0 {
            self.lost.entry(self.first + i as u64).or_default().add(rest);
        }
    }

    /// Adds `parts(j)` for all `j` in `0..n` to the one cell of the lanes.
    pub(super) fn add_run<const N: usize>(&mut self, n: usize, parts: impl Fn(usize) -> [f64; N]) {
        let whole = n - n % GROUP;
        if whole > GROUP {
            // Cells of their own side by side, brought together at the end.
            let (mut a, mut b, mut c) = ([0.0; GROUP], [0.0; GROUP], [0.0; GROUP]);
            let mut lost = BTreeMap::new();
            for from in (0..whole).step_by(GROUP) {
                Cells { lanes: [&mut a, &mut b, &mut c], lost: &mut lost, first: 0 }
                    .add_row(|i| parts(from + i));
            }
            for part in [a, b, c].as_flattened() {
                self.add(0, *part);
            }
            for sum in lost.values() {
                self.lost.entry(self.first).or_default().merge(sum);
            }
        }
        for j in (if whole > GROUP { whole } else { 0 })..n {
            parts(j).into_iter().for_each(|part| self.add(0, part));
        }
    }
}

/// The sum of a cell as the nearest double and, nearest again, what is left over: whatever the order of the additions was.
pub(super) fn value_and_rest(lanes: [f64; 3], lost: Option<&ExactSum>) -> (f64, f64) {
    let [mut a, mut b, mut c] = lanes;
    if !a.is_finite() {
        return (a, 0.0);
    }
    if let Some(lost) = lost {
        let mut sum = lost.clone();
        lanes.into_iter().for_each(|x| sum.add(x));
        return sum.value_and_rest();
    }
    // Until none of the three overlaps the next.
    loop {
        let before = (a, b, c);
        (b, c) = two_sum(b, c);
        (a, b) = two_sum(a, b);
        (b, c) = two_sum(b, c);
        if (a, b, c) == before {
            break;
        }
        if !a.is_finite() {
            let mut sum = ExactSum::default();
            lanes.into_iter().for_each(|x| sum.add(x));
            return sum.value_and_rest();
        }
    }
    // Where `b` lies in the middle between two doubles, `c` decides.
    if c != 0.0 && (b < 0.0) == (c < 0.0) {
        let twice = 2.0 * b;
        let next = a + twice;
        if twice == next - a {
            (a, b) = (next, -b);
        }
    }
    (a, b + c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn doubles() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => -1.0e3..1.0e3,
            2 => (any::<i32>(), -60..60i32).prop_map(|(m, e)| f64::from(m) * 2f64.powi(e)),
            1 => any::<f64>(),
            1 => (-1.0..1.0f64).prop_map(|x| x * f64::MAX),
            1 => prop::sample::select(vec![0.0, -0.0, f64::MAX, f64::MIN, 5e-324]),
        ]
    }

    /// In half of the lists one of them (in longer lists of all kinds there would nearly always be one, and the sum NaN).
    fn endless() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]))
    }

    /// The value of a list of doubles summed here, a few at a time in `n_cuts` pieces.
    fn sum(values: &[f64], cut: usize) -> (f64, f64) {
        let mut total = ([0.0; 1], [0.0; 1], [0.0; 1]);
        let mut lost = BTreeMap::new();
        for piece in values.chunks(cut) {
            let [a, b, c] = [&mut total.0[..], &mut total.1[..], &mut total.2[..]];
            Cells { lanes: [a, b, c], lost: &mut lost, first: 0 }
                .add_run(piece.len(), |j| [piece[j]]);
        }
        value_and_rest([total.0[0], total.1[0], total.2[0]], lost.get(&0))
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_long_accumulator_in_every_order(
            mut values in prop::collection::vec(doubles(), 0..400), endless in endless(), cut in 1usize..300, cancel: bool,
        ) {
            values.extend(endless);
            if cancel {
                let back: Vec<f64> = values.iter().skip(3).map(|x| -x).collect();
                values.extend(back);
            }
            let mut exact = ExactSum::default();
            values.iter().for_each(|x| exact.add(*x));
            let want = exact.value_and_rest();
            let same = |got: (f64, f64)| {
                got.0 == want.0 && got.1 == want.1 || got.0.is_nan() && want.0.is_nan()
            };
            prop_assert!(same(sum(&values, cut)), "{:?}, {:?}", sum(&values, cut), want);
            values.sort_by(f64::total_cmp);
            prop_assert!(same(sum(&values, 1000)), "sorted");
            values.reverse();
            prop_assert!(same(sum(&values, 7)), "reversed");
        }

        #[test]
        fn products_are_exact(a in -1.0e100..1.0e100, b in -1.0e100..1.0e100) {
            let (p, rest) = two_product(a, b);
            prop_assert_eq!((p, rest), (a * b, f64::mul_add(a, b, -(a * b))));
        }
    }

    #[test]
    fn ties_are_decided_by_what_lies_below() {
        let half = 2f64.powi(-53);
        let tiny = 2f64.powi(-120);
        assert_eq!(value_and_rest([1.0, half, 0.0], None).0, 1.0);
        assert_eq!(value_and_rest([1.0, half, tiny], None).0, 1.0 + 2.0 * half);
        assert_eq!(value_and_rest([1.0, -half / 2.0, -tiny], None).0, 1.0 - half);
        assert_eq!(value_and_rest([1.0 + 2.0 * half, half, -tiny], None).0, 1.0 + 2.0 * half);
    }
}
