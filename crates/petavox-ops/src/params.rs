//! The parameters of an operation, as they were typed: names to JSON values, taken out one by one.

use petavox_core::{Boundary, Error, ImageSpec, Result};
use serde_json::{Map, Value as Json};

/// The parameters of one operation. Each is taken once; [`Params::finish`] refuses what nobody took.
///
/// ```
/// use petavox_ops::Params;
/// let mut params = Params::parse_step("gaussian:sigma=1,2,2:mode=nearest")?.1;
/// assert_eq!(params.numbers("sigma")?, Some(vec![1.0, 2.0, 2.0]));
/// assert_eq!(params.text("mode")?.as_deref(), Some("nearest"));
/// params.finish()?;
/// # Ok::<(), petavox_core::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params {
    op: String,
    given: Map<String, Json>,
    asked: Vec<String>,
}

impl Params {
    /// Parameters of the operation `op`.
    pub fn new(op: &str, given: Map<String, Json>) -> Params {
        Params { op: op.to_owned(), given, asked: Vec::new() }
    }

    /// Parses `name:key=value:key=value`; a value is a number, a word, `true`, `false`, or several by comma.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a part has no `=`.
    pub fn parse_step(step: &str) -> Result<(String, Params)> {
        let mut parts = step.split(':');
        let name = parts.next().unwrap_or_default().trim().to_owned();
        let mut given = Map::new();
        for part in parts {
            let Some((key, value)) = part.split_once('=') else {
                let expected = format!("key=value after a colon, such as {name}:sigma=2");
                return Err(Error::argument(format!("step '{step}'"), part, expected));
            };
            let items: Vec<Json> = value.split(',').map(parse_value).collect();
            let value = if items.len() == 1 { items[0].clone() } else { Json::Array(items) };
            given.insert(key.trim().to_owned(), value);
        }
        Ok((name.clone(), Params::new(&name, given)))
    }

    /// The operation's name.
    pub fn op(&self) -> &str {
        &self.op
    }

    fn take(&mut self, name: &str) -> Option<Json> {
        self.asked.push(name.to_owned());
        self.given.shift_remove(name).filter(|v| !v.is_null())
    }

    fn wrong(&self, name: &str, given: &Json, expected: &str) -> Error {
        Error::argument(format!("{}: {name}", self.op), given, expected)
    }

    /// A list of numbers, one being a list of one.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is something else.
    pub fn numbers(&mut self, name: &str) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let numbers = match &value {
            Json::Array(items) => items.iter().map(Json::as_f64).collect::<Option<Vec<f64>>>(),
            one => one.as_f64().map(|n| vec![n]),
        };
        numbers.map(Some).ok_or_else(|| self.wrong(name, &value, "a number, or several by comma"))
    }

    /// One number per axis of the image: one for all, or one each; `default` if none was given.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number fits neither.
    pub fn per_axis(&mut self, name: &str, spec: &ImageSpec, default: f64) -> Result<Vec<f64>> {
        let n = spec.ndim();
        match self.numbers(name)? {
            None => Ok(vec![default; n]),
            Some(v) if v.len() == 1 => Ok(vec![v[0]; n]),
            Some(v) if v.len() == n => Ok(v),
            Some(v) => {
                let expected = format!("1 number or {n}, one per axis of {}", spec.axes);
                Err(Error::argument(format!("{}: {name}", self.op), format!("{v:?}"), expected))
            }
        }
    }

    /// One number.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is something else.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| self.wrong(name, &value, "a number"))
    }

    /// One number, which may also be `nan`, `inf` or `-inf`, as plans write them.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is something else.
    pub fn any_number(&mut self, name: &str) -> Result<Option<f64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
        number.map(Some).ok_or_else(|| self.wrong(name, &value, "a number"))
    }

    /// A whole number, 0 or more.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is something else.
    pub fn count(&mut self, name: &str) -> Result<Option<u64>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value
            .as_u64()
            .map(Some)
            .ok_or_else(|| self.wrong(name, &value, "a whole number, 0 or more"))
    }

    /// A word.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is a list.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            None => Ok(None),
            Some(Json::String(s)) => Ok(Some(s)),
            Some(Json::Array(items)) => Err(self.wrong(name, &Json::Array(items), "one word")),
            Some(other) => Ok(Some(other.to_string())),
        }
    }

    /// Gives `name` a value if neither it nor one of `others` has one.
    pub(crate) fn set_default(&mut self, name: &str, value: u64, others: &[&str]) {
        let has = |name: &str| self.given.get(name).is_some_and(|v| !v.is_null());
        if !has(name) && !others.iter().any(|o| has(o)) {
            self.given.insert(name.to_owned(), value.into());
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is neither.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.wrong(name, &value, "true or false"))
    }

    /// A value of any type that JSON can hold.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if it is something else.
    pub fn parsed<T: serde::de::DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let wrong = self.wrong(name, &value, std::any::type_name::<T>());
        serde_json::from_value(value).map(Some).map_err(|_| wrong)
    }

    /// scipy's `mode` and `cval`, `reflect` by default.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for an unknown mode.
    pub fn boundary(&mut self) -> Result<Boundary> {
        let cval = self.any_number("cval")?.unwrap_or(0.0);
        let mode = self.text("mode")?.unwrap_or_else(|| "reflect".to_owned());
        Boundary::parse(&mode, cval)
    }

    /// Refuses parameters that the operation does not have.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that names them and those it has.
    pub fn finish(self) -> Result<()> {
        let Some(name) = self.given.keys().next() else { return Ok(()) };
        let mut has = self.asked.clone();
        has.sort();
        has.dedup();
        let expected = match nearest(name, has.iter().map(String::as_str)) {
            Some(near) => format!("a parameter it has; did you mean '{near}'?"),
            None if has.is_empty() => "no parameters: it has none".to_owned(),
            None => format!("one of {}", has.join(", ")),
        };
        Err(Error::argument(format!("{}: parameter", self.op), format!("'{name}'"), expected))
    }
}

/// A number for JSON, which has no words for what is not finite.
pub(crate) fn number_json(value: f64) -> Json {
    if value.is_finite() { value.into() } else { value.to_string().to_lowercase().into() }
}

fn parse_value(text: &str) -> Json {
    let text = text.trim();
    match text {
        "true" | "True" => Json::Bool(true),
        "false" | "False" => Json::Bool(false),
        "none" | "None" => Json::Null,
        _ => {
            if let Ok(i) = text.parse::<i64>() {
                return i.into();
            }
            if let Ok(i) = text.parse::<u64>() {
                return i.into();
            }
            match text.parse::<f64>() {
                Ok(f) if f.is_finite() => f.into(),
                _ => Json::String(text.to_owned()),
            }
        }
    }
}

/// The name most like `typed`, if one is like it: for "did you mean".
pub fn nearest<'a>(typed: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (typed.len() / 3).max(1);
    names.map(|n| (edits(typed, n), n)).filter(|(d, _)| *d <= limit).min().map(|(_, n)| n)
}

/// Levenshtein's distance.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let change = diagonal + usize::from(ca != *cb);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_parameters_are_refused_with_the_nearest() {
        let (_, mut params) = Params::parse_step("gaussian:sigmas=2").unwrap();
        assert_eq!(params.number("sigma").unwrap(), None);
        let message = params.finish().unwrap_err().to_string();
        assert!(message.contains("did you mean 'sigma'?"), "{message}");
    }

    #[test]
    fn values_have_the_types_they_look_like() {
        let (name, mut p) = Params::parse_step("op:a=1:b=1.5,2:c=word:d=true").unwrap();
        assert_eq!(name, "op");
        assert_eq!(p.count("a").unwrap(), Some(1));
        assert_eq!(p.numbers("b").unwrap(), Some(vec![1.5, 2.0]));
        assert!(p.clone().number("c").is_err());
        assert_eq!(p.text("c").unwrap().as_deref(), Some("word"));
        assert_eq!(p.flag("d").unwrap(), Some(true));
        assert!(p.finish().is_ok());
        assert!(Params::parse_step("op:a").is_err());
    }
}
