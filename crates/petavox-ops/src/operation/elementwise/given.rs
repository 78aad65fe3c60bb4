//! Operands as they are written in parameters, and back.

use crate::Params;
use petavox_core::{Dtype, Error, ImageSpec, Result};
use petavox_engine::Node;
use petavox_kernels::pointwise::{Constant, Function, Number};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// An operand.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    /// One of the inputs.
    Image(usize),
    /// A Python number.
    Weak(Number),
    /// A numpy scalar.
    Strong(Constant),
}

impl Given {
    /// The dtype it has by itself; a Python `bool` has one too.
    pub(super) fn dtype(&self, specs: &[&ImageSpec]) -> Option<Dtype> {
        match self {
            Given::Image(i) => Some(specs[*i].dtype),
            Given::Strong(c) => Some(c.dtype()),
            Given::Weak(Number::Bool(_)) => Some(Dtype::Bool),
            Given::Weak(_) => None,
        }
    }
}

/// Names of the operands after the first.
fn names(function: Function) -> &'static [&'static str] {
    match function {
        Function::Clip => &["min", "max"],
        Function::Where => &["x", "y"],
        f if f.n_operands() == 2 => &["value"],
        _ => &[],
    }
}

/// Operands by their list, or by their names. A limit of `clip` that is not given is `None` in the place of a number.
pub(super) fn parse_operands(
    function: Function,
    n_images: usize,
    params: &mut Params,
) -> Result<Vec<Option<Given>>> {
    let (op, n) = (function.name(), function.n_operands());
    let clip = function == Function::Clip;
    let mut operands = Vec::with_capacity(n);
    if let Some(list) = params.parsed::<Vec<Json>>("operands")? {
        for item in &list {
            operands.push(match item {
                Json::Null if clip => None,
                item => Some(parse_operand(op, item, n_images)?),
            });
        }
    } else {
        operands.extend((0..n_images).map(|i| Some(Given::Image(i))));
        for name in names(function).iter().skip(n_images - 1) {
            let value = params.parsed::<Json>(name)?;
            if value.is_none() && !clip {
                let shown = format!("a number, such as {op}:{name}=0.5");
                return Err(Error::argument(format!("{op}: {name}"), "nothing", shown));
            }
            let number = value.map(|v| number(op, &v)).transpose()?;
            operands.push(number.map(Given::Weak));
        }
    }
    if operands.len() != n {
        let given = format!("{} operands", operands.len());
        return Err(Error::argument(op, given, format!("{n}, images or numbers")));
    }
    let used = |i| operands.iter().any(|o| matches!(o, Some(Given::Image(k)) if *k == i));
    if let Some(idle) = (0..n_images).find(|i| !used(*i)) {
        let expected = "every image among the operands";
        return Err(Error::argument(
            format!("{op}: operands"),
            format!("no image {idle}"),
            expected,
        ));
    }
    Ok(operands)
}

fn parse_operand(op: &str, item: &Json, n_images: usize) -> Result<Given> {
    let wrong = || {
        let expected = r#"{"image": 0}, or {"value": 2.5, "dtype": "weak"}"#;
        Error::argument(format!("{op}: operands"), item, expected)
    };
    let fields = item.as_object().ok_or_else(wrong)?;
    if fields.keys().any(|k| !["image", "value", "dtype"].contains(&k.as_str())) {
        return Err(wrong());
    }
    match (fields.get("image"), fields.get("value")) {
        (Some(image), None) if fields.len() == 1 => {
            let i = image.as_u64().filter(|i| *i < n_images as u64).ok_or_else(|| {
                Error::argument(
                    format!("{op}: operands"),
                    format!("image {image}"),
                    format!("the number of one of {n_images} images"),
                )
            })?;
            Ok(Given::Image(i as usize))
        }
        (None, Some(value)) => {
            let number = number(op, value)?;
            match fields.get("dtype").map(|d| d.as_str().ok_or_else(wrong)).transpose()? {
                None | Some("weak") => Ok(Given::Weak(number)),
                // There are no half floats here; single ones hold them all.
                Some("float16") => number.to_constant(op, Dtype::Float32).map(Given::Strong),
                Some(name) => number.to_constant(op, Dtype::parse(name)?).map(Given::Strong),
            }
        }
        _ => Err(wrong()),
    }
}

/// A number of JSON, or of text where JSON has none.
fn number(op: &str, value: &Json) -> Result<Number> {
    let parsed = match value {
        Json::Bool(b) => Some(Number::Bool(*b)),
        Json::Number(n) => match (n.as_i64(), n.as_u64(), n.as_f64()) {
            (Some(i), ..) => Some(Number::Int(i.into())),
            (_, Some(u), _) => Some(Number::Int(u.into())),
            (.., f) => f.map(Number::Float),
        },
        Json::String(text) => {
            let digits = text.strip_prefix('-').unwrap_or(text);
            if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
                // Beyond 127 bits digits stop to matter: no dtype but a float holds such a number.
                let whole = text.parse().map(Number::Int).ok();
                whole.or_else(|| text.parse().map(Number::Huge).ok())
            } else {
                text.parse().map(Number::Float).ok()
            }
        }
        _ => None,
    };
    parsed.ok_or_else(|| Error::argument(format!("{op}: value"), value, "a number"))
}

/// The parameters that [`parse_operands`] makes these operands of.
pub(super) fn written(function: Function, operands: &[Given], dtype: Option<Dtype>) -> Json {
    let mut params = Map::new();
    let n_images = operands.iter().filter(|o| matches!(o, Given::Image(_))).count();
    let images_in_order = operands
        .iter()
        .take(n_images)
        .enumerate()
        .all(|(k, o)| matches!(o, Given::Image(i) if *i == k));
    let weak = operands[n_images.min(operands.len())..].iter().all(|o| matches!(o, Given::Weak(_)));
    if images_in_order && weak {
        for (k, operand) in operands.iter().enumerate() {
            if let Given::Weak(number) = operand {
                params.insert(names(function)[k - 1].to_owned(), number_json(*number));
            }
        }
    } else {
        let list = operands.iter().map(|operand| match operand {
            Given::Image(i) => json!({ "image": i }),
            Given::Weak(n) => json!({ "value": number_json(*n), "dtype": "weak" }),
            Given::Strong(c) => json!({ "value": number_json(c.number()), "dtype": c.dtype() }),
        });
        params.insert("operands".to_owned(), list.collect());
    }
    if let Some(dtype) = dtype {
        params.insert("dtype".to_owned(), json!(dtype));
    }
    Json::Object(params)
}

fn number_json(number: Number) -> Json {
    match number {
        Number::Bool(b) => b.into(),
        Number::Int(i) => match (i64::try_from(i), u64::try_from(i)) {
            (Ok(i), _) => i.into(),
            (_, Ok(u)) => u.into(),
            _ => i.to_string().into(),
        },
        Number::Float(f) if f.is_finite() => f.into(),
        Number::Float(f) if f.is_nan() => "nan".into(),
        Number::Float(f) => if f > 0.0 { "inf" } else { "-inf" }.into(),
        Number::Huge(f) if f.is_finite() => format!("{f:.0}").into(),
        // Digits enough to be beyond every double again.
        Number::Huge(f) => format!("{}1{}", if f < 0.0 { "-" } else { "" }, "0".repeat(400)).into(),
    }
}

/// `clip` without a limit is `minimum` or `maximum`. So are limits of an integer image that it cannot pass, which numpy does not look
/// at either.
pub(super) fn without_idle_limits(
    function: Function,
    inputs: &[Arc<Node>],
    operands: Vec<Option<Given>>,
) -> Result<(Function, Vec<Given>)> {
    let all: Vec<Given> = operands.iter().flatten().copied().collect();
    let [image, low, high] = operands[..] else { return Ok((function, all)) };
    if function != Function::Clip {
        return Ok((function, all));
    }
    if low.is_none() && high.is_none() {
        return Err(Error::argument("clip", "neither min nor max", "one of them, or both"));
    }
    let Some(image) = image else {
        return Err(Error::argument("clip", "no image", "an image, then min and max"));
    };
    let specs: Vec<&ImageSpec> = inputs.iter().map(|n| n.spec()).collect();
    let dtype = image.dtype(&specs).unwrap_or(Dtype::Float64);
    let at_end = |limit: Option<Given>, at: fn(Number, Dtype) -> bool| match limit {
        Some(Given::Weak(number)) => at(number, dtype),
        _ => false,
    };
    let low = low
        .filter(|l| !at_end(Some(*l), |n, d| n.beyond(d).is_some_and(std::cmp::Ordering::is_lt)));
    let high = high
        .filter(|h| !at_end(Some(*h), |n, d| n.beyond(d).is_some_and(std::cmp::Ordering::is_gt)));
    Ok(match (low, high) {
        (Some(low), Some(high)) => (Function::Clip, vec![image, low, high]),
        (Some(low), None) => (Function::Maximum, vec![image, low]),
        (None, Some(high)) => (Function::Minimum, vec![image, high]),
        // Masks have no such limits, so that this is an image of numbers.
        (None, None) => (Function::Positive, vec![image]),
    })
}
