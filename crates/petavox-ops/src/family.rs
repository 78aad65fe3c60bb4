//! What an operation is to those who find it by name, and the tables that families of operations have.

use crate::params::Params;
use petavox_core::{Error, Result};
use petavox_engine::Node;
use std::sync::Arc;

type BuildOne = fn(&Arc<Node>, &mut Params) -> Result<Arc<Node>>;
type BuildMany = fn(&[Arc<Node>], &mut Params) -> Result<Arc<Node>>;

/// How an operation is bound to images.
#[derive(Clone, Copy)]
pub enum Build {
    /// To one image.
    One(BuildOne),
    /// To one image or several, in order; it checks their number itself.
    Many(BuildMany),
}

/// An operation from images to an image, as its users see it.
pub struct Operation {
    /// Its one name.
    pub name: &'static str,
    /// What it does, and whose numbers it gives.
    pub summary: &'static str,
    /// A step that shows its parameters.
    pub example: &'static str,
    /// Binds it to images.
    pub build: Build,
}

impl Build {
    /// Binds the operation that `params` are for to `inputs`, and refuses parameters that it does not have.
    ///
    /// # Errors
    /// If it does not accept the inputs, their number or the parameters.
    pub fn bind(self, inputs: &[Arc<Node>], mut params: Params) -> Result<Arc<Node>> {
        let node = match (self, inputs) {
            (Build::One(build), [input]) => build(input, &mut params)?,
            (Build::One(_), _) => {
                let given = format!("{} images", inputs.len());
                return Err(Error::argument(params.op(), given, "one image"));
            }
            (Build::Many(build), _) => build(inputs, &mut params)?,
        };
        params.finish()?;
        Ok(node)
    }
}

/// A family's table: a line for each operation.
macro_rules! family {
    ($($name:literal, $kind:ident $build:path, $example:literal, $summary:literal;)*) => {
        &[$($crate::family::Operation {
            name: $name,
            summary: $summary,
            example: $example,
            build: $crate::family::Build::$kind($build),
        },)*]
    };
}
pub(crate) use family;

/// Operations that belong together.
pub struct Family {
    /// What people look for them under.
    pub title: &'static str,
    /// By name.
    pub operations: &'static [Operation],
}
