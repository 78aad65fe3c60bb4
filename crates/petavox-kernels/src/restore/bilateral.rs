//! The bilateral filter: means of neighbours weighted by how near they are and how alike.

use petavox_core::{Block, CancelToken, Dtype, Element, Error, Region, Result, strides};

/// A window's weights and a table of how much a difference counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bilateral {
    /// Samples before and after the middle.
    pub radius: usize,
    /// Weights of the window's samples, in raster order.
    pub near: Vec<f64>,
    /// Weights of differences, from 0 on.
    pub alike: Vec<f64>,
    /// Entries of the table per unit of difference.
    pub per_unit: f64,
    /// The last axis is channels, which differ together and are not a direction.
    pub channels: bool,
}

impl Bilateral {
    /// Axes that are directions.
    pub fn ndim(&self, ndim: usize) -> usize {
        ndim - usize::from(self.channels)
    }

    /// Samples that are needed on each side.
    pub fn halo(&self, ndim: usize) -> Vec<usize> {
        (0..ndim).map(|a| if a < self.ndim(ndim) { self.radius } else { 0 }).collect()
    }
}

/// What a number of `float32` or `float64` does in its own precision.
trait Float: Element + num::Num {}
impl Float for f32 {}
impl Float for f64 {}

mod num {
    /// Arithmetic that is rounded to the type after every step.
    pub(super) trait Num:
        Copy
        + std::ops::Add<Output = Self>
        + std::ops::Sub<Output = Self>
        + std::ops::Mul<Output = Self>
        + std::ops::Div<Output = Self>
    {
        const ZERO: Self;
        fn root(self) -> Self;
        fn of(value: f64) -> Self;
        fn index(self, most: usize) -> usize;
    }
    macro_rules! nums {
        ($($ty:ident)*) => { $(impl Num for $ty {
            const ZERO: $ty = 0.0;
            #[inline(always)]
            fn root(self) -> $ty { self.sqrt() }
            #[inline(always)]
            fn of(value: f64) -> $ty { value as $ty }
            #[inline(always)]
            fn index(self, most: usize) -> usize { (self as usize).min(most) }
        })* };
    }
    nums!(f32 f64);
}

/// Fills `output` (`float32` or `float64`, as the input) with weighted means of windows. `input` covers the output's region grown by
/// [`Bilateral::halo`].
///
/// # Errors
/// [`Error::UnsupportedDtype`] for integers; [`Error::Internal`] if the blocks and the window do not fit together; [`Error::Cancelled`].
pub fn bilateral(
    input: &Block,
    output: &mut Block,
    rule: &Bilateral,
    cancel: &CancelToken,
) -> Result<()> {
    match input.dtype() {
        Dtype::Float32 => filtered::<f32>(input, output, rule, cancel),
        Dtype::Float64 => filtered::<f64>(input, output, rule, cancel),
        other => Err(Error::dtype("denoise_bilateral", other, "float32, float64")),
    }
}

fn filtered<T: Float>(
    input: &Block,
    output: &mut Block,
    rule: &Bilateral,
    cancel: &CancelToken,
) -> Result<()> {
    let (from, to) = (input.region().clone(), output.region().clone());
    let ndim = rule.ndim(from.ndim());
    let halo = rule.halo(from.ndim());
    let width = 2 * rule.radius + 1;
    let fits = from.contains(&to.grow(&halo, &halo))
        && rule.near.len() == width.pow(ndim as u32)
        && !rule.alike.is_empty();
    if !fits {
        return Err(Error::internal("bilateral", "the blocks and the window do not fit together"));
    }
    let n_channels = if rule.channels { to.row_len() } else { 1 };
    let steps = strides(from.shape());
    let offsets: Vec<(isize, T)> = window(rule.radius, &steps[..ndim])
        .into_iter()
        .zip(rule.near.iter().map(|w| T::of(*w)))
        .collect();
    let alike: Vec<T> = rule.alike.iter().map(|w| T::of(*w)).collect();
    let (per_unit, last) = (T::of(rule.per_unit), alike.len() - 1);
    let samples = input.typed::<T>()?;
    let out = output.typed_mut::<T>()?;
    let mut sums = vec![T::ZERO; n_channels];
    let mut at = 0;
    let mut done = Ok(());
    to.for_each_row(|point| {
        if done.is_err() {
            return;
        }
        done = cancel.check();
        let row = from.offset_of(point);
        for i in (0..to.row_len()).step_by(n_channels) {
            let middle = row + i;
            let mut weights = T::ZERO;
            sums.fill(T::ZERO);
            for (offset, near) in &offsets {
                let there = middle.wrapping_add_signed(*offset);
                let mut square = T::ZERO;
                for c in 0..n_channels {
                    let t = samples[middle + c] - samples[there + c];
                    square = square + t * t;
                }
                let weight = *near * alike[(square.root() * per_unit).index(last)];
                for (c, sum) in sums.iter_mut().enumerate() {
                    *sum = *sum + samples[there + c] * weight;
                }
                weights = weights + weight;
            }
            for (o, sum) in out[at + i..].iter_mut().zip(&sums) {
                *o = *sum / weights;
            }
        }
        at += to.row_len();
    });
    done
}

/// The window's samples as steps from its middle.
fn window(radius: usize, steps: &[usize]) -> Vec<isize> {
    let shape = vec![2 * radius + 1; steps.len()];
    let start = vec![-(radius as i64); steps.len()];
    let mut all = vec![];
    Region::new(start, shape).for_each_row(|point| {
        let outer = point.len().saturating_sub(1);
        let row: i64 = (0..outer).map(|a| point[a] * steps[a] as i64).sum();
        let step = steps.last().copied().unwrap_or(1) as i64;
        let first = point.last().copied().unwrap_or(0);
        let n = if point.is_empty() { 1 } else { 2 * radius as i64 + 1 };
        all.extend((0..n).map(|k| (row + (first + k) * step) as isize));
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_count_by_distance_and_likeness() {
        let rule = Bilateral {
            radius: 1,
            near: vec![0.5, 1.0, 0.5],
            alike: vec![1.0, 0.0],
            per_unit: 1.0,
            channels: false,
        };
        let input =
            Block::from_vec(Region::new([-1], [5]), vec![0.0, 0.5, 1.0, 9.0, 9.5f64]).unwrap();
        let mut output = Block::zeros(Region::new([0], [3]), Dtype::Float64).unwrap();
        bilateral(&input, &mut output, &rule, &CancelToken::new()).unwrap();
        let expected = [1.0 / 2.0, (0.25 + 1.0) / 1.5, (9.0 + 4.75) / 1.5];
        assert_eq!(output.typed::<f64>().unwrap(), expected);
    }
}
