//! What we write into a description so that nothing is lost on the way back: axes, shape, spacing, origin.

use super::page::Layout;
use petavox_core::{Axes, ImageSpec, Spacing};
use serde::{Deserialize, Serialize};

/// Stands before our own words in a description.
pub(crate) const MARK: &str = "petavox=";

/// All of a spec that TIFF's own fields cannot hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Own {
    pub(crate) axes: Axes,
    pub(crate) shape: Vec<usize>,
    pub(crate) spacing: Vec<f64>,
    pub(crate) unit: Option<String>,
    pub(crate) origin: Vec<f64>,
}

impl Own {
    pub(crate) fn of(spec: &ImageSpec) -> Own {
        Own {
            axes: spec.axes.clone(),
            shape: spec.shape.clone(),
            spacing: spec.spacing.values.clone(),
            unit: spec.spacing.unit.clone(),
            origin: spec.origin.clone(),
        }
    }

    /// Our line in a description, as text.
    pub(crate) fn line(&self) -> String {
        format!("{MARK}{}", serde_json::to_string(self).unwrap_or_default())
    }

    /// Finds our words: a line of their own (in XML with escaped quotes), or a part of tifffile's.
    pub(crate) fn find(text: &str) -> Option<Own> {
        let own: Own = if text.starts_with('{') {
            let mut words: serde_json::Value = serde_json::from_str(text).ok()?;
            serde_json::from_value(words.get_mut("petavox")?.take()).ok()?
        } else {
            let rest = &text[text.find(MARK)? + MARK.len()..];
            let end = rest.find(['\n', '<']).unwrap_or(rest.len());
            serde_json::from_str(&rest[..end].replace("&quot;", "\"")).ok()?
        };
        let n = own.shape.len();
        let fits = own.axes.ndim() == n && own.spacing.len() == n && own.origin.len() == n;
        (fits && own.origin.iter().all(|v| v.is_finite())).then_some(own)
    }

    /// The spec, if it fits a file of `n_pages` pages of this layout.
    pub(crate) fn describe(&self, page: &Layout, n_pages: usize) -> Option<ImageSpec> {
        let tail = match page.samples {
            1 => vec![page.height, page.width],
            n => vec![page.height, page.width, n],
        };
        let outer = self.shape.strip_suffix(&tail[..])?;
        let n = outer.iter().try_fold(1usize, |n, &s| n.checked_mul(s))?;
        if n != n_pages || page.separate {
            return None;
        }
        let spacing = Spacing::new(self.spacing.clone(), self.unit.clone()).ok()?;
        let spec = ImageSpec::new(self.shape.clone(), page.dtype).ok()?;
        let spec = spec.with_axes(self.axes.clone()).ok()?;
        Some(ImageSpec { spacing, origin: self.origin.clone(), ..spec })
    }
}
