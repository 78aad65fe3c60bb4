//! Grey morphology, equal to scipy.ndimage's: erosions and dilations in a row, and their differences.

use super::extreme;
use super::window::{boundary, window};
use crate::Params;
use crate::operation::elementwise;
use petavox_core::{Boundary, Dtype, Error, Result};
use petavox_engine::Node;
use petavox_kernels::window::Window;
use serde_json::Map;
use std::sync::Arc;

struct Grey {
    window: Window,
    heights: Option<Vec<f64>>,
    boundary: Boundary,
}

/// Grey morphology over a window as for [`extreme::build`], with heights if there is a `structure`. Dilations use the window mirrored through
/// its sample.
///
/// # Errors
/// If the window does not fit the image's axes.
pub fn build(input: &Arc<Node>, params: &mut Params) -> Result<Arc<Node>> {
    let name = params.op().to_owned();
    let window = window(params, input.spec())?;
    let heights = params.numbers("structure")?;
    let grey = Grey { window, heights, boundary: boundary(params)? };
    match name.as_str() {
        "grey_erosion" => grey.eroded(input),
        "grey_dilation" => grey.dilated(input),
        "grey_opening" => grey.opened(input),
        "grey_closing" => grey.closed(input),
        "white_tophat" => less(input, &grey.opened(input)?),
        "black_tophat" => less(&grey.closed(input)?, input),
        "morphological_gradient" => {
            combined("subtract", &grey.dilated(input)?, &grey.eroded(input)?)
        }
        "morphological_laplace" => {
            let sum = combined("add", &grey.dilated(input)?, &grey.eroded(input)?)?;
            let less_one = combined("subtract", &sum, input)?;
            combined("subtract", &less_one, input)
        }
        other => Err(Error::internal("grey morphology", other)),
    }
}

impl Grey {
    fn eroded(&self, image: &Arc<Node>) -> Result<Arc<Node>> {
        extreme::bind(image, self.window.clone(), self.heights.clone(), self.boundary, false)
    }

    fn dilated(&self, image: &Arc<Node>) -> Result<Arc<Node>> {
        let shape = self.window.shape();
        let origins = self.window.origin().into_iter().zip(shape);
        let origin: Vec<i64> = origins.map(|(o, n)| -o - i64::from(n % 2 == 0)).collect();
        let mask = self.window.mask().map(|m| m.iter().rev().copied().collect());
        let heights = self.heights.as_ref().map(|h| h.iter().rev().copied().collect());
        extreme::bind(image, Window::new(shape, &origin, mask)?, heights, self.boundary, true)
    }

    fn opened(&self, image: &Arc<Node>) -> Result<Arc<Node>> {
        self.dilated(&self.eroded(image)?)
    }

    fn closed(&self, image: &Arc<Node>) -> Result<Arc<Node>> {
        self.eroded(&self.dilated(image)?)
    }
}

/// The difference; of masks, where they differ.
fn less(a: &Arc<Node>, b: &Arc<Node>) -> Result<Arc<Node>> {
    let function = if a.spec().dtype == Dtype::Bool { "bitwise_xor" } else { "subtract" };
    combined(function, a, b)
}

fn combined(function: &str, a: &Arc<Node>, b: &Arc<Node>) -> Result<Arc<Node>> {
    elementwise::build(&[a.clone(), b.clone()], &mut Params::new(function, Map::new()))
}
