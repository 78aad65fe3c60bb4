//! `sum`, `mean`, `min`, `max`, `std`, `var`, `any`, `all`, `count_nonzero`, `histogram` of a whole image, under numpy's names.

use super::histogram::histogram;
use crate::params::nearest;
use petavox_core::{Block, Dtype, Element, Error, ImageSpec, Result, dispatch};
use petavox_engine::{FoldOp, Node, Part, Value, part};
use petavox_kernels::measure::{Histogram, Statistics};
use petavox_kernels::pointwise::Scalar;
use std::sync::Arc;

/// A number about many samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reduction {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The smallest; NaN if one is.
    Min,
    /// The largest; NaN if one is.
    Max,
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
    /// How many fall in which bin: scikit-image's bins, one per integer, or 256 between the extremes of a float image.
    Histogram,
}

impl Reduction {
    /// All of them, by name.
    pub const ALL: &'static [(&'static str, Reduction)] = &[
        ("sum", Reduction::Sum),
        ("mean", Reduction::Mean),
        ("min", Reduction::Min),
        ("max", Reduction::Max),
        ("std", Reduction::Std),
        ("var", Reduction::Var),
        ("any", Reduction::Any),
        ("all", Reduction::All),
        ("count_nonzero", Reduction::CountNonzero),
        ("histogram", Reduction::Histogram),
    ];

    /// numpy's name.
    pub fn name(self) -> &'static str {
        Reduction::ALL.iter().find(|(_, r)| *r == self).map_or("reduce", |(name, _)| name)
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
    /// A whole number, exact.
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

/// The reduction of all samples; the fold's value is a [`Reduced`], or a [`Histogram`] for the histogram. Sums are exact, so that results
/// are the same bits however the image is cut.
///
/// # Errors
/// For the histogram of a mask.
pub fn reduce(input: &Arc<Node>, reduction: Reduction) -> Result<Arc<Node>> {
    match reduction {
        Reduction::Histogram => histogram(input, 256),
        _ => Node::fold(Arc::new(ReduceFold { reduction }), input.clone(), vec![]),
    }
}

/// Takes the value out of the fold that [`reduce`] made.
///
/// # Errors
/// If the value is another fold's.
pub fn reduced(value: &Value, reduction: Reduction) -> Result<Reduced> {
    match reduction {
        Reduction::Histogram => Ok(Reduced::Histogram(value.get::<Histogram>()?.clone())),
        _ => value.get::<Reduced>().cloned(),
    }
}

struct ReduceFold {
    reduction: Reduction,
}

struct Seen {
    statistics: Statistics,
    n_nonzero: u64,
}

impl FoldOp for ReduceFold {
    fn name(&self) -> &'static str {
        self.reduction.name()
    }

    fn params(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    fn accept(&self, _input: &ImageSpec) -> Result<()> {
        Ok(())
    }

    fn state_bytes(&self, _input: &ImageSpec) -> u64 {
        64 << 10
    }

    fn cost_ns(&self) -> f64 {
        3.0
    }

    fn map(&self, block: &Block, _input: &ImageSpec) -> Result<Part> {
        use Reduction::{All, Any, CountNonzero};
        let counts = matches!(self.reduction, Any | All | CountNonzero);
        let n_nonzero =
            if counts { dispatch!(block.dtype(), T => n_nonzero(block.typed::<T>()?)) } else { 0 };
        // Counting needs no sums, whose exactness costs time.
        let statistics = if counts { Statistics::default() } else { Statistics::of_block(block)? };
        Ok(Box::new(Seen { statistics, n_nonzero }))
    }

    fn merge(&self, left: Part, right: Part) -> Result<Part> {
        let (left, right) = (part::<Seen>(left)?, part::<Seen>(right)?);
        Ok(Box::new(Seen {
            statistics: left.statistics.merge(&right.statistics),
            n_nonzero: left.n_nonzero + right.n_nonzero,
        }))
    }

    fn finish(&self, merged: Option<Part>, input: &ImageSpec) -> Result<Value> {
        let seen = match merged {
            Some(merged) => part::<Seen>(merged)?,
            None => Seen { statistics: Statistics::default(), n_nonzero: 0 },
        };
        let statistics = &seen.statistics;
        let reduced = match self.reduction {
            Reduction::Sum => match statistics.sum() {
                Scalar::Int(i) => Reduced::Int(i),
                Scalar::Float(_) if !input.dtype.is_float() => Reduced::Int(0),
                Scalar::Float(f) => Reduced::Float(f),
            },
            Reduction::Mean => Reduced::Float(statistics.mean()),
            Reduction::Std => Reduced::Float(statistics.std()),
            Reduction::Var => Reduced::Float(statistics.std().powi(2)),
            Reduction::Min | Reduction::Max => self.extreme(statistics, input.dtype)?,
            Reduction::Any => Reduced::Bool(seen.n_nonzero > 0),
            Reduction::All => Reduced::Bool(seen.n_nonzero == input.len() as u64),
            Reduction::CountNonzero => Reduced::Int(seen.n_nonzero.into()),
            Reduction::Histogram => return Err(Error::internal("reduce", "not a histogram")),
        };
        let json = reduced.json();
        Ok(Value::new(reduced, json))
    }
}

impl ReduceFold {
    fn extreme(&self, statistics: &Statistics, dtype: Dtype) -> Result<Reduced> {
        let extent = statistics.extent();
        if extent.n_nan > 0 {
            return Ok(Reduced::Float(f64::NAN));
        }
        let Some((low, high)) = extent.range else {
            let name = self.reduction.name();
            return Err(Error::argument(name, "an image without samples", "an image with samples"));
        };
        Ok(match if self.reduction == Reduction::Min { low } else { high } {
            Scalar::Int(i) if dtype == Dtype::Bool => Reduced::Bool(i != 0),
            Scalar::Int(i) => Reduced::Int(i),
            Scalar::Float(f) => Reduced::Float(f),
        })
    }
}

fn n_nonzero<T: Element>(samples: &[T]) -> u64 {
    let zero = T::from_f64(0.0);
    samples.iter().filter(|x| **x != zero).count() as u64
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
