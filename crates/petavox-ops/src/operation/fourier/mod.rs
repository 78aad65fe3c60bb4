//! Fourier transforms of whole images. A complex image is a real one whose last axis has two samples, the real and the imaginary part:
//! in memory the same as an array of complex numbers.

pub mod cross_power;
pub mod points;
pub mod transform;

use crate::family::{Operation, family};
use petavox_core::{Error, ImageSpec, Result};

/// The family's table.
pub(crate) const OPERATIONS: &[Operation] = family! {
    "cross_power", Many cross_power::build, "cross_power:normalization=phase:complex=false", "a spectrum times the conjugate of another, for phase correlation; the last axis holds real and imaginary parts";
    "fftn", One transform::build, "fftn:axes=-2,-1", "discrete Fourier transform (scipy.fft.fftn); a new last axis holds real and imaginary parts";
    "fourier_points", One points::build, "fourier_points:points=3:start=0.5:step=0.1:complex=false", "inverse Fourier transform along one axis at points finer than samples; the last axis holds real and imaginary parts";
    "ifftn", One transform::build, "ifftn:complex=false", "inverse Fourier transform (scipy.fft.ifftn); the last axis holds real and imaginary parts";
    "irfftn", One transform::build, "irfftn:complex=false", "real image of half a Fourier transform (scipy.fft.irfftn); the last axis holds real and imaginary parts";
    "rfftn", One transform::build, "rfftn", "half of the Fourier transform of a real image (scipy.fft.rfftn); a new last axis holds real and imaginary parts";
};

/// The shape of a complex image.
pub(crate) fn complex_shape<'a>(op: &str, spec: &'a ImageSpec) -> Result<&'a [usize]> {
    match spec.shape.split_last() {
        Some((2, shape)) if !shape.is_empty() => Ok(shape),
        _ => {
            let given = format!("an image of shape {:?}", spec.shape);
            let expected = "a complex image, whose last axis has two samples: real and imaginary part; complex=false takes a real one";
            Err(Error::argument(format!("{op}: complex"), given, expected))
        }
    }
}
