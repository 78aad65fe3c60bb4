//! How samples outside the image are made.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How samples outside the image are made, under scipy.ndimage's names for filters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Boundary {
    /// `d c b a | a b c d | d c b a`, scipy's `reflect` and `grid-mirror`; the default.
    Reflect,
    /// `d c b | a b c d | c b a`.
    Mirror,
    /// `a a a | a b c d | d d d`.
    Nearest,
    /// `b c d | a b c d | a b c`, scipy's `wrap` (for filters) and `grid-wrap`.
    Wrap,
    /// `k k k | a b c d | k k k`, scipy's `constant` and `grid-constant`.
    Constant(f64),
}

impl Boundary {
    /// Parses scipy's mode name; `cval` is used by `constant`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists the names.
    pub fn parse(mode: &str, cval: f64) -> Result<Boundary> {
        Ok(match mode {
            "reflect" | "grid-mirror" => Boundary::Reflect,
            "mirror" => Boundary::Mirror,
            "nearest" => Boundary::Nearest,
            "wrap" | "grid-wrap" => Boundary::Wrap,
            "constant" | "grid-constant" => Boundary::Constant(cval),
            _ => {
                return Err(Error::argument(
                    "mode",
                    mode,
                    "one of reflect, mirror, nearest, wrap, constant",
                ));
            }
        })
    }

    /// scipy's mode name, as [`Boundary::parse`] takes it.
    pub fn mode(self) -> &'static str {
        match self {
            Boundary::Reflect => "reflect",
            Boundary::Mirror => "mirror",
            Boundary::Nearest => "nearest",
            Boundary::Wrap => "wrap",
            Boundary::Constant(_) => "constant",
        }
    }

    /// The value outside the image, 0 where it is made from samples.
    pub fn cval(self) -> f64 {
        if let Boundary::Constant(value) = self { value } else { 0.0 }
    }

    /// The coordinate inside `0..len` whose sample stands at `x`, or `None` where a constant stands.
    ///
    /// ```
    /// use petavox_core::Boundary;
    /// assert_eq!(Boundary::Reflect.map(-1, 4), Some(0));
    /// assert_eq!(Boundary::Mirror.map(-1, 4), Some(1));
    /// assert_eq!(Boundary::Wrap.map(-1, 4), Some(3));
    /// assert_eq!(Boundary::Constant(7.0).map(-1, 4), None);
    /// ```
    #[inline]
    pub fn map(self, x: i64, len: usize) -> Option<usize> {
        let n = len as i64;
        if (0..n).contains(&x) {
            return Some(x as usize);
        }
        if n == 0 {
            return None;
        }
        match self {
            Boundary::Constant(_) => None,
            Boundary::Nearest => Some(x.clamp(0, n - 1) as usize),
            Boundary::Wrap => Some(x.rem_euclid(n) as usize),
            Boundary::Reflect => {
                let p = x.rem_euclid(2 * n);
                Some(if p < n { p } else { 2 * n - 1 - p } as usize)
            }
            Boundary::Mirror => {
                if n == 1 {
                    return Some(0);
                }
                let p = x.rem_euclid(2 * n - 2);
                Some(if p < n { p } else { 2 * n - 2 - p } as usize)
            }
        }
    }

    /// The span `lo..hi` inside `0..len` that is read to make the samples of `start..end`; empty if only constants are.
    pub fn span(self, start: i64, end: i64, len: usize) -> (usize, usize) {
        let n = len as i64;
        if 0 <= start && start < end && end <= n {
            return (start as usize, end as usize);
        }
        let (a, b) = (start.clamp(0, n), end.clamp(0, n));
        let (mut lo, mut hi) = if a < b { (a as usize, b as usize) } else { (len, 0) };
        if end <= start || matches!(self, Boundary::Constant(_)) {
            return if lo < hi { (lo, hi) } else { (0, 0) };
        }
        // Outside samples repeat with a period of at most two images; more of them name the whole axis.
        let mut widen = |from: i64, to: i64| {
            let step = if self == Boundary::Nearest { (to - from - 1).max(1) } else { 1 };
            if to - from > 2 * n && step == 1 {
                (lo, hi) = (0, len);
                return;
            }
            for x in (from..to).step_by(step as usize) {
                if let Some(p) = self.map(x, len) {
                    (lo, hi) = (lo.min(p), hi.max(p + 1));
                }
            }
        };
        widen(start, end.min(0));
        widen(start.max(n), end);
        (lo, hi)
    }
}

/// The extra samples a block needs before (`low`) and after (`high`) its own, per axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Halo {
    /// Samples before the block, per axis.
    pub low: Vec<usize>,
    /// Samples after the block, per axis.
    pub high: Vec<usize>,
}

impl Halo {
    /// No halo on `ndim` axes.
    pub fn none(ndim: usize) -> Halo {
        Halo { low: vec![0; ndim], high: vec![0; ndim] }
    }

    /// The same number of samples before and after.
    pub fn symmetric(radius: &[usize]) -> Halo {
        Halo { low: radius.to_vec(), high: radius.to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_as_scipy_documents() {
        let row = |b: Boundary| -> Vec<i64> {
            (-5..9).map(|x| b.map(x, 4).map_or(-1, |p| p as i64)).collect()
        };
        assert_eq!(row(Boundary::Reflect), [3, 3, 2, 1, 0, 0, 1, 2, 3, 3, 2, 1, 0, 0]);
        assert_eq!(row(Boundary::Mirror), [1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2]);
        assert_eq!(row(Boundary::Nearest), [0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3]);
        assert_eq!(row(Boundary::Wrap), [3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0]);
    }

    #[test]
    fn span_is_the_hull_of_what_map_names() {
        for b in [
            Boundary::Reflect,
            Boundary::Mirror,
            Boundary::Nearest,
            Boundary::Wrap,
            Boundary::Constant(0.0),
        ] {
            for start in -12..12 {
                for end in start..14 {
                    let named: Vec<usize> = (start..end).filter_map(|x| b.map(x, 5)).collect();
                    let want = match (named.iter().min(), named.iter().max()) {
                        (Some(lo), Some(hi)) => (*lo, hi + 1),
                        _ => (0, 0),
                    };
                    assert_eq!(b.span(start, end, 5), want, "{b:?} {start}..{end}");
                }
            }
        }
    }
}
