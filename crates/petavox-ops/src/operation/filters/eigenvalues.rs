//! `eigenvalues`: of the symmetric matrix that every sample has, and the measures of ridges that are made of them.

use super::gaussian;
use crate::Params;
use crate::operation::arrays::astype::cast;
use petavox_core::{Dtype, Error, ImageSpec, Region, Result};
use petavox_engine::{BlockCall, BlockOp, Need, Node};
use petavox_kernels::filter::{Eigen, eigen};
use serde_json::{Value as Json, json};
use std::sync::Arc;

struct Eigenvalues {
    params: Json,
    what: Eigen,
}

/// Of matrices whose upper triangles are given as three images (2 x 2) or six (3 x 3), row by row, all of one shape and float dtype:
/// `measure` is `value` (the default), the eigenvalue number `which` from the largest; `frangi` with `alpha` and `beta`, without the
/// factor of the norm; `sato` without the scale; or `meijering` with `alpha`, not normalised (scikit-image's definitions). Of one image
/// of two or three axes the matrices are the Hessians at scale `sigma` (1 by default), with `mode` and `cval`.
///
/// # Errors
/// If there are other numbers of images, they differ in shape or dtype, or the measure or the number is none.
pub fn build(inputs: &[Arc<Node>], params: &mut Params) -> Result<Arc<Node>> {
    if let [image] = inputs {
        return build(&hessian(image, params)?, params);
    }
    let n = match inputs.len() {
        3 => 2,
        6 => 3,
        other => {
            let expected = "3 (for 2 x 2 matrices), 6 (3 x 3), or 1 whose Hessians are taken";
            return Err(Error::argument("eigenvalues", format!("{other} images"), expected));
        }
    };
    let which = params.count("which")?.unwrap_or(0);
    if which >= n {
        return Err(Error::argument("eigenvalues: which", which, format!("0 to {}", n - 1)));
    }
    let measure = params.text("measure")?.unwrap_or_else(|| "value".to_owned());
    let alpha = params.number("alpha")?.unwrap_or(0.5);
    let beta = params.number("beta")?.unwrap_or(0.5);
    let what = match measure.as_str() {
        "value" => Eigen::Value(which as usize),
        "frangi" => Eigen::Frangi { alpha, beta },
        "sato" => Eigen::Sato,
        "meijering" => Eigen::Meijering { alpha },
        _ => {
            let expected = "value, frangi, sato or meijering";
            return Err(Error::argument("eigenvalues: measure", measure, expected));
        }
    };
    let params = json!({ "measure": measure, "which": which, "alpha": alpha, "beta": beta });
    Node::block(Arc::new(Eigenvalues { params, what }), inputs.to_vec(), vec![])
}

/// The upper triangles of an image's Hessians: derivatives of a Gaussian, half of it for each (scikit-image's hessian_matrix).
fn hessian(image: &Arc<Node>, params: &mut Params) -> Result<Vec<Arc<Node>>> {
    let ndim = image.spec().ndim();
    if !(2..=3).contains(&ndim) {
        let given = format!("an image of {ndim} axes");
        return Err(Error::argument("eigenvalues", given, "two or three axes"));
    }
    let sigma = params.per_axis("sigma", image.spec(), 1.0)?;
    // scikit-image truncates small scales at 100. Beyond 10 all weights together are 1e-22 of the middle one and change no sum of
    // doubles, but every tap takes time and every block a margin for it.
    let truncate = if sigma.iter().all(|s| *s > 1.0) { 8.0 } else { 10.0 };
    let half: Vec<f64> = sigma.iter().map(|s| s * std::f64::consts::FRAC_1_SQRT_2).collect();
    let boundary = params.boundary()?;
    let image = match image.spec().dtype.is_float() {
        true => image.clone(),
        false => cast(image, Dtype::Float64)?,
    };
    let derived = |from: &Arc<Node>, axis: usize| {
        let mut order = vec![0; ndim];
        order[axis] = 1;
        gaussian::derivative(from, half.clone(), order, truncate, boundary)
    };
    let mut elements = vec![];
    for row in 0..ndim {
        let first = derived(&image, row)?;
        for column in row..ndim {
            elements.push(derived(&first, column)?);
        }
    }
    Ok(elements)
}

impl BlockOp for Eigenvalues {
    fn name(&self) -> &'static str {
        "eigenvalues"
    }

    fn params(&self) -> Json {
        self.params.clone()
    }

    fn output(&self, inputs: &[&ImageSpec]) -> Result<ImageSpec> {
        let first = inputs[0];
        if !first.dtype.is_float() {
            return Err(Error::dtype("eigenvalues", first.dtype, "float32 and float64"));
        }
        for other in inputs {
            if other.shape != first.shape || other.dtype != first.dtype {
                let given = format!(
                    "{} {:?} beside {} {:?}",
                    other.dtype, other.shape, first.dtype, first.shape
                );
                return Err(Error::argument("eigenvalues", given, "images of one shape and dtype"));
            }
        }
        Ok(first.clone())
    }

    fn needs(&self, inputs: &[&ImageSpec], target: &Region) -> Vec<Need> {
        vec![Need::inside(target.clone()); inputs.len()]
    }

    fn cost_ns(&self) -> f64 {
        30.0
    }

    fn run(&self, call: BlockCall<'_>) -> Result<()> {
        eigen(call.inputs, call.output, self.what)
    }
}
