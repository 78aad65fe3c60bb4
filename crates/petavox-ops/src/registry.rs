//! The operations by name, for the command line, the façade and other surfaces. Each family has its table, a line an operation.

use crate::family::{Family, Operation};
use crate::operation as op;
use crate::params::{Params, nearest};
use petavox_core::{Error, Result};
use petavox_engine::Node;
use serde_json::Map;
use std::sync::Arc;

/// Every operation, family by family.
pub const FAMILIES: &[Family] = &[
    Family { title: "Arrays", operations: op::arrays::OPERATIONS },
    Family { title: "Arithmetic", operations: op::elementwise::OPERATIONS },
    Family { title: "Reductions", operations: op::reduce::OPERATIONS },
    Family { title: "Filters", operations: op::filters::OPERATIONS },
    Family { title: "Features", operations: op::feature::OPERATIONS },
    Family { title: "Fourier transforms", operations: op::fourier::OPERATIONS },
    Family { title: "Ranks and grey morphology", operations: op::ranks::OPERATIONS },
    Family { title: "Morphology", operations: op::morphology::OPERATIONS },
    Family { title: "Flooding", operations: op::flooding::OPERATIONS },
    Family { title: "Labels", operations: op::labels::OPERATIONS },
    Family { title: "Exposure", operations: op::exposure::OPERATIONS },
    Family { title: "Thresholds", operations: op::thresholds::OPERATIONS },
    Family { title: "Restoration", operations: op::restoration::OPERATIONS },
    Family { title: "Geometry", operations: op::geometry::OPERATIONS },
];

/// Every operation.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().flat_map(|family| family.operations)
}

/// Applies one step, `name:key=value:...`, to an image.
///
/// # Errors
/// If there is no such operation (with the nearest name), or it does not accept the parameters or the image.
pub fn apply(input: &Arc<Node>, step: &str) -> Result<Arc<Node>> {
    let (name, params) = Params::parse_step(step)?;
    find(&name)?.build.bind(std::slice::from_ref(input), params)
}

/// Applies the operation `name` to images, with parameters by name.
///
/// # Errors
/// As [`apply`].
pub fn apply_to(
    inputs: &[Arc<Node>],
    name: &str,
    params: Map<String, serde_json::Value>,
) -> Result<Arc<Node>> {
    find(name)?.build.bind(inputs, Params::new(name, params))
}

fn find(name: &str) -> Result<&'static Operation> {
    operations().find(|o| o.name == name).ok_or_else(|| {
        let expected = match nearest(name, operations().map(|o| o.name)) {
            Some(near) => format!("an operation; did you mean '{near}'?"),
            None => "an operation; `petavox help operations` lists them".to_owned(),
        };
        Error::argument("operation", format!("'{name}'"), expected)
    })
}
