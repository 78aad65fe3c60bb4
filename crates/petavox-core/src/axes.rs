//! What the axes of an image mean and how far apart samples are.

use crate::{Error, MAX_NDIM, Result};
use serde::{Deserialize, Serialize};

/// The order of an image's axes, such as `tczyx`; letters are distinct.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Axes(String);

impl Axes {
    /// Parses an order such as `zyx`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a letter repeats, is not a lower-case letter, or there are more than eight.
    pub fn parse(order: &str) -> Result<Axes> {
        let expected = "distinct lower-case letters, at most 8, such as tczyx";
        let letters: Vec<char> = order.chars().collect();
        let distinct = letters.iter().enumerate().all(|(i, c)| !letters[..i].contains(c));
        if letters.len() > MAX_NDIM || !distinct || !letters.iter().all(char::is_ascii_lowercase) {
            return Err(Error::argument("axes", order, expected));
        }
        Ok(Axes(order.to_owned()))
    }

    /// The usual order for this many axes: the last letters of `tczyx`, with `w`, `v`, `u` before them.
    pub fn default_for(ndim: usize) -> Axes {
        let all = "uvwtczyx";
        let order = match ndim {
            0..=3 => &"zyx"[3 - ndim..],
            _ => &all[MAX_NDIM - ndim.min(MAX_NDIM)..],
        };
        Axes(order.to_owned())
    }

    /// The order as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.0.len()
    }

    /// The position of an axis.
    pub fn position(&self, letter: char) -> Option<usize> {
        self.0.chars().position(|c| c == letter)
    }

    /// True if the axis at this position measures space (`z`, `y` or `x`).
    pub fn is_spatial(&self, axis: usize) -> bool {
        matches!(self.0.as_bytes().get(axis), Some(b'z' | b'y' | b'x'))
    }
}

impl TryFrom<String> for Axes {
    type Error = Error;
    fn try_from(order: String) -> Result<Axes> {
        Axes::parse(&order)
    }
}

impl From<Axes> for String {
    fn from(axes: Axes) -> String {
        axes.0
    }
}

impl std::fmt::Display for Axes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The physical size of a sample along each axis, and the unit it is measured in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spacing {
    /// Size of a sample per axis; 1 where nothing is known.
    pub values: Vec<f64>,
    /// The unit's name as OME-Zarr spells it (`micrometer`), if known.
    pub unit: Option<String>,
}

impl Spacing {
    /// Spacing 1 on every axis, no unit.
    pub fn ones(ndim: usize) -> Spacing {
        Spacing { values: vec![1.0; ndim], unit: None }
    }

    /// Checks and takes one value per axis.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if a value is not positive and finite.
    pub fn new(values: Vec<f64>, unit: Option<String>) -> Result<Spacing> {
        if values.iter().any(|v| !(v.is_finite() && *v > 0.0)) {
            return Err(Error::argument(
                "spacing",
                format!("{values:?}"),
                "positive finite numbers",
            ));
        }
        Ok(Spacing { values, unit })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_orders() {
        let orders: Vec<String> = (1..=8).map(|n| Axes::default_for(n).to_string()).collect();
        assert_eq!(orders, ["x", "yx", "zyx", "czyx", "tczyx", "wtczyx", "vwtczyx", "uvwtczyx"]);
        assert!(Axes::parse("zzx").is_err());
        assert!(Axes::parse("Z").is_err());
        assert_eq!(Axes::parse("tczyx").unwrap().position('z'), Some(2));
    }
}
