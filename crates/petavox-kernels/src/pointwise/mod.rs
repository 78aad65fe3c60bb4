//! Verbs that look at one sample at a time.

mod arithmetic;
mod cast;
mod compare;
mod elementwise;
pub mod order;

pub use arithmetic::scale_offset;
pub use cast::cast;
pub use compare::{Comparison, Scalar, compare};

pub use elementwise::{
    Constant, Function, Loop, Number, Operand, evaluate, promote, resolve, weak_dtype,
};

use petavox_core::{Block, Error, Result};

pub(crate) fn same_region(place: &str, input: &Block, output: &Block) -> Result<()> {
    if input.region() == output.region() {
        return Ok(());
    }
    Err(Error::internal(place, format!("{} into {}", input.region(), output.region())))
}

#[cfg(test)]
mod tests;
