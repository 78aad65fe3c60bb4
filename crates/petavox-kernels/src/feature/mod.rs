//! Features: corners, blobs, and places that look like a template.

mod determinant;
mod fast;
mod moravec;
mod spaced;
mod template;
mod windows;

pub use determinant::{Boxes, determinant, determinant_bytes};
pub use fast::fast;
pub use moravec::moravec;
pub use spaced::spaced;
pub use template::{Template, template_bytes, template_needs};
pub use windows::{SEGMENT, Windows, aligned, window_sums};

use petavox_core::{Block, Dtype, Error, Result};

/// The samples as doubles.
fn doubles(block: &Block) -> Result<Vec<f64>> {
    match block.dtype() {
        Dtype::Float32 => Ok(block.typed::<f32>()?.iter().map(|v| f64::from(*v)).collect()),
        Dtype::Float64 => Ok(block.typed::<f64>()?.to_vec()),
        other => Err(Error::dtype("features", other, "float32, float64")),
    }
}

/// Doubles as the samples of a block of floats.
fn put(values: &[f64], block: &mut Block) -> Result<()> {
    match block.dtype() {
        Dtype::Float32 => {
            let to = block.typed_mut::<f32>()?;
            to.iter_mut().zip(values).for_each(|(t, v)| *t = *v as f32);
        }
        _ => block.typed_mut::<f64>()?.copy_from_slice(values),
    }
    Ok(())
}
