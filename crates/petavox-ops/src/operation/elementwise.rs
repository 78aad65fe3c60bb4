//! numpy's elementwise functions of images and numbers: `add`, `sqrt`, `greater`, `where` and their like.

mod given;

use crate::Params;
use crate::family::{Operation, family};
use given::{Given, parse_operands, written};
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::pointwise::{
    self, Comparison, Constant, Function, Loop, Number, Operand, Scalar, evaluate, resolve,
    weak_dtype,
};
use std::sync::Arc;

/// Binds the function that `params` are for to images and numbers.
///
/// `operands` lists them in order: `{"image": 0}` is the first of `inputs`, `{"value": 2.5, "dtype": "weak"}` a Python number, which
/// takes the dtype of the images (NEP 50), `{"value": 2.5, "dtype": "float32"}` a numpy scalar. A value is a JSON number, `true`, `false`, or
/// text where JSON has no number: `"nan"`, `"inf"`, `"-inf"`, integers of any length. Without `operands` they are the images in their order,
/// then `value` (`min` and `max` of `clip`, `x` and `y` of `where`), Python numbers. `clip` takes either limit alone (`null` in `operands`).
/// `dtype` is a ufunc's argument of that name.
///
/// Shapes are broadcast as numpy's; axes, spacing and origin are those of the first image with the result's number of axes. dtypes
/// are numpy's, but for its half floats, which are `float32` here.
///
/// # Errors
/// If operands are missing or too many, their shapes do not go together, numpy has no such function of their dtypes, or an integer does not
/// fit the images' dtype.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let function = Function::parse(params.op())?;
    let operands = parse_operands(function, inputs.len(), params)?;
    let dtype = params.text("dtype")?.map(|name| Dtype::parse(&name)).transpose()?;
    apply(function, inputs, operands, dtype)
}

/// An image and a Python number on its right.
///
/// # Errors
/// As [`build`].
pub fn with_number(function: Function, image: &Arc<Node>, number: Number) -> Result<Arc<Node>> {
    let operands = vec![Some(Given::Image(0)), Some(Given::Weak(number))];
    apply(function, std::slice::from_ref(image), operands, None)
}

fn apply(
    function: Function,
    inputs: &[Arc<Node>],
    operands: Vec<Option<Given>>,
    dtype: Option<Dtype>,
) -> Result<Arc<Node>> {
    let (function, operands) = given::without_idle_limits(function, inputs, operands)?;
    let specs: Vec<&ImageSpec> = inputs.iter().map(|n| n.spec()).collect();
    let how = How::find(function, &operands, &specs, dtype)?;
    let op = Elementwise { function, operands, dtype, how };
    Node::block(Arc::new(op), inputs.to_vec(), vec![])
}

struct Elementwise {
    function: Function,
    operands: Vec<Given>,
    dtype: Option<Dtype>,
    how: How,
}

/// How a block is computed.
enum How {
    /// By a loop; numbers stand ready in its dtypes.
    Loop(Loop, Vec<Option<Constant>>),
    /// An integer image with a float, by comparing integers.
    Bound(usize, Comparison, f64),
    /// All samples are so: a comparison with an integer that the image cannot hold.
    Always(bool),
}

impl How {
    fn find(
        function: Function,
        operands: &[Given],
        specs: &[&ImageSpec],
        dtype: Option<Dtype>,
    ) -> Result<How> {
        let fixed: Vec<Option<Dtype>> = operands.iter().map(|o| o.dtype(specs)).collect();
        // The condition of `where` has no part in the dtype of the choice.
        let numbers = usize::from(function == Function::Where);
        let strong: Vec<Dtype> = fixed[numbers..].iter().flatten().copied().collect();
        let is_float = |o: &Given| matches!(o, Given::Weak(Number::Float(_)));
        let weak = weak_dtype(&strong, operands[numbers..].iter().any(is_float));
        let dtypes: Vec<Dtype> = fixed.iter().map(|d| d.unwrap_or(weak)).collect();
        let chosen = resolve(function, &dtypes, dtype)?;
        if let Some(comparison) = comparison(function) {
            for (k, operand) in operands.iter().enumerate() {
                let Given::Weak(number) = operand else { continue };
                if let Some(beyond) = number.beyond(weak) {
                    let first_is_less = beyond.is_gt() == (k == 1);
                    return Ok(How::Always(match comparison {
                        Comparison::Less | Comparison::LessEqual => first_is_less,
                        Comparison::Greater | Comparison::GreaterEqual => !first_is_less,
                        Comparison::Equal => false,
                        Comparison::NotEqual => true,
                    }));
                }
            }
            if let Some((image, comparison, value)) = bound(comparison, operands, specs) {
                return Ok(How::Bound(image, comparison, value));
            }
        }
        let constant = |(operand, &to): (&Given, &Dtype)| match operand {
            Given::Image(_) => Ok(None),
            Given::Strong(c) => Ok(Some(c.cast(to))),
            Given::Weak(number) => number.to_constant(function.name(), to).map(Some),
        };
        let constants: Result<Vec<_>> =
            operands.iter().zip(chosen.inputs()).map(constant).collect();
        let constants = constants?;
        if function == Function::Power
            && let Some(exponent) = constants[1]
            && let Number::Int(e) = exponent.number()
            && e < 0
        {
            let expected = "floats: Integers to negative integer powers are not allowed";
            return Err(Error::argument("power", format!("exponent {e} of an integer"), expected));
        }
        Ok(How::Loop(chosen, constants))
    }

    fn dtype(&self) -> Dtype {
        match self {
            How::Loop(chosen, _) => chosen.output(),
            _ => Dtype::Bool,
        }
    }
}

fn comparison(function: Function) -> Option<Comparison> {
    Some(match function {
        Function::Greater => Comparison::Greater,
        Function::GreaterEqual => Comparison::GreaterEqual,
        Function::Less => Comparison::Less,
        Function::LessEqual => Comparison::LessEqual,
        Function::Equal => Comparison::Equal,
        Function::NotEqual => Comparison::NotEqual,
        _ => return None,
    })
}

/// A comparison of integers that a float holds exactly with a float: the same answer by comparing integers, image first.
fn bound(
    comparison: Comparison,
    operands: &[Given],
    specs: &[&ImageSpec],
) -> Option<(usize, Comparison, f64)> {
    use Comparison::{Greater, GreaterEqual, Less, LessEqual};
    let float = |g: &Given| match g {
        Given::Weak(Number::Float(f)) => Some(*f),
        Given::Strong(c) => match c.number() {
            Number::Float(f) => Some(f),
            _ => None,
        },
        _ => None,
    };
    let (image, value, comparison) = match operands {
        [Given::Image(i), other] => (*i, float(other)?, comparison),
        [other, Given::Image(i)] => {
            let mirrored = match comparison {
                Greater => Less,
                GreaterEqual => LessEqual,
                Less => Greater,
                LessEqual => GreaterEqual,
                same => same,
            };
            (*i, float(other)?, mirrored)
        }
        _ => return None,
    };
    let dtype = specs[image].dtype;
    (!dtype.is_float() && dtype.size() <= 4).then_some((image, comparison, value))
}

/// The shape of operands laid over each other, as numpy's `broadcast_shapes`.
fn broadcast(function: Function, specs: &[&ImageSpec]) -> Result<Vec<usize>> {
    let n = specs.iter().map(|s| s.ndim()).max().unwrap_or(0);
    let mut shape = vec![1; n];
    for spec in specs {
        let missing = n - spec.ndim();
        for (to, &len) in shape[missing..].iter_mut().zip(&spec.shape) {
            if *to == 1 {
                *to = len;
            } else if len != 1 && len != *to {
                let text = |s: &&ImageSpec| {
                    let lengths: Vec<String> = s.shape.iter().map(usize::to_string).collect();
                    format!("({})", lengths.join(","))
                };
                let shapes: Vec<String> = specs.iter().map(text).collect();
                return Err(Error::argument(
                    function.name(),
                    format!(
                        "operands that could not be broadcast together with shapes {}",
                        shapes.join(" ")
                    ),
                    "axes of the same length, counted from the last, or of one sample",
                ));
            }
        }
    }
    Ok(shape)
}

impl BlockOp for Elementwise {
    fn name(&self) -> &'static str {
        self.function.name()
    }

    fn params(&self) -> serde_json::Value {
        written(self.function, &self.operands, self.dtype)
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let shape = broadcast(self.function, inputs)?;
        let images = self.operands.iter().filter_map(|o| match o {
            Given::Image(i) => inputs.get(*i),
            _ => None,
        });
        let mut spec = ImageSpec::new(shape, self.how.dtype())?;
        if let Some(like) = images.into_iter().find(|s| s.ndim() == spec.ndim()) {
            spec.axes = like.axes.clone();
            spec.spacing = like.spacing.clone();
            spec.origin = like.origin.clone();
        }
        Ok(spec)
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        let need = |spec: &&ImageSpec| {
            let missing = target.ndim() - spec.ndim();
            let (mut start, mut shape) =
                (target.start()[missing..].to_vec(), target.shape()[missing..].to_vec());
            for (a, &len) in spec.shape.iter().enumerate() {
                if len == 1 {
                    start[a] = 0;
                    // Nothing is needed for nothing.
                    shape[a] = shape[a].min(1);
                }
            }
            Need::inside(Region::new(start, shape))
        };
        inputs.iter().map(need).collect()
    }

    fn cost_ns(&self) -> f64 {
        use Function as F;
        match self.function {
            F::FloorDivide | F::Remainder | F::Fmod => 3.0,
            F::Power | F::Arctan2 | F::Hypot | F::Logaddexp => 15.0,
            F::Cbrt | F::Exp | F::Exp2 | F::Expm1 | F::Log | F::Log2 | F::Log10 | F::Log1p => 6.0,
            F::Sin | F::Cos | F::Tan | F::Arcsin | F::Arccos | F::Arctan | F::Sinh | F::Cosh => {
                10.0
            }
            F::Tanh | F::Arcsinh | F::Arccosh | F::Arctanh => 15.0,
            _ => 0.4,
        }
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        match &self.how {
            How::Always(truth) => {
                call.output.bytes_mut().fill(u8::from(*truth));
                Ok(())
            }
            How::Bound(image, comparison, value) => {
                let scalar = Scalar::Float(*value);
                pointwise::compare(call.inputs[*image], *comparison, scalar, call.output)
            }
            How::Loop(chosen, constants) => {
                let operand =
                    |(given, constant): (&Given, &Option<Constant>)| match (given, constant) {
                        (_, Some(c)) => Ok(Operand::Constant(*c)),
                        (Given::Image(i), None) => Ok(Operand::Block(call.inputs[*i])),
                        _ => Err(Error::internal(self.function.name(), "a number without a dtype")),
                    };
                let operands: Result<Vec<_>> =
                    self.operands.iter().zip(constants).map(operand).collect();
                evaluate(chosen, &operands?, call.output)
            }
        }
    }
}

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "absolute", Many build, "absolute", "distance from 0; the smallest integer stays (numpy)";
    "add", Many build, "add:value=3", "sum; integers wrap (numpy)";
    "arccos", Many build, "arccos", "inverse cosine, radians (numpy)";
    "arccosh", Many build, "arccosh", "inverse hyperbolic cosine (numpy)";
    "arcsin", Many build, "arcsin", "inverse sine, radians (numpy)";
    "arcsinh", Many build, "arcsinh", "inverse hyperbolic sine (numpy)";
    "arctan", Many build, "arctan", "inverse tangent, radians (numpy)";
    "arctan2", Many build, "arctan2:value=0.5", "angle of the point (value, image), radians (numpy)";
    "arctanh", Many build, "arctanh", "inverse hyperbolic tangent (numpy)";
    "bitwise_and", Many build, "bitwise_and:value=15", "bits that both have (numpy)";
    "bitwise_or", Many build, "bitwise_or:value=1", "bits that either has (numpy)";
    "bitwise_xor", Many build, "bitwise_xor:value=1", "bits that one of both has (numpy)";
    "cbrt", Many build, "cbrt", "cube root (numpy)";
    "ceil", Many build, "ceil", "next whole number at or above (numpy)";
    "clip", Many build, "clip:min=0:max=255", "limited to min ... max (numpy)";
    "copysign", Many build, "copysign:value=-1", "the first with the sign of the second (numpy)";
    "cos", Many build, "cos", "cosine of radians (numpy)";
    "cosh", Many build, "cosh", "hyperbolic cosine (numpy)";
    "degrees", Many build, "degrees", "radians as degrees (numpy)";
    "divide", Many build, "divide:value=3", "quotient, as a float (numpy)";
    "equal", Many build, "equal:value=3", "mask of samples equal to a value (numpy)";
    "exp", Many build, "exp", "e to the power of (numpy)";
    "exp2", Many build, "exp2", "2 to the power of (numpy)";
    "expm1", Many build, "expm1", "exp(x) - 1, exact near 0 (numpy)";
    "fabs", Many build, "fabs", "distance from 0, as a float (numpy)";
    "floor", Many build, "floor", "next whole number at or below (numpy)";
    "floor_divide", Many build, "floor_divide:value=3", "quotient rounded down; integers by 0 are 0 (numpy)";
    "fmax", Many build, "fmax:value=0", "the larger; NaN only where both are (numpy)";
    "fmin", Many build, "fmin:value=255", "the smaller; NaN only where both are (numpy)";
    "fmod", Many build, "fmod:value=3", "remainder with the sign of the dividend (numpy)";
    "greater", Many build, "greater:value=0.5", "mask of samples above a value (numpy)";
    "greater_equal", Many build, "greater_equal:value=0.5", "mask of samples at or above a value (numpy)";
    "hypot", Many build, "hypot:value=0.5", "length of the hypotenuse (numpy)";
    "invert", Many build, "invert", "every bit flipped; masks inverted (numpy)";
    "isfinite", Many build, "isfinite", "mask of samples that are neither NaN nor infinite (numpy)";
    "isinf", Many build, "isinf", "mask of infinite samples (numpy)";
    "isnan", Many build, "isnan", "mask of NaN (numpy)";
    "left_shift", Many build, "left_shift:value=4", "bits moved up (numpy)";
    "less", Many build, "less:value=0.5", "mask of samples below a value (numpy)";
    "less_equal", Many build, "less_equal:value=0.5", "mask of samples at or below a value (numpy)";
    "log", Many build, "log", "natural logarithm (numpy)";
    "log10", Many build, "log10", "logarithm to base 10 (numpy)";
    "log1p", Many build, "log1p", "log(1 + x), exact near 0 (numpy)";
    "log2", Many build, "log2", "logarithm to base 2 (numpy)";
    "logaddexp", Many build, "logaddexp:value=0.5", "log(exp(a) + exp(b)) (numpy)";
    "logical_and", Many build, "logical_and:value=3", "mask of samples where both are not 0 (numpy)";
    "logical_not", Many build, "logical_not", "mask of samples that are 0 (numpy)";
    "logical_or", Many build, "logical_or:value=3", "mask of samples where either is not 0 (numpy)";
    "logical_xor", Many build, "logical_xor:value=3", "mask of samples where one of both is not 0 (numpy)";
    "maximum", Many build, "maximum:value=0", "the larger; NaN where either is (numpy)";
    "minimum", Many build, "minimum:value=255", "the smaller; NaN where either is (numpy)";
    "multiply", Many build, "multiply:value=2", "product; integers wrap (numpy)";
    "negative", Many build, "negative", "0 - x; integers wrap (numpy)";
    "not_equal", Many build, "not_equal:value=0", "mask of samples other than a value (numpy)";
    "positive", Many build, "positive", "the samples as they are (numpy)";
    "power", Many build, "power:value=2", "the first to the power of the second; integers wrap (numpy)";
    "radians", Many build, "radians", "degrees as radians (numpy)";
    "reciprocal", Many build, "reciprocal", "1 / x; integers are cut (numpy)";
    "remainder", Many build, "remainder:value=3", "remainder with the sign of the divisor; integers by 0 are 0 (numpy)";
    "right_shift", Many build, "right_shift:value=4", "bits moved down (numpy)";
    "rint", Many build, "rint", "nearest whole number, halves to the even one (numpy)";
    "sign", Many build, "sign", "-1, 0 or 1 (numpy)";
    "signbit", Many build, "signbit", "mask of samples with a minus sign (numpy)";
    "sin", Many build, "sin", "sine of radians (numpy)";
    "sinh", Many build, "sinh", "hyperbolic sine (numpy)";
    "sqrt", Many build, "sqrt", "square root (numpy)";
    "square", Many build, "square", "x times x; integers wrap (numpy)";
    "subtract", Many build, "subtract:value=3", "difference; integers wrap (numpy)";
    "tan", Many build, "tan", "tangent of radians (numpy)";
    "tanh", Many build, "tanh", "hyperbolic tangent (numpy)";
    "trunc", Many build, "trunc", "fraction cut off (numpy)";
    "where", Many build, "where:x=1:y=0", "x where the image is not 0, else y (numpy)";
};
