//! What is reduced over which axes, and what comes out.

use super::{ReduceOptions, Reduction};
use petavox_core::{Axes, Dtype, Error, ImageSpec, Region, Result};
use petavox_kernels::measure::reduce::{Method, Reducer};

/// A reduction of images of one shape and dtype.
pub(super) struct Reduce {
    pub(super) reduction: Reduction,
    method: Method,
    ddof: u32,
    pub(super) is_reduced: Vec<bool>,
    /// All axes are reduced because none was named.
    all: bool,
    keepdims: bool,
    dtype: Dtype,
    shape: Vec<usize>,
}

impl Reduce {
    pub(super) fn new(
        reduction: Reduction,
        options: &ReduceOptions,
        input: &ImageSpec,
    ) -> Result<Reduce> {
        let Some(method) = reduction.method(options.ddof) else {
            return Err(Error::argument(
                "axis",
                "a histogram",
                "no axis: a histogram is of the whole image",
            ));
        };
        let is_reduced = match &options.axes {
            None => vec![true; input.ndim()],
            Some(axes) => chosen(axes, input)?,
        };
        let n_reduced = is_reduced.iter().filter(|r| **r).count();
        if matches!(reduction, Reduction::ArgMax | Reduction::ArgMin)
            && n_reduced != 1
            && n_reduced != input.ndim()
        {
            return Err(Error::argument(
                "axis",
                format!("{n_reduced} axes"),
                "one axis, or none for all",
            ));
        }
        let reduce = Reduce {
            reduction,
            method,
            ddof: options.ddof,
            is_reduced,
            all: options.axes.is_none(),
            keepdims: options.keepdims,
            dtype: input.dtype,
            shape: input.shape.clone(),
        };
        // Nothing is asked of cells that are not there.
        let has_cells = !reduce.kept(&Region::whole(&input.shape)).is_empty();
        Reducer::new(method, input.dtype, if has_cells { reduce.n_samples() } else { 1 })?;
        Ok(reduce)
    }

    /// Samples per cell.
    fn n_samples(&self) -> u64 {
        self.shape
            .iter()
            .zip(&self.is_reduced)
            .filter(|(_, r)| **r)
            .map(|(s, _)| *s as u64)
            .product()
    }

    pub(super) fn reducer(&self) -> Result<Reducer> {
        let n = self.n_samples();
        // Refused at first if there were cells of no samples that need some.
        Reducer::new(self.method, self.dtype, n)
            .or_else(|_| Reducer::new(self.method, self.dtype, n.max(1)))
    }

    /// True if the samples of a cell need not, or had better not, be together in memory.
    pub(super) fn wants_passes(&self) -> bool {
        let is_whole = self.is_reduced.iter().all(|r| *r) || self.shape.contains(&0);
        is_whole && self.reducer().is_ok_and(|r| !r.wants_whole_cells())
    }

    pub(super) fn params(&self) -> serde_json::Value {
        let axes: Vec<usize> = (0..self.is_reduced.len()).filter(|a| self.is_reduced[*a]).collect();
        let axis = if self.all { serde_json::Value::Null } else { axes.into() };
        let mut params = serde_json::json!({ "axis": axis, "keepdims": self.keepdims });
        if matches!(self.reduction, Reduction::Std | Reduction::Var) {
            params["ddof"] = self.ddof.into();
        }
        params
    }

    pub(super) fn output(&self, input: &ImageSpec) -> Result<ImageSpec> {
        let dtype = self.reducer()?.dtype();
        if self.keepdims {
            let mut spec = input.with_dtype(dtype);
            for (s, r) in spec.shape.iter_mut().zip(&self.is_reduced) {
                if *r {
                    *s = 1;
                }
            }
            return Ok(spec);
        }
        let mut spec = ImageSpec::new(self.without(&input.shape), dtype)?;
        let letters: Vec<char> = input.axes.as_str().chars().collect();
        spec.axes = Axes::parse(&self.without(&letters).into_iter().collect::<String>())?;
        spec.spacing.values = self.without(&input.spacing.values);
        spec.spacing.unit = input.spacing.unit.clone();
        spec.origin = self.without(&input.origin);
        Ok(spec)
    }

    /// Values per axis, those of reduced axes taken out.
    fn without<T: Copy>(&self, all: &[T]) -> Vec<T> {
        all.iter().zip(&self.is_reduced).filter(|(_, r)| !**r).map(|(v, _)| *v).collect()
    }

    /// The axes of an input region that are kept.
    pub(super) fn kept(&self, region: &Region) -> Region {
        petavox_kernels::measure::reduce::kept_region(region, &self.is_reduced)
    }

    /// The axes of an output region that are kept: all of them without `keepdims`.
    pub(super) fn cells(&self, target: &Region) -> Region {
        if self.keepdims { self.kept(target) } else { target.clone() }
    }

    /// The input's samples that belong to an output region.
    pub(super) fn columns(&self, target: &Region) -> Region {
        let cells = self.cells(target);
        let (mut start, mut shape) = (Vec::new(), Vec::new());
        let mut next = 0;
        for (a, r) in self.is_reduced.iter().enumerate() {
            if *r {
                start.push(0);
                shape.push(self.shape[a]);
            } else {
                start.push(cells.start()[next]);
                shape.push(cells.shape()[next]);
                next += 1;
            }
        }
        Region::new(start, shape)
    }

    pub(super) fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// A rough cost in nanoseconds per sample of the input.
    pub(super) fn cost_ns(&self) -> f64 {
        let is_small = self.dtype.size() <= 2;
        match self.reduction {
            Reduction::Min | Reduction::Max | Reduction::Ptp => 0.4,
            Reduction::Any | Reduction::All | Reduction::CountNonzero => 0.5,
            Reduction::Sum | Reduction::Mean if is_small => 0.3,
            Reduction::Sum if !self.dtype.is_float() => 0.5,
            Reduction::Std | Reduction::Var if is_small => 1.0,
            Reduction::Std | Reduction::Var => 5.0,
            _ => 2.0,
        }
    }
}

/// Which axes are named; numpy's words for those that cannot be.
fn chosen(axes: &[i64], input: &ImageSpec) -> Result<Vec<bool>> {
    let ndim = input.ndim();
    let mut is_reduced = vec![false; ndim];
    for &axis in axes {
        let from_start = if axis < 0 { axis + ndim as i64 } else { axis };
        let Some(a) = usize::try_from(from_start).ok().filter(|a| *a < ndim) else {
            let given = format!("axis {axis} is out of bounds for array of dimension {ndim}");
            let expected =
                format!("axes of {}, counted from 0 or, negative, from the last", input.axes);
            return Err(Error::argument("axis", given, expected));
        };
        if std::mem::replace(&mut is_reduced[a], true) {
            return Err(Error::argument("axis", "duplicate value in 'axis'", "every axis once"));
        }
    }
    Ok(is_reduced)
}
