//! `sum`, `prod`, `mean`, `min`, `max`, `ptp`, `std`, `var`, `any`, `all`, `count_nonzero`, `argmax`, `argmin` over any axes, under
//! numpy's names and with numpy's dtypes; `histogram` of a whole image.
//!
//! Everything but products of floats is summed exactly, so that results are the same bits however an image is cut. There are two ways
//! to make a reduced image, and the planner takes the cheaper: whole columns of samples at a time (`columns`), or one pass over the image in
//! which every block is added to an accumulator per output sample (`pass`). Whole images are always reduced in a pass.

mod columns;
mod pass;
mod spec;

use crate::Params;
use crate::family::{Operation, family};
use crate::operation::measures::histogram::histogram;
use crate::params::nearest;
use petavox_core::{Dtype, Error, Result};
use petavox_engine::{Node, Value};
use petavox_kernels::measure::Histogram;
use petavox_kernels::measure::reduce::{Found, Method};
use spec::Reduce;
use std::sync::Arc;

/// A number about many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean.
    Mean,
    /// The smallest; NaN if one is.
    Min,
    /// The largest; NaN if one is.
    Max,
    /// The largest less the smallest.
    Ptp,
    /// Their standard deviation, divided by their number as numpy's.
    Std,
    /// Their variance, divided by their number as numpy's.
    Var,
    /// Whether one is not 0; NaN is not.
    Any,
    /// Whether none is 0.
    All,
    /// How many are not 0.
    CountNonzero,
    /// Where the first of the largest is, in raster order; the first NaN if there is one.
    ArgMax,
    /// Where the first of the smallest is.
    ArgMin,
    /// How many fall in which bin: scikit-image's bins, one per integer, or 256 between the extremes of a float image.
    Histogram,
}

impl Reduction {
    /// All of them, by name.
    pub const ALL: &'static [(&'static str, Reduction)] = &[
        ("sum", Reduction::Sum),
        ("prod", Reduction::Prod),
        ("mean", Reduction::Mean),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("ptp", Reduction::Ptp),
        ("std", Reduction::Std),
        ("var", Reduction::Var),
        ("any", Reduction::Any),
        ("all", Reduction::All),
        ("count_nonzero", Reduction::CountNonzero),
        ("argmax", Reduction::ArgMax),
        ("argmin", Reduction::ArgMin),
        ("histogram", Reduction::Histogram),
    ];

    /// numpy's name.
    pub fn name(self) -> &'static str {
        Reduction::ALL.iter().find(|(_, r)| *r == self).map_or("reduce", |(name, _)| name)
    }

    /// The kernel's method; none for the histogram.
    fn method(self, ddof: u32) -> Option<Method> {
        Some(match self {
            Reduction::Sum => Method::Sum,
            Reduction::Prod => Method::Prod,
            Reduction::Mean => Method::Mean,
            Reduction::Min => Method::Min,
            Reduction::Max => Method::Max,
            Reduction::Ptp => Method::Ptp,
            Reduction::Std => Method::Std { ddof },
            Reduction::Var => Method::Var { ddof },
            Reduction::Any => Method::Any,
            Reduction::All => Method::All,
            Reduction::CountNonzero => Method::CountNonzero,
            Reduction::ArgMax => Method::ArgMax,
            Reduction::ArgMin => Method::ArgMin,
            Reduction::Histogram => return None,
        })
    }
}

impl std::str::FromStr for Reduction {
    type Err = Error;

    fn from_str(text: &str) -> Result<Reduction> {
        let names = || Reduction::ALL.iter().map(|(name, _)| *name);
        Reduction::ALL.iter().find(|(name, _)| *name == text).map(|(_, r)| *r).ok_or_else(|| {
            let expected = match nearest(text, names()) {
                Some(near) => format!("a reduction; did you mean '{near}'?"),
                None => format!("one of {}", names().collect::<Vec<_>>().join(", ")),
            };
            Error::argument("reduction", format!("'{text}'"), expected)
        })
    }
}

/// What a reduction found.
#[derive(Clone, Debug)]
pub enum Reduced {
    /// A whole number, as the dtype of the result holds it.
    Int(i128),
    /// A measurement.
    Float(f64),
    /// Yes or no.
    Bool(bool),
    /// Counts per bin.
    Histogram(Histogram),
}

impl Reduced {
    /// As JSON; what JSON has no number for is a word.
    pub fn json(&self) -> serde_json::Value {
        match self {
            Reduced::Int(i) => match (i64::try_from(*i), u64::try_from(*i)) {
                (Ok(i), _) => i.into(),
                (_, Ok(u)) => u.into(),
                _ => i.to_string().into(),
            },
            Reduced::Float(f) if f.is_finite() => (*f).into(),
            Reduced::Float(f) => f.to_string().into(),
            Reduced::Bool(b) => (*b).into(),
            Reduced::Histogram(h) => {
                serde_json::json!({ "counts": h.counts(), "bin_centers": h.centres() })
            }
        }
    }
}

impl From<Found> for Reduced {
    fn from(found: Found) -> Reduced {
        match found {
            Found::Bool(b) => Reduced::Bool(b),
            Found::Float(f) => Reduced::Float(f),
            Found::Int(i) => Reduced::Int(i),
            // The kernel's list may grow.
            _ => Reduced::Float(f64::NAN),
        }
    }
}

/// Over which axes, and what becomes of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReduceOptions {
    /// The axes that are reduced, counted from 0 or, negative, from the last; `None` for all.
    pub axes: Option<Vec<i64>>,
    /// Reduced axes stay, with one sample each.
    pub keepdims: bool,
    /// Samples are cast to this dtype first, and so is the result: numpy's `dtype`.
    pub dtype: Option<Dtype>,
    /// What `std` and `var` take off the number of samples they divide by.
    pub ddof: u32,
}

/// The reduction that `params` are for, over `axis` (one, several, or all if none is given); `keepdims`, `dtype` and `ddof` as numpy's.
///
/// # Errors
/// As [`reduce_with`].
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let reduction: Reduction = params.op().parse()?;
    let dtype = params.text("dtype")?;
    let mut options = ReduceOptions {
        axes: params.numbers("axis")?.map(|n| whole(&n)).transpose()?,
        keepdims: params.flag("keepdims")?.unwrap_or(false),
        dtype: dtype.map(|name| Dtype::parse(&name)).transpose()?,
        ddof: 0,
    };
    if matches!(reduction, Reduction::Std | Reduction::Var) {
        options.ddof = params.count("ddof")?.unwrap_or(0).min(u32::MAX.into()) as u32;
    }
    reduce_with(input, reduction, &options)
}

fn whole(numbers: &[f64]) -> Result<Vec<i64>> {
    let given = || Error::argument("axis", format!("{numbers:?}"), "whole numbers");
    numbers
        .iter()
        .map(|n| (n.fract() == 0.0 && n.abs() < 1e9).then_some(*n as i64).ok_or_else(given))
        .collect()
}

/// A lazy image of what a reduction finds: without the reduced axes, or with one sample along them. Dtypes are numpy's: sums of
/// integers are `int64` or `uint64` and wrap around, means of integers `float64`, those of floats keep their dtype (but are summed
/// without rounding).
///
/// ```
/// # use petavox_core::*; use petavox_engine::*; use std::sync::Arc;
/// use petavox_ops::operation::reduce::{ReduceOptions, Reduction, reduce_with};
/// # fn shown(image: &Arc<Node>) -> Result<()> {
/// let options = ReduceOptions { axes: Some(vec![0, -1]), ..ReduceOptions::default() };
/// let per_row = reduce_with(image, Reduction::Mean, &options)?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`Error::InvalidArgument`] if there is no such axis, one is named twice, `argmax` or `argmin` are asked for along some of several axes, or
/// extremes of no samples; [`Error::UnsupportedDtype`] for `ptp` of booleans. The histogram is of whole images only, see [`reduce`].
pub fn reduce_with(
    input: &Arc<Node>,
    reduction: Reduction,
    options: &ReduceOptions,
) -> Result<Arc<Node>> {
    if let Some(dtype) = options.dtype {
        let cast = crate::operation::arrays::astype::cast(input, dtype)?;
        let plain = ReduceOptions { dtype: None, ..options.clone() };
        return crate::operation::arrays::astype::cast(
            &reduce_with(&cast, reduction, &plain)?,
            dtype,
        );
    }
    let reduce = Arc::new(Reduce::new(reduction, options, input.spec())?);
    if reduce.wants_passes() {
        pass::image(&reduce, input)
    } else {
        let spec = reduce.output(input.spec())?;
        Node::block(Arc::new(columns::Columns { reduce, spec }), vec![input.clone()], vec![])
    }
}

/// The reduction of all samples, as a fold whose value [`reduced`] takes out.
///
/// # Errors
/// For the histogram of a mask, and extremes of no samples.
pub fn reduce(input: &Arc<Node>, reduction: Reduction) -> Result<Arc<Node>> {
    if reduction == Reduction::Histogram {
        return histogram(input, 256);
    }
    let reduce = Reduce::new(reduction, &ReduceOptions::default(), input.spec())?;
    if reduce.wants_passes() {
        return pass::fold(&Arc::new(reduce), input);
    }
    // The one sample of what is made of the whole image at once.
    let one = reduce_with(input, reduction, &ReduceOptions::default())?;
    reduce_one(&one)
}

fn reduce_one(one: &Arc<Node>) -> Result<Arc<Node>> {
    let sum = Reduce::new(Reduction::Sum, &ReduceOptions::default(), one.spec())?;
    pass::fold(&Arc::new(sum), one)
}

/// Takes the value out of the fold that [`reduce`] made.
///
/// # Errors
/// If the value is another fold's.
pub fn reduced(value: &Value, reduction: Reduction) -> Result<Reduced> {
    match reduction {
        Reduction::Histogram => Ok(Reduced::Histogram(value.get::<Histogram>()?.clone())),
        _ => value.get::<pass::Passed>()?.first(),
    }
}

impl std::fmt::Display for Reduced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reduced::Int(i) => write!(f, "{i}"),
            Reduced::Float(x) => write!(f, "{x}"),
            Reduced::Bool(b) => write!(f, "{b}"),
            Reduced::Histogram(h) => {
                let bins = h.centres().iter().zip(h.counts()).filter(|(_, n)| **n > 0);
                let lines: Vec<String> = bins.map(|(c, n)| format!("{c}\t{n}")).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "all", One build, "all:axis=0", "whether no sample is 0 (numpy)";
    "any", One build, "any:axis=0:keepdims=true", "whether a sample is not 0 (numpy)";
    "argmax", One build, "argmax:axis=0", "where the first of the largest samples is (numpy)";
    "argmin", One build, "argmin:axis=0", "where the first of the smallest samples is (numpy)";
    "count_nonzero", One build, "count_nonzero:axis=0", "how many samples are not 0 (numpy)";
    "max", One build, "max:axis=0", "the largest sample (numpy)";
    "mean", One build, "mean:axis=0,1:keepdims=true:dtype=float32", "the mean (numpy)";
    "min", One build, "min:axis=-1", "the smallest sample (numpy)";
    "prod", One build, "prod:axis=0", "the product (numpy)";
    "ptp", One build, "ptp:axis=0", "the largest sample less the smallest (numpy)";
    "std", One build, "std:axis=0:ddof=1", "the standard deviation (numpy)";
    "sum", One build, "sum:axis=0:keepdims=false:dtype=float64", "the sum (numpy)";
    "var", One build, "var:axis=0:ddof=0", "the variance (numpy)";
};
