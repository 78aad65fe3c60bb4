//! Numbers in texts.

use petavox_core::{Error, Result};
use std::path::Path;

/// A finite number.
pub(super) fn number(text: &str, path: &Path, line: usize) -> Result<f64> {
    let value = text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    value.ok_or_else(|| {
        let problem = format!("\"{}\" is not a number", text.trim());
        Error::corrupt(path, Some(format!("line {line}")), problem)
    })
}

/// The factor from a unit to micrometres, and whether it is a unit of length at all; samples have none.
pub(super) fn unit(suffix: &str) -> Option<Option<f64>> {
    Some(match suffix {
        "px" | "pixel" | "pixels" => None,
        "nm" => Some(1e-3),
        "um" | "µm" | "μm" | "micron" | "microns" | "micrometer" => Some(1.0),
        "mm" => Some(1e3),
        "m" => Some(1e6),
        _ => return None,
    })
}
