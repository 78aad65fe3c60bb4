//! Which dtypes a function computes in, and what comes out: numpy's table of loops under NEP 50.

use super::function::Function;
use super::loops::{Body, body};
use Function as F;
use petavox_core::{Dtype, Error, Result};

/// A function for given dtypes, ready to run by [`super::evaluate`].
#[derive(Clone, Copy, Debug)]
pub struct Loop {
    pub(super) function: Function,
    /// What each operand is cast to before the arithmetic.
    pub(super) inputs: [Dtype; 3],
    pub(super) output: Dtype,
    /// The two operands change places (`a > b` is `b < a`).
    pub(super) swapped: bool,
    pub(super) body: Body,
}

impl Loop {
    /// What each operand is cast to before the arithmetic.
    pub fn inputs(&self) -> &[Dtype] {
        &self.inputs[..self.function.n_operands()]
    }

    /// What comes out.
    pub fn output(&self) -> Dtype {
        self.output
    }

    /// The function.
    pub fn function(&self) -> Function {
        self.function
    }
}

/// The smallest dtype that holds both: `numpy.promote_types`.
///
/// ```
/// use petavox_core::Dtype;
/// use petavox_kernels::pointwise::promote;
/// assert_eq!(promote(Dtype::UInt8, Dtype::Int8), Dtype::Int16);
/// assert_eq!(promote(Dtype::UInt64, Dtype::Int64), Dtype::Float64);
/// assert_eq!(promote(Dtype::Int16, Dtype::Float32), Dtype::Float32);
/// ```
pub fn promote(a: Dtype, b: Dtype) -> Dtype {
    use Dtype::{Bool, Float32, Float64, Int16, Int32, Int64};
    if a == b || b == Bool {
        return a;
    }
    if a == Bool {
        return b;
    }
    let small = |d: Dtype| d == Float32 || (d.is_integer() && d.size() <= 2);
    if a.is_float() || b.is_float() {
        return if small(a) && small(b) { Float32 } else { Float64 };
    }
    let (wide, narrow) = if a.size() >= b.size() { (a, b) } else { (b, a) };
    if a.is_signed() == b.is_signed() || (wide.is_signed() && wide.size() > narrow.size()) {
        return wide;
    }
    match wide.size() {
        1 => Int16,
        2 => Int32,
        4 => Int64,
        _ => Float64,
    }
}

/// The dtype that Python numbers take among operands of these dtypes; `float` if one of them is a Python float. `None` in
/// `strong` is no operand at all: Python numbers among themselves.
pub fn weak_dtype(strong: &[Dtype], float: bool) -> Dtype {
    let all = strong.iter().copied().reduce(promote).unwrap_or(Dtype::Bool);
    match (all, float) {
        (d, _) if d.is_float() => d,
        (_, true) => Dtype::Float64,
        (Dtype::Bool, false) => Dtype::Int64,
        (d, false) => d,
    }
}

/// The float a function of floats computes in for this dtype. numpy has half floats for `bool` and 8-bit integers, this has
/// `float32`.
fn float_of(dtype: Dtype) -> Dtype {
    match dtype {
        Dtype::Float32 => Dtype::Float32,
        d if d.size() <= 2 => Dtype::Float32,
        _ => Dtype::Float64,
    }
}

/// How numpy's loops of a function relate to the dtypes of its operands.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// Computed in, and gives, the dtype that holds all operands.
    Common,
    /// The same, but `bool` is computed as `int8`.
    NotBool,
    /// The same, but `bool` is refused.
    NoBool,
    /// The same, and floats are refused.
    Bits,
    /// The same, and `bool` is computed as `int8`.
    Shift,
    /// Integers become `float64`.
    Quotient,
    /// Every operand becomes a float.
    Float,
    /// Compared in the dtype that holds all.
    Compare,
    /// Every operand becomes `bool`.
    Logic,
    /// A question about one sample of any dtype.
    Ask,
    /// `bool`, then two of one dtype.
    Choose,
}

fn rule(f: Function) -> Rule {
    match f {
        F::Add | F::Multiply | F::Maximum | F::Minimum | F::Fmax | F::Fmin => Rule::Common,
        F::Clip | F::Absolute | F::Floor | F::Ceil | F::Trunc => Rule::Common,
        F::Subtract | F::Negative | F::Positive | F::Sign => Rule::NoBool,
        F::FloorDivide | F::Remainder | F::Fmod | F::Power => Rule::NotBool,
        F::Square | F::Reciprocal => Rule::NotBool,
        F::BitwiseAnd | F::BitwiseOr | F::BitwiseXor | F::Invert => Rule::Bits,
        F::LeftShift | F::RightShift => Rule::Shift,
        F::Divide => Rule::Quotient,
        f if f.is_comparison() => Rule::Compare,
        F::LogicalAnd | F::LogicalOr | F::LogicalXor | F::LogicalNot => Rule::Logic,
        F::Isnan | F::Isinf | F::Isfinite | F::Signbit => Rule::Ask,
        F::Where => Rule::Choose,
        _ => Rule::Float,
    }
}

/// The loop of a function for operands of these dtypes, as numpy picks it; `dtype` is a ufunc's `dtype=` argument.
///
/// ```
/// use petavox_core::Dtype;
/// use petavox_kernels::pointwise::{Function, resolve};
/// let half = resolve(Function::Divide, &[Dtype::UInt8, Dtype::UInt8], None)?;
/// assert_eq!(half.output(), Dtype::Float64);
/// # Ok::<(), petavox_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnsupportedDtype`] where numpy has no loop, or `dtype` does not go with the operands; [`Error::Internal`] if their
/// number is not the function's.
pub fn resolve(function: Function, operands: &[Dtype], dtype: Option<Dtype>) -> Result<Loop> {
    let f = function;
    if operands.len() != f.n_operands() {
        return Err(Error::internal(f.name(), format!("{} operands", operands.len())));
    }
    let rule = rule(f);
    let numbers = if rule == Rule::Choose { &operands[1..] } else { operands };
    let common = numbers.iter().copied().reduce(promote).unwrap_or(Dtype::Bool);
    let float = numbers.iter().map(|d| float_of(*d)).reduce(promote).unwrap_or(Dtype::Float64);
    let as_int8 = if common == Dtype::Bool { Dtype::Int8 } else { common };
    let mut inside = match rule {
        Rule::Common | Rule::NoBool | Rule::Bits | Rule::Compare | Rule::Choose | Rule::Ask => {
            common
        }
        Rule::NotBool | Rule::Shift => as_int8,
        Rule::Quotient if !common.is_float() => Dtype::Float64,
        Rule::Quotient => common,
        Rule::Float => float,
        Rule::Logic => Dtype::Bool,
    };
    let asks = matches!(rule, Rule::Compare | Rule::Logic | Rule::Ask);
    if let Some(asked) = dtype {
        if asks {
            if asked != Dtype::Bool {
                return Err(refused(f, asked, "dtype=bool, or none"));
            }
        } else {
            if matches!(rule, Rule::Quotient | Rule::Float) && !asked.is_float() {
                return Err(refused(f, asked, "dtype=float32 or float64"));
            }
            if let Some(d) = numbers.iter().find(|d| kind(**d) > kind(asked)) {
                return Err(refused(
                    f,
                    d,
                    format!("operands that can be cast to {asked} by casting rule 'same_kind'"),
                ));
            }
            inside = asked;
        }
    }
    match (rule, inside) {
        (Rule::NoBool, Dtype::Bool) => {
            let instead = match f {
                F::Subtract => "numbers; for masks use bitwise_xor or logical_xor",
                F::Negative => "numbers; for masks use invert or logical_not",
                _ => "numbers",
            };
            return Err(refused(f, Dtype::Bool, instead));
        }
        (Rule::NotBool | Rule::Shift, Dtype::Bool) => {
            return Err(refused(f, Dtype::Bool, "numbers"));
        }
        (Rule::Bits | Rule::Shift, d) if d.is_float() => {
            let given = numbers.iter().map(|d| d.name()).collect::<Vec<_>>().join(" with ");
            return Err(refused(f, given, "integers and bool that one integer dtype holds"));
        }
        _ => {}
    }
    let mut inputs = [inside; 3];
    let (mut f, mut swapped) = (f, false);
    match rule {
        Rule::Choose => inputs[0] = Dtype::Bool,
        Rule::Compare => {
            let mixed = |a: Dtype, b: Dtype| a == Dtype::UInt64 && b.is_integer() && b.is_signed();
            if mixed(operands[0], operands[1]) || mixed(operands[1], operands[0]) {
                // Compared as they are: no dtype holds both.
                swapped = operands[0] == Dtype::UInt64;
                inputs[..2].copy_from_slice(&[Dtype::Int64, Dtype::UInt64]);
            } else {
                swapped = matches!(f, F::Greater | F::GreaterEqual);
            }
            if swapped {
                f = mirrored(f);
            }
        }
        _ => {}
    }
    let output = if asks { Dtype::Bool } else { inside };
    let body = body(f, inputs[0], inputs[1])
        .ok_or_else(|| Error::internal(f.name(), format!("no loop for {inside}")))?;
    if swapped {
        inputs.swap(0, 1);
    }
    Ok(Loop { function, inputs, output, swapped, body })
}

/// The comparison that holds for `(b, a)` where `f` holds for `(a, b)`.
pub(super) fn mirrored(f: Function) -> Function {
    match f {
        F::Greater => F::Less,
        F::GreaterEqual => F::LessEqual,
        F::Less => F::Greater,
        F::LessEqual => F::GreaterEqual,
        other => other,
    }
}

/// numpy's order of kinds: a cast to a lower one is refused.
fn kind(dtype: Dtype) -> u8 {
    match dtype {
        Dtype::Bool => 0,
        d if d.is_float() => 3,
        d if d.is_signed() => 2,
        _ => 1,
    }
}

fn refused(f: Function, given: impl ToString, accepted: impl ToString) -> Error {
    Error::dtype(f.name(), given, accepted)
}
