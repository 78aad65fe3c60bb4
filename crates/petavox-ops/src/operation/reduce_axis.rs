//! Reductions along one axis: the image without that axis, with numpy's names and dtypes.

use super::reduce::Reduction;
use petavox_core::{Axes, Block, Dtype, Element, Error, ImageSpec, Region, Result, dispatch};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use std::sync::Arc;

struct ReduceAxis {
    reduction: Reduction,
    axis: usize,
}

/// Reduces along `axis`; a negative one counts from the last. Dtypes are numpy's: sums of integers are `int64` or `uint64` and wrap
/// around, means of integers `float64`, those of floats keep their dtype. Floats are summed in double precision with the
/// rounding errors carried along, in the order of the axis, so that the result does not depend on blocks.
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis, it is the only one, or has no samples; for the histogram, which is of whole
/// images.
pub fn reduce_axis(input: &Arc<Node>, reduction: Reduction, axis: i64) -> Result<Arc<Node>> {
    let ndim = input.spec().ndim();
    let given = if axis < 0 { axis + ndim as i64 } else { axis };
    let Some(axis) = usize::try_from(given).ok().filter(|a| *a < ndim) else {
        let expected =
            format!("-{ndim} to {}: the image has the axes {}", ndim - 1, input.spec().axes);
        return Err(Error::argument("axis", axis, expected));
    };
    Node::block(Arc::new(ReduceAxis { reduction, axis }), vec![input.clone()], vec![])
}

impl ReduceAxis {
    /// Values per axis, this one's taken out.
    fn without<T: Copy>(&self, all: &[T]) -> Vec<T> {
        all.iter().enumerate().filter(|(a, _)| *a != self.axis).map(|(_, v)| *v).collect()
    }
}

impl BlockOp for ReduceAxis {
    fn name(&self) -> &'static str {
        self.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        serde_json::json!({ "axis": self.axis })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let input = inputs[0];
        let name = self.reduction.name();
        if self.reduction == Reduction::Histogram {
            return Err(Error::argument(
                "axis",
                self.axis,
                "no axis: a histogram is of the whole image",
            ));
        }
        if input.ndim() == 1 {
            let expected = "no axis: an image of one axis is reduced as a whole";
            return Err(Error::argument("axis", self.axis, expected));
        }
        if input.shape[self.axis] == 0 {
            return Err(Error::argument(name, "an axis without samples", "an axis with samples"));
        }
        let mut spec = ImageSpec::new(self.without(&input.shape), self.dtype(input.dtype))?;
        let letters: Vec<char> = input.axes.as_str().chars().collect();
        spec.axes = Axes::parse(&self.without(&letters).into_iter().collect::<String>())?;
        spec.spacing.values = self.without(&input.spacing.values);
        spec.spacing.unit = input.spacing.unit.clone();
        spec.origin = self.without(&input.origin);
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
        start.insert(self.axis, 0);
        shape.insert(self.axis, inputs[0].shape[self.axis]);
        vec![Need::inside(Region::new(start, shape))]
    }

    fn scratch_bytes(&self, _inputs: &[&ImageSpec], target: &Region) -> u64 {
        24 * target.len() as u64
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    // One body for every dtype: for some of them the cast changes nothing.
    #[allow(clippy::unnecessary_cast)]
    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let input = call.inputs[0];
        if call.output.region().is_empty() {
            return Ok(());
        }
        // Wrapping, as numpy does; floats do not come this way.
        dispatch!(input.dtype(), T => self.reduce::<T>(input, call.output, |x: T| x as i64))
    }
}

impl ReduceAxis {
    fn dtype(&self, input: Dtype) -> Dtype {
        match self.reduction {
            Reduction::Min | Reduction::Max => input,
            Reduction::Any | Reduction::All => Dtype::Bool,
            Reduction::CountNonzero | Reduction::Histogram => Dtype::Int64,
            _ if input.is_float() => input,
            Reduction::Sum if input == Dtype::Bool || input.is_signed() => Dtype::Int64,
            Reduction::Sum => Dtype::UInt64,
            Reduction::Mean | Reduction::Std | Reduction::Var => Dtype::Float64,
        }
    }

    fn reduce<T: Element>(
        &self,
        input: &Block,
        output: &mut Block,
        whole: impl Fn(T) -> i64,
    ) -> Result<()> {
        let shape = input.shape();
        let (inner, n) = (shape[self.axis + 1..].iter().product::<usize>(), shape[self.axis]);
        let samples = input.typed::<T>()?;
        let zero = T::from_f64(0.0);
        let lines = Lines { samples, inner, n };
        match self.reduction {
            // A NaN stays once it is there: a comparison with it is false.
            Reduction::Min => {
                let start = samples[0];
                lines.fold(
                    output.typed_mut::<T>()?,
                    start,
                    |m, x, first| {
                        if first || x < *m || x.partial_cmp(&x).is_none() {
                            *m = x
                        }
                    },
                    |m| m,
                )
            }
            Reduction::Max => {
                let start = samples[0];
                lines.fold(
                    output.typed_mut::<T>()?,
                    start,
                    |m, x, first| {
                        if first || x > *m || x.partial_cmp(&x).is_none() {
                            *m = x
                        }
                    },
                    |m| m,
                )
            }
            Reduction::Any => lines.fold(
                output.typed_mut::<u8>()?,
                0u8,
                |m, x, _| *m |= u8::from(x != zero),
                |m| m,
            ),
            Reduction::All => lines.fold(
                output.typed_mut::<u8>()?,
                1u8,
                |m, x, _| *m &= u8::from(x != zero),
                |m| m,
            ),
            Reduction::CountNonzero => lines.fold(
                output.typed_mut::<i64>()?,
                0i64,
                |m, x, _| *m += i64::from(x != zero),
                |m| m,
            ),
            Reduction::Sum if !input.dtype().is_float() => {
                let sums = bytemuck::cast_slice_mut::<u8, i64>(output.bytes_mut());
                lines.fold(sums, 0i64, |m, x, _| *m = m.wrapping_add(whole(x)), |m| m)
            }
            _ if output.dtype() == Dtype::Float32 => {
                self.float(&lines, output.typed_mut::<f32>()?, |x| x as f32)
            }
            _ => self.float(&lines, output.typed_mut::<f64>()?, |x| x),
        }
        Ok(())
    }

    fn float<T: Element, R>(&self, lines: &Lines<'_, T>, out: &mut [R], to: impl Fn(f64) -> R) {
        let n = lines.n as f64;
        if matches!(self.reduction, Reduction::Sum | Reduction::Mean) {
            let divisor = if self.reduction == Reduction::Sum { 1.0 } else { n };
            let add = |sum: &mut Sum, x: T, _| sum.add(x.to_f64());
            return lines.fold(out, Sum::default(), add, |sum| to(sum.value() / divisor));
        }
        let root = self.reduction == Reduction::Std;
        lines.fold_rows(out, |row, out| {
            let mut sums = vec![Sum::default(); row.inner];
            row.each(|i, x| sums[i].add(x.to_f64()));
            let means: Vec<f64> = sums.iter().map(|s| s.value() / n).collect();
            sums.fill(Sum::default());
            row.each(|i, x| sums[i].add((x.to_f64() - means[i]).powi(2)));
            for (o, s) in out.iter_mut().zip(sums) {
                let variance = s.value() / n;
                *o = to(if root { variance.sqrt() } else { variance });
            }
        });
    }
}

/// Samples as lines of `n` along the reduced axis, `inner` of them side by side.
struct Lines<'a, T> {
    samples: &'a [T],
    inner: usize,
    n: usize,
}

impl<T: Element> Lines<'_, T> {
    /// Folds every line; `step` is told whether a sample is its line's first.
    fn fold<A: Clone, R>(
        &self,
        out: &mut [R],
        start: A,
        step: impl Fn(&mut A, T, bool),
        finish: impl Fn(A) -> R,
    ) {
        self.fold_rows(out, |rows, out| {
            let mut states = vec![start.clone(); rows.inner];
            for (k, row) in rows.samples.chunks_exact(rows.inner).enumerate() {
                states.iter_mut().zip(row).for_each(|(s, x)| step(s, *x, k == 0));
            }
            out.iter_mut().zip(states).for_each(|(o, s)| *o = finish(s));
        });
    }

    /// Calls `f` with the samples that make `inner` neighbouring outputs.
    fn fold_rows<R>(&self, out: &mut [R], mut f: impl FnMut(Lines<'_, T>, &mut [R])) {
        let all = self.samples.chunks_exact((self.n * self.inner).max(1));
        for (samples, out) in all.zip(out.chunks_exact_mut(self.inner.max(1))) {
            f(Lines { samples, inner: self.inner, n: self.n }, out);
        }
    }

    /// Calls `f` with every sample and its line's number, row after row.
    fn each(&self, mut f: impl FnMut(usize, T)) {
        for row in self.samples.chunks_exact(self.inner.max(1)) {
            row.iter().enumerate().for_each(|(i, x)| f(i, *x));
        }
    }
}

/// A sum that carries its rounding errors along (Neumaier 1974).
#[derive(Clone, Copy, Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn add(&mut self, x: f64) {
        let sum = self.sum + x;
        let (big, small) = if self.sum.abs() >= x.abs() { (self.sum, x) } else { (x, self.sum) };
        self.lost += (big - sum) + small;
        self.sum = sum;
    }

    fn value(self) -> f64 {
        // An infinite or NaN sum has lost nothing that could be added.
        if self.sum.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

#[cfg(test)]
mod tests;
