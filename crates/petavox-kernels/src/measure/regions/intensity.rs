//! What is gathered of the samples of an image under a label.

use super::Wants;
use super::cell::{Plane, Word, words};
use crate::measure::ExactSum;
use crate::pointwise::Scalar;
use crate::pointwise::order::Ordered;
use petavox_core::{Dtype, Result};
use serde::{Deserialize, Serialize};

/// Intensities under a label. Smallest, largest, sum and mean are NaN where a sample is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intensity {
    /// Smallest sample.
    pub min: Scalar,
    /// Largest sample.
    pub max: Scalar,
    /// Raster numbers of the first smallest and the first largest sample in the whole image.
    pub places: [u64; 2],
    /// Sum: exact for integers, the nearest double for floats.
    pub sum: Scalar,
    /// Mean.
    pub mean: f64,
    /// Mean squared deviation from the mean, if squares were wanted.
    pub variance: f64,
    /// The middle value, or the mean of the two in the middle, if values were wanted.
    pub median: f64,
    /// Counts of the histogram's bins.
    pub counts: Vec<u64>,
}

/// A row of samples: integers in their order, 64-bit unsigned ones moved down by 2^63, or doubles.
#[derive(Default)]
pub(super) struct Row {
    pub(super) integers: Vec<i64>,
    pub(super) doubles: Vec<f64>,
    offset: u64,
    is_float: bool,
}

impl Row {
    pub(super) fn read(&mut self, plane: &Plane<'_>, from: usize, n: usize) -> Result<()> {
        match plane.word {
            1 => self.take(plane.dtype, &words::<u8>(plane)?[from..from + n]),
            2 => self.take(plane.dtype, &words::<u16>(plane)?[from..from + n]),
            4 => self.take(plane.dtype, &words::<u32>(plane)?[from..from + n]),
            _ => self.take(plane.dtype, &words::<u64>(plane)?[from..from + n]),
        }
        Ok(())
    }

    fn take<W: Word>(&mut self, dtype: Dtype, words: &[W]) {
        self.integers.clear();
        self.doubles.clear();
        self.is_float = dtype.is_float();
        self.offset = if dtype == Dtype::UInt64 { 1 << 63 } else { 0 };
        let wide = words.iter().map(|w| w.wide());
        match dtype {
            Dtype::Float32 => {
                self.doubles.extend(wide.map(|w| f64::from(f32::from_bits(w as u32))))
            }
            Dtype::Float64 => self.doubles.extend(wide.map(f64::from_bits)),
            Dtype::Int8 => self.integers.extend(wide.map(|w| i64::from(w as i8))),
            Dtype::Int16 => self.integers.extend(wide.map(|w| i64::from(w as i16))),
            Dtype::Int32 => self.integers.extend(wide.map(|w| i64::from(w as i32))),
            Dtype::UInt64 => self.integers.extend(wide.map(|w| (w ^ 1 << 63) as i64)),
            _ => self.integers.extend(wide.map(|w| w as i64)),
        }
    }

    /// The samples as doubles too.
    pub(super) fn as_doubles(&mut self) {
        if !self.is_float {
            let offset = self.offset;
            self.doubles.extend(self.integers.iter().map(|x| wide(*x, offset) as f64));
        }
    }
}

fn wide(x: i64, offset: u64) -> i128 {
    i128::from(x) + i128::from(offset)
}

/// Of the samples of one image under one label.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ImagePart {
    kind: Kind,
    places: [u64; 2],
    n: u64,
    values: Option<Values>,
    edges: Vec<f64>,
    counts: Vec<u64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Kind {
    /// Squares in two halves of 64 bits.
    Integers {
        offset: u64,
        min: i64,
        max: i64,
        sum: i128,
        squares: [u128; 2],
    },
    Floats(Box<Floats>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Floats {
    min: f64,
    max: f64,
    n_nan: u64,
    sum: ExactSum,
    squares: ExactSum,
    /// Sums and sums of squares of the cell in work, each with what rounding lost.
    now: [f64; 4],
}

impl ImagePart {
    pub(super) fn new(dtype: Dtype, wants: &Wants) -> ImagePart {
        let kind = if dtype.is_float() {
            Kind::Floats(Box::new(Floats {
                min: f64::INFINITY,
                max: f64::NEG_INFINITY,
                n_nan: 0,
                sum: ExactSum::default(),
                squares: ExactSum::default(),
                now: [0.0; 4],
            }))
        } else {
            let offset = if dtype == Dtype::UInt64 { 1 << 63 } else { 0 };
            Kind::Integers { offset, min: i64::MAX, max: i64::MIN, sum: 0, squares: [0; 2] }
        };
        ImagePart {
            kind,
            places: [u64::MAX; 2],
            n: 0,
            values: wants.values.then(Values::default),
            counts: vec![0; wants.edges.len().saturating_sub(1)],
            edges: wants.edges.clone(),
        }
    }

    /// Adds samples of a row; the first of them has this raster number in the image.
    pub(super) fn add(&mut self, row: &Row, from: usize, len: usize, first: u64, wants: &Wants) {
        self.n += len as u64;
        match &mut self.kind {
            Kind::Integers { offset, min, max, sum, squares } => {
                let run = &row.integers[from..from + len];
                if wants.intensity {
                    let (mut lo, mut hi) = (i64::MAX, i64::MIN);
                    run.iter().for_each(|x| (lo, hi) = (lo.min(*x), hi.max(*x)));
                    if lo < *min {
                        *min = lo;
                        self.places[0] =
                            first + run.iter().position(|x| *x == lo).unwrap_or(0) as u64;
                    }
                    if hi > *max {
                        *max = hi;
                        self.places[1] =
                            first + run.iter().position(|x| *x == hi).unwrap_or(0) as u64;
                    }
                    *sum += if lo > -(1 << 40) && hi < 1 << 40 && len < 1 << 22 {
                        i128::from(run.iter().sum::<i64>()) + i128::from(*offset) * len as i128
                    } else {
                        run.iter().map(|x| wide(*x, *offset)).sum()
                    };
                }
                if wants.squares {
                    for x in run {
                        let square = wide(*x, *offset).unsigned_abs().pow(2);
                        squares[0] += square & u128::from(u64::MAX);
                        squares[1] += square >> 64;
                    }
                }
                if let Some(values) = &mut self.values {
                    values.extend(run.iter().map(|x| *x as u64 ^ 1 << 63));
                }
                if !self.edges.is_empty() {
                    run.iter()
                        .for_each(|x| bin(&self.edges, &mut self.counts, wide(*x, *offset) as f64));
                }
            }
            Kind::Floats(floats) => {
                let run = &row.doubles[from..from + len];
                if wants.intensity {
                    floats.extremes(run, first, &mut self.places);
                    floats.add(run, wants.squares);
                }
                if let Some(values) = &mut self.values {
                    values.extend(run.iter().map(|x| x.place()));
                }
                if !self.edges.is_empty() {
                    run.iter().for_each(|x| bin(&self.edges, &mut self.counts, *x));
                }
            }
        }
    }

    /// Ends a cell.
    pub(super) fn settle(&mut self) {
        if let Kind::Floats(floats) = &mut self.kind {
            floats.settle();
        }
    }

    pub(super) fn merge(&mut self, other: ImagePart) {
        self.n += other.n;
        match (&mut self.kind, other.kind) {
            (
                Kind::Integers { min, max, sum, squares, .. },
                Kind::Integers { min: a, max: b, sum: c, squares: d, .. },
            ) => {
                better(a < *min, a == *min, &mut self.places[0], other.places[0]);
                better(b > *max, b == *max, &mut self.places[1], other.places[1]);
                (*min, *max) = ((*min).min(a), (*max).max(b));
                *sum += c;
                (0..2).for_each(|k| squares[k] += d[k]);
            }
            (Kind::Floats(mine), Kind::Floats(theirs)) => {
                better(
                    theirs.min < mine.min,
                    theirs.min == mine.min,
                    &mut self.places[0],
                    other.places[0],
                );
                better(
                    theirs.max > mine.max,
                    theirs.max == mine.max,
                    &mut self.places[1],
                    other.places[1],
                );
                (mine.min, mine.max) = (mine.min.min(theirs.min), mine.max.max(theirs.max));
                mine.n_nan += theirs.n_nan;
                mine.sum.merge(&theirs.sum);
                mine.squares.merge(&theirs.squares);
            }
            // One image has one dtype.
            _ => {}
        }
        if let (Some(mine), Some(theirs)) = (&mut self.values, other.values) {
            mine.merge(theirs);
        }
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
    }

    pub(super) fn grown_bytes(&self) -> usize {
        self.values.as_ref().map_or(0, Values::bytes) + 8 * self.counts.capacity()
    }

    pub(super) fn intensity(self) -> Intensity {
        let n = self.n as f64;
        let middle = self.values.map(Values::middle);
        let (min, max, sum, variance, median);
        match self.kind {
            Kind::Integers { offset, min: lo, max: hi, sum: total, squares } => {
                (min, max) = (Scalar::Int(wide(lo, offset)), Scalar::Int(wide(hi, offset)));
                sum = Scalar::Int(total);
                variance = integer_variance(self.n, total, squares);
                let value = |key: u64| wide((key ^ 1 << 63) as i64, offset) as f64;
                median = middle.flatten().map_or(f64::NAN, |(a, b)| (value(a) + value(b)) / 2.0);
            }
            Kind::Floats(floats) => {
                let or_nan = |x: f64| Scalar::Float(if floats.n_nan > 0 { f64::NAN } else { x });
                (min, max) = (or_nan(floats.min), or_nan(floats.max));
                sum = Scalar::Float(floats.sum.value());
                variance = float_variance(self.n, &floats.sum, &floats.squares);
                let of = |(a, b): (u64, u64)| (f64::at(a) + f64::at(b)) / 2.0;
                median =
                    if floats.n_nan > 0 { f64::NAN } else { middle.flatten().map_or(f64::NAN, of) };
            }
        }
        let mean = sum.to_f64() / n;
        Intensity {
            min,
            max,
            places: self.places,
            sum,
            mean,
            variance,
            median,
            counts: self.counts,
        }
    }
}

fn better(is: bool, is_same: bool, place: &mut u64, other: u64) {
    if is {
        *place = other;
    } else if is_same {
        *place = (*place).min(other);
    }
}

impl Floats {
    fn extremes(&mut self, run: &[f64], first: u64, places: &mut [u64; 2]) {
        let (mut lo, mut hi, mut n_nan) = (f64::INFINITY, f64::NEG_INFINITY, 0);
        for x in run {
            (lo, hi) = (if *x < lo { *x } else { lo }, if *x > hi { *x } else { hi });
            n_nan += u64::from(x.is_nan());
        }
        self.n_nan += n_nan;
        let at = |v: f64| first + run.iter().position(|x| *x == v).unwrap_or(0) as u64;
        if lo < self.min || (places[0] == u64::MAX && lo == self.min && n_nan < run.len() as u64) {
            (self.min, places[0]) = (lo, at(lo));
        }
        if hi > self.max || (places[1] == u64::MAX && hi == self.max && n_nan < run.len() as u64) {
            (self.max, places[1]) = (hi, at(hi));
        }
    }

    fn add(&mut self, run: &[f64], squares: bool) {
        let [mut sum, mut lost, mut square_sum, mut square_lost] = self.now;
        for &x in run {
            let (s, e) = two_sum(sum, x);
            sum = s;
            lost += e;
            if squares {
                let square = x * x;
                let (s, e) = two_sum(square_sum, square);
                square_sum = s;
                square_lost += e + x.mul_add(x, -square);
            }
        }
        self.now = [sum, lost, square_sum, square_lost];
    }

    fn settle(&mut self) {
        let [sum, lost, squares, squares_lost] = self.now;
        self.sum.add(sum);
        self.squares.add(squares);
        if sum.is_finite() && lost.is_finite() {
            self.sum.add(lost);
        }
        if squares.is_finite() && squares_lost.is_finite() {
            self.squares.add(squares_lost);
        }
        self.now = [0.0; 4];
    }
}

/// A sum of two doubles and what rounding lost, after Knuth.
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// `(squares - sum^2 / n) / n`, with twice the digits of a double.
fn float_variance(n: u64, sum: &ExactSum, squares: &ExactSum) -> f64 {
    let n = n as f64;
    let (s, s_rest) = sum.value_and_rest();
    let (q, q_rest) = squares.value_and_rest();
    from_sums(n, (s, s_rest), (q, q_rest))
}

fn from_sums(n: f64, (s, s_rest): (f64, f64), (q, q_rest): (f64, f64)) -> f64 {
    let mean = s / n;
    // s = mean n + rest, all of it; then squares - sum^2 / n = squares - mean^2 n - 2 mean rest - rest^2 / n.
    let rest = (-mean).mul_add(n, s) + s_rest;
    let square = mean * mean;
    let square_lost = mean.mul_add(mean, -square);
    let product = square * n;
    let product_lost = square.mul_add(n, -product) + square_lost * n;
    let left = (q - product) + (q_rest - product_lost - 2.0 * mean * rest - rest * rest / n);
    if left.is_nan() { f64::NAN } else { left.max(0.0) / n }
}

fn integer_variance(n: u64, sum: i128, squares: [u128; 2]) -> f64 {
    let pair = |x: i128| {
        let high = x as f64;
        (high, (x - high as i128) as f64)
    };
    let mut total = ExactSum::default();
    // Both halves as parts of 64 bits, which the exact sum takes.
    for (half, power) in squares.iter().zip([0, 64]) {
        total.add_scaled((half & u128::from(u64::MAX)) as i128, 1074 + power);
        total.add_scaled((half >> 64) as i128, 1074 + power + 64);
    }
    from_sums(n as f64, pair(sum), total.value_and_rest())
}

fn bin(edges: &[f64], counts: &mut [u64], x: f64) {
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else { return };
    if x >= *first && x <= *last && !counts.is_empty() {
        let k = edges.partition_point(|e| *e <= x).saturating_sub(1);
        let k = k.min(counts.len() - 1);
        counts[k] += 1;
    }
}

/// Values in no order, which are sorted and counted when they are many.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Values {
    pending: Vec<u64>,
    counted: Vec<(u64, u64)>,
}

impl Values {
    fn extend(&mut self, values: impl Iterator<Item = u64>) {
        self.pending.extend(values);
        if self.pending.len() > 8192.max(self.counted.len()) {
            self.count();
        }
    }

    fn count(&mut self) {
        self.pending.sort_unstable();
        let runs: Vec<(u64, u64)> =
            self.pending.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u64)).collect();
        self.pending = vec![];
        self.add_counted(runs);
    }

    fn add_counted(&mut self, runs: Vec<(u64, u64)>) {
        if self.counted.is_empty() {
            self.counted = runs;
            return;
        }
        let mut both = Vec::with_capacity(self.counted.len() + runs.len());
        let mine = std::mem::take(&mut self.counted);
        let (mut a, mut b) = (mine.into_iter().peekable(), runs.into_iter().peekable());
        loop {
            let next = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) if x.0 <= y.0 => a.next(),
                (Some(_), None) => a.next(),
                (_, Some(_)) => b.next(),
                (None, None) => break,
            };
            let Some((value, n)) = next else { break };
            match both.last_mut() {
                Some((last, count)) if *last == value => *count += n,
                _ => both.push((value, n)),
            }
        }
        self.counted = both;
    }

    fn merge(&mut self, other: Values) {
        if !other.counted.is_empty() {
            self.add_counted(other.counted);
        }
        self.extend(other.pending.into_iter());
    }

    fn bytes(&self) -> usize {
        8 * self.pending.capacity() + 16 * self.counted.capacity()
    }

    /// The two values in the middle, which are one if the number of values is odd.
    fn middle(mut self) -> Option<(u64, u64)> {
        self.count();
        let n: u64 = self.counted.iter().map(|(_, n)| n).sum();
        let at = |rank: u64| {
            let mut before = 0;
            self.counted.iter().find(|(_, n)| {
                before += n;
                rank < before
            })
        };
        Some((at(n.checked_sub(1)? / 2)?.0, at(n / 2)?.0))
    }
}
