//! Sums and extremes along one axis.

use crate::filter::for_each_index;
use crate::sample::{CastTo, Sample};
use petavox_core::{Block, Dtype, Error, Region, Result, dispatch};

/// What is kept of the samples along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Their sum: `int64` for `bool` and signed integers, `uint64` for unsigned ones (both wrap, as numpy's do), `float64` for floats.
    Sum,
    /// The largest, of the same dtype; NaN if one is.
    Max,
    /// The smallest, of the same dtype; NaN if one is.
    Min,
}

impl Projection {
    /// The dtype that a projection of this dtype is kept in.
    pub fn dtype(self, of: Dtype) -> Dtype {
        match self {
            Projection::Max | Projection::Min => of,
            Projection::Sum if of.is_float() => Dtype::Float64,
            Projection::Sum if of.is_signed() || of == Dtype::Bool => Dtype::Int64,
            Projection::Sum => Dtype::UInt64,
        }
    }
}

/// The region that the projection of `region` along `axis` covers: one sample, at 0, along the axis.
pub fn projected(region: &Region, axis: usize) -> Region {
    let (mut start, mut shape) = (region.start().to_vec(), region.shape().to_vec());
    (start[axis], shape[axis]) = (0, 1);
    Region::new(start, shape)
}

/// Fills a projection with what stands for no samples: 0, or the dtype's other end.
pub fn project_start(projection: Projection, into: &mut Block) {
    into.fill(match projection {
        Projection::Sum => 0.0,
        Projection::Max => f64::NEG_INFINITY,
        Projection::Min => f64::INFINITY,
    });
}

/// Adds the samples of a block to the projection `into`, whose region is [`projected`] of the block's. Takes every dtype.
///
/// Blocks of whole lines, or blocks given in the order of the axis, make float sums independent of the cut (they are added one after
/// the other in double; numpy adds `float32` in another order and with fewer digits). Everything else is exact.
///
/// ```
/// use petavox_core::{Block, Dtype, Region};
/// use petavox_kernels::measure::{Projection, project, project_start, projected};
/// let image = Block::from_vec(Region::whole(&[2, 3]), vec![1u8, 5, 2, 4, 3, 9])?;
/// let mut max = Block::zeros(projected(image.region(), 0), Dtype::UInt8)?;
/// project_start(Projection::Max, &mut max);
/// project(&image, 0, Projection::Max, &mut max)?;
/// assert_eq!(max.typed::<u8>()?, [4, 5, 9]);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] for an axis that is not there; [`Error::Internal`] if dtype or region of `into` do not fit.
pub fn project(input: &Block, axis: usize, projection: Projection, into: &mut Block) -> Result<()> {
    let ndim = input.region().ndim();
    if axis >= ndim {
        return Err(Error::argument("axis", axis, format!("below {ndim}")));
    }
    let fits = *into.region() == projected(input.region(), axis);
    if !fits || into.dtype() != projection.dtype(input.dtype()) {
        let problem = format!("{} of {} into {}", input.dtype(), input.region(), into.region());
        return Err(Error::internal("project", problem));
    }
    let shape = input.shape().to_vec();
    dispatch!(input.dtype(), T => {
        let from = input.typed::<T>()?;
        match projection {
            Projection::Max => lines(from, &shape, axis, into.typed_mut()?, |a: T, b| larger(a, b)),
            Projection::Min => lines(from, &shape, axis, into.typed_mut()?, |a: T, b| smaller(a, b)),
            Projection::Sum => match into.dtype() {
                Dtype::Float64 => lines(from, &shape, axis, into.typed_mut()?, |a: f64, b| {
                    a + CastTo::<f64>::cast_to(b)
                }),
                Dtype::Int64 => lines(from, &shape, axis, into.typed_mut()?, |a: i64, b| {
                    a.wrapping_add(b.cast_to())
                }),
                _ => lines(from, &shape, axis, into.typed_mut()?, |a: u64, b| {
                    a.wrapping_add(b.cast_to())
                }),
            },
        }
    });
    Ok(())
}

fn larger<T: Sample>(a: T, b: T) -> T {
    // False for a NaN in `a`, which stays; `b` is taken when it is larger or NaN.
    if a >= b || a.partial_cmp(&a).is_none() { a } else { b }
}

fn smaller<T: Sample>(a: T, b: T) -> T {
    if a <= b || a.partial_cmp(&a).is_none() { a } else { b }
}

/// Joins row after row, so that memory is read once and in order.
fn lines<T: Copy, A: Copy>(
    from: &[T],
    shape: &[usize],
    axis: usize,
    to: &mut [A],
    join: impl Fn(A, T) -> A,
) {
    let inner: usize = shape[axis + 1..].iter().product();
    let len = shape[axis];
    let mut outer = 0;
    for_each_index(&shape[..axis], &mut |_| {
        let to = &mut to[outer * inner..(outer + 1) * inner];
        for row in from[outer * len * inner..(outer + 1) * len * inner].chunks_exact(inner.max(1)) {
            to.iter_mut().zip(row).for_each(|(a, b)| *a = join(*a, *b));
        }
        outer += 1;
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden;
    use petavox_core::Boundary;

    fn run(image: &Block, axis: usize, projection: Projection, n_parts: usize) -> Block {
        let dtype = projection.dtype(image.dtype());
        let mut into = Block::zeros(projected(image.region(), axis), dtype).unwrap();
        project_start(projection, &mut into);
        for k in 0..n_parts {
            let (mut start, mut shape) = (vec![0; image.shape().len()], image.shape().to_vec());
            let n = shape[axis];
            start[axis] = (n * k / n_parts) as i64;
            shape[axis] = n * (k + 1) / n_parts - n * k / n_parts;
            let part = golden::cut(image, &Region::new(start, shape), Boundary::Nearest);
            project(&part, axis, projection, &mut into).unwrap();
        }
        into
    }

    #[test]
    fn sums_and_extremes_along_every_axis_are_those_of_the_samples() {
        let shape = [3, 4, 5];
        let samples: Vec<i16> = (0..60).map(|i| ((i * 37) % 23) as i16 - 11).collect();
        let image = Block::from_vec(Region::whole(&shape), samples.clone()).unwrap();
        for axis in 0..3 {
            let (sum, max, min) = (
                run(&image, axis, Projection::Sum, 2),
                run(&image, axis, Projection::Max, 3),
                run(&image, axis, Projection::Min, 1),
            );
            let mut at = 0;
            for_each_index(sum.shape(), &mut |index| {
                let line: Vec<i16> = (0..shape[axis])
                    .map(|x| {
                        let mut p: Vec<i64> = index.iter().map(|i| *i as i64).collect();
                        p[axis] = x as i64;
                        samples[image.region().offset_of(&p)]
                    })
                    .collect();
                let total: i64 = line.iter().map(|x| i64::from(*x)).sum();
                assert_eq!(sum.typed::<i64>().unwrap()[at], total);
                assert_eq!(Some(&max.typed::<i16>().unwrap()[at]), line.iter().max());
                assert_eq!(Some(&min.typed::<i16>().unwrap()[at]), line.iter().min());
                at += 1;
            });
        }
    }

    #[test]
    fn nan_is_kept_from_either_side() {
        for samples in [vec![f32::NAN, 1.0], vec![1.0, f32::NAN]] {
            let image = Block::from_vec(Region::whole(&[2, 1]), samples).unwrap();
            for p in [Projection::Max, Projection::Min, Projection::Sum] {
                let out = run(&image, 0, p, 2);
                let nan = if p == Projection::Sum {
                    out.typed::<f64>().unwrap()[0].is_nan()
                } else {
                    out.typed::<f32>().unwrap()[0].is_nan()
                };
                assert!(nan, "{p:?}");
            }
        }
    }
}
