//! `cross_power`: a spectrum times the conjugate of another, normalised if wanted; what phase correlation is made of.

use super::complex_shape;
use crate::Params;
use crate::operation::arrays::{astype, index, pad};
use petavox_core::{Block, Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::fourier::{Normalization, cross_power};
use serde_json::json;
use std::sync::Arc;

struct CrossPower {
    normalization: Normalization,
    /// The second image is conjugated.
    conjugate: bool,
}

/// The first complex image times the conjugate of the second, or of itself if there is one only. `normalization=phase` (the default) divides
/// every sample by its length, `plain` does not. With `conjugate=false` the second is taken as it is; with `complex=false` the images are real and their imaginary parts 0.
///
/// # Errors
/// If the images are not complex, or differ in shape or dtype.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    let word = params.text("normalization")?.unwrap_or_else(|| "phase".to_owned());
    let normalization = match word.as_str() {
        "phase" => Normalization::Phase,
        "plain" => Normalization::None,
        _ => return Err(Error::argument("cross_power: normalization", word, "phase or plain")),
    };
    let is_complex = params.flag("complex")?.unwrap_or(true);
    let conjugate = params.flag("conjugate")?.unwrap_or(true);
    let mut images = match inputs {
        [one] => vec![one.clone(), one.clone()],
        [_, _] => inputs.to_vec(),
        _ => {
            let given = format!("{} images", inputs.len());
            return Err(Error::argument("cross_power", given, "two images"));
        }
    };
    if !is_complex {
        for image in &mut images {
            *image = with_imaginary(image)?;
        }
    }
    Node::block(Arc::new(CrossPower { normalization, conjugate }), images, vec![])
}

/// A real image as a complex one.
pub(super) fn with_imaginary(image: &Arc<Node>) -> Result<Arc<Node>> {
    let float = match image.spec().dtype {
        Dtype::Float32 => image.clone(),
        _ => astype::cast(image, Dtype::Float64)?,
    };
    let last = image.spec().ndim();
    let mut params = serde_json::Map::new();
    params.insert("axis".into(), last.into());
    let wide = index::build_expand_dims(&float, &mut Params::new("expand_dims", params))?;
    let widths: Vec<[usize; 2]> = (0..=last).map(|a| [0, usize::from(a == last)]).collect();
    let mut params = serde_json::Map::new();
    params.insert("pad_width".into(), json!(widths));
    pad::build(&wide, &mut Params::new("pad", params))
}

impl BlockOp for CrossPower {
    fn name(&self) -> &'static str {
        "cross_power"
    }

    fn params(&self) -> serde_json::Value {
        let word = if self.normalization == Normalization::Phase { "phase" } else { "plain" };
        json!({ "normalization": word, "conjugate": self.conjugate })
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        for input in inputs {
            complex_shape("cross_power", input)?;
            if !input.dtype.is_float() {
                return Err(Error::dtype("cross_power", input.dtype, "float32 and float64"));
            }
            if input.shape != inputs[0].shape || input.dtype != inputs[0].dtype {
                let given = format!(
                    "{} {:?} beside {} {:?}",
                    input.dtype, input.shape, inputs[0].dtype, inputs[0].shape
                );
                return Err(Error::argument("cross_power", given, "images of one shape and dtype"));
            }
        }
        Ok(inputs[0].clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(both_parts(target)); inputs.len()]
    }

    fn cost_ns(&self) -> f64 {
        2.0
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        let [a, b] = call.inputs else {
            return Err(Error::internal("cross_power", "not two inputs"));
        };
        let last = call.output.region().ndim() - 1;
        let (first, n) =
            (call.output.region().start()[last] as usize, call.output.region().shape()[last]);
        let how = (self.normalization, self.conjugate);
        match call.output.dtype() {
            Dtype::Float32 => {
                let (a, b) = (a.typed::<f32>()?, b.typed::<f32>()?);
                cross_power(a, b, typed(call.output)?, first, n, how);
            }
            _ => {
                let (a, b) = (a.typed::<f64>()?, b.typed::<f64>()?);
                cross_power(a, b, typed(call.output)?, first, n, how);
            }
        }
        Ok(())
    }
}

fn typed<T: petavox_core::Element>(block: &mut Block) -> Result<&mut [T]> {
    block.typed_mut::<T>()
}

/// A region with both parts of every sample.
fn both_parts(target: &Region) -> Region {
    let last = target.ndim() - 1;
    let (mut start, mut shape) = (target.start().to_vec(), target.shape().to_vec());
    if shape[last] > 0 {
        (start[last], shape[last]) = (0, 2);
    }
    Region::new(start, shape)
}
