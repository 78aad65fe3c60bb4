//! What stands outside the image when values between samples are asked for.

use petavox_core::{Boundary, Error, Result};

/// The rules of scipy.ndimage's interpolation. `Wrap` repeats with a period of one sample less than the extent, `Constant` does not
/// blend the constant with samples; `GridWrap` and `GridConstant` are what filters call `wrap` and `constant`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EdgeMode {
    /// `d c b a | a b c d | d c b a`.
    Reflect,
    /// `d c b | a b c d | c b a`.
    Mirror,
    /// `a a a | a b c d | d d d`.
    Nearest,
    /// The last sample stands for the first of the next repetition.
    Wrap,
    /// `b c d | a b c d | a b c`.
    GridWrap,
    /// The constant wherever a point lies outside the samples' centres.
    Constant(f64),
    /// The constant in place of every sample outside.
    GridConstant(f64),
}

const NAMES: &str =
    "one of reflect, grid-mirror, mirror, nearest, wrap, grid-wrap, constant, grid-constant";

impl EdgeMode {
    /// Parses scipy's name.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] that lists the names.
    pub fn parse(mode: &str, cval: f64) -> Result<EdgeMode> {
        Ok(match mode {
            "reflect" | "grid-mirror" => EdgeMode::Reflect,
            "mirror" => EdgeMode::Mirror,
            "nearest" => EdgeMode::Nearest,
            "wrap" => EdgeMode::Wrap,
            "grid-wrap" => EdgeMode::GridWrap,
            "constant" => EdgeMode::Constant(cval),
            "grid-constant" => EdgeMode::GridConstant(cval),
            _ => return Err(Error::argument("mode", mode, NAMES)),
        })
    }

    /// scipy's name.
    pub fn name(self) -> &'static str {
        match self {
            EdgeMode::Reflect => "reflect",
            EdgeMode::Mirror => "mirror",
            EdgeMode::Nearest => "nearest",
            EdgeMode::Wrap => "wrap",
            EdgeMode::GridWrap => "grid-wrap",
            EdgeMode::Constant(_) => "constant",
            EdgeMode::GridConstant(_) => "grid-constant",
        }
    }

    /// The value outside, 0 where it is made from samples.
    pub fn cval(self) -> f64 {
        match self {
            EdgeMode::Constant(v) | EdgeMode::GridConstant(v) => v,
            _ => 0.0,
        }
    }

    /// How the image is continued for the coefficients of a spline: exact where the rule has such a continuation, else mirrored.
    pub fn spline_boundary(self) -> Boundary {
        match self {
            EdgeMode::Reflect | EdgeMode::Nearest => Boundary::Reflect,
            EdgeMode::GridWrap => Boundary::Wrap,
            _ => Boundary::Mirror,
        }
    }

    /// The coordinate that stands for `c` on an axis of `len` samples, or `None` where the constant stands.
    #[inline(always)]
    pub(super) fn fold(self, c: f64, len: usize) -> Option<f64> {
        let last = len as f64 - 1.0;
        if c >= 0.0 && c <= last {
            return Some(c);
        }
        self.fold_outside(c, len)
    }

    fn fold_outside(self, c: f64, len: usize) -> Option<f64> {
        let n = len as f64;
        if let EdgeMode::Nearest | EdgeMode::GridConstant(_) = self {
            return Some(c);
        }
        if c.is_nan() || matches!(self, EdgeMode::Constant(_)) {
            return None;
        }
        if len <= 1 {
            return Some(0.0);
        }
        let whole = |x: f64| (x as i64) as f64;
        let low = c < 0.0;
        let folded = match self {
            EdgeMode::Mirror => {
                let period = 2.0 * n - 2.0;
                if low {
                    let c = period * whole(-c / period) + c;
                    if c <= 1.0 - n { c + period } else { -c }
                } else {
                    let c = c - period * whole(c / period);
                    if c >= n { period - c } else { c }
                }
            }
            EdgeMode::Reflect => {
                let period = 2.0 * n;
                if low {
                    let c = if c < -period { period * whole(-c / period) + c } else { c };
                    // The nearest to 0 must not become -1, which stands for another sample.
                    if c < -n {
                        c + period
                    } else if c > -1e-15 {
                        1e-15 - 1.0
                    } else {
                        -c - 1.0
                    }
                } else {
                    let c = c - period * whole(c / period);
                    if c >= n { period - c - 1.0 } else { c }
                }
            }
            EdgeMode::Wrap => {
                let period = n - 1.0;
                if low {
                    c + period * (whole(-c / period) + 1.0)
                } else {
                    c - period * whole(c / period)
                }
            }
            EdgeMode::GridWrap => {
                if low {
                    c + n * (whole((-1.0 - c) / n) + 1.0)
                } else {
                    c - n * whole(c / n)
                }
            }
            _ => c,
        };
        (folded > -1.0).then_some(folded)
    }

    /// The sample that stands at place `i`, or `None` where the constant stands.
    #[inline(always)]
    pub(super) fn sample(self, i: i64, len: usize) -> Option<usize> {
        if (0..len as i64).contains(&i) {
            return Some(i as usize);
        }
        self.taps_boundary().map(i, len)
    }

    fn taps_boundary(self) -> Boundary {
        match self {
            EdgeMode::Reflect => Boundary::Reflect,
            EdgeMode::Nearest => Boundary::Nearest,
            EdgeMode::GridWrap => Boundary::Wrap,
            EdgeMode::GridConstant(v) => Boundary::Constant(v),
            EdgeMode::Mirror | EdgeMode::Wrap | EdgeMode::Constant(_) => Boundary::Mirror,
        }
    }

    /// The samples `lo..hi` of an axis that are read for coordinates from `low` to `high`, by an interpolant whose taps for `c` are
    /// those of `taps(c)`; `(0, 0)` if none.
    pub(super) fn reach(
        self,
        low: f64,
        high: f64,
        len: usize,
        taps: impl Fn(f64) -> (i64, i64),
    ) -> (usize, usize) {
        let last = len as f64 - 1.0;
        if len == 0 || low.is_nan() || high.is_nan() {
            return (0, len);
        }
        let inside = low >= 0.0 && high <= last;
        let (mut low, mut high) = (low, high);
        let mut margin = 0;
        match self {
            EdgeMode::Constant(_) => {
                if high < 0.0 || low > last {
                    return (0, 0);
                }
                (low, high) = (low.max(0.0), high.min(last));
            }
            EdgeMode::Nearest | EdgeMode::GridConstant(_) => {}
            _ if inside => {}
            EdgeMode::Wrap => return (0, len),
            // A folded coordinate is rounded, which may take it into the next cell.
            _ => margin = 1,
        }
        let (first, _) = taps(low);
        let (_, end) = taps(high);
        self.taps_boundary().span(first - margin, end + margin, len)
    }
}
