//! What an image is, without its samples.

use crate::{Axes, Dtype, Error, MAX_NDIM, Region, Result, Spacing};
use serde::{Deserialize, Serialize};

/// Shape, dtype, axes and physical placement of an image: all that is known of it before a sample is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImageSpec {
    /// Samples per axis.
    pub shape: Vec<usize>,
    /// Type of a sample.
    pub dtype: Dtype,
    /// Meaning of the axes.
    pub axes: Axes,
    /// Physical size of a sample.
    pub spacing: Spacing,
    /// Physical position of the first sample's centre, per axis.
    pub origin: Vec<f64>,
}

impl ImageSpec {
    /// An image with the usual axes and spacing 1. A shape without axes is that of an image of one sample, numpy's 0-d array.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if there are more than eight axes or the byte count overflows.
    pub fn new(shape: impl Into<Vec<usize>>, dtype: Dtype) -> Result<ImageSpec> {
        let shape = shape.into();
        let ndim = shape.len();
        if ndim > MAX_NDIM {
            return Err(Error::argument("shape", format!("{shape:?}"), "0 to 8 axes"));
        }
        let bytes = shape.iter().try_fold(dtype.size(), |n, &s| n.checked_mul(s));
        if bytes.is_none_or(|b| b > isize::MAX as usize) {
            return Err(Error::argument(
                "shape",
                format!("{shape:?}"),
                "fewer than 2^63 bytes in all",
            ));
        }
        Ok(ImageSpec {
            axes: Axes::default_for(ndim),
            spacing: Spacing::ones(ndim),
            origin: vec![0.0; ndim],
            shape,
            dtype,
        })
    }

    /// Number of axes.
    pub fn ndim(&self) -> usize {
        self.shape.len()
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// True if there are no samples.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of all samples.
    pub fn bytes(&self) -> u64 {
        self.len() as u64 * self.dtype.size() as u64
    }

    /// The region of the whole image.
    pub fn region(&self) -> Region {
        Region::whole(&self.shape)
    }

    /// The same image with another dtype.
    pub fn with_dtype(&self, dtype: Dtype) -> ImageSpec {
        ImageSpec { dtype, ..self.clone() }
    }

    /// The same image with other axes.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if their number differs from the image's.
    pub fn with_axes(&self, axes: Axes) -> Result<ImageSpec> {
        if axes.ndim() != self.ndim() {
            return Err(Error::argument(
                "axes",
                axes,
                format!("{} letters, one per axis", self.ndim()),
            ));
        }
        Ok(ImageSpec { axes, ..self.clone() })
    }

    /// The same image with another spacing: one value per axis, one for all, or one per spatial axis.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the number of values fits neither, or a value is not positive.
    pub fn with_spacing(&self, values: &[f64], unit: Option<String>) -> Result<ImageSpec> {
        let n = self.ndim();
        let spatial: Vec<usize> = (0..n).filter(|&a| self.axes.is_spatial(a)).collect();
        let mut full = self.spacing.values.clone();
        if values.len() == n {
            full.copy_from_slice(values);
        } else if values.len() == 1 {
            spatial.iter().for_each(|&a| full[a] = values[0]);
        } else if values.len() == spatial.len() {
            spatial.iter().zip(values).for_each(|(&a, &v)| full[a] = v);
        } else {
            let expected = format!("1 value or {n}, one per axis of {}", self.axes);
            return Err(Error::argument("spacing", format!("{values:?}"), expected));
        }
        let unit = unit.or_else(|| self.spacing.unit.clone());
        Ok(ImageSpec { spacing: Spacing::new(full, unit)?, ..self.clone() })
    }
}
